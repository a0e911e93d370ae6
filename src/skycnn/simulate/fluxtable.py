"""Flux table: every spectrum of the library through every band of a survey, over redshift; looked up for many galaxies.

Dust acts on a band as ``exp(-E(B-V) k)``, with the k that light of each spectrum has on average in the band; the
difference to dimming every wavelength by itself stays below 1 % for E(B-V) < 0.5 (a test compares).
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate import absorption, bandpass, seds
from skycnn.survey import Survey

Array = NDArray[np.float32]

FARTHEST = 4.5
"""Redshift where tables end."""

STEP = 4
"""Steps of the library's log wavelength between redshifts of the table."""

REDDENING = 0.2
"""E(B-V), mag, at which the mean k of a band is taken."""

FAINTEST = 1e-12
"""Flux that stands for none."""


class FluxTable:
    """Fluxes of the library's spectra in bands.

    Parameters
    ----------
    throughput : array (band, m)
        At the library's wavelengths, as observed.

    Attributes
    ----------
    centre : array (band,)
        Mean log wavelength of the bands, as observed, ln Angstrom.
    """

    def __init__(self, throughput: NDArray[np.float64]) -> None:
        library = seds.load()
        wavelength = library.wavelength
        weight = throughput / throughput.sum(axis=1, keepdims=True)  # photons: f_nu dnu / nu
        self.centre = weight @ np.log(wavelength)
        self._step = STEP * float(np.log(wavelength[1] / wavelength[0]))
        count = int(np.ceil(np.log1p(FARTHEST) / self._step)) + 1
        dust = 10 ** (-0.4 * REDDENING * absorption.calzetti(wavelength))
        self._flux = np.empty((count, len(library.flux), len(weight)), np.float32)
        self._dust = np.empty_like(self._flux)
        for i in range(count):
            shift = i * STEP
            seen = slice(0, len(wavelength) - shift)  # rest-frame wavelengths whose light falls on the grid
            passed = weight[:, shift:] * absorption.hydrogen(wavelength[shift:], np.expm1(i * self._step))
            plain = np.maximum(library.flux[:, seen] @ passed.T, FAINTEST)
            dimmed = np.maximum((library.flux * dust)[:, seen] @ passed.T, 1e-3 * FAINTEST)
            self._flux[i] = plain
            self._dust[i] = np.log(plain / dimmed) / REDDENING

    def __call__(self, redshift: NDArray[np.float64], reddening: NDArray[np.float64]) -> Array:
        """Return the fluxes (n, spectrum, band) of n galaxies; of redshifts (n,) and E(B-V) (n,), mag."""
        place = np.log1p(redshift) / self._step
        low = np.clip(place.astype(np.int64), 0, len(self._flux) - 2)
        share = (place - low).astype(np.float32)[:, None, None]
        ebv = reddening.astype(np.float32)[:, None, None]
        flux = self._flux[low] * (1 - share) + self._flux[low + 1] * share
        dust = self._dust[low] * (1 - share) + self._dust[low + 1] * share
        result: Array = flux * np.exp(-ebv * dust)
        return result


def of_survey(survey: Survey, bands: Sequence[str]) -> FluxTable:
    """Return the table of a survey's bands and, as the last one, of the population's own I band, ACS F814W.

    Raises
    ------
    InputError
        When the survey does not tell where a band lies.
    """
    return _made(tuple(bandpass.place(survey, band) for band in bands))


@lru_cache(maxsize=8)
def _made(places: tuple[bandpass.Place, ...]) -> FluxTable:
    wavelength = seds.load().wavelength
    return FluxTable(np.stack([bandpass.soft_box(*place, wavelength) for place in (*places, bandpass.I_BAND)]))
