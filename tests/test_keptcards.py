"""The cards of an image that are worth holding."""

from rawfits import card
from skycnn.fits import cards as fitscards
from skycnn.fits.tablebytes import Hdu
from skycnn.images.keptcards import kept

WANTED = """
    CTYPE1 CRVAL2 CRPIX1 CD1_2 PC2_1 CDELT1 CROTA2 CUNIT1 PV1_10 PV2_0 A_ORDER B_0_2 LONPOLE LATPOLE RADESYS RADECSYS
    EQUINOX EPOCH NAXIS NAXIS1 BUNIT FILTER SURVEY WAT1_001 CPDIS1 CD001001 PLTRAH PLTDECSN XPIXELSZ PPO3 AMDX1 AMDY13
    CNPIX2 BSOFTEN
"""
OTHER = """
    EXPTIME CTYPE1A CRVAL2B PV1_1A TTYPE1 TFORM1 PCOUNT OBJECT COMMENT HISTORY AIRMASS A_CALIB DATE AMDREX1 PLTLABEL
    AP_1_1 BP_ORDER A_DMAX WCSAXES MJD-OBS DATE-OBS DP1 DQ2 PS1_0 PPO1 OBSGEO-X RESTFRQ SPECSYS
"""


def unit(*own, number=0):
    return Hdu(number, 0, 0, 0, 0, tuple(own), fitscards.values(own))


def names(found):
    return [fitscards.keyword(entry) for entry in found]


def test_coordinates_of_every_convention_are_kept_and_the_rest_is_not():
    wanted, other = WANTED.split(), OTHER.split()
    found = names(kept(unit(*(card(name, 1.0) for name in wanted + other)), ()))
    assert found == wanted


def test_the_first_of_duplicates_is_kept_and_of_coordinates_another_that_differs():
    """Once, however many there are: `ImageWcs` refuses them."""
    first, other = card("CRVAL1", 1.0), [card("CRVAL1", float(value)) for value in (2, 3, 4)]
    assert list(kept(unit(first, first, card("FILTER", "r"), card("FILTER", "g")), ())) == [first, card("FILTER", "r")]
    assert list(kept(unit(first, *other), ())) == [first, other[0]]


def test_coordinates_without_a_value_are_kept_for_an_error():
    broken = b"LONPOLE   90.0".ljust(80)
    assert list(kept(unit(broken, b"FILTER    r".ljust(80)), ())) == [broken]


def test_a_long_string_goes_on_behind_cards_that_are_kept_only():
    more = b"CONTINUE  'of a long string'".ljust(80)
    cards = [card("OBJECT", "a begin&"), more, card("BUNIT", "a begin&"), more]
    assert list(kept(unit(*cards), ())) == cards[2:]


def test_of_a_compressed_image_the_images_axes_are_kept():
    cards = [card("XTENSION", "BINTABLE"), card("ZIMAGE", True), card("NAXIS", 2), card("NAXIS1", 8), card("NAXIS2", 9)]
    cards += [card("ZNAXIS", 2), card("ZNAXIS1", 40), card("ZNAXIS2", 30)]
    found = fitscards.values(kept(unit(*cards, number=1), ()))
    assert found == {"NAXIS": 2, "NAXIS1": 40, "NAXIS2": 30}
