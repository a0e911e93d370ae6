"""Detection: by a galaxy's own light, at honest places, with what stamps of the very field hold."""

from dataclasses import replace

import numpy as np
import pytest

import mocking
from skycnn.simulate import detection
from skycnn.simulate.detection import CROWDED, detect
from skycnn.simulate.mocks import Mocks
from skycnn.simulate.psfimage import ImagePSF
from skycnn.simulate.scene import Scene, first_pixel

SHAPE = (500, 450)


@pytest.fixture(scope="module")
def made():
    return Scene(Mocks(mocking.recipe(judged=(), selection="all", side=24)), 200.0, SHAPE)


@pytest.fixture(scope="module")
def field(made):
    return made.images(2)


@pytest.fixture(scope="module")
def found(made, field):
    return detect(made, field)


def test_rows_are_candidates_in_their_order(made, found):
    assert 30 < len(found.row) < made.count
    assert (np.diff(found.row) > 0).all()
    assert np.array_equal(found.true, made.places(found.row))
    galaxies = made.drawn(0)[1]
    assert np.array_equal(found.truth["Z"], galaxies.truth["Z"][found.row])


def test_whole_stamps_lie_on_the_field(found):
    first = first_pixel(found.place, 24)
    assert first.min() >= 0
    assert (first + 24 <= SHAPE).all()


def test_what_is_faint_is_not_found(made, found):
    row, galaxies = made.drawn(0)
    signal = made.mocks.photometry.together(galaxies.light.expected(made.mocks.photometry))
    inside = ((made.places(row) > 20) & (made.places(row) < np.array(SHAPE) - 20)).all(axis=1)
    bright, faint = (row[inside & chosen] for chosen in (signal > 10, signal < 1))
    assert np.isin(bright, found.row).mean() > 0.9  # some are crowded
    assert not np.isin(faint, found.row).any()


def test_places_have_the_scatter_that_noise_gives(made, found):
    galaxies = made.drawn(0)[1]
    expected = galaxies.light.expected(made.mocks.photometry)
    sigma = np.sqrt(2) * expected.radius / made.scale / 1.6 / made.mocks.photometry.together(expected)
    pull = (found.place - found.true) / sigma[found.row, None]
    assert pull.std() == pytest.approx(1, abs=0.15)
    assert abs(pull.mean()) < 0.2


def test_fluxes_are_those_of_stamps_of_the_field(made, field, found):
    k = len(found.row) // 2
    x, y = first_pixel(found.place, 24)[k].astype(int)
    offset = found.place[k] - (x, y) - 11.5
    again = made.mocks.photometry.measure(field[None, :, y : y + 24, x : x + 24], offset[None])
    assert np.array_equal(again.flux[0], found.measured.flux[k])
    assert np.array_equal(again.error[0], found.measured.error[k])
    lone = found.isolated
    assert 0.1 < lone.mean() < 1
    galaxies = made.drawn(0)[1]
    told = galaxies.light.expected(made.mocks.photometry).flux[found.row]
    pull = ((found.measured.flux - told) / found.measured.error)[lone & (found.measured.flux < 3).all(axis=1)]
    assert abs(np.median(pull)) < 0.35
    assert np.percentile(np.abs(pull), 68) == pytest.approx(1, abs=0.25)


def test_neighbours_are_told(made, found):
    apart = np.hypot(*(found.place[:, None] - found.place[None]).T)
    np.fill_diagonal(apart, np.inf)
    assert np.allclose(found.nearest, apart.min(axis=0))
    width = max(mocking.CSST.psf[band] for band in mocking.BANDS) / made.scale
    assert found.nearest.min() > CROWDED * width
    true = np.hypot(*(found.true[:, None] - found.true[None]).T)
    np.fill_diagonal(true, np.inf)
    assert (true.min(axis=0)[found.isolated] > 24 / np.sqrt(2)).all()


def test_of_two_in_one_place_the_brighter_stays(made, field, monkeypatch):
    place = made.places

    def crowded(row):
        return np.where(np.asarray(row)[:, None] % 2, place(np.asarray(row) - 1) + 0.7, place(row))

    monkeypatch.setattr(made, "places", crowded)
    found = detect(made, field)
    assert not np.isin(found.row[found.row % 2 == 0] + 1, found.row).any()


def test_crowds_are_told_by_the_psf_that_is_rendered(made, field, found):
    y, x = np.indices((61, 61)) - 30.0
    wide = ImagePSF(np.exp(-(x**2 + y**2) / (2 * 10**2)), made.scale / 2, pixelated=False)
    recipe = replace(made.mocks.recipe, psfs={"g": wide})
    assert wide.fwhm > 3 * max(mocking.CSST.psf[band] for band in mocking.BANDS)
    other = detect(Scene(Mocks(recipe), 200.0, SHAPE), field)
    assert found.nearest.min() < CROWDED * wide.fwhm / made.scale < other.nearest.min()


def test_true_fluxes_are_those_of_all_light(made, found):
    assert found.total == pytest.approx(made.drawn(0)[1].light.flux.sum(axis=1)[found.row], rel=1e-6)


def test_a_sky_without_detections_is_no_error(monkeypatch):
    made = Scene(Mocks(mocking.recipe(judged=(), selection="all")), 0.0, (64, 64))
    assert made.count == 1
    monkeypatch.setattr(detection, "DETECTED", 1e9)
    found = detect(made, made.images(1))
    assert [len(part) for part in (found.row, found.place, found.measured.flux, found.nearest, found.isolated)] == [
        0
    ] * 5
