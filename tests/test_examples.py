"""The sample that ships and the recipes that made it and the model: what they say can be recomputed."""

import hashlib
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from galaxies import write
from skycnn import tasks
from skycnn.cli import app, console
from skycnn.distribution import Binned, judge
from skycnn.fits.catalogue import Catalogue
from skycnn.network import groups, model
from skycnn.network.answer import Answerer
from skycnn.photometry.fluxes import find
from skycnn.scoring import scoretable

EXAMPLES = Path(__file__).parents[1] / "examples"
SAMPLE = EXAMPLES / "sdss_sample.fits"
DATA = Path(__file__).parents[1].parent / "shared" / "data" / "sdss_galaxies.fits"
MODEL = model.SHIPPED / "photoz-sdss-flux.safetensors"

with_data = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA.name} is not at hand")


@pytest.fixture
def recipe(monkeypatch):
    """Return what the two recipes define."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "recipes"))
    yield lambda name: runpy.run_path(str(EXAMPLES / "recipes" / f"{name}.py"))
    for name in ("photoz_sdss_flux", "sdss_sample"):
        sys.modules.pop(name, None)


def fluxes(catalogue, card):
    photometry = find(catalogue.columns, catalogue.header, card.bands, label=catalogue.label)
    return photometry.fluxes(catalogue.read(photometry.columns))


def test_the_sample_is_as_catalogues_are_in_the_wild():
    with fits.open(SAMPLE, checksum=True) as file:  # a wrong checksum is a warning, and warnings are errors
        assert [type(unit).__name__ for unit in file] == ["PrimaryHDU", "ImageHDU", "BinTableHDU", "BinTableHDU"]
        assert all("CHECKSUM" in unit.header for unit in file)
        assert "Funding for the Sloan Digital Sky Survey" in str(file[0].header["COMMENT"])
        table = Table(file["GALAXIES"].data)
    assert len(table) == 500
    assert table["recno"].dtype.itemsize == 8
    assert (table["recno"] > 2**53).mean() > 0.99
    assert table["zsp"].min() >= 0.004


def test_the_model_never_saw_the_sample():
    whole = model.read(MODEL)
    with Catalogue.open(str(SAMPLE), hdu="GALAXIES") as catalogue:
        found = fluxes(catalogue, whole.card)
    seen = whole.tensors["_groups.seen"]
    rows = whole.card.sample["rows"]
    assert len(seen) == rows["train"] + rows["valid"] + rows["calib"]
    assert not np.isin(groups.row_hashes(found.flux, found.error), seen).any()


@with_data
def test_the_sample_is_what_its_recipe_makes(recipe):
    expected = recipe("sdss_sample")["sample"](Table.read(DATA))
    table = Table.read(SAMPLE, hdu="GALAXIES")
    assert all((table[name] == expected[name]).all() for name in expected.colnames)


@with_data
def test_the_split_is_the_one_written_down(recipe):
    """One row's digest, spelled out; and the sizes."""
    made, galaxies = recipe("photoz_sdss_flux"), Table.read(DATA)
    row = galaxies[0]
    stored = b"".join(
        np.array(row[f"{kind}_{band}"], ">f4").tobytes() for kind in ("MAG", "MAGERR") for band in "UGRIZ"
    )
    tenth = int(hashlib.sha256(stored).hexdigest(), 16) % 10
    side = made["split"](galaxies)
    assert side[0] == ("train" if tenth < 7 else "valid" if tenth == 7 else "test")
    words, counts = np.unique(side[galaxies["Z_SPEC"] >= 0.004], return_counts=True)
    rows = dict(model.read_card(MODEL).sample["rows"])
    rows["valid"] += rows.pop("calib")  # half of them
    assert dict(zip(words.tolist(), counts.tolist(), strict=True)) == rows


@with_data
def test_the_card_quotes_the_scores_of_the_test_split(recipe, tmp_path):
    made, galaxies = recipe("photoz_sdss_flux"), Table.read(DATA)
    test = galaxies[(made["split"](galaxies) == "test") & (galaxies["Z_SPEC"] >= 0.004)]
    whole = model.read(MODEL)
    answerer = Answerer(tasks.load("photoz"), whole, "cpu", pdf=True)
    with Catalogue.open(write(tmp_path / "test.fits", test)) as catalogue:
        found = fluxes(catalogue, whole.card)
    inputs = {"flux": found.flux, "error": found.error}
    answers = answerer.answer(0, inputs, np.isfinite(found.flux), np.zeros(len(found.flux), "i4"))
    values = {column.name: answer for column, answer in zip(answerer.columns, answers, strict=True)}
    truth = np.asarray(test["Z_SPEC"], "f8")
    axis = answerer.posterior.axes[0]
    edges = np.expm1(np.linspace(0, np.log1p(axis.high), axis.bins + 1))
    judged = judge(values["Z_PHOT"], Binned(edges, values["Z_PHOT_PDF"]), truth)
    scores = {score.key: score.of(judged, truth) for score in scoretable.REDSHIFT}
    quoted = dict(whole.card.scores)
    assert quoted.pop("rows") == len(test)
    assert quoted.pop("intervals").keys() == quoted.keys()
    assert quoted == pytest.approx({key: scores[key] for key in quoted}, rel=0.01, abs=2e-4)
    assert scores["sigma_nmad"] <= 0.0180
    assert scores["outliers"] <= 0.0135
    assert abs(scores["bias"]) <= 0.001
    assert 0.66 <= scores["coverage_68"] <= 0.70
    assert 0.93 <= scores["coverage_95"] <= 0.97


IMAGES = DATA.parent / "images"


@pytest.mark.skipif(not IMAGES.exists(), reason="the SDSS images are not at hand")
def test_the_images_are_pieces_of_sdss_fields(recipe):
    made = recipe("sdss_images")
    for band in "gri":
        unit, path = made["piece"](IMAGES / f"reprojected_sdss_{band}.fits.bz2"), EXAMPLES / f"ngc6976_{band}.fits"
        with fits.open(path) as file:
            assert unit.header.tostring() == file[0].header.tostring()
            np.testing.assert_array_equal(unit.data, file[0].data)
            assert "Sloan Digital Sky Survey" in " ".join(file[0].header["COMMENT"])
        assert path.stat().st_size < 400_000
        if band == "r":
            expected = made["sources"](unit)
    found = Table.read(EXAMPLES / "ngc6976_sources.fits")
    for name in ("ID", "RA", "DEC"):
        assert np.allclose(found[name], expected[name], rtol=0, atol=1e-9)


def test_the_sources_lie_at_the_centres_of_their_stamps(tmp_path):
    images = [f"--images={band}={EXAMPLES}/ngc6976_{band}.fits" for band in "gri"]
    out = tmp_path / "stamps.fits"
    words = ["cutout", str(EXAMPLES / "ngc6976_sources.fits"), *images, "--size", "15", "--out", str(out), "-q"]
    assert console.run(lambda: app.call(words)) == 0
    with fits.open(out) as file:
        pixels, flags = np.array(file[0].data, "f8"), file[1].data["FLAG"]
    assert pixels.shape == (60, 3, 15, 15)
    assert (flags == 0).sum() > 50
    middle = pixels[flags == 0, 1, 5:10, 5:10]
    assert (middle.max((1, 2)) == pixels[flags == 0, 1].max((1, 2))).mean() > 0.95
