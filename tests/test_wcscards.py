"""WcsCards: which cards reach wcslib, of what type, and what they may not do to a sound WCS."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import wcsheaders
import wcsmutants
from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.images import wcscards
from skycnn.images.imagewcs import ImageWcs
from wcsheaders import KINDS, PV, SHAPE, SIP, header


def values(head):
    text = wcsheaders.text(head).encode()
    return fitscards.values(text[at : at + 80] for at in range(0, len(text), 80))


def read(head, shape=SHAPE):
    return wcscards.read(values(head), shape, "a.fits")


def test_two_axes_are_all_that_is_left_of_three():
    found = read(KINDS["three axes"])
    written = fitscards.values(found.text[at : at + 80] for at in range(0, len(found.text), 80))
    assert written == found.values | {"NAXIS": 2}
    assert set(written) == {"NAXIS", *(n for n in KINDS["tan"] if not n.startswith("NAXIS"))}


def test_the_celestial_axes_may_be_any_two():
    """A spectral axis of length 1 between them, as radio telescopes write it."""
    two = values(KINDS["tan"])
    three = {f"{name[:-1]}3" if name in ("CTYPE2", "CRVAL2", "CRPIX2") else name: two[name] for name in two}
    three |= {"NAXIS": 3, "NAXIS2": 1, "NAXIS3": two["NAXIS2"], "CTYPE2": "WAVE-TAB", "CRVAL2": "x", "CD2_2": 1e9}
    three |= {"CD3_3": two["CD2_2"], "CD1_3": two["CD1_2"], "CD3_1": two["CD2_1"]} | {"CD1_2": 0.0, "CD2_1": 0.0}
    assert wcscards.read(three, SHAPE, "a").values == read(KINDS["tan"]).values


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
    found = read(KINDS[kind])
    assert found.values["CTYPE1"] == f"RA---{types}"
    assert ("PV1_10" in found.values, found.polynomial) == (pv, polynomial)
    assert b"A_2_0" not in found.text
    assert found.notes == ()


def test_a_short_polynomial_of_scamp():
    """Up to PVi_4 wcslib takes them for the native place of the pole, and is a hemisphere off."""
    short = {name: value for name, value in PV.items() if name.endswith(("_0", "_1", "_2")) and len(name) == 5}
    scamp, tpv = (ImageWcs(wcsheaders.text(header(kind, **short)), SHAPE, "a") for kind in ("TAN", "TPV"))
    assert scamp.centre == tpv.centre
    assert abs(scamp.centre[0] - 10) < 0.1
    swapped = header(CTYPE1="DEC--TAN", CTYPE2="RA---TAN", CRVAL1=20.0, CRVAL2=10.0, PV1_1=1.0)
    assert read(swapped).values["CTYPE1"] == "DEC--TPV"
    assert read(header(PV1_1=0.0, PV1_2=90.0)).values["CTYPE1"] == "RA---TAN"  # the standard's own


def test_leftover_sip_is_used_as_astropy_does_and_told():
    """A rectified image that kept its coefficients: CTYPE says -TAN."""
    head = header(**SIP)
    found = ImageWcs(wcsheaders.text(head), SHAPE, "a.fits")
    assert len(found.notes) == 1
    assert "A_ORDER, B_ORDER" in found.notes[0]
    place = np.array([3.0, 700.0]), np.array([800.0, 20.0])
    np.testing.assert_allclose(found.to_sky(*place), wcsheaders.oracle(head).all_pix2world(*place, 0), atol=1e-11)
    assert read(header(A_ORDER=0, B_ORDER=1)).notes == ()


@pytest.mark.parametrize("letter", ["E", "D", "e", "d"])
def test_exponents(letter):
    """wcslib reads 1.0D-05 as 1."""
    text = wcsheaders.text(header())
    cards = [text[at : at + 80] for at in range(0, len(text), 80)]
    for i, name in ((i, card[:8].strip()) for i, card in enumerate(cards)):
        if name in ("CD1_1", "CD2_2"):
            number = f"{header()[name]:.17E}".replace("E", letter)
            cards[i] = f"{name:8}= {number} / deg, Done".ljust(80)
    wcs = ImageWcs("".join(cards), SHAPE, "a.fits")
    np.testing.assert_allclose(
        wcs.to_sky(5, 9), ImageWcs(wcsheaders.text(header()), SHAPE, "b").to_sky(5, 9), rtol=1e-15
    )


def test_two_scales_of_one_meaning():
    cd = {name: KINDS["turned"][name] for name in ("CD1_1", "CD1_2", "CD2_1", "CD2_2")}
    pc = {name.replace("CD", "PC"): value / 7e-5 for name, value in cd.items()}
    both = ImageWcs(wcsheaders.text(header(**cd, **pc, CDELT1=7e-5, CDELT2=7e-5)), SHAPE, "a")
    one = ImageWcs(wcsheaders.text(KINDS["turned"]), SHAPE, "a")
    np.testing.assert_allclose(both.to_sky(5, 9), one.to_sky(5, 9), rtol=1e-13)


BAD = [
    ({"CTYPE1": None, "CTYPE2": None}, "has no celestial WCS"),
    ({"CTYPE1": 5.0}, "CTYPE1 '5.0', CTYPE2 'DEC--TAN' are not one longitude and one latitude"),
    ({"CTYPE1": "RA---%s%n"}, "CTYPE1 is not understood"),
    ({"CRVAL1": "abc"}, "CRVAL1 is unreadable: 'abc'"),
    ({"CRVAL1": 1e300}, "CRVAL1 is unreadable"),
    ({"CRPIX2": True}, "CRPIX2 is unreadable"),
    ({"PV1_1": "x"}, "PV1_1 is unreadable"),
    ({"LONPOLE": 4e5}, "LONPOLE is unreadable"),
    ({"CUNIT2": 5.0}, "CUNIT2 is no unit of an angle"),
    ({"CUNIT1": "10**99999999 deg"}, "CUNIT1 is no unit"),
    ({"CPDIS1": "LOOKUP"}, r"lookup table of distortion \(CPDIS1\)"),
    ({"D2IMDIS2": "Lookup"}, "lookup table of distortion"),
    ({"CQDIS1": "TPD"}, r"a distortion \(CQDIS1\) that is not supported"),
    ({"CTYPE1": "RA---TAB", "CTYPE2": "DEC--TAB"}, "CTYPE1 -TAB"),
    ({"CD1_1": None, "CD1_2": None, "CD2_1": None, "CD2_2": None}, "gives no scale"),
    ({"CD1_1": 0.0, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 0.0}, "gives no scale"),
    ({"PC1_2": 0.5}, "CD1_1 CD1_2 CD2_1 CD2_2 and PC1_2 are two scales"),
    ({"CD1_3": 0.5}, "CD1_3 mixes RA and Dec with another axis"),
    ({"PV2_40": 1.0, "PV2_1": 1.0}, "PV2_40 is beyond the last term"),
    ({"NAXIS": 3, "NAXIS2": 1, "NAXIS3": SHAPE[0]}, "its celestial axes, 1 and 2, are not these: '1000 x 1'"),
    ({"CTYPE1": "RA---TNX", "CTYPE2": "DEC--TNX"}, "WAT1_001 .* hold no distortion of TNX"),
]


@pytest.mark.parametrize(("change", "told"), BAD)
def test_refused(change, told):
    with pytest.raises(InputError, match=told):
        read(header(**change))


def test_a_number_without_a_value_is_refused():
    with pytest.raises(InputError, match="CRVAL1 is unreadable"):
        wcscards.read(values(header()) | {"CRVAL1": None}, SHAPE, "a.fits")


CHILD = """
    import resource, sys
    import numpy as np
    import wcsmutants
    from skycnn.errors import InputError
    from skycnn.images.imagewcs import ImageWcs

    resource.setrlimit(resource.RLIMIT_CPU, (100, 100))
    x, y = np.array([3.0, 150.0]), np.array([190.0, 20.0])
    sound = np.array(ImageWcs(wcsmutants.text("OBJECT", "1"), (200, 200), "a").to_sky(x, y))
    for group in wcsmutants.GROUPS.values():
        for name in group.split():
            for kind, value in wcsmutants.VALUES.items():
                print(name, kind, end=": ", flush=True)
                try:
                    found = ImageWcs(wcsmutants.text(name, value), (200, 200), "a").to_sky(x, y)
                    print("same" if np.abs(found - sound).max() < 1e-9 else "moved", flush=True)
                except InputError as error:
                    print("named" if name in str(error) or name[2:].startswith("0") else "unnamed", flush=True)
