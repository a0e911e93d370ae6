"""Census: rows are counted chunk by chunk; test_mosaic holds the numbers against the sky."""

import numpy as np
import pytest
from astropy.table import Table

from mosaicking import SIDE, Here, field, footprints, mosaic, positions, tiles, wcs, write
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.mosaic import census
from skycnn.fits.mosaic.placement import Placement


@pytest.fixture
def opened(tmp_path):
    """Open a table of positions as a catalogue that gives three rows at a time."""
    files = []

    def call(values):
        Table(values).write(tmp_path / "cat.fits", overwrite=True)
        files.append(Catalogue.open(str(tmp_path / "cat.fits")))
        chunks = files[-1].chunks
        files[-1].chunks = lambda names, rows: chunks(names, rows, 3)
        return files[-1]

    yield call
    for file in files:
        file.close()


def test_counts_are_those_of_all_chunks(opened, tmp_path):
    paths = tiles(tmp_path, field(), 150)
    x = np.array([20.0, 30.0, 200.0, -2.0, -40.0, np.nan, 40.0, 210.0, -60.0, 50.0])
    values = positions(np.nan_to_num(x, nan=50.0), np.full(10, 100.0))
    values["DEC"][np.isnan(x)] = np.nan
    with mosaic({"g": paths, "r": [write(tmp_path / "r.fits", field(), wcs())]}) as source:
        found = source.census(opened(values), (0, 10), 9)
        part = source.census(opened(values), (4, 8), 9)
    assert (found.rows, found.nowhere, found.unplaced) == (10, 3, 1)  # the row at -2 reaches an image, and is on none
    left, right, whole = (str(path) for path in (paths[0], paths[1], tmp_path / "r.fits"))
    assert found.images == {left: 5, right: 2, whole: 7}
    assert (part.rows, part.nowhere, part.unplaced, part.images) == (4, 1, 1, {left: 1, right: 1, whole: 2})


@pytest.mark.parametrize("bands", ["gr", "rg"])
def test_a_row_on_one_band_s_image_is_somewhere(opened, tmp_path, bands):
    g, r = write(tmp_path / "g.fits", field()[:, :150], wcs()), write(tmp_path / "r.fits", field(), wcs())
    paths = {"g": [g], "r": [r]}
    with mosaic({band: paths[band] for band in bands}) as source:
        assert source.census(opened(positions([250.0], [100.0])), (0, 1), 9).nowhere == 0


def test_no_rows_are_no_error(opened, tmp_path):
    with mosaic({"g": [write(tmp_path / "g.fits", field(), wcs())]}) as source:
        found = source.census(opened(positions([1.0], [1.0])), (0, 0), 9)
    assert (found.rows, found.images) == (0, {})


def test_the_check_sees_every_chunk(opened, tmp_path):
    seen = []

    class Check:
        def check(self, places):
            seen.append(len(places["g"]))

    def place(there):
        return {"g": Placement(np.full(len(there[0]), -1), *there, np.zeros(len(there[0]), bool))}

    prints = {"g": footprints("g", [write(tmp_path / "g.fits", field(), wcs())])}
    x = np.linspace(0, SIDE, 7)
    found = census.count(opened(positions(x, x)), (0, 7), Here(), place, prints, Check())
    assert seen == [3, 3, 1]
    assert (found.rows, found.nowhere) == (7, 7)
