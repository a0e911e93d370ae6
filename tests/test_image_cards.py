"""Headers of images that say too much or in another spelling, and bits of masks, each through the command line."""

import numpy as np
import pytest
from astropy.io import fits

import field as fields
from field import SIDE, read, told, words
from skycnn.schema import Flag
from wcsheaders import SIP


@pytest.fixture
def made(tmp_path):
    return fields.make(tmp_path, bands="g", rows=5)


def add(made, **cards):
    with fits.open(made.path("g"), mode="update") as units:
        units[0].header.update(cards)


PLATE = {f"AMD{axis}{term}": 67.0 if term == 1 else 0.1 for axis in "XY" for term in (1, 2, 3)}


@pytest.mark.parametrize(
    "cards",
    [
        {"XPIXELSZ": "   12", "YPIXELSZ": "   12"},
        {"XPIXELSZ": 6.0, "YPIXELSZ": 6.0},
        {"CNPIX1": 0, "CNPIX2": 0},
        {"CNPIX1": ""},
        {"PPO3": ""},
        {"AMDX1": "x"},
        {"PLTRAH": ""},
        {**PLATE, "XPIXELSZ": 6.0, "YPIXELSZ": 6.0},
        {"DATE-OBS": "%s%n%n%n%s", "MJD-OBS": "%n"},
        {"CTYPE3": "WAVE-TAB", "PS3_0": "", "CRVAL3": "x"},
        {"WAT1_001": "wtype=tnx" + "x" * 50},
    ],
    ids=lambda cards: " ".join(cards)[:30],
)
def test_cards_of_other_conventions_move_nothing(cut, made, cards):
    """Beside a sound -TAN; some of these ended the process."""
    add(made, **cards)
    said = cut(*words(made))
    assert said.code == 0, said.err
    assert np.array_equal(read(made.folder / "stamps.fits")[0], made.stamps(SIDE))
    assert ("its plate solution is not whole" in said.err) == ("PLTRAH" in cards or "AMDX1" in cards)


def test_leftover_coefficients_are_told(cut, made):
    """A drizzled image that kept them: CTYPE says -TAN."""
    add(made, **SIP)
    said = cut(*words(made))
    assert said.code == 0
    assert "warning: g: " in said.err
    assert "SIP coefficients (A_ORDER, B_ORDER) beside RA---TAN without -SIP are used, as astropy does" in said.err


@pytest.mark.parametrize("blank", ["-32768", "-32768.0", "-3.2768E4", "'-32768'", "'none'", "1.5"])
def test_undefined_pixels_are_never_a_value(cut, made, blank):
    whole = np.where(made.pixels["g"] > 0.5, -32768, 7).astype("i2")
    made.pixels["g"] = whole
    with fits.open(made.path("g")) as units:
        fits.writeto(made.path("g"), whole, units[0].header, overwrite=True)
    octets = made.path("g").read_bytes()
    card = f"BLANK   = {blank}".ljust(80).encode() + b"END".ljust(80)
    made.path("g").write_bytes(octets.replace(b"END".ljust(80) + b" " * 80, card, 1))
    said = cut(*words(made))
    if blank in ("'none'", "1.5"):
        assert said.code == 2
        assert "BLANK is unreadable" in told(said)[0]
        return
    assert said.code == 0, said.err
    pixels, table, _, _ = read(made.folder / "stamps.fits")
    wanted = made.stamps(SIDE)
    assert np.array_equal(pixels, np.where(wanted == -32768, np.nan, wanted), equal_nan=True)
    assert (table["FLAG"] & Flag.NAN_PIXELS).all()


@pytest.mark.parametrize(
    ("bits", "hidden"), [("", None), (":32", None), (":SAT", 2), (":0x6", 6), (":4|2", 6), (":64", 64), (":CR", 0)]
)
def test_bits_of_a_mask(cut, made, bits, hidden):
    """Bit 5 is set everywhere, as detected objects are; a mask that hides all is told."""
    mask = np.random.default_rng(3).integers(0, 8, made.pixels["g"].shape).astype("i2") | 32
    unit = fits.PrimaryHDU(mask)
    unit.header["MP_SAT"] = 1
    unit.writeto(made.folder / "m.fits")
    said = cut(*words(made), "--mask", f"g={made.folder}/m.fits{bits}")
    if bits == ":CR":
        error, hint = told(said)
        assert (said.code, "no bit of the mask is called so: 'CR'" in error, "It names SAT" in hint) == (2, True, True)
        return
    assert said.code == 0, said.err
    seen = read(made.folder / "stamps.fits")[0]
    made.pixels["g"] = np.where(mask & (hidden or 32) != 0, np.nan, made.pixels["g"])
    assert np.array_equal(seen, made.stamps(SIDE), equal_nan=True)
    assert ("warning: g: the mask hides every pixel of 5 stamps" in said.err) == (hidden is None)


def test_keywords_in_small_letters_are_read(cut, made):
    """As astropy reads them; others take such cards for none, and the image for one at RA 0."""
    octets = made.path("g").read_bytes()
    end = octets.index(b"END ".ljust(80))
    cards = [octets[at : at + 80] for at in range(0, end, 80)]
    small = [card[:8].lower() + card[8:] if card[:2] in (b"CR", b"CD", b"PC", b"CT") else card for card in cards]
    made.path("g").write_bytes(b"".join(small) + octets[end:])
    assert cut(*words(made)).code == 0
    assert np.array_equal(read(made.folder / "stamps.fits")[0], made.stamps(SIDE))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("CRVAL1  = 151.0", "CRVAL1 stands twice, with two values: '150.1 and 151.0'"),
        ("RADESYS = 'FK4'", "RADESYS stands twice, with two values: 'ICRS and FK4'"),
        ("LONPOLE   90.0", "the card LONPOLE has no value: 'LONPOLE   90.0'"),
        ("CROTA2  =30.0", "the card CROTA2 has no value"),
        ("BSCALE  =2.0", "the card BSCALE has no value"),
        ("BZERO     2.0", "the card BZERO has no value"),
        ("BLANK   =7", "the card BLANK has no value"),
        ("BUNIT   = 'Jy'", "BUNIT stands twice, with two values: 'nmgy and Jy'"),
    ],
)
def test_cards_that_programs_read_differently_are_refused(cut, made, line, what):
    octets = made.path("g").read_bytes()
    card = line.ljust(80).encode() + b"END".ljust(80)
    made.path("g").write_bytes(octets.replace(b"END".ljust(80) + b" " * 80, card, 1))
    said = cut(*words(made))
    assert (said.code, what in told(said)[0]) == (2, True), said.err


def test_galactic_is_no_system_of_ra(cut, made):
    add(made, RADESYS="GALACTIC")
    said = cut(*words(made))
    assert (said.code, "CTYPE1 is RA, RADESYS is not of RA and DEC: 'GALACTIC'" in told(said)[0]) == (2, True), said.err