"""


def test_no_card_moves_a_sound_wcs_or_ends_the_process():
    """In a child: what wcslib made of some of these was a signal."""
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CHILD)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    lines = child.stdout.splitlines()
    assert (child.returncode, child.stderr) == (0, ""), lines[-1]
    assert len(lines) == len(wcsmutants.VALUES) * sum(len(names.split()) for names in wcsmutants.GROUPS.values())
    assert [line for line in lines if not line.endswith((": same", ": named"))] == []


@pytest.mark.parametrize("kind", ["ZPN", "SIN", "TAN"])
def test_the_older_name_of_parameters(kind):
    """PROJPn, as the Wide Field Camera of the INT has it; -TAN has no parameters, and PV go before."""
    old = header(kind, scale=20.0, PROJP1=1.0, PROJP3=220.0) if kind != "SIN" else header(kind, PROJP1=0.1, PROJP2=0.3)
    parameters = {"ZPN": {"PV2_1": 1.0, "PV2_3": 220.0}, "SIN": {"PV2_1": 0.1, "PV2_2": 0.3}}.get(kind, {})
    new = header(kind, scale=0.25 if kind == "SIN" else 20.0, **parameters)
    one, other = (ImageWcs(wcsheaders.text(head), SHAPE, "a").to_sky(5, 9) for head in (old, new))
    np.testing.assert_allclose(one, other, rtol=1e-12)
    both = ImageWcs(wcsheaders.text(header("ZPN", scale=20.0, PV2_1=1.0, PV2_3=220.0, PROJP3=1.0)), SHAPE, "a")
    if kind == "ZPN":
        np.testing.assert_allclose(both.to_sky(5, 9), other, rtol=1e-12)


def test_two_spellings_with_two_values():
    one = header(CD1_1=None, CD1_2=None, CD2_1=None, CD2_2=None, CDELT1=-7e-5, CDELT2=7e-5, PC1_1=1.0)
    read(one)
    with pytest.raises(InputError, match=r"PC1_1 stands in two spellings, with two values: '1.0 and 0.8'"):
        wcscards.read({**values(one), "PC001001": 0.8}, SHAPE, "a.fits")
