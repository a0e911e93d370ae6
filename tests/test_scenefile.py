import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from skycnn.fits import scenefile
from skycnn.fits.provenance import Record, parse
from skycnn.fits.scenefile import CatalogueFile, ImageFile
from skycnn.stamps.stampfile.mockfile import columns_of

SHAPE, SCALE = (37, 21), 0.074
RECORD = Record("0", "mock", "photoz", "2026-01-01T00:00:00Z", "skycnn mock", "none", "", (), (), "", {"seed": 1})


def write(path, made, values):
    with open(path, "w+b") as file:
        made.write(file.fileno(), values)
    assert path.stat().st_size == made.size


def test_an_image(tmp_path, monkeypatch):
    monkeypatch.setattr(scenefile, "STRIP", 4 * SHAPE[0] * 5)
    image = np.random.default_rng(0).normal(size=SHAPE[::-1]).astype("f4")
    facts = scenefile.projection(SHAPE, SCALE) | {"SURVEY": "csst", "BUNIT": "uJy", "SNRCUT": None}
    write(tmp_path / "g.fits", ImageFile(SHAPE, facts, RECORD), image)
    with fits.open(tmp_path / "g.fits") as units:
        units.verify("exception")
        assert np.array_equal(units[0].data, image)
        header = units[0].header
    assert (header["SURVEY"], header["BUNIT"], "SNRCUT" in header) == ("csst", "uJy", False)
    assert parse(str(line) for line in header["HISTORY"]) == [RECORD]
    place = np.array([[18.0, 10.0], [0.0, 0.0], [36.2, 3.7]])
    found = scenefile.sky(place, SHAPE, SCALE)
    assert np.allclose(found, WCS(header).all_pix2world(place, 0), atol=1e-11)
    assert found[0] == pytest.approx(scenefile.CENTRE)
    assert found[1, 0] > found[0, 0]  # east is left
    north = 3600 * (found[0, 1] - found[1, 1])
    assert north == pytest.approx(10 * SCALE, rel=1e-6)


def test_no_places_are_no_error():
    assert scenefile.sky(np.empty((0, 2)), SHAPE, SCALE).shape == (0, 2)


@pytest.mark.parametrize("n", [0, 5])
def test_a_catalogue(tmp_path, n):
    columns = scenefile.columns_of(columns_of(("g", "r"), (), stamps=False))
    values = {column.name: np.arange(n) for column in columns}
    write(tmp_path / "cat.fits", CatalogueFile(n, columns, {"SURVEY": "csst"}, RECORD), values)
    with fits.open(tmp_path / "cat.fits", checksum=True) as units:
        units.verify("exception")
        table = units[1]
        assert len(table.data) == n
        assert table.header["SURVEY"] == "csst"
        assert {"ID", "RA", "DEC", "X_IMAGE", "GROUP", "FLUX_G", "X_TRUE", "NEAREST", "ISOLATED"} <= set(
            table.data.names
        )
        assert table.columns["RA"].unit == "deg"
        assert np.array_equal(table.data["FLUXERR_R"], np.arange(n))
