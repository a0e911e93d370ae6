"""The recipe of LEGUS images: a table in the survey's layout becomes a catalogue and images that agree with it."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from skycnn import survey
from skycnn.fits.catalogue import Catalogue
from skycnn.scoring import target
from skycnn.simulate import clusterview, starfield
from skycnn.simulate.optics import psf_of
from skycnn.tasks import starcluster

RECIPES = Path(__file__).parents[1] / "examples" / "recipes"
SCALE, POLES = 0.04, ((24.17, 15.78), (24.21, 15.77))


@pytest.fixture(scope="module")
def recipes():
    """Return what the two recipes define."""
    sys.path.insert(0, str(RECIPES))
    yield [runpy.run_path(str(RECIPES / f"{name}.py")) for name in ("legus_table", "legus_image")]
    sys.path.remove(str(RECIPES))
    sys.modules.pop("legus_table", None)


def made(recipes, count=5, grids=1):
    """Return a table's columns: rows of classes 0 to 4 on each of some pixel grids, which hold its X and Y."""
    names, random = list(recipes[0]["UNITS"]), np.random.default_rng(3)
    parts = []
    for pole in POLES[:grids]:
        wcs = WCS(naxis=2)
        wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], pole, [150, 130]
        wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
        table = {name: np.full(count, 20.0) for name in names}
        table["X"], table["Y"] = random.uniform(40, 260, (2, count))
        table["RA"], table["DEC"] = np.round(wcs.all_pix2world(table["X"], table["Y"], 1), 5)
        table |= {"CLASS_MODE": np.arange(count) % 5.0, "NFILTERS": np.full(count, 5.0), "ID": 1.0 + np.arange(count)}
        table |= {"AGE": np.full(count, 1e7), "MASS": np.full(count, 1e4), "EBV": np.full(count, 0.2)}
        table |= {"CI": np.full(count, 1.6)}
        parts.append(table)
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def test_a_table_is_read_by_the_survey_s_columns(recipes, tmp_path):
    table = made(recipes)
    np.savetxt(tmp_path / "t.csv", np.stack(list(table.values()), axis=1), delimiter=",")
    read = recipes[0]["read"](tmp_path / "t.csv")
    assert all((read[name] == column).all() for name, column in table.items())
    np.savetxt(tmp_path / "narrow.csv", np.ones((2, 30)), delimiter=",")
    with pytest.raises(SystemExit, match="30 columns; a LEGUS table of five filters has 35"):
        recipes[0]["read"](tmp_path / "narrow.csv")


def test_the_catalogue_holds_the_table_as_it_is_and_truths_of_clusters_alone(recipes, tmp_path):
    table = made(recipes)
    table["MAG_F336W"][:3] = 99.999, 66.666, 44.444
    table["NFILTERS"][1] = 0
    recipes[0]["write"](tmp_path / "c.fits", table, np.full(5, 0.1), np.ones(5))
    with fits.open(tmp_path / "c.fits") as file:
        rows, units = file[1].data, {column.name: column.unit for column in file[1].columns}
        assert all((rows[name] == column).all() for name, column in table.items())
        assert (units["RA"], units["AGE"], units["MAG_F435W"], units["LOG_AGE_TRUE"]) == ("deg", "yr", "mag", "log(yr)")
        np.testing.assert_array_equal(rows["CLUSTER_TRUE"], [np.nan, 1, 1, np.nan, 0])
        np.testing.assert_array_equal(np.isfinite(rows["R_H_TRUE"]), [0, 1, 1, 0, 0])
        np.testing.assert_array_equal(np.isfinite(rows["LOG_MASS_TRUE"]), [0, 0, 1, 0, 0])  # not fitted is no truth
        told = [rows[f"{name}_TRUE"][2] for name in ("LOG_AGE", "A_V", "LOG_MASS", "R_H")]
        np.testing.assert_allclose(told, [7, 0.81, 4, 0.1], rtol=1e-6)


