"""ClusterGalaxies: the galaxies of a cluster and the light between them, as Gaussians on the sky."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn import redsequence
from skycnn.cosmology import kpc_per_arcsec
from skycnn.schema import AB_ZERO_POINT
from skycnn.simulate.fieldlight import Spots, gaussians
from skycnn.simulate.halo import Halo
from skycnn.simulate.schechter import Schechter

Array = NDArray[Any]

COUNTED = 1.75
"""Magnitudes below the characteristic one down to which richness counts members: 0.2 of its light (Rykoff et al. 2014,
ApJ 785, 104)."""

BRIGHTEST, FAINTEST = 2.0, 4.0
"""Magnitudes above and below the characteristic one between which members are drawn."""

RED, BLUE = (Schechter(alpha, -BRIGHTEST, FAINTEST) for alpha in (-1.0, -1.2))
"""Luminosity functions (red: Rykoff et al. 2014; blue assumed)."""

BRIGHT, FAINT = Schechter(RED.alpha, -BRIGHTEST, COUNTED), Schechter(RED.alpha, COUNTED, FAINTEST)
"""The red ones that are counted, and the others."""

BLUES = 0.35
"""Blue members over red ones, of those bright enough to be counted, at redshift 0.2; it goes with (1 + z)^2 (assumed,
after Butcher & Oemler 1984, ApJ 285, 426)."""

SIZE, GROWTH = 3.5, 0.6
"""Half-light radius of a characteristic galaxy, kpc, and its power of light (Shen et al. 2003, MNRAS 343, 978)."""

CENTRAL, CENTRAL_SIZE = 6.0, 18.0
"""Light of the brightest galaxy at the pivot mass, in characteristic galaxies (about 1.9 mag brighter: Lin & Mohr 2004,
ApJ 617, 879), and its half-light radius, kpc; without the light about it, which is counted apart."""

DIFFUSE, DIFFUSE_SIZE = 12.0, 0.22
"""Intracluster light at the pivot mass, in characteristic galaxies, and its half-light radius in R500 (assumed; its
surface brightness is then near that of Zhang et al. 2019, ApJ 874, 165)."""

BLUER = 0.05
"""Magnitudes in g - r by which diffuse light is bluer than characteristic galaxies (assumed)."""

HALF_WIDTH = 1.17741
"""Half-light radius of a round Gaussian of unit width."""


@dataclass(frozen=True)
class Members:
    """Numbers of a cluster's galaxies.

    Parameters
    ----------
    counted : int
        Red ones bright enough, within the radius of its richness.
    expected : float
        Mean of that number.
    radius : float
        Of its richness, arcsec.
    passed : int
        Bright ones within that radius whose colours are not those of the red sequence: none counts them.
    faint, blue : float
        Factors on the mean numbers of faint red members and of blue ones.
    """

    counted: int
    expected: float
    radius: float
    passed: int = 0
    faint: float = 1.0
    blue: float = 1.0


def members(random: Generator, halo: Halo, redshift: float, number: Members) -> Spots:
    """Return the satellites: those counted, those beyond the radius they are counted in, fainter and blue ones."""
    pool = halo.places(random, 6 * (number.counted + number.passed) + 200)
    inside = halo.apart(pool) < number.radius
    share = max(float(inside.mean()), 0.1)
    wanted = number.counted + number.passed
    counted = pool[inside][:wanted]
    if len(counted) < wanted:  # a radius of hardly any members
        counted = np.concatenate([counted, pool[: wanted - len(counted)]])
    passed, counted = counted[: number.passed], counted[number.passed :]
    whole = number.expected / share
    beyond = pool[~inside][: random.poisson(max(whole * (1 - share), 0.0))]
    bright = np.concatenate([counted, beyond])
    fainter = random.poisson(whole * number.faint * (1 / RED.number(COUNTED) - 1))
    blue = BLUES * ((1 + redshift) / 1.2) ** 2 * whole * number.blue
    blues = random.poisson(blue / BLUE.number(COUNTED))
    star = float(redsequence.characteristic(np.array([redshift]))[0])
    parts = (
        (bright, BRIGHT.draw(random.random(len(bright))), False),
        (passed, BRIGHT.draw(random.random(len(passed))), True),
        (halo.places(random, fainter), FAINT.draw(random.random(fainter)), False),
        (halo.places(random, blues), BLUE.draw(random.random(blues)), True),
    )
    return Spots.joined([_galaxies(random, place, star + below, redshift, blue) for place, below, blue in parts])


def _galaxies(random: Generator, place: Array, magnitude: Array, redshift: float, blue: bool) -> Spots:
    """Return galaxies of some i magnitudes at one redshift."""
    z = np.full(len(magnitude), redshift)
    colours = redsequence.draw(random, z, magnitude, np.full(len(z), blue))
    star = redsequence.characteristic(z)
    size = SIZE * 10 ** (-0.4 * GROWTH * (magnitude - star)) / kpc_per_arcsec(z)
    return Spots(place, fluxes(magnitude, colours), size / HALF_WIDTH)


def central(random: Generator, halo: Halo, redshift: float, light: float) -> Spots:
    """Return the brightest galaxy, of so much light in characteristic ones: a profile of de Vaucouleurs."""
    z = np.array([redshift])
    magnitude = redsequence.characteristic(z) - 2.5 * np.log10(light)
    colours = redsequence.draw(random, z, magnitude, np.zeros(1, bool))
    size = CENTRAL_SIZE * (light / CENTRAL) ** 0.8 / float(kpc_per_arcsec(z)[0])
    return _profile(halo, fluxes(magnitude, colours)[0], 4.0, size, 0.5 + 0.5 * halo.ratio)


def diffuse(halo: Halo, redshift: float, light: float, extent: float = 1.0) -> Spots:
    """Return the intracluster light, so much in characteristic galaxies, so many times as wide as is usual at R500.

    Its profile is exponential.
    """
    z = np.array([redshift])
    star = redsequence.characteristic(z)
    colours = redsequence.colours(z, star) - [BLUER, BLUER, 0.0, 0.0]
    flux = fluxes(star - 2.5 * np.log10(light), colours)[0]
    return _profile(halo, flux, 1.0, DIFFUSE_SIZE * extent * halo.radius, halo.ratio)


def _profile(halo: Halo, flux: Array, index: float, size: float, ratio: float) -> Spots:
    weight, sigma = gaussians(index)
    count = len(weight)
    place = np.broadcast_to(halo.centre, (count, 2))
    along = sigma * size / np.sqrt(ratio)
    return Spots(place, weight[:, None] * flux, along, np.full(count, ratio), np.full(count, halo.angle))


def fluxes(magnitude: Array, colours: Array) -> Array:
    """Return fluxes (n, 5) in ugriz, microjansky, of i magnitudes (n,) and colours u-g to i-z (n, 4), AB."""
    flux: Array = 10 ** (0.4 * (AB_ZERO_POINT - redsequence.magnitudes(magnitude, colours)))
    return flux
