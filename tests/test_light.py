"""Light: what every kind of it keeps to, and the sum of several."""

import numpy as np
import pytest

from skycnn.simulate.components import Components
from skycnn.simulate.imagelight import ImageLight
from skycnn.simulate.light import Composite
from skycnn.simulate.points import Points
from skycnn.simulate.psf import Gaussian
from skycnn.simulate.render import Renderer

N, SIDE = 5, 20
RENDERER = Renderer([Gaussian(0.2), Gaussian(0.15)], 0.1, SIDE)


def lights():
    rng = np.random.default_rng(1)
    one = np.ones((N, 1))
    counts = [3, 0, 40, 1, 7]
    points = Points.of([rng.normal(0, 0.3, (k, 2)) for k in counts], [rng.uniform(0, 1, (k, 2)) for k in counts])
    image = ImageLight(rng.uniform(0, 1, (N, 2, 9, 12)), 0.15)
    return {
        "components": Components(rng.uniform(0, 1, (N, 1, 2)), 0.2 * one, one, 0.6 * one, 30 * one),
        "points": points,
        "image": image,
        "sum": Composite([points, image]),
    }


@pytest.mark.parametrize("kind", lights())
def test_objects_do_not_depend_on_their_company(kind):
    light, offset = lights()[kind], np.random.default_rng(2).uniform(-0.5, 0.5, (N, 2))
    whole = light.stamps(RENDERER, offset)
    assert (whole.shape, whole.dtype) == ((N, 2, SIDE, SIDE), np.float32)
    rows = np.array([4, 0, 2])
    some = light.take(rows)
    assert np.array_equal(some.total(), light.total()[rows])
    stamps = some.stamps(RENDERER, offset[rows])
    if kind == "components":  # there products of many objects' matrices round otherwise
        assert np.abs(stamps - whole[rows]).max() < 1e-6 * whole.max()
    else:
        assert np.array_equal(stamps, whole[rows])
    assert light.take(np.arange(0)).stamps(RENDERER, offset[:0]).shape == (0, 2, SIDE, SIDE)


@pytest.mark.parametrize("kind", lights())
def test_total_is_what_a_large_stamp_holds(kind):
    light = lights()[kind]
    stamps = light.stamps(Renderer(RENDERER.psfs, 0.1, 96))
    assert light.total().dtype == np.float32
    assert stamps.sum(axis=(2, 3)) == pytest.approx(light.total(), rel=2e-3, abs=1e-6)


@pytest.mark.parametrize("kind", lights())
def test_beyond_its_extent_there_is_little(kind):
    light, faint = lights()[kind], np.full(2, 1e-4)
    extent = light.extent(faint, 0.1)
    assert extent.shape == (N,)
    stamps = light.stamps(Renderer(RENDERER.psfs, 0.1, 96))
    y, x = np.indices((96, 96)) - 47.5
    for row in range(N):
        beyond = np.hypot(x, y) > extent[row] + 8  # four sigma of the PSF
        assert np.abs(stamps[row][:, beyond]).max() < 2 * faint[0]


def test_a_sum_is_the_sum():
    made = lights()
    parts = [made[kind].stamps(RENDERER) for kind in ("points", "image")]
    assert np.array_equal(made["sum"].stamps(RENDERER), parts[0] + parts[1])
    assert made["sum"].total() == pytest.approx(made["points"].total() + made["image"].total())
    assert made["sum"].expected(None) is None