def test_score_finds_a_truth_of_each_answer_by_its_name(recipes, tmp_path):
    table, names = made(recipes), ("LOG_AGE", "A_V", "LOG_MASS", "R_H", "P_CLUSTER", "VISIBILITY")
    recipes[0]["write"](tmp_path / "c.fits", table, np.full(5, 0.1), np.ones(5))
    with fits.open(tmp_path / "c.fits") as file:
        answers = fits.ColDefs([fits.Column(name, "E", array=np.ones(5)) for name in names])
        fits.BinTableHDU.from_columns(file[1].columns + answers).writeto(tmp_path / "a.fits")
    with Catalogue.open(str(tmp_path / "a.fits")) as catalogue:
        found = target.find(catalogue, starcluster.TASK, starcluster.TASK.posterior(), target.Names())
    assert {one.answer: one.truth for one in found} == {
        name: f"{name.removeprefix('P_')}_TRUE" for name in names if name != "VISIBILITY"
    }


def test_each_pointing_s_pixel_grid_is_found(recipes):
    frames = recipes[0]["frames"]
    table = made(recipes, 6, 2)
    found = sorted(frames(table), key=lambda frame: frame.rows[0])
    assert [frame.rows.tolist() for frame in found] == [list(range(6)), list(range(6, 12))]
    assert frames(made(recipes))[0].scale == pytest.approx(SCALE, rel=5e-3)
    for frame in found:
        wcs = WCS(fits.Header(frame.cards()))
        place = np.stack(wcs.all_world2pix(table["RA"], table["DEC"], 1), axis=1)[frame.rows]
        np.testing.assert_allclose(place, np.stack([table["X"], table["Y"]], 1)[frame.rows], atol=0.7)  # 1e-5 degrees
        np.testing.assert_allclose(frame.pixels(table["RA"], table["DEC"])[frame.rows], place, atol=1e-6)
    table["X"][3] += 100
    with pytest.raises(SystemExit, match="object 4 agree with those of no others"):
        frames(table)


def test_the_concentration_tells_the_radius(recipes):
    """Wider profiles are less concentrated; at half of the distance they look twice as wide."""
    psf = psf_of(survey.load("m83-wfc3"), "F438W")
    index = recipes[1]["concentration"](psf, 0.04, np.array([0.03, 0.06, 0.12]))
    assert (np.diff(index) > 0.1).all()
    np.testing.assert_allclose(recipes[1]["radii"](index[1:], psf, 0.04, 9.9), [0.06, 0.12], rtol=0.01)
    np.testing.assert_allclose(recipes[1]["radii"](index[1:], psf, 0.04, 4.95), [0.12, 0.24], rtol=0.01)


def test_objects_have_the_table_s_flux_and_images_show_them_at_its_places(recipes, tmp_path):
    table = made(recipes, 6)  # the fifth is a star
    table["X"], table["Y"] = np.array([60.0, 90, 200, 190, 130.3, 210]), np.array([60.0, 190, 60, 200, 130.6, 120])
    table["RA"] = POLES[0][0] - (table["X"] - 150) * SCALE / 3600 / np.cos(np.deg2rad(POLES[0][1]))
    table["DEC"] = POLES[0][1] + (table["Y"] - 130) * SCALE / 3600
    table |= {f"MAG_{band}": np.full(6, 19.0) for band in ("F336W", "F435W", "F814W")}
    table["CI"][4], table["MAG_F336W"][1], table["MASS"][0] = 1.41, 99.999, 1e8
    table["MAG_F336W"][4] = table["MAG_F435W"][4] = table["MAG_F814W"][4] = 17.0
    frames, vega = recipes[0]["frames"](table), {"F336W": 1.163, "F438W": -0.165, "F814W": 0.428}
    bands = recipes[1]["BANDS"]
    objects = recipes[1]["Objects"](table, survey.load("m83-wfc3"), SCALE, 4.95)
    nearer = 4 * 10 ** (0.4 * (23.9 - 19 - np.array([vega[band] for band in bands])))
    for row, factor in ((0, [1, 1, 1]), (1, [0, 1, 1]), (4, 10**0.8), (5, [1, 1, 1])):
        np.testing.assert_allclose(objects.points(row)[1].sum(axis=0), nearer * factor, rtol=1e-5)
    assert len(objects.points(4)[0]) == 1 < len(objects.points(5)[0])
    written = recipes[1]["images"](tmp_path, table, frames, 9.9)
    assert [path.name for path in written] == ["legus.fits", *(f"legus_1_{band}.fits" for band in bands)]
    for band, path in zip(bands, written[1:], strict=True):
        pixels, header = fits.getdata(path, header=True)
        assert (header["BUNIT"], header["FILTER"], header["DISTANCE"]) == ("uJy", band, 9.9)
        np.testing.assert_allclose(WCS(header).all_world2pix([[table["RA"][4], table["DEC"][4]]], 1),
                                   [[130.3, 130.6]], atol=0.1)  # fmt: skip
        some = pixels[119:140, 119:140] - np.median(pixels)
        assert some.sum() == pytest.approx(10 ** (0.4 * (23.9 - 17 - vega[band])), rel=0.2)
        down, across = np.indices(some.shape) + 120
        weight = np.clip(some, 0, None) ** 2
        centre = [(weight * axis).sum() / weight.sum() for axis in (across, down)]
        np.testing.assert_allclose(centre, [130.3, 130.6], atol=0.2)


