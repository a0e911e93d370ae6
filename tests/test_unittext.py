"""UnitText: what astropy reads as a unit, and nothing that takes long or is out of all bounds."""

import pytest

from columns import column
from skycnn.errors import InputError
from skycnn.fits import fluxunits, unittext
from skycnn.images import pixelunit
from skycnn.images.pixelunit import PixelUnit
from skycnn.images.positions.angles import angle


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("erg/s/cm2/Hz", "uJy", 1e29),
        ("1e-29 erg s^-1 cm^-2 Hz^-1", "uJy", 1.0),
        ("10**-17 erg/s/cm**2/Hz", "uJy", 1e12),
        ("10-26 W m-2 Hz-1", "uJy", 1e6),
        ("0.3 uJy", "uJy", 0.3),
        ("1/Jy2", "uJy-2", 1e-12),
        ("3631 Jy", "uJy", 3.631e9),
        ("uJy**(-2)", "uJy-2", 1.0),
        ("arcsec", "deg", 1 / 3600),
        ("Jy", "deg", None),
        ("adu", "uJy", None),
        ("no unit", "uJy", None),
    ],
)
def test_what_a_unit_is_worth(text, target, value):
    assert unittext.factor(text, target) == (None if value is None else pytest.approx(value, rel=1e-12))


HUGE = [
    *("Jy^99999999", "m99999999", "Jy-99999999", "Jy**(99999999)", "Jy ^ +99999999", "Jy^(1/99999999)", "Jy^1.5E8"),
    *("9**9**9 Jy", "9^(9^9) Jy", "9**-(9 ** 9) Jy", "10-99999999 Jy", "Jy(9)(9)(9)(9)(9)", "uJy999", "2^999999 Jy"),
    *("10**999999999 Jy", "10+999999999 Jy", "9**9**9**9**9 Jy", "((((9^9)^9)^9)^9) Jy", "1E999999999 Jy", "1E400 Jy"),
    *(
        "9" * 60 + " Jy",
        "Jy (99999999)",
        "(" * 60 + "Jy" + ")" * 60,
        "Jy*" * 30 + "Jy^9999999",
        "Jy" * 5000,
        "%s%n" * 20,
    ),
    *("nan Jy", "inf Jy", "0 Jy", "-1 Jy", "dex(Jy)", "mag(10**99 Jy)", "sqrt(sqrt(Jy))^99999999", "", " ", "(", "^2"),
]


@pytest.mark.parametrize("text", HUGE)
def test_what_is_out_of_bounds_is_no_unit(text):
    assert unittext.factor(text, "uJy") is None


@pytest.mark.parametrize(
    "text", ["Jy^99999999", "10+999999999 Jy", "9**9**9**9 rad", "zp99999999", "u" * 3000, "10**9999 deg"]
)
def test_no_unit_of_a_file_is_read_beyond_the_bounds(text):
    """Wherever a text is taken as a unit."""
    assert fluxunits.read(text) is None
    assert pixelunit.read(text) == PixelUnit(text, None)
    with pytest.raises(InputError, match="no unit of a position"):
        angle(column("RA", "D", text), True, "cat")
