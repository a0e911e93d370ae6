"""WcsCards: which are sound, and what wcslib has to be given."""

import numpy as np
import pytest

import wcsheaders
from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.images import wcscards
from skycnn.images.imagewcs import ImageWcs
from wcsheaders import KINDS, PV, SHAPE, header


def split(head):
    text = wcsheaders.text(head).encode()
    return [text[at : at + 80] for at in range(0, len(text), 80)]


def prepared(head):
    cards = split(head)
    left, polynomial = wcscards.prepared(cards, fitscards.values(cards))
    return fitscards.values(left), polynomial


def test_a_sound_header_stays_as_it_is():
    cards = split(KINDS["three axes"])
    assert wcscards.prepared(cards, fitscards.values(cards)) == (cards, True)


@pytest.mark.parametrize(
    ("kind", "types", "pv", "polynomial"),
    [
        ("sip", "TAN-SIP", False, True),
        ("sip and scamp", "TAN-SIP", False, True),
        ("tpv", "TPV", True, False),
        ("scamp", "TPV", True, False),
        ("tpv and sip", "TPV", True, False),
    ],
)
def test_one_distortion_of_two(kind, types, pv, polynomial):
    left, uses = prepared(KINDS[kind])
    assert left["CTYPE1"] == f"RA---{types}"
    assert ("PV1_10" in left, uses) == (pv, polynomial)
    assert not [name for name in left if name.startswith(("A_", "B_", "AP_", "BP_"))]


def test_a_short_polynomial_of_scamp():
    """Up to PVi_4 wcslib takes them for the native place of the pole, and is a hemisphere off."""
    short = {name: value for name, value in PV.items() if name.endswith(("_0", "_1", "_2")) and len(name) == 5}
    scamp, tpv = (ImageWcs(wcsheaders.text(header(kind, **short)), SHAPE, "a") for kind in ("TAN", "TPV"))
    assert scamp.centre == tpv.centre
    assert abs(scamp.centre[0] - 10) < 0.1
    swapped = header(CTYPE1="DEC--TAN", CTYPE2="RA---TAN", CRVAL1=20.0, CRVAL2=10.0, PV1_1=1.0)
    assert prepared(swapped)[0]["CTYPE1"] == "DEC--TPV"
    assert prepared(header(PV1_1=0.0, PV1_2=90.0))[0]["CTYPE1"] == "RA---TAN"  # the standard's own


@pytest.mark.parametrize("letter", ["E", "D", "e", "d"])
def test_exponents(letter):
    """wcslib reads 1.0D-05 as 1."""
    cards = split(header())
    for name in ("CD1_1", "CD2_2"):
        at = fitscards.find(cards, name)
        number = f"{header()[name]:.17E}".replace("E", letter)
        cards[at] = f"{name:8}= {number} / deg, Done".ljust(80).encode()
    wcs = ImageWcs(b"".join(cards).decode(), SHAPE, "a.fits")
    np.testing.assert_allclose(
        wcs.to_sky(5, 9), ImageWcs(wcsheaders.text(header()), SHAPE, "b").to_sky(5, 9), rtol=1e-15
    )


BAD = [
    ({"CTYPE1": None, "CTYPE2": None}, "has no celestial WCS"),
    ({"CRVAL1": "abc"}, "CRVAL1 is unreadable: 'abc'"),
    ({"CRPIX2": True}, "CRPIX2 is unreadable"),
    ({"PV1_1": "x"}, "PV1_1 is unreadable"),
    ({"CPDIS1": "LOOKUP"}, "lookup table of distortion"),
    ({"D2IMDIS2": "Lookup"}, "lookup table of distortion"),
    ({"CTYPE1": "RA---TAB", "CTYPE2": "DEC--TAB"}, "-TAB"),
    ({"CD1_1": None, "CD1_2": None, "CD2_1": None, "CD2_2": None}, "gives no scale"),
]


@pytest.mark.parametrize(("change", "told"), BAD)
def test_refused(change, told):
    with pytest.raises(InputError, match=told) as raised:
        wcscards.check(fitscards.values(split(header(**change))), "a.fits")
    assert "--xy" in str(raised.value)


def test_a_number_without_a_value_is_refused():
    cards = [card.replace(b"10.0", b"    ") if card.startswith(b"CRVAL1") else card for card in split(header())]
    with pytest.raises(InputError, match="CRVAL1 is unreadable"):
        wcscards.check(fitscards.values(cards), "a.fits")
