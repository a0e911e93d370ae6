"""StampFile: stamps and their catalogue as a stream; whole or not there; a killed run's work is taken over."""

import os

import numpy as np
import pytest
from astropy.io import fits

import hardcase
import rawfits
import stamping
from skycnn.fits import catalogue, splice


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Cross the borders of chunks; the same time in all runs."""
    monkeypatch.setattr(catalogue, "CHUNK", stamping.CHUNK)
    monkeypatch.setattr(splice, "CHUNK_BYTES", 3000)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def same(path, rows, bands=("g", "r"), side=6, apart=0.0):
    """See that a file holds the made-up stamps of these rows."""
    with fits.open(path) as units:
        assert [unit.name for unit in units] == ["IMAGES", "CATALOGUE"]
        np.testing.assert_array_equal(units[0].data, stamping.pixels(rows, bands, side))
        table = units[1].data
        found = np.stack([table["DX"], table["DY"]], axis=1)
        np.testing.assert_array_equal(found, stamping.rests(rows, bands)[:, 0])
        np.testing.assert_array_equal(table["FLAG"], np.where(np.array(rows) % 5 == 0, 4, 0))


def test_every_stamp_stands_in_its_row(hard, tmp_path):
    out = tmp_path / "stamps.fits"
    stamping.cut(hard, out, facts={"PIXSCALE": 0.25, "BUNIT": "nmgy", "SURVEY": None})
    same(out, range(50))
    header = fits.getheader(out)
    assert (header["BANDS"], header["PIXSCALE"], header["BUNIT"]) == ("g r", 0.25, "nmgy")
    assert "SURVEY" not in header
    assert sorted(os.listdir(tmp_path)) == ["hard.fits", "stamps.fits"]
