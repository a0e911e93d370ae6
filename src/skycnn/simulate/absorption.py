"""Absorption: what dust in a galaxy and hydrogen between the galaxies take from its light.

Dust: the attenuation law of starbursts, Calzetti et al. 2000, ApJ 533, 682, eqs. 2-4. Hydrogen: the mean transmission
of Madau 1995, ApJ 441, 18, eq. 15 and footnote 3.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

R_V = 4.05
"""A_V / E(B-V) of the attenuation law (Calzetti et al. 2000, eq. 5)."""

LAW = (1200.0, 22000.0)
"""Wavelengths where the law was measured, Angstrom; beyond them it goes on straight."""

LYMAN = ((1215.67, 0.0036), (1025.72, 0.0017), (972.537, 0.0012), (949.743, 0.00093))
"""Wavelength, Angstrom, and strength of the Lyman series' lines (Madau 1995)."""

LIMIT = 911.75
"""Wavelength below which light ionises hydrogen, Angstrom."""


def calzetti(wavelength: Array) -> Array:
    """Return k = A / E(B-V) at rest-frame wavelengths in Angstrom, never below 0."""
    inside = np.clip(wavelength, *LAW)
    k = _law(inside)
    for edge, step in ((LAW[0], 50.0), (LAW[1], -500.0)):
        beyond = wavelength < edge if step > 0 else wavelength > edge
        slope = (_law(np.array([edge + step]))[0] - _law(np.array([edge]))[0]) / step
        k = np.where(beyond, k + slope * (wavelength - edge), k)
    return np.maximum(k, 0)


def _law(wavelength: Array) -> Array:
    x = 1e4 / wavelength
    blue = 2.659 * (-2.156 + 1.509 * x - 0.198 * x**2 + 0.011 * x**3) + R_V
    red = 2.659 * (-1.857 + 1.040 * x) + R_V
    return np.where(wavelength < 6300, blue, red)


def hydrogen(wavelength: Array, redshift: float) -> Array:
    """Return the mean share of light that reaches us, at observed wavelengths in Angstrom, from a redshift."""
    depth = np.zeros_like(wavelength)
    for line, strength in LYMAN:
        depth += np.where(wavelength < line * (1 + redshift), strength * (wavelength / line) ** 3.46, 0)
    source = 1 + redshift
    absorber = np.minimum(wavelength / LIMIT, source)
    ionised = (
        0.25 * absorber**3 * (source**0.46 - absorber**0.46)
        + 9.4 * absorber**1.5 * (source**0.18 - absorber**0.18)
        - 0.7 * absorber**3 * (absorber**-1.32 - source**-1.32)
        - 0.023 * (source**1.68 - absorber**1.68)
    )
    here = (wavelength < LIMIT * source) & (wavelength > LIMIT)
    share: Array = np.exp(-depth - np.where(here, np.maximum(ionised, 0), 0))
    return np.where(wavelength > LIMIT, share, 0.0) if redshift > 0 else share
