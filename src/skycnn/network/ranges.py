"""Ranges: the magnitudes and colours a network was trained on, and rows that lie outside them."""

from collections.abc import Mapping, Sequence

import numpy as np

from skycnn.schema import AB_ZERO_POINT

TAILS = (0.1, 99.9)
MARGIN = 0.1
"""Magnitudes allowed beyond the trained percentiles."""
SIGMAS = 3.0
"""A row lies outside only by so many of its own errors."""
_POGSON = 2.5 / np.log(10)


def _magnitudes(flux: "np.ndarray", error: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """Return AB magnitudes and errors, NaN where the signal is below ``SIGMAS``."""
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = flux > SIGMAS * error
        magnitude = np.where(seen, AB_ZERO_POINT - 2.5 * np.log10(np.where(seen, flux, 1)), np.nan)
        return magnitude, np.where(seen, _POGSON * error / np.where(seen, flux, 1), np.nan)


def _quantities(
    flux: "np.ndarray", error: "np.ndarray", bands: Sequence[str]
) -> "dict[str, tuple[np.ndarray, np.ndarray]]":
    magnitude, sigma = _magnitudes(flux, error)
    found = {band: (magnitude[:, i], sigma[:, i]) for i, band in enumerate(bands)}
    for i in range(len(bands) - 1):
        colour = magnitude[:, i] - magnitude[:, i + 1]
        found[f"{bands[i]}-{bands[i + 1]}"] = (colour, np.hypot(sigma[:, i], sigma[:, i + 1]))
    return found


def measure(flux: "np.ndarray", error: "np.ndarray", bands: Sequence[str]) -> dict[str, list[float]]:
    """Return the trained range of every magnitude and adjacent colour.

    Parameters
    ----------
    flux, error : ndarray
        (n, band), microjansky, NaN where absent.
    bands : sequence of str
        Their names.

    Returns
    -------
    dict
        Name (``r``, ``g-r``) to [low, high] in AB mag; a quantity never seen is left out.
    """
    ranges = {}
    for name, (values, _) in _quantities(flux, error, bands).items():
        seen = values[np.isfinite(values)]
        if seen.size:
            low, high = np.percentile(seen, TAILS)
            ranges[name] = [round(float(low) - MARGIN, 3), round(float(high) + MARGIN, 3)]
    return ranges


def outside(
    ranges: Mapping[str, Sequence[float]], flux: "np.ndarray", error: "np.ndarray", bands: Sequence[str]
) -> "np.ndarray":
    """Return which rows have a magnitude or colour outside the trained range by three of their errors, bool (n,)."""
    out = np.zeros(len(flux), bool)
    if not ranges:
        return out
    with np.errstate(invalid="ignore"):
        for name, (values, sigma) in _quantities(flux, error, bands).items():
            if name in ranges:
                low, high = ranges[name]
                out |= (values + SIGMAS * sigma < low) | (values - SIGMAS * sigma > high)
    return out
