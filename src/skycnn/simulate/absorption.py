"""Absorption: what dust in a galaxy and hydrogen between the galaxies take from its light.

Dust: the attenuation law of starbursts, Calzetti et al. 2000, ApJ 533, 682, eqs. 2-4. Hydrogen: the mean transmission
of Inoue et al. 2014, MNRAS 442, 1805, eqs. 20-29: the lines of the Lyman series and what ionises, in the Lyman alpha
forest and in damped systems.

Absorbers are counted by powers of 1 + z between breaks, so a depth is a sum over those ranges, and a line's published
strengths in two ranges have the ratio that makes the power laws meet at their break: the first is enough.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

R_V = 4.05
"""A_V / E(B-V) of the attenuation law (Calzetti et al. 2000, eq. 5)."""

LAW = (1200.0, 22000.0)
"""Wavelengths where the law was measured, Angstrom; beyond them it goes on straight."""

LIMIT = 911.75
"""Wavelength below which light ionises hydrogen, Angstrom."""

LINES: Array = LIMIT / (1 - 1 / np.arange(2, 41, dtype=np.float64) ** 2)
"""Wavelengths of the Lyman series, alpha first, Angstrom."""

FOREST = (
    16.9, 4.692, 2.239, 1.319, 0.8707, 0.6178, 0.4609, 0.3569, 0.2843, 0.2318, 0.1923, 0.1622, 0.1385, 0.1196, 0.1043,
    0.09174, 0.08128, 0.07251, 0.06505, 0.05868, 0.05319, 0.04843, 0.04427, 0.04063, 0.03738, 0.03454, 0.03199, 0.02971,
    0.02766, 0.02582, 0.02415, 0.02263, 0.02126, 0.02, 0.01885, 0.01779, 0.01682, 0.01593, 0.0151,
)  # fmt: skip
"""Strength of Lyman alpha, beta, ... in the forest, 1e-3 (Inoue et al. 2014, table 2, A_LAF,1)."""

DAMPED = (
    1.617, 1.545, 1.498, 1.46, 1.429, 1.402, 1.377, 1.355, 1.335, 1.316, 1.298, 1.281, 1.265, 1.25, 1.236, 1.222, 1.209,
    1.197, 1.185, 1.173, 1.162, 1.151, 1.14, 1.13, 1.12, 1.11, 1.101, 1.091, 1.082, 1.073, 1.065, 1.056, 1.048, 1.04,
    1.032, 1.024, 1.017, 1.009, 1.002,
)  # fmt: skip
"""Strength of Lyman alpha, beta, ... in damped systems, 1e-4 (table 2, A_DLA,1)."""

FOREST_RANGES = ((1.0, 2.2, 1.2, 0.325), (2.2, 5.7, 3.7, 2.55e-2), (5.7, np.inf, 5.5, 5.22e-4))
"""Of the forest: ranges of 1 + z, a line's power of 1 + z there (eq. 21), and the factor of what ionises (eq. 27)."""

DAMPED_RANGES = ((1.0, 3.0, 2.0, 0.211, 7.66e-2), (3.0, np.inf, 3.0, 4.70e-2, 1.78e-2))
"""The same of damped systems (eqs. 22, 28, 29), where what ionises has two factors."""


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
    """Return the mean share of light that reaches us, at observed wavelengths in Angstrom, from a redshift.

    Of light from redshifts above 0, none is left below `LIMIT`, where the hydrogen of our own galaxy takes it.
    """
    source = 1 + redshift
    share = np.ones_like(wavelength)
    if redshift <= 0:
        return share
    blue = (wavelength > LIMIT) & (wavelength < LINES[0] * source)
    seen = wavelength[blue]
    depth = _lines(seen, source, 1e-3 * np.array(FOREST), [parts[:3] for parts in FOREST_RANGES])
    depth += _lines(seen, source, 1e-4 * np.array(DAMPED), [parts[:3] for parts in DAMPED_RANGES])
    ionising = seen < LIMIT * source
    depth[ionising] += _continuum(seen[ionising] / LIMIT, source)
    share[blue] = np.exp(-depth)
    share[wavelength <= LIMIT] = 0
    return share


def _lines(wavelength: Array, source: float, strength: Array, ranges: list[tuple[float, float, float]]) -> Array:
    """Return the summed depth of the lines that meet a wavelength between here and the source."""
    depth = np.zeros_like(wavelength)
    before = ranges[0][2]
    for low, end, power in ranges:
        if source <= low:
            break
        strength, before = strength * low ** (before - power), power
        high = min(source, end)
        summed = np.concatenate([[0], np.cumsum(strength * LINES**-power)])
        near, far = (np.searchsorted(-LINES, -wavelength / edge) for edge in (low, high))
        depth += wavelength**power * (summed[far] - summed[near])
    return depth


def _continuum(absorber: Array, source: float) -> Array:
    """Return the depth of what ionises, from where light passes the limit, at 1 + z of ``absorber``, to the source."""
    depth = np.zeros_like(absorber)
    forest, damped = absorber**2.1, absorber**-0.3
    for begin, end, power, factor in FOREST_RANGES:
        low, high = np.clip(absorber, begin, end), np.clip(source, begin, end)
        depth += factor * forest * np.abs(high ** (power - 2.1) - low ** (power - 2.1))
    for begin, end, power, plus, minus in DAMPED_RANGES:
        low, high = np.clip(absorber, begin, end), np.clip(source, begin, end)
        depth += plus * (high**power - low**power) - minus * damped * (high ** (power + 0.3) - low ** (power + 0.3))
    return depth


OPTICAL = (
    (1.0, 0.17699, -0.50447, -0.02427, 0.72085, 0.01979, -0.77530, 0.32999),
    (0.0, 1.41338, 2.28305, 1.07233, -5.38434, -0.62251, 5.30260, -2.09002),
)
"""Polynomials a and b in 1/micron - 1.82 (Cardelli, Clayton & Mathis 1989, ApJ 345, 245, eq. 3)."""

MILKY_WAY = (1250.0, 33333.0)
"""Wavelengths that the law of the Milky Way is told for, Angstrom."""


def cardelli(wavelength: Array, r_v: float = 3.1) -> Array:
    """Return A / A_V of dust as the Milky Way's, between the wavelengths of `MILKY_WAY`; beyond, that of the edge.

    The law is that of Cardelli, Clayton & Mathis 1989, ApJ 345, 245.

    Parameters
    ----------
    wavelength : array
        Angstrom.
    r_v : float
        A_V / E(B-V).
    """
    x = 1e4 / np.clip(wavelength, *MILKY_WAY)
    infrared = np.minimum(x, 1.1) ** 1.61
    y = np.clip(x, 1.1, 3.3) - 1.82
    far = np.maximum(x - 5.9, 0)
    a, b = (np.polynomial.polynomial.polyval(y, parts) for parts in OPTICAL)
    a = np.where(x < 1.1, 0.574 * infrared, a)
    b = np.where(x < 1.1, -0.527 * infrared, b)
    bumps = 0.104 / ((x - 4.67) ** 2 + 0.341), 1.206 / ((x - 4.62) ** 2 + 0.263)
    a = np.where(x > 3.3, 1.752 - 0.316 * x - bumps[0] - 0.04473 * far**2 - 0.009779 * far**3, a)
    b = np.where(x > 3.3, -3.090 + 1.825 * x + bumps[1] + 0.2130 * far**2 + 0.1207 * far**3, b)
    law: Array = a + b / r_v
    return law
