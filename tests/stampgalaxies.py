"""Galaxies on stamps in plain numpy: Sersic profiles, some with a second nucleus, blurred, with noise."""

import numpy as np
from scipy import ndimage

FINE = 5
"""Parts of a pixel along a side."""


def sersic(side, y, x, flux, radius, index=1.0, ratio=1.0, angle=0.0):
    """Return a Sersic profile (side, side) of some flux about a place, pixels."""
    place = (np.arange(side * FINE) + 0.5) / FINE - 0.5
    down, right = place[:, None] - y, place[None, :] - x
    along, across = right * np.cos(angle) + down * np.sin(angle), down * np.cos(angle) - right * np.sin(angle)
    away = np.hypot(along, across / ratio) / radius
    light = np.exp(-(2 * index - 1 / 3 + 0.009876 / index) * away ** (1 / index))
    light = light.reshape(side, FINE, side, FINE).mean((1, 3))
    return flux * light / light.sum()


def galaxies(number, side=75, seed=0, depth=(800, 4000), single=False):
    """Return galaxies without noise and with it, (number, side, side); every second has two nuclei unless single."""
    random, found, noisy = np.random.default_rng(seed), [], []
    for k in range(number):
        y, x = side // 2 + random.uniform(-1, 1, 2)
        shape = random.uniform(2.5, 6), random.uniform(0.7, 3), random.uniform(0.4, 1), random.uniform(0, 3)
        light = sersic(side, y, x, 10, *shape)
        if k % 2 and not single:
            away, angle = random.uniform(4, 9), random.uniform(0, 6)
            other = y + away * np.sin(angle), x + away * np.cos(angle), random.uniform(2, 8), random.uniform(1.5, 3)
            light += sersic(side, *other, 1.5, 0.8)
        found.append(ndimage.gaussian_filter(light, 1.0))
        noisy.append(found[-1] + random.normal(0, 10 / random.uniform(*depth), (side, side)))
    return np.array(found, np.float32), np.array(noisy, np.float32)
