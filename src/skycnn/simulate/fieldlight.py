"""FieldLight: galaxies and stars of a whole field on pixels wider than the PSF, each a round or elliptical Gaussian.

On such pixels a galaxy is hardly more than a point, and a field has thousands: a Gaussian as wide as PSF and galaxy
together is integrated over the few pixels about it. Wide light is a sum of Gaussians (`gaussians`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.special import erf, gammaincinv

from skycnn import interrupt
from skycnn.simulate.light import Light
from skycnn.simulate.render import Renderer

Array = NDArray[Any]

R80 = 1.794122578
"""Radius that holds 80 % of a Gaussian of unit width."""

PATCHES = ((0.55, 2), (2.0, 8))
"""Widest Gaussian, in pixels, and pixels on either side of its own that it is drawn on; a wider one on all pixels."""

SIGMAS = np.geomspace(0.02, 12, 24)
"""Widths of the Gaussians that profiles are sums of, in half-light radii."""


@dataclass(frozen=True)
class Spots:
    """The Gaussians of one field.

    Parameters
    ----------
    place : array (m, 2)
        x and y from the object's position, arcsec.
    flux : array (m, band)
        Microjansky.
    sigma : array (m,)
        Width before the PSF, along the major axis, arcsec.
    ratio, angle : array (m,), optional
        Minor over major axis, and degrees of the latter from +x counterclockwise; only wide ones are elliptical.
    """

    place: Array
    flux: Array
    sigma: Array
    ratio: Array | None = None
    angle: Array | None = None

    @staticmethod
    def joined(parts: "Sequence[Spots]") -> "Spots":
        """Return the Gaussians of several."""
        place, flux, sigma = (np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS)
        ratio = np.concatenate([np.ones(len(p.sigma)) if p.ratio is None else p.ratio for p in parts])
        angle = np.concatenate([np.zeros(len(p.sigma)) if p.angle is None else p.angle for p in parts])
        return Spots(place, flux, sigma, ratio, angle)


FIELDS = ("place", "flux", "sigma")


@dataclass(frozen=True)
class FieldLight(Light):
    """Fields of Gaussians, and a sky that is not quite taken off.

    Parameters
    ----------
    fields : sequence of Spots
        One an object.
    sky : array (n, band, 3)
        Of a stamp's residual sky: its level at the stamp's centre, and its rise to the right and to the upper edge,
        microjansky a square arcsec.
    seeing : array (n,)
        Factor on the PSF's width.
    gain : array (n, band)
        Factor on all light but the sky.
    """

    fields: Sequence[Spots]
    sky: Array
    seeing: Array
    gain: Array

    def take(self, rows: Array) -> Self:
        """Return some objects' light."""
        which = np.arange(len(self.fields))[rows]
        fields = [self.fields[row] for row in which.tolist()]
        return type(self)(fields, self.sky[which], self.seeing[which], self.gain[which])

    def total(self) -> Array:
        """Return the flux of all that is in a field, float32 (n, band)."""
        sums = [field.flux.sum(axis=0, dtype=np.float64) for field in self.fields]
        return (np.stack(sums) * self.gain).astype(np.float32) if sums else np.zeros((0, self.gain.shape[1]), "f4")

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32; PSFs are Gaussians with 80 % of their light as far out."""
        n, side, scale = len(self.fields), renderer.side, renderer.pixel_scale
        offset = np.zeros((n, 2)) if offset is None else offset
        slope = (np.arange(side) - (side - 1) / 2) / (side / 2)
        psf = np.array([each.r80 for each in renderer.psfs]) / R80 / scale
        stamps = np.empty((n, len(psf), side, side), np.float32)
        for row, field in enumerate(self.fields):
            interrupt.check()
            image = drawn(field, side, scale, offset[row], psf * self.seeing[row]) * self.gain[row][:, None, None]
            level, right, up = (self.sky[row].T * scale**2)[..., None, None]
            stamps[row] = image + level + right * slope + up * slope[:, None]
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from an object its furthest light lies, pixels."""
        return np.array([np.hypot(*field.place.T).max(initial=0.0) / pixel_scale for field in self.fields])


