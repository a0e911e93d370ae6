"""The worst rows: by which error, against which truth."""

import numpy as np
import pytest

from sdsslike import table, write
from skycnn.fits.catalogue import Catalogue
from skycnn.photometry.fields import Fields
from skycnn.scoring.largesterrors import KnownTruth
from skycnn.task import Truth


@pytest.mark.parametrize(
    ("kind", "wanted"), [("redshift", [0.25, 1 / 3]), ("value", [0.25, 1.0]), ("class", [0.25, 1.0])]
)
def test_an_error_is_that_of_its_kind(kind, wanted):
    found = KnownTruth("X", kind, None, Truth()).errors(np.array([0.25, 1.0, np.nan]), np.array([0.0, 2.0, 1.0]))
    np.testing.assert_allclose(found, [*wanted, np.nan])


def test_truths_of_some_rows(tmp_path):
    values = np.arange(60.0)
    values[5], values[7] = -99, np.nan
    with Catalogue.open(str(write(tmp_path / "cat.fits", table(60, Z=values)))) as catalogue:
        field = Fields(catalogue.columns, catalogue.label, "").require("Z", "--truth COLUMN")
        truth = KnownTruth("X", "value", field, Truth(("Z",), 0.0, 50.0))
        found = truth.read(catalogue, np.array([2, 5, 7, 49, 59]))
        np.testing.assert_array_equal(found, [2, np.nan, np.nan, 49, np.nan])
        assert truth.read(catalogue, np.empty(0, np.int64)).shape == (0,)
