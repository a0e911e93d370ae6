"""Scene: the sum of its galaxies, each drawn over the whole field, and noise; threads change no bit."""

import numpy as np
import pytest

import mocking
from skycnn.simulate import scene as scenes
from skycnn.simulate.mocks import Mocks
from skycnn.simulate.render import Renderer
from skycnn.simulate.scene import MARGIN, Scene, first_pixel
from skycnn.stamps.stamps import corner

SHAPE = (110, 90)
SIDE = 301  # a stamp about the field's middle that reaches beyond it


def scene(density=300.0, shape=SHAPE, **changes):
    asked = {"judged": (), "selection": "all", **changes}
    return Scene(Mocks(mocking.recipe(**asked)), density, shape)


@pytest.fixture(scope="module")
def made():
    return scene()


@pytest.fixture(scope="module")
def field(made):
    return made.images(2)


def test_it_is_the_sum_of_its_galaxies():
    made = scene(shape=(111, 91))
    quiet = made.mocks.noise.sigma.copy()
    row, galaxies = made.drawn(0)
    offset = made.places(row) - (np.array(made.shape) - 1) / 2
    stamps = galaxies.light.stamps(Renderer(made.mocks.psfs, made.scale, SIDE), offset).astype(np.float64).sum(axis=0)
    y, x = ((SIDE - edge) // 2 for edge in (91, 111))
    expected = stamps[:, y : y + 91, x : x + 111]
    found = np.zeros_like(expected, np.float32)
    made._make_noisy = lambda field, threads: found.__setitem__(slice(None), field)
    made.images(1)
    assert expected.max() > 20 * quiet.max()
    assert np.abs(found - expected).max(axis=(1, 2)) == pytest.approx(0, abs=0.1 * quiet.min())


def test_threads_do_not_matter(made, field):
    assert np.array_equal(field, made.images(1))
    assert field.dtype == np.float32
    assert field.shape == (3, 90, 110)


def test_blocks_that_are_held_are_not_drawn_again(made, field, monkeypatch):
    monkeypatch.setattr(scenes, "BLOCK", 4)

    class Store:
        def __init__(self):
            self.kept, self.drawn = {}, []

        def held(self, number):
            return self.kept.get(number)

        def put(self, number, patches, objects):
            self.kept[number] = (patches, objects)
            self.drawn.append(number)

    store, steps = Store(), []
    assert np.array_equal(made.images(2, None, store), field)
    assert len(store.drawn) > 4
    for number in store.drawn[3:]:
        del store.kept[number]
    told = list(store.drawn)
    store.drawn.clear()
    assert np.array_equal(made.images(2, lambda done, total: steps.append((done, total)), store), field)
    assert store.drawn == told[3:]
    assert steps[0][0] == 16
    assert steps[-1] == (made.count, made.count)


def test_another_seed_is_another_sky(made, field):
    other = scene(seed=6)
    assert np.intersect1d(made.places(np.arange(30)), other.places(np.arange(30))).size == 0
    assert (field == other.images(1)).mean() < 1e-3


def test_noise_has_no_seams(made):
    empty = scene(density=0.0, shape=(700, 300))
    field = empty.images(2)
    for band, sigma in zip(field, empty.mocks.noise.sigma, strict=True):
        for part in (band[:256, :256], band[:256, 256:512], band[256:, 512:]):
            assert part.std() == pytest.approx(sigma, rel=0.03)
    assert abs(np.corrcoef(field[0, :256, :256].ravel(), field[0, :256, 256:512].ravel())[0, 1]) < 0.02


def test_galaxies_lie_everywhere():
    many = scene(density=60_000.0)
    area = (SHAPE[0] + 2 * MARGIN) * (SHAPE[1] + 2 * MARGIN) * (many.scale / 60) ** 2
    assert many.count == pytest.approx(60_000 * area, rel=0.05)
    place = many.places(np.arange(many.count))
    for axis, edge in enumerate(SHAPE):
        assert place[:, axis].min() >= -MARGIN - 0.5
        assert place[:, axis].max() < edge + MARGIN - 0.5
        assert place[:, axis].mean() == pytest.approx((edge - 1) / 2, abs=4)


def test_bright_light_is_not_cut(made):
    galaxies = made.drawn(0)[1]
    bright = galaxies.light.take(np.argsort(-galaxies.light.flux.sum(axis=(1, 2)))[:4])
    reach = made._extent(bright)
    assert (np.diff(reach[np.argsort(bright.radius.max(axis=1))]) > -20).all()
    stamps = bright.stamps(Renderer(made.mocks.psfs, made.scale, SIDE))
    apart = np.hypot(*np.meshgrid(*[np.arange(SIDE) - SIDE // 2] * 2))
    for stamp, far in zip(stamps, reach, strict=True):
        assert far < SIDE / 2
        for image, sigma in zip(stamp, made.mocks.noise.sigma, strict=True):
            assert image[apart > far].max(initial=0) < 0.05 * sigma


@pytest.mark.parametrize("side", [1, 15, 16])
def test_stamps_are_cut_as_fits_cuts_them(side):
    place = np.random.default_rng(0).uniform(-5, 100, (500, 2))
    place[:4] = np.array([[0.5, 1.0], [2.5, -0.5], [3.0, 3.5], [7.49999, 8.0]])
    assert np.array_equal(first_pixel(place, side), corner(place, side))