def drawn(field: Spots, side: int, scale: float, offset: Array, psf: Array) -> Array:
    """Return a field's stamp (band, side, side) through PSFs of some widths (band,), pixels."""
    place = field.place / scale + (side - 1) / 2 + offset
    sigma = field.sigma / scale
    image = np.zeros((len(psf), side * side))
    largest = np.hypot(sigma, psf.max())
    low = 0.0
    near: Any
    for widest, reach in PATCHES:
        near = (place > -1 - reach).all(axis=1) & (place < side + reach).all(axis=1)
        which = np.flatnonzero(near & (largest > low) & (largest <= widest))
        _add(image, place[which], field.flux[which], sigma[which], psf, side, reach)
        low = widest
    whole: Array = image.reshape(len(psf), side, side)
    for i in np.flatnonzero(largest > low).tolist():
        ratio = 1.0 if field.ratio is None else float(field.ratio[i])
        angle = 0.0 if field.angle is None else float(field.angle[i])
        whole += _wide(place[i], field.flux[i], float(sigma[i]), ratio, angle, psf, side)
    return whole


def _add(image: Array, place: Array, flux: Array, sigma: Array, psf: Array, side: int, reach: int) -> None:
    """Add round Gaussians to an image (band, side * side), each integrated over the pixels about it."""
    if not len(place):
        return
    around = np.arange(-reach, reach + 1)
    first = np.rint(place).astype(np.int64)
    column, row = first[:, 0, None] + around, first[:, 1, None] + around
    inside = ((column >= 0) & (column < side))[:, None, :] & ((row >= 0) & (row < side))[:, :, None]
    at = (row[:, :, None] * side + column[:, None, :])[inside]
    edges = np.arange(-reach, reach + 2) - 0.5
    apart = edges - (place - first)[:, :, None]  # (m, 2, edges)
    for band, width in enumerate(psf):
        share = np.diff(0.5 * erf(apart / (np.hypot(sigma, width) * np.sqrt(2))[:, None, None]), axis=2)
        light = flux[:, band, None, None] * share[:, 1, :, None] * share[:, 0, None, :]
        image[band] += np.bincount(at, light[inside], side * side)


def _wide(place: Array, flux: Array, sigma: float, ratio: float, angle: float, psf: Array, side: int) -> Array:
    """Return a wide Gaussian (band, side, side), by its brightness at the pixels' centres."""
    x, y = (np.arange(side)[:, None] - place).T
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    blur = float(psf.mean()) ** 2 + 1 / 12  # the pixel's own width
    along, across = sigma**2 + blur, (sigma * ratio) ** 2 + blur
    u, v = x * cos + y[:, None] * sin, y[:, None] * cos - x * sin
    shape = np.exp(-0.5 * (u**2 / along + v**2 / across)) / (2 * np.pi * np.sqrt(along * across))
    image: Array = flux[:, None, None] * shape
    return image


@lru_cache(maxsize=64)
def gaussians(index: float, edge: float = 8.0) -> tuple[Array, Array]:
    """Return weights and widths of the round Gaussians that make a Sersic profile of unit light and radius.

    After Hogg & Lang (2013, PASP 125, 719): widths stand in a geometric row, weights are fitted.

    Parameters
    ----------
    index : float
        Sersic's n.
    edge : float
        Half-light radii within which it is fitted.

    Returns
    -------
    weight, sigma : array (m,)
        Of a profile of half-light radius 1; the weights sum to 1.
    """
    b = gammaincinv(2 * index, 0.5)
    radius = np.geomspace(0.02, edge, 200)
    shape = np.exp(-b * (radius ** (1 / index) - 1))
    basis = np.exp(-0.5 * (radius[:, None] / SIGMAS) ** 2) / (2 * np.pi * SIGMAS**2)
    weighing = np.sqrt(radius) / shape  # relative errors, outer light as much as inner
    weight, _ = nnls(basis * weighing[:, None], shape * weighing)
    used = weight > 0
    weight = weight[used] / weight[used].sum()
    return weight, SIGMAS[used] * _half(weight, SIGMAS[used])


def _half(weight: Array, sigma: Array) -> float:
    """Return the factor on the widths that makes the half-light radius 1."""
    radius = np.geomspace(0.2, 5, 2000)
    within = 1 - (weight * np.exp(-0.5 * (radius[:, None] / sigma) ** 2)).sum(axis=1)
    return 1 / float(np.interp(0.5, within, radius))
