"""What tests of the fit of clusters share: stamps of clusters on a smooth galaxy, with counted noise."""

from functools import cache

import numpy as np

from skycnn import survey
from skycnn.simulate import draws, isochrones
from skycnn.simulate.absorption import cardelli
from skycnn.simulate.cluster import Cluster
from skycnn.simulate.clusterfit import ClusterFit
from skycnn.simulate.clusterprofile import EFF
from skycnn.simulate.imf import IMF
from skycnn.simulate.noise import Noise
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer
from skycnn.simulate.ssp import SSP
from skycnn.simulate.starscenes import StarScenes

WFC3 = survey.load("m83-wfc3")
BANDS = WFC3.bands
SKY = 0.005
"""Of the galaxy, microjansky a pixel."""


def scenes(clusters):
    """Return the light of clusters on the sky alone."""
    return StarScenes(
        [one.points() for one in clusters], [None] * len(clusters), np.ones(3), 0, np.arange(len(clusters))
    )


@cache
def fit(distance=4.5):
    return ClusterFit(WFC3, BANDS, distance)


def clusters(rows, age=None, a_v=None, log_mass=None, radius=None, seed=1, distance=4.5, side=64):
    """Return stamps (n, band, y, x) and truths by column; what is not given is drawn."""
    random = np.random.default_rng(seed)
    ages, dust, mass, size = (
        np.full(rows, given) if given is not None else random.uniform(*ends, rows)
        for given, ends in ((age, (6.7, 8.0)), (a_v, (0.1, 2.0)), (log_mass, (3.8, 5.2)), (radius, (0.06, 0.3)))
    )
    table, law = isochrones.load().of(BANDS), cardelli(np.array([WFC3.wavelength[b] for b in BANDS]))
    modulus, vega = 5 * np.log10(distance * 1e5), np.array([WFC3.vega[b] for b in BANDS])
    light = []
    for k in range(rows):
        unit = 10 ** (0.4 * (23.9 - modulus - vega - law * dust[k]))
        population, generator = SSP(table.at(float(ages[k])), IMF.of()), draws.generator(seed, k, "cluster")
        light.append(Cluster.drawn(population, 10 ** mass[k], EFF(2.8), float(size[k]), unit, generator))
    renderer = Renderer([psf_of(WFC3, band) for band in BANDS], WFC3.pixel_scale, side)
    clean = scenes(light).stamps(renderer, random.uniform(-0.5, 0.5, (rows, 2))) + np.float32(SKY)
    stamps = Noise.counted(WFC3).add(clean, seed, np.arange(rows))
    return stamps, {"LOG_AGE": ages, "A_V": dust, "LOG_MASS": mass, "R_H": size}
