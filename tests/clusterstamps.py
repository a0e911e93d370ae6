"""Stamps of blobs about a centre, as clusters of galaxies are, small enough for tests."""

import numpy as np
import torch

BANDS, SIDE = 4, 40
NOISE = np.array([1.0, 0.5, 0.8, 2.0])
COLOURS = np.array([0.3, 1.0, 2.4, 3.0])
"""Fluxes of what is red, times its brightness; the first falls with the redshift."""


def colours(z):
    """Return fluxes (n, band) of what is red at redshifts (n,)."""
    fall = np.stack([-6 * (z - 0.2), -3 * (z - 0.2), 0 * z, 0 * z], 1)
    return COLOURS * np.exp(fall)


def clusters(rows=48, seed=1, side=SIDE):
    """Return the inputs of stamps, and masses: a bright blob, and as many red ones about it as the mass says."""
    rng = np.random.default_rng(seed)
    mass, z = rng.uniform(13.8, 15.0, rows), rng.uniform(0.1, 0.3, rows)
    place = np.arange(side) - (side - 1) / 2
    image = rng.normal(size=(rows, BANDS, side, side)) * NOISE[:, None, None]
    red = colours(z)
    number = rng.poisson(20 * 10 ** (0.75 * (mass - 14.3)))

    def blob(x, y, light, width):
        shape = np.exp(-((place - x) ** 2 + (place[:, None] - y) ** 2) / (2 * width**2))
        return light[:, None, None] * shape / (2 * np.pi * width**2)

    for k in range(rows):
        image[k] += blob(0, 0, 300 * red[k], 1.2)
        for x, y in rng.normal(scale=side / 8, size=(number[k], 2)):
            image[k] += blob(x, y, 40 * red[k], 0.7)
        for x, y in rng.uniform(-side / 2, side / 2, (8, 2)):  # field galaxies, bluer
            image[k] += blob(x, y, 40 * red[k] * [3, 2, 1, 0.8], 0.7)
    richness = number * rng.lognormal(0, 0.2, rows) + 1
    arrays = {"image": image, "redshift": z, "richness": richness}
    return {name: torch.from_numpy(value.astype(np.float32)) for name, value in arrays.items()}, mass
