"""What looks like a cluster and is none."""

import numpy as np

from skycnn.simulate import draws, impostors, isochrones
from skycnn.simulate.imf import IMF
from skycnn.simulate.ssp import SSP

WAVE, DUST = np.array([3355.0, 4326.0, 8030.0]), np.array([1.6, 1.3, 0.6])


def red(flux):
    return 23.9 - 2.5 * np.log10(flux[:, 2].sum())


def test_galaxies_lie_within_their_magnitudes_and_half_their_light_within_their_radius():
    for row in range(50):
        place, flux = impostors.galaxy(WAVE, DUST, draws.generator(1, row, "galaxy"))
        assert flux.shape == (len(place), 3)
        assert impostors.GALAXIES[0] - 1 < red(flux) < impostors.GALAXIES[1] + 4
        assert abs(np.average(place, axis=0, weights=flux[:, 2])).max() < 0.1 * np.abs(place).max()
        long = np.linalg.svd(place[: len(place) // 2], compute_uv=False)
        assert 0.28 < long[1] / long[0] <= 1.0


def test_galaxies_are_red_and_dust_makes_them_redder():
    colours = []
    for row in range(100):
        _, flux = impostors.galaxy(WAVE, DUST, draws.generator(2, row, "galaxy"))
        colours.append(2.5 * np.log10(flux[0, 2] / flux[0, 1]))
    assert np.median(colours) > 0.8


def test_stars_are_single_and_have_the_colours_of_their_population():
    population = SSP(isochrones.load().at(9.0), IMF.of())
    unit = np.array([3.0, 2.0, 1.0])
    colours = population.isochrone.magnitude[:, 1] - population.isochrone.magnitude[:, 2] - 2.5 * np.log10(2.0)
    for row in range(50):
        place, flux = impostors.star(population, unit, WAVE, draws.generator(3, row, "star"))
        assert place.shape == (1, 2) and not place.any()
        assert impostors.STARS[0] <= red(flux) <= impostors.STARS[1]
        colour = -2.5 * np.log10(flux[0, 1] / flux[0, 2])
        assert np.abs(colours - colour).min() < 1e-6


def test_cosmic_rays_are_short_bright_and_in_one_band_each():
    sigma = np.array([1.0, 2.0, 3.0])
    for row in range(50):
        image = impostors.rays((3, 32, 32), sigma, draws.generator(4, row, "rays"))
        lit = image > 0
        assert 1 <= lit.sum() <= 15
        assert (image[lit] >= 3.0).all()
