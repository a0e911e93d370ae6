"""ClusterColours: the light of star clusters of many ages behind dust, and how far chance scatters it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.simulate import isochrones, starfield
from skycnn.simulate.absorption import cardelli
from skycnn.simulate.imf import IMF
from skycnn.simulate.ssp import SSP
from skycnn.survey import Survey, where

Array = NDArray[Any]


@dataclass(frozen=True)
class ClusterColours:
    """Simple stellar populations as a survey's bands see them.

    Parameters
    ----------
    log_age : array (age,)
        log10 of years.
    light : array (age, band)
        Of a solar mass of stars, as they were born, without dust, microjansky.
    scatter : array (age, band, band)
        Covariance of that light in units of itself; that of M solar masses is an M-th.
    dust : array (band,)
        A_band / A_V.
    """

    log_age: Array
    light: Array
    scatter: Array
    dust: Array

    @classmethod
    def of(cls, survey: Survey, bands: Sequence[str], distance: float, log_age: Array) -> "ClusterColours":
        """Return the populations of some ages at a distance, Mpc.

        Raises
        ------
        InputError
            When the survey does not tell Vega's magnitude or the wavelength of a band, or no isochrone has it.
        """
        for key in ("vega", "wavelength"):
            for band in bands:
                if band not in getattr(survey, key):
                    raise InputError(f"{where(survey, key)} does not tell '{key}' of {band}, which clusters need")
        table, imf = isochrones.load().of(bands), IMF.of()
        populations = [SSP(table.at(float(age)), imf) for age in log_age]
        unit = starfield.units([survey.vega[band] for band in bands], 5 * np.log10(distance * 1e5))
        light = np.array([population.light for population in populations])
        scatter = np.array([population.covariance for population in populations])
        dust = cardelli(np.array([survey.wavelength[band] for band in bands], np.float64))
        return cls(np.asarray(log_age), light * unit, scatter / (light[:, :, None] * light[:, None, :]), dust)
