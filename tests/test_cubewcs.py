"""World coordinates of stamps that are cut out of stamps."""

import pytest
from astropy.io.fits import Header
from astropy.wcs import WCS

from skycnn.stamps.stampfile import cubewcs

CARDS = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 32.5, "CRPIX2": 30.0, "CRVAL1": 10.0, "CRVAL2": -5.0}
CARDS |= {"CD1_1": -5e-5, "CD1_2": 1e-6, "CD2_1": 1e-6, "CD2_2": 5e-5, "RADESYS": "ICRS"}


@pytest.mark.parametrize(("stored", "side"), [(64, 64), (64, 32), (64, 33), (65, 32), (65, 1)])
def test_a_pixel_lies_where_it_lay(stored, side):
    found = cubewcs.of({**CARDS, "CTYPE3": "BAND", "NAXIS": 4, "BUNIT": "uJy"}, stored, side)
    assert set(found) == set(CARDS)
    first = (stored - 1) // 2 - (side - 1) // 2 if stored % 2 == side % 2 else None
    if first is None:  # half a pixel off the middle, as stamps are cut
        first = int((stored - 1) / 2 - (side - 1) / 2 + 0.5)
    old, new = WCS(Header(CARDS)), WCS(Header(found))
    assert old.pixel_to_world(first + 2, first + 3).separation(new.pixel_to_world(2, 3)).arcsec < 1e-6


def test_stamps_without_coordinates_have_none():
    assert cubewcs.of({"CRPIX1": 3.0, "PIXSCALE": 0.2}, 64, 32) == {}
