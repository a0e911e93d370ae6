"""Maps of stamps as a file: what is refused before the first write, and where objects lie in them."""

import numpy as np
import pytest
from astropy.io import fits

import mappedstamps
from sdsslike import snapshot

pytestmark = pytest.mark.filterwarnings("ignore:It is strongly recommended that column names")


@pytest.fixture
def images(capfdbinary, monkeypatch, tmp_path):
    mappedstamps.install(tmp_path, monkeypatch)
    run, model = mappedstamps.caller(capfdbinary, monkeypatch), mappedstamps.image_model(tmp_path)
    words = ("--task", "mappedmerger", "--model", model, "--method", "cam")
    return lambda path, *more: run("explain", path, *words, *more)


def test_an_archive_is_refused(images, tmp_path):
    stamps = mappedstamps.stamp_file(tmp_path / "stamps.fits")
    before = snapshot(tmp_path)
    said = images(stamps, "--out", tmp_path / "maps.fits.gz")
    assert (said.code, "archive" in said.err) == (2, True)
    assert snapshot(tmp_path) == before


def test_columns_that_are_there_already_stay(images, tmp_path):
    stamps = mappedstamps.stamp_file(tmp_path / "stamps.fits", P_MERGER_EXPLAINED=np.ones(mappedstamps.ROWS))
    said = images(stamps, "--out", tmp_path / "maps.fits")
    assert (said.code, "--suffix _NEW" in said.err) == (2, True)
    assert images(stamps, "--out", tmp_path / "maps.fits", "--suffix", "_NEW").code == 0
    with fits.open(tmp_path / "maps.fits") as held:
        assert (held[1].data["P_MERGER_EXPLAINED"] == 1).all()
        assert np.isfinite(held[1].data["P_MERGER_EXPLAINED_NEW"]).any()


@pytest.mark.parametrize("where", [(), ("--where", "MERGER_TRUE == 1")])
def test_an_object_lies_in_its_map_where_it_lies_in_its_stamp(images, tmp_path, where):
    stamps = mappedstamps.stamp_file(tmp_path / "stamps.fits")
    assert images(stamps, "--out", tmp_path / "maps.fits", *where).code == 0
    with fits.open(stamps) as old, fits.open(tmp_path / "maps.fits") as new:
        kept = old[1].data["MERGER_TRUE"] == 1 if where else np.ones(mappedstamps.ROWS, bool)
        assert new[1].data["NAME"].tolist() == old[1].data["NAME"][kept].tolist()
        shown = np.isfinite(new[1].data["STAMP_DX"])
        for axis in "XY":  # stamps of 24 pixels are cut to 20 about the centre
            np.testing.assert_allclose(new[1].data[f"STAMP_D{axis}"][shown], old[1].data[f"D{axis}"][kept][shown])
        assert shown.sum() >= kept.sum() - 2
        assert (np.abs(new[1].data["P_MERGER_STEPS"][shown]) <= 1).all()
