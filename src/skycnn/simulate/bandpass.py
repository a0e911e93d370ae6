"""Bandpass: a survey's throughput in each band, from the edges and the pivot wavelength that its file tells.

The throughput is a box with soft edges, half of its maximum at ``low`` and ``high``. Where the pivot wavelength does
not lie in the middle, the edge towards it is softer: a detector's sensitivity falls off slowly, a filter's sharply.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from skycnn.errors import InputError
from skycnn.survey import Survey, where

Array = NDArray[np.float64]

SOFT = 0.006
"""Scale of the logistic function of a sharp edge, of its wavelength; an interference filter falls within 1-3 %."""

SOFTEST = 0.4
"""Greatest scale of the softer edge, of the band's width."""

STEPS = 40
"""Halvings by which the softer edge is found."""

Place = tuple[float, float, float | None]
"""Where the throughput falls to half of its maximum, and the pivot wavelength if it is told, Angstrom."""

I_BAND: Place = (7063.0, 8919.0, 8060.0)
"""ACS/WFC F814W, from the curve that STScI publishes (Ryon et al. 2023, ACS Instrument Handbook). Magnitudes of the
population are in this band."""

WIDTH = 0.18
"""Width over pivot wavelength of a band whose edges are not told: that of g, r, i and z."""


RENDERED = 1000.0, 26_000.0
"""Wavelengths between which a band must lie, Angstrom: of the library's 600 to 27,000, what soft edges leave; bluer
than that, hydrogen lets next to no light of a galaxy pass, and spectra bend beyond their knots at redshift 4."""


def told_pivot(survey: Survey, band: str) -> float:
    """Return the pivot wavelength of a band, Angstrom, else the middle of its edges.

    Raises
    ------
    InputError
        When the survey tells neither.
    """
    if band in survey.wavelength:
        return survey.wavelength[band]
    if band in survey.low and band in survey.high:
        return math.sqrt(survey.low[band] * survey.high[band])
    raise InputError(
        f"{where(survey, 'wavelength', band)} does not tell where its band {band} lies",
        expected=f"{band} in the tables [low] and [high], or in [wavelength], in Angstrom",
    )


def place(survey: Survey, band: str) -> Place:
    """Return where a band of a survey lies.

    Raises
    ------
    InputError
        When the survey does not tell, or it lies where there is no spectrum of a galaxy.
    """
    pivot = survey.wavelength.get(band)
    if band in survey.low and band in survey.high:
        key, found = "low", (survey.low[band], survey.high[band], pivot)
    else:
        pivot = told_pivot(survey, band)
        key, found = "wavelength", ((1 - WIDTH / 2) * pivot, (1 + WIDTH / 2) * pivot, None)
    least, most = RENDERED
    if not least <= found[0] < found[1] <= most:
        raise InputError(
            f"{where(survey, key, band)} has its band {band} where no galaxy can be simulated",
            value=f"{found[0]:,.0f} to {found[1]:,.0f}",
            expected=f"within {least:,.0f} to {most:,.0f} Angstrom",
            hint="Name the other bands with --bands.",
        )
    return found


def soft_box(low: float, high: float, pivot: float | None, wavelength: Array) -> Array:
    """Return a throughput (wavelength,) with half maxima at ``low`` and ``high``, and the pivot if it can be met."""
    sharp = SOFT * np.array([low, high])
    if pivot is None:
        return _box(low, high, sharp, wavelength)
    fine = np.exp(np.arange(np.log(low / 2), np.log(2 * high), 5e-4))
    side = int(pivot > pivot_of(fine, _box(low, high, sharp, fine)))
    least, most = sharp[side], SOFTEST * (high - low)
    edges = sharp.copy()
    for _ in range(STEPS):
        edges[side] = (least + most) / 2
        beyond = pivot_of(fine, _box(low, high, edges, fine)) > pivot
        least, most = (least, edges[side]) if beyond == bool(side) else (edges[side], most)
    return _box(low, high, edges, wavelength)


def pivot_of(wavelength: Array, throughput: Array) -> float:
    """Return the pivot wavelength on a grid of even steps in log wavelength (Koornneef et al. 1986)."""
    return float(np.sqrt((throughput * wavelength**2).sum() / throughput.sum()))


def _box(low: float, high: float, soft: Array, wavelength: Array) -> Array:
    box: Array = expit((wavelength - low) / soft[0]) * expit((high - wavelength) / soft[1])
    return box
