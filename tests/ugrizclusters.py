"""ugrizclusters: stamps of clusters of galaxies for tests, a galaxy a pixel, in ugriz."""

import numpy as np

from skycnn.cosmology import kpc_per_arcsec
from skycnn.shapes import redlight

SIDE, PIXEL = 128, 6.336
NOISE = np.array([0.5, 0.15, 0.2, 0.3, 1.0])
"""Of a pixel, microjansky."""


def light(redshift, bluer=0.0):
    """Return the light (5,) of a characteristic red galaxy, microjansky; ``bluer`` magnitudes brighter in g."""
    star = float(redlight.characteristic(np.array([redshift]))[0])
    shares = [0.05, *(float(redlight.template(band, np.array([redshift]))[0]) for band in "gr"), 1.0]
    shares.append(float(redlight.template("z", np.array([redshift]))[0]))
    return star * np.array(shares) * [1, 10 ** (0.4 * bluer), 1, 1, 1]


def cluster(redshift, members, random, *, central=5.0, diffuse=0.0, blue=0, noise=1.0, radius=450.0):
    """Return a stamp (5, y, x): so many red and blue galaxies within a radius in kpc, one in the middle, light between.

    Parameters
    ----------
    central, diffuse : float
        Light of the galaxy in the middle, and between galaxies within 300 kpc, in characteristic galaxies.
    """
    scale = float(kpc_per_arcsec(np.array([redshift]))[0]) * PIXEL
    stamp = noise * NOISE[:, None, None] * random.standard_normal((5, SIDE, SIDE))
    for number, colour in ((members, 0.0), (blue, 0.6)):
        away, turn = radius / scale * np.sqrt(random.uniform(0.02, 1, number)), random.uniform(0, 2 * np.pi, number)
        place = np.clip(np.rint(np.stack([np.sin(turn), np.cos(turn)]) * away + (SIDE - 1) / 2), 0, SIDE - 1).astype(
            int
        )
        for y, x in place.T:
            stamp[:, y, x] += random.uniform(0.5, 1.5) * light(redshift, colour)
    middle = slice(SIDE // 2 - 1, SIDE // 2 + 1)
    stamp[:, middle, middle] += central / 4 * light(redshift)[:, None, None]
    apart = np.hypot(*np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2] * 2)) * scale
    stamp += diffuse * light(redshift)[:, None, None] * (apart < 300) / (apart < 300).sum()
    return stamp.astype(np.float32)
