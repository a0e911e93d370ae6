"""Measured: the shapes of many stamps, one number a row for each quantity and band."""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.shapes import centralsource, curveofgrowth, shape
from skycnn.shapes.curveofgrowth import Growth
from skycnn.shapes.shape import Shape

Array = NDArray[Any]

OWN = (
    "petrosian",
    "concentration",
    "asymmetry",
    "gini",
    "m20",
    "shape_asymmetry",
    "ellipticity",
    "signal_to_noise",
)
"""Quantities of a `Shape`, measured in each band by itself."""

RINGS = (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.5, 12.0, 17.0, 24.0, 34.0)
"""Radii of fixed annuli, pixels."""

SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
"""Radii of annuli in Petrosian radii."""

APERTURES = (2.0, 4.0, 8.0)
"""Radii in which colours are measured, pixels."""

PETROSIAN = (0.5, 1.0, 1.5)
"""The same in Petrosian radii."""

LN10 = float(np.log(10.0))


def names(bands: int) -> list[str]:
    """Return the names of all that is measured in so many bands, which are numbered from 0: ``image gini 1``."""
    found = [f"image {quantity} {band}" for band in range(bands) for quantity in OWN]
    found += [f"image ring {number} {band}" for band in range(bands) for number in range(len(RINGS) - 1)]
    found += [f"image share {number} {band}" for band in range(bands) for number in range(len(SHARES) - 1)]
    apertures = len(APERTURES) + len(PETROSIAN)
    return found + [
        f"image colour {k} {one}-{two}" for one, two in combinations(range(bands), 2) for k in range(apertures)
    ]


def measure(stamps: Array) -> dict[str, Array]:
    """Return what stamps show, float32 (n,) by name; NaN where it cannot be told.

    Parameters
    ----------
    stamps : array (n, band, y, x)
        Microjansky a pixel, the sky subtracted; NaN where there is no pixel.

    Notes
    -----
    Annuli and apertures of all bands are about the centre, and in the Petrosian radius, of the band with the largest
    signal to noise. Profiles are mean surface brightness: in fixed annuli as it is, in those of the Petrosian radius
    over the mean within it. Colours are of asinh magnitudes whose softening is an aperture's noise (Lupton, Gunn &
    Szalay 1999, AJ 118, 1406).
    """
    n, bands = stamps.shape[:2]
    found = np.full((len(names(bands)), n), np.nan, np.float32)
    for row, stamp in enumerate(stamps):
        found[:, row] = [*_row(stamp)]
    return dict(zip(names(bands), found, strict=True))


def _row(stamp: Array) -> Iterator[float]:
    shapes = [shape.measure(band) for band in stamp]
    for own in shapes:
        yield from (np.nan if own is None else getattr(own, quantity) for quantity in OWN)
    main = max((own for own in shapes if own is not None), key=lambda own: own.signal_to_noise, default=None)
    curves = [None if main is None else _growth(band, own, main) for band, own in zip(stamp, shapes, strict=True)]
    for curve in curves:
        yield from (np.nan if curve is None else curve[0].brightness(*ends) for ends in pairwise(RINGS))
    radius = np.nan if main is None else main.petrosian
    for curve in curves:
        mean = np.nan if curve is None else curve[0].brightness(0.0, radius)
        for low, high in pairwise(SHARES):
            bright = np.nan if curve is None else curve[0].brightness(low * radius, high * radius)
            yield bright / mean if mean > 0 else np.nan
    apertures = [*APERTURES, *(share * radius for share in PETROSIAN)]
    for one, two in combinations(curves, 2):
        for aperture in apertures:
            yield np.nan if one is None or two is None else _magnitude(*one, aperture) - _magnitude(*two, aperture)


def _growth(band: Array, own: Shape | None, main: Shape) -> tuple[Growth, float] | None:
    """Return a band's growth about the main band's centre, and its noise; None where it has no pixel."""
    if own is main:
        return own.growth, own.source.noise
    found = own.source if own is not None else centralsource.plain(band)
    return None if found is None else (curveofgrowth.of(found, main.centre), found.noise)


def _magnitude(curve: Growth, noise: float, radius: float) -> float:
    flux, area = curve.at(radius)
    softening = max(noise * float(np.sqrt(max(area, 1.0))), 1e-30)
    return -2.5 / LN10 * float(np.arcsinh(flux / (2.0 * softening)) + np.log(softening))