def test_tiles_of_the_disc_have_no_seam(recipes):
    """The smooth light of neighbouring tiles goes on across their border, and stars are as dense on both sides."""
    view = clusterview.of(survey.load("m83-wfc3"), recipes[1]["BANDS"], 9.9)
    disc = recipes[1]["Disc"](view, 0.04, "test", 2)
    (_, _, left), (_, _, right) = disc.tile(0, 0), disc.tile(1, 0)
    jump = np.abs(right[:, :, 0] - left[:, :, -1]) / left[:, :, -1]
    usual = np.abs(left[:, :, -1] - left[:, :, -2]) / left[:, :, -1]
    assert np.median(jump) < 2 * np.median(usual) + 1e-3


def test_the_disc_s_light_varies_smoothly_and_as_that_of_mocks(recipes):
    disc = recipes[1]["Disc"](clusterview.of(survey.load("m83-wfc3"), recipes[1]["BANDS"], 9.9), 0.04, "test", 2)
    rate = np.array([[disc.rate(i, j) for i in range(60)] for j in range(60)])
    low, high = starfield.RATES
    assert low - 1e-9 < rate.min() < rate.max() < high + 1e-9
    assert rate.std() == pytest.approx((high - low) / np.sqrt(12), rel=0.35)
    assert np.abs(np.diff(rate)).mean() < 0.6 * rate.std()


def test_the_scatter_of_ages_is_told_by_bin(recipes, tmp_path, capsys):
    random, count = np.random.default_rng(5), 400
    age, mass = random.uniform(6.2, 9, count), random.uniform(3.5, 5, count)
    columns = {"LOG_AGE": age + random.normal(0.1, 0.2, count), "LOG_AGE_TRUE": age, "LOG_MASS_TRUE": mass}
    columns["LOG_AGE_TRUE"][:40] = np.nan
    columns["LOG_AGE"][40:50] = np.nan
    table = fits.BinTableHDU.from_columns([fits.Column(name, "E", array=value) for name, value in columns.items()])
    table.writeto(tmp_path / "a.fits")
    half, deviation = recipes[0]["scatter"](tmp_path / "a.fits")
    assert half == pytest.approx(0.2, abs=0.03)
    assert deviation == pytest.approx(0.2, abs=0.03)
    text = capsys.readouterr().out
    assert "of 350 clusters of class 1 and 2" in text
    assert "asked: 0.35 at most" in text
    assert f"from 6.6 on, n {(columns['LOG_AGE_TRUE'][50:] >= 6.6).sum()}: half of 16-84%" in text
    counted = [int(line[22:].split()[0]) for line in text.splitlines()[4:]]
    assert sum(counted) == 2 * 350
