"""tracers: clouds of stars beside points, which are exact."""

import numpy as np
import pytest

from skycnn.simulate.points import Points
from skycnn.simulate.psf import Gaussian, Moffat
from skycnn.simulate.psfimage import ImagePSF
from skycnn.simulate.render import Renderer
from skycnn.simulate.tracers import STARS, Tracers

RENDERER = Renderer([Gaussian.of_fwhm(0.2), Moffat.of_fwhm(0.26, 3.5)], 0.1875, 31)


def tracers(blur=0.1, count=200, seed=0):
    rng = np.random.default_rng(seed)
    start = np.array([0, count, count, count + 5])
    place = rng.normal(0, 0.8, (start[-1], 2)).astype("f4")
    flux = rng.exponential(1.0, (start[-1], 2)).astype("f4")
    return Tracers(place, flux, np.full(start[-1], blur, "f4"), start, 3, np.array([7, 8, 9]))


def points(light):
    """Return the same stars, each a point."""
    parts = light._parts()
    return Points.of(
        [light._stars(k, part) for k, part in enumerate(parts)],
        [np.repeat(light.flux[part], STARS, 0) / STARS for part in parts],
    )


def test_they_are_seen_as_points_are():
    light, offset = tracers(), np.array([[0.3, -0.2], [0, 0], [-0.45, 0.1]])
    seen, exact = light.stamps(RENDERER, offset), points(light).stamps(RENDERER, offset)
    peak = exact.max(axis=(2, 3), keepdims=True)
    assert (np.abs(seen - exact) <= 0.02 * peak).all()
    assert (seen[1] == 0).all()
    assert seen.sum((2, 3)) == pytest.approx(exact.sum((2, 3)), rel=2e-3, abs=1e-5)


def test_an_object_depends_on_its_own_row_alone():
    light = tracers()
    some = light.take(np.array([2, 0]))
    assert np.array_equal(some.stamps(RENDERER), light.stamps(RENDERER)[[2, 0]])
    assert np.array_equal(some.total(), light.total()[[2, 0]])
    assert light.take(np.zeros(0, int)).stamps(RENDERER).shape == (0, 2, 31, 31)
    other = Tracers(light.place, light.flux, light.blur, light.start, 4, light.row)
    assert not np.array_equal(other.stamps(RENDERER)[0], light.stamps(RENDERER)[0])


def test_totals_and_extents():
    light = tracers(blur=0.0)
    assert light.total()[1].tolist() == [0, 0]
    assert light.total()[2] == pytest.approx(light.flux[-5:].sum(0), rel=1e-6)
    apart = np.hypot(*light.place[:200].T).max() / 0.1875
    assert light.extent(np.zeros(2), 0.1875)[:2] == pytest.approx([apart, 0], rel=1e-5)


def test_light_beyond_the_stamp_does_not_come_back():
    far = Tracers(
        np.array([[6.0, 0.0]], "f4"), np.ones((1, 2), "f4"), np.zeros(1, "f4"), np.array([0, 1]), 1, np.array([0])
    )
    assert np.abs(far.stamps(RENDERER)).max() < 2e-4


def test_any_psf_will_do():
    image = np.zeros((15, 15))
    image[7, 6:9] = 1
    psf = ImagePSF(image, 0.1875, pixelated=True)
    renderer = Renderer([psf, psf], 0.1875, 31)
    light = tracers(blur=0.2)
    assert light.stamps(renderer)[0].sum((1, 2)) == pytest.approx(light.total()[0], rel=0.02)
