"""ImageLight: an image of a profile that has a formula, blurred as the formula is."""

import numpy as np
import pytest

from skycnn.simulate.components import Components
from skycnn.simulate.imagelight import ImageLight
from skycnn.simulate.psf import Gaussian
from skycnn.simulate.render import Renderer


@pytest.mark.parametrize("scale", [0.02, 0.09])
def test_a_gaussian_seen_through_a_gaussian_is_a_wider_one(scale):
    sigma, pixel, psfs = 0.3, 0.074, (0.075, 0.15)
    y, x = (np.arange(size) * scale for size in (round(4.2 / scale), round(4.6 / scale)))
    y, x = y - y.mean() + 0.1, x - x.mean() - 0.2  # it lies off the middle
    image = np.exp(-(x**2 + y[:, None] ** 2) / (2 * sigma**2))
    light = ImageLight(np.stack([image, 2 * image])[None] / image.sum(), scale)
    offset = np.array([[0.3, -0.4]])
    ours = light.stamps(Renderer([Gaussian(one) for one in psfs], pixel, 48), offset)[0]
    blurred = [Gaussian(np.sqrt(one**2 + sigma**2 + scale**2 / 6)) for one in psfs]  # of the lines between its pixels
    one = np.ones((1, 1))
    point = Components(np.array([[[1.0, 2.0]]]), 0 * one, one, one, 0 * one, np.array([[[0.2, -0.1]]]))
    theirs = point.stamps(Renderer(blurred, pixel, 48), offset)[0]
    assert np.abs(ours - theirs).max() < 2e-3 * theirs.max()
    assert ours.sum(axis=(1, 2)) == pytest.approx(theirs.sum(axis=(1, 2)), rel=1e-3)
    assert light.total() == pytest.approx(np.array([[1.0, 2.0]]))
