"""ClusterView: how star clusters at one distance, and the disc about them, look to one survey."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.simulate import starfield
from skycnn.simulate.absorption import cardelli
from skycnn.simulate.cluster import Cluster
from skycnn.simulate.clusterprofile import ClusterProfile
from skycnn.simulate.noise import Noise
from skycnn.simulate.optics import psf_of
from skycnn.simulate.starfield import Disc, StarField
from skycnn.simulate.starlight import Starlight
from skycnn.simulate.starscenes import Points
from skycnn.survey import Survey

Array = NDArray[Any]

SHOWN = 64
"""Pixels along the edge of a stamp on which stars stand out or not; see `starfield.OUTLYING`."""

FAR = 8.0
"""Pixels within which a star has half of its light."""


@dataclass(frozen=True)
class ClusterView:
    """What clusters at one distance, seen by one survey, have in common.

    Parameters
    ----------
    wavelength, law, sharpness, core : array (band,)
        Angstrom; A / A_V; sum of the squares of a star's pixels, of unit flux; radius that holds half of its
        light, arcsec.
    unit : array (band,)
        Flux of a star of absolute magnitude 0, microjansky.
    noise : Noise
    disc : Disc
    pixel_scale, parsec : float
        arcsec; parsecs of an arcsec.
    """

    wavelength: Array
    law: Array
    sharpness: Array
    core: Array
    unit: Array
    noise: Noise
    disc: Disc
    pixel_scale: float
    parsec: float

    def cluster(
        self, log_age: float, a_v: float, mass: float, radius: float, profile: ClusterProfile, random: Generator
    ) -> Points:
        """Return a cluster's stars and points of smooth light.

        Parameters
        ----------
        log_age : float
            log10 of years.
        a_v : float
            mag.
        mass : float
            Of its stars at their birth, solar.
        radius : float
            r_h, arcsec.
        profile : ClusterProfile
        random : Generator
            The cluster's own.
        """
        population = self.disc.population(log_age)
        unit = self.unit * 10 ** (-0.4 * a_v * self.law)
        return Cluster.drawn(population, mass, profile, radius, unit, random).points()

    def surface(self, centre: Points, radius: float) -> Array:
        """Return a cluster's surface brightness (band,), microjansky a pixel: half of its light over an area.

        The area is that within ``sqrt(r_h^2 + core^2)``.
        """
        area = np.pi * (radius**2 + self.core**2) / self.pixel_scale**2
        surface: Array = centre[1].sum(axis=0) / 2 / area
        return surface

    def scatter(self, field: StarField | None) -> Array:
        """Return the standard deviation (band,) of a pixel of a field, or of the sky alone, with noise."""
        if field is None:
            return self.noise.sigma
        light = field.mass @ field.disc.smooth * self.pixel_scale**2
        photons = np.where(np.isfinite(self.noise.electrons), light / self.noise.electrons, 0.0)
        stars = field.variance(self.sharpness, (SHOWN * self.pixel_scale) ** 2, self.pixel_scale)
        return np.sqrt(self.noise.sigma**2 + photons + stars)


def of(survey: Survey, bands: tuple[str, ...], distance: float) -> ClusterView:
    """Return the view of a survey's bands at a distance in Mpc, made on first use.

    Raises
    ------
    InputError
        When the survey does not tell Vega magnitudes or wavelengths of a band, or no isochrone has it.
    """
    return _made(_Key(survey), bands, float(distance))


@dataclass(frozen=True)
class _Key:
    """A survey as what something is remembered by."""

    survey: Survey

    def __hash__(self) -> int:
        return id(self.survey)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.survey is self.survey


@lru_cache(maxsize=8)
def _made(key: _Key, bands: tuple[str, ...], distance: float) -> ClusterView:
    survey = key.survey
    for name in ("vega", "wavelength"):
        for band in bands:
            if band not in getattr(survey, name):
                raise InputError(f"survey {survey.name} does not tell '{name}' of {band}, which stars need")
    wavelength = np.array([survey.wavelength[band] for band in bands])
    psfs, noise = [psf_of(survey, band) for band in bands], Noise.counted(survey, bands)
    unit = starfield.units([survey.vega[band] for band in bands], 5 * np.log10(distance * 1e5))
    stars = [Starlight(psf, survey.pixel_scale) for psf in psfs]
    peaks = np.array([star.power(2) for star in stars])
    limit = starfield.SEEN * noise.sigma / peaks
    parsec = distance * 1e6 * np.deg2rad(1 / 3600)
    disc = starfield.disc(bands, tuple(unit.tolist()), tuple(limit.tolist()), float(parsec))
    core = np.array([_half(star) for star in stars]) * survey.pixel_scale
    return ClusterView(
        wavelength, cardelli(wavelength), peaks, core, unit, noise, disc, survey.pixel_scale, float(parsec)
    )


def _half(star: Starlight) -> float:
    """Return the radius that holds half of a star's light, pixels."""
    low, high = 0.0, FAR
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (low, middle) if star.gathered(middle)[0] > 0.5 else (middle, high)
    return high
