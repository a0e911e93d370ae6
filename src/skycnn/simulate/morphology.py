"""Morphology: bulge, disc and clumps of a galaxy, their sizes, profiles and shapes, and which stars each of them has.

Bulges hold the older spectra of a galaxy's mixture, clumps the younger ones, so that colours change over its face while
the whole keeps its spectrum. Sizes, shares and shapes were tuned to the 500 fits of galaxies in COSMOS that GalSim
carries (Mandelbaum et al. 2012, MNRAS 420, 1518); what they do not tell is named in `draw`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammainc, gammaincinv

from skycnn.simulate import draws

Array = NDArray[np.float64]

CLUMPS = 2
"""Clumps of a galaxy; few and fixed, for each costs as much time to draw as a disc."""

OLDER = 5.0
"""How strictly a bulge prefers older spectra: slope of the logit of its share with redness."""

INDEX = (0.3, 6.2)
"""Sersic indices between which profiles are tabulated, as in `sersic`."""


@dataclass(frozen=True)
class Shape:
    """Components (n, 2 + CLUMPS): bulge, disc, clumps; the fields as in `components.Components`.

    Parameters
    ----------
    bulge : array (n,)
        Share of the bulge in the I band that is wanted.
    clumps : array (n,)
        Share of the clumps in the disc's light that is wanted.
    size : array (n,)
        Half-light radius of the whole, along the major axis, arcsec.
    thickness : array (n,)
        Axis ratio of the disc seen edge on.
    """

    bulge: Array
    clumps: Array
    size: Array
    thickness: Array
    radius: Array
    index: Array
    ratio: Array
    angle: Array
    shift: Array


def draw(seed: int, row: NDArray[np.int64], magnitude: Array, redshift: Array, age: Array) -> Shape:
    """Return shapes of galaxies (n,) of I magnitude, redshift and ``age``, the redness of their light from 0 to 1.

    - Types: spheroids are the red ones, a logistic curve in redness; bulge shares are logit-normal, of discs growing
      with redness. Tuned to the fits.
    - Sizes: log-normal, log R falling with I magnitude, of spheroids faster. Tuned to the fits' half-light radii.
    - Sersic indices: log-normal about 3.6 and 0.9, between de Vaucouleurs' 4 and an exponential disc's 1 and what the
      fits' single profiles have.
    - Thickness of discs: normal, 0.22 with a scatter of 0.06 (Padilla & Strauss 2008, MNRAS 388, 1321; recalled).
    - Inclination: cos i uniform, and the axis ratio of an oblate disc follows (Hubble 1926, ApJ 64, 321).
    - Clumps: up to a quarter of a young disc's light, in few knots within 1.5 disc radii; an assumption, of the order
      that clumpy star-forming galaxies at z = 1-2 show (Guo et al. 2015, ApJ 800, 39; recalled).
    """
    u = draws.uniform(seed, row, "shape", 6 + 3 * CLUMPS)
    e = draws.normal(seed, row, "shape", 6)
    old = expit((age - 0.62) / 0.06)  # share of spheroids among galaxies of this colour
    early = u[:, 0] < 0.85 * old
    bulge = np.where(early, expit(0.9 + 1.2 * e[:, 0]), expit(-2.6 + 2.0 * age + 1.3 * e[:, 0]))
    log_size = np.where(
        early,
        -0.42 - 0.17 * (magnitude - 22) + 0.35 * (np.log1p(redshift) - 0.5) + 0.22 * e[:, 1],
        -0.25 - 0.10 * (magnitude - 22) - 0.04 * (np.log1p(redshift) - 0.5) + 0.23 * e[:, 1],
    )
    size = np.clip(10**log_size, 0.03, 5.0)
    index_bulge = np.clip(3.6 * 10 ** (0.14 * e[:, 2]), 1.5, 6.0)
    index_disc = np.clip(0.9 * 10 ** (0.13 * e[:, 3]), 0.4, 1.8)
    thick = np.clip(0.22 + 0.06 * e[:, 4], 0.08, 0.5)
    ratio_disc = np.sqrt(thick**2 + (1 - thick**2) * u[:, 1] ** 2)
    ratio_bulge = np.clip(1 - (1 - ratio_disc) * (0.25 + 0.5 * u[:, 2]), 0.15, 1)
    angle = 180 * u[:, 3]
    radius_bulge, radius_disc = _radii(size, bulge, index_bulge, index_disc, u[:, 4])
    clumps = np.where(early, 0.0, 0.25 * (1 - age) * u[:, 5] ** 2)
    place, turn, extent = (u[:, 6 + k * CLUMPS : 6 + (k + 1) * CLUMPS] for k in range(3))
    along = radius_disc[:, None] * (0.3 + 1.2 * place)
    a, b = along * np.cos(2 * np.pi * turn), along * np.sin(2 * np.pi * turn) * ratio_disc[:, None]
    cos, sin = np.cos(np.radians(angle))[:, None], np.sin(np.radians(angle))[:, None]
    centre = np.zeros((len(size), 2))
    ones = np.ones((len(size), CLUMPS))
    return Shape(
        bulge=bulge,
        clumps=clumps,
        size=size,
        thickness=thick,
        radius=np.column_stack([radius_bulge, radius_disc, radius_disc[:, None] * (0.06 + 0.12 * extent)]),
        index=np.column_stack([index_bulge, index_disc, ones]),
        ratio=np.column_stack([ratio_bulge, ratio_disc, ones]),
        angle=np.column_stack([angle, angle, 0 * ones]),
        shift=np.stack([np.hstack([centre, a * cos - b * sin]), np.hstack([centre, a * sin + b * cos])], axis=2),
    )


def shares(light: Array, redness: Array, bulge: Array, clumps: Array) -> Array:
    """Return the share (component, spectrum, n) that each component has in the light of each spectrum.

    Parameters
    ----------
    light : array (spectrum, n)
        Share of the spectra in the I band.
    redness : array (spectrum,)
    bulge, clumps : array (n,)
        Shares wanted: of the bulge in all light, of the clumps in the disc's.
    """
    least = np.clip(bulge, 0.002, 0.98)
    redness = redness[:, None]
    level = np.log(least / (1 - least)) - OLDER * (light * redness).sum(axis=0)
    for _ in range(6):  # Newton's steps; the sum rises with the level
        taken = expit(level + OLDER * redness)
        slope = (light * taken * (1 - taken)).sum(axis=0)
        level = level - np.clip(((light * taken).sum(axis=0) - least) / np.maximum(slope, 1e-4), -1, 1)
    old = expit(level + OLDER * redness)
    young = (1 - old) * (1 - redness) ** 2
    disc = (light * (1 - old)).sum(axis=0)
    strength = np.minimum(clumps * disc / np.maximum((light * young).sum(axis=0), 1e-6), 0.6)
    clump = young * strength
    parts = [old, 1 - old - clump, *[clump / CLUMPS] * CLUMPS]
    return np.stack(parts)


def _radii(size: Array, bulge: Array, index_bulge: Array, index_disc: Array, uniform: Array) -> tuple[Array, Array]:
    """Return half-light radii of bulge and disc (n,) whose sum has the half-light radius ``size``.

    The component with less light has a drawn radius, the other one follows from ``half = sum of both within size``.
    """
    minor = np.minimum(bulge, 1 - bulge)
    lesser_bulge = bulge <= 0.5
    relative = np.where(lesser_bulge, 0.2 + 0.8 * uniform, 1 + 1.5 * uniform)
    index_lesser = np.where(lesser_bulge, index_bulge, index_disc)
    index_other = np.where(lesser_bulge, index_disc, index_bulge)
    within = _look_up(_enclosed(), index_lesser, (np.log(1 / relative) + 4) / 8)
    rest = (0.5 - minor * within) / (1 - minor)
    other = size / np.exp(_look_up(_radius(), index_other, np.clip(rest, 0.01, 0.99)))
    lesser = size * relative
    return np.where(lesser_bulge, lesser, other), np.where(lesser_bulge, other, lesser)


_NODES = np.linspace(*INDEX, 60)


def _enclosed() -> Array:
    """Return the light within x half-light radii, by Sersic index and ln x from -4 to 4 (Graham & Driver 2005)."""
    if "enclosed" not in _TABLES:
        n = _NODES[:, None]
        x = np.exp(np.linspace(-4, 4, 257))
        _TABLES["enclosed"] = gammainc(2 * n, gammaincinv(2 * n, 0.5) * x ** (1 / n))
    return _TABLES["enclosed"]


def _radius() -> Array:
    """Return ln x within which a share of the light lies, by Sersic index and share from 0 to 1."""
    if "radius" not in _TABLES:
        n = _NODES[:, None]
        share = np.clip(np.linspace(0, 1, 257), 1e-3, 1 - 1e-3)
        _TABLES["radius"] = n * np.log(gammaincinv(2 * n, share) / gammaincinv(2 * n, 0.5))
    return _TABLES["radius"]


_TABLES: dict[str, Array] = {}


def _look_up(table: Array, index: Array, place: Array) -> Array:
    """Return a table's values (n,) between its nodes, at Sersic indices and places from 0 to 1."""
    y = (index - INDEX[0]) / (INDEX[1] - INDEX[0]) * (table.shape[0] - 1)
    x = place * (table.shape[1] - 1)
    i = np.clip(y.astype(np.int64), 0, table.shape[0] - 2)
    j = np.clip(x.astype(np.int64), 0, table.shape[1] - 2)
    dy, dx = y - i, x - j
    low = table[i, j] * (1 - dx) + table[i, j + 1] * dx
    high = table[i + 1, j] * (1 - dx) + table[i + 1, j + 1] * dx
    result: Array = low * (1 - dy) + high * dy
    return result
