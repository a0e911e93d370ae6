"""BandMask: bands left out by columns and conditions, and what becomes of their stamps."""

import numpy as np
import pytest

from galaxies import table, write
from skycnn.errors import BandError, InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.bandmask import BandMask, clean
from skycnn.schema import Flag


@pytest.fixture
def catalogue(tmp_path):
    content = table(3, GMASK=np.array([0, 1, 0], "i2"), SEEING=[1.0, 1.0, 2.5], NAME=["a", "b", "c"])
    with Catalogue.open(write(tmp_path / "cat.fits", content)) as opened:
        yield opened


def test_rows_and_bands_are_those_of_the_conditions(catalogue):
    mask = BandMask({"g": "gmask", "i": "SEEING > 2 & GMASK == 0"}, catalogue, ("i", "g", "r"), "m")
    assert mask.columns == ("GMASK", "SEEING")
    assert mask.notes == ("band g dropped where gmask", "band i dropped where SEEING > 2 & GMASK == 0")
    found = mask.of(catalogue.read(("GMASK", "SEEING")), 3)
    assert found.tolist() == [[False] * 3, [False, True, False], [True, False, False]]


def test_a_band_or_column_that_is_not_there_is_refused(catalogue):
    with pytest.raises(BandError, match=r"--mask-band names a band that m has not: 'z' \(expected g r\)"):
        BandMask({"z": "GMASK"}, catalogue, ("g", "r"), "m")
    with pytest.raises(InputError, match="has no column 'GMASKS'") as caught:
        BandMask({"g": "GMASKS"}, catalogue, ("g", "r"), "m")
    assert "Did you mean GMASK? Name it with --mask-band g=COLUMN." in caught.value.hint
    with pytest.raises(InputError, match="NAME holds text: write NAME == 'TEXT'"):
        BandMask({"g": "NAME"}, catalogue, ("g", "r"), "m")


def test_infinite_pixels_and_bands_left_out_become_nan():
    pixels = np.ones((3, 2, 2, 2), "f4")
    pixels[1, 0, 0, 0] = np.inf
    flags = np.array([0, Flag.NAN_PIXELS, Flag.EDGE], np.int32)
    found = clean(pixels, flags, np.array([[False, False], [False, False], [False, True]]))
    assert found.tolist() == [0, Flag.NAN_PIXELS, Flag.EDGE | Flag.MISSING_BAND]
    assert found.dtype == np.int32
    expected = np.ones((3, 2, 2, 2))
    expected[1, 0, 0, 0] = expected[2, 1] = np.nan
    np.testing.assert_array_equal(pixels, expected)


def test_nothing_is_touched_where_nothing_is_left_out():
    pixels, flags = np.ones((2, 1, 2, 2), "f4"), np.zeros(2, np.int32)
    for gone in (None, np.zeros((2, 1), bool)):
        assert clean(pixels, flags, gone) is flags
    assert (pixels == 1).all()
