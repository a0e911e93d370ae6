"""Shape: all that is measured of one band of one stamp."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.shapes import asymmetry, centralsource, curveofgrowth, lightspread
from skycnn.shapes.centralsource import Source
from skycnn.shapes.curveofgrowth import Growth

Array = NDArray[Any]

EXTENT = 1.5
"""Petrosian radii within which asymmetry and concentration are measured (Conselice 2003)."""

SMALLEST = 8
"""Pixels along the side of a stamp; in a smaller one there is nothing to measure."""


@dataclass(frozen=True)
class Shape:
    """What one band of one stamp shows; NaN where it cannot be told.

    Parameters
    ----------
    petrosian : float
        Radius of circles, pixels.
    concentration : float
        ``5 log10(r_80 / r_20)`` of the light within 1.5 Petrosian radii (Conselice 2003).
    asymmetry, gini, m20, shape_asymmetry : float
    ellipticity : float
        Of the second moments, 1 - b/a.
    signal_to_noise : float
        Of the light within a Petrosian radius; infinite where there is no noise.
    source : Source
    growth : Growth
        About the centre.
    centre : (float, float)
        Of the smallest asymmetry, y and x.
    member : array (y, x)
        The pixels of Gini and M20, bool.
    """

    petrosian: float
    concentration: float
    asymmetry: float
    gini: float
    m20: float
    shape_asymmetry: float
    ellipticity: float
    signal_to_noise: float
    source: Source
    growth: Growth
    centre: tuple[float, float]
    member: Array


def measure(band: Array) -> Shape | None:
    """Return what one band (y, x) of a stamp shows; None where there is no source in its middle.

    The order is that of Rodriguez-Gomez et al. (2019, MNRAS 483, 4140): the Petrosian radius about the centroid bounds
    the asymmetry, whose centre is that of all the rest; Gini and M20 are of the pixels as bright as an ellipse at its
    Petrosian radius.
    """
    if min(band.shape) < SMALLEST:
        return None
    found = centralsource.find(band)
    if found is None:
        return None
    first = curveofgrowth.of(found, found.centre).petrosian()
    turned = asymmetry.find(found, EXTENT * first)
    curve = curveofgrowth.of(found, turned.centre)
    petrosian = curve.petrosian()
    low, high = (curve.radius(share, EXTENT * petrosian) for share in (0.2, 0.8))
    axes = lightspread.ellipse(found, turned.centre)
    along = curveofgrowth.of(found, turned.centre, axes).petrosian()
    smooth = lightspread.smoothed(found, along)
    ring = np.clip(1.0 - np.abs(curveofgrowth.away(len(band), turned.centre, axes) - along), 0.0, 1.0)
    member = lightspread.segment(found, smooth, float(np.vdot(ring, smooth)) / max(float(ring.sum()), 1e-6))
    if found.seen is not None:
        member = member & found.seen
    flux, area = curve.at(petrosian)
    noise = found.noise * np.sqrt(max(area, 1.0))
    return Shape(
        petrosian=petrosian,
        concentration=5.0 * float(np.log10(high / low)) if high > low > 0 else float("nan"),
        asymmetry=turned.value,
        gini=lightspread.gini(found.pixels[member]),
        m20=lightspread.m20(found.pixels, member),
        shape_asymmetry=asymmetry.of_shape(found, turned.centre),
        ellipticity=axes[0],
        signal_to_noise=flux / noise if noise > 0 else float("inf"),
        source=found,
        growth=curve,
        centre=turned.centre,
        member=member,
    )
