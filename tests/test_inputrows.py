"""inputrows: which rows and bands there are."""

import numpy as np

from skycnn.baselines import inputrows

NAN = np.nan
INPUTS = {
    "flux": np.array([[1.0, NAN], [NAN, NAN], [NAN, 2.0], [NAN, NAN]]),
    "error": np.array([[0.1, NAN], [0.1, NAN], [0.1, 0.2], [NAN, NAN]]),
    "redshift": np.array([NAN, NAN, 0.5, 0.7]),
}


def test_a_band_is_there_where_all_its_numbers_are():
    assert inputrows.bands(INPUTS).tolist() == [[True, False], [False, False], [False, True], [False, False]]
    assert inputrows.bands({"redshift": INPUTS["redshift"]}).shape == (4, 0)
    stamps = np.ones((2, 3, 4, 4))
    stamps[1, 2, 0, 0] = NAN
    assert inputrows.bands({"image": stamps}).tolist() == [[True, True, True], [True, True, False]]


def test_a_row_is_there_by_a_band_or_by_a_number():
    assert inputrows.present(INPUTS).tolist() == [True, False, True, True]


def test_rows_and_bands_are_taken():
    assert inputrows.count(inputrows.take(INPUTS, slice(1, 3))) == 2
    some = inputrows.restricted(INPUTS, np.array([False, True]))
    assert some["flux"].shape == (4, 1)
    assert some["redshift"].shape == (4,)
