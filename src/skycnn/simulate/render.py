"""Stamps of galaxies as a telescope sees them: summed in Fourier space, many objects and all bands at once.

A pixel holds ``flux * integral of S(k) P(k) B(k) exp(i k x) dk / (2 pi)^2``: the profile's transform S, the PSF's P and
the pixel's B, a sinc, at the pixel's centre x. The integral is a sum over a grid of wave numbers (`waves`), as two
products of matrices, so that sub-pixel shifts are exact, nothing comes back from a far side, and no image is made
larger than the stamp.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.simulate import sersic, waves
from skycnn.simulate.psf import PSF

Array = NDArray[Any]

FAINTEST = 1e-4
"""Transfer of PSF and pixel below which wave numbers are left out."""

EXTENT = 5.0
"""Half-light radii within which a galaxy has sharp structure; beyond it is smooth."""

BLOCK = {"cpu": 1 << 20, "cuda": 1 << 26}
"""Wave numbers in work at once: a few MB for a CPU, for larger ones gain nothing; as many as keep a GPU busy."""


@dataclass(frozen=True)
class Light:
    """Sersic components of objects.

    Parameters
    ----------
    flux : array (n, component, band)
        Of the whole component, out to infinity; in any unit, that of the stamps. 0 for a component that is not there.
    radius : array (n, component)
        Half-light radius along the major axis, arcsec; 0 is a point source.
    index : array (n, component)
        Sersic's n, within `sersic.INDEX`.
    ratio : array (n, component)
        Minor over major axis, above 0 to 1.
    angle : array (n, component)
        Of the major axis, degrees from +x counterclockwise.
    shift : array (n, component, 2), optional
        Where the component lies, less its object's position: x and y, arcsec.
    """

    flux: Array
    radius: Array
    index: Array
    ratio: Array
    angle: Array
    shift: Array | None = None


@dataclass(frozen=True)
class _Grid:
    """Wave numbers of both half axes, k (m,), rad/pixel, and PSF x pixel x weights at (ky, kx) and (-ky, kx)."""

    k: torch.Tensor
    upper: list[torch.Tensor]
    lower: list[torch.Tensor]


class Renderer:
    """Draws stamps through given optics.

    Parameters
    ----------
    psfs : sequence of PSF
        One a band.
    pixel_scale : float
        arcsec.
    side : int
        Pixels along an edge of the stamps; an object without offset lies at their centre, (side - 1)/2.
    device : str
        Of torch, ``cpu`` or ``cuda``.
    """

    def __init__(self, psfs: Sequence[PSF], pixel_scale: float, side: int, device: str = "cpu") -> None:
        self.psfs, self.pixel_scale, self.side = tuple(psfs), pixel_scale, side
        self.device = torch.device(device)
        self._grids: dict[float, _Grid] = {}
        self._limit = max(_limit(psf, pixel_scale) for psf in self.psfs)

    def __call__(self, light: Light, offset: Array | None = None) -> Array:
        """Return the stamps.

        Parameters
        ----------
        light : Light
            Of n objects.
        offset : array (n, 2), optional
            Where each object lies, less the stamp's centre: x and y, pixels.

        Returns
        -------
        array (n, band, side, side)
            float32, in the unit of the fluxes.

        Raises
        ------
        ValueError
            For a Sersic index outside the table.
        """
        n = len(light.radius)
        offset = np.zeros((n, 2)) if offset is None else np.asarray(offset, np.float64)
        stamps = np.empty((n, len(self.psfs), self.side, self.side), np.float32)
        periods = self._periods(light, offset)
        for period in np.unique(periods):
            rows = np.flatnonzero(periods == period)
            grid = self._grid(float(period))
            block = max(1, BLOCK[self.device.type] // (2 * len(grid.k) ** 2))
            for part in np.split(rows, range(block, len(rows), block)):
                stamps[part] = self._draw(grid, _rows(light, part), offset[part]).cpu().numpy()
        return stamps

    def _periods(self, light: Light, offset: Array) -> Array:
        """Return how far apart sharp things may lie on and about each stamp: a power of sqrt(2) times its side."""
        extent = (EXTENT * np.asarray(light.radius)).max(axis=1) / self.pixel_scale
        if light.shift is not None:
            extent = extent + np.abs(light.shift).max(axis=(1, 2)) / self.pixel_scale
        needed = (self.side / 2 + np.abs(offset).max(axis=1) + extent) / (1.5 * self.side)
        periods: Array = 1.5 * self.side * 2 ** (np.ceil(2 * np.log2(np.maximum(needed, 1))) / 2)
        return periods

    def _grid(self, period: float) -> _Grid:
        """Return the grid of a period, made on first use."""
        if period not in self._grids:
            k, weight = waves.nodes(self._limit, period)
            both = np.concatenate([k, -k])
            upper, lower = [], []
            for psf in self.psfs:
                seen = psf.transfer(k / self.pixel_scale, both / self.pixel_scale)
                # Twice, for the half plane kx < 0 mirrors the other one.
                one = weight / np.pi if psf.pixelated else weight / np.pi * np.sinc(k / (2 * np.pi))
                seen = seen * np.tile(one, 2)[:, None] * one / 2
                halves = torch.from_numpy(seen.astype(np.complex64 if np.iscomplexobj(seen) else np.float32))
                up, low = halves.to(self.device).view(2, len(k), len(k))
                upper.append(up)
                lower.append(low)
            self._grids[period] = _Grid(torch.from_numpy(k.astype(np.float32)).to(self.device), upper, lower)
        return self._grids[period]

    def _draw(self, grid: _Grid, light: Light, offset: Array) -> torch.Tensor:
        """Return stamps (n, band, side, side) of objects that share a grid."""
        flux = torch.from_numpy(np.asarray(light.flux, np.float32)).to(self.device)[..., None, None]
        upper, lower = zip(*(self._component(grid, light, c) for c in range(flux.shape[1])), strict=True)
        place = np.arange(self.side) - (self.side - 1) / 2
        waves_x, waves_y = (_phases(grid.k, place - offset[:, axis, None]) for axis in (0, 1))
        stamps = []
        for band in range(len(self.psfs)):
            up, low = (_weighted(parts, flux[:, :, band]) for parts in (upper, lower))
            stamps.append(_sum(up * grid.upper[band], low * grid.lower[band], waves_x, waves_y))
        return torch.stack(stamps, dim=1)

    def _component(self, grid: _Grid, light: Light, c: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the transform of a component, of unit flux, at (ky, kx) and at (-ky, kx): each (n, m, m)."""
        columns = (light.radius, light.ratio, light.angle, light.index)
        radius, ratio, angle, index = (np.asarray(column, np.float64)[:, c] for column in columns)
        cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        size = (radius / self.pixel_scale) ** 2
        # (k r_e)^2 of the circle that the ellipse was stretched from: xx kx^2 + yy ky^2 +- xy kx ky.
        xx, yy = size * (cos**2 + (ratio * sin) ** 2), size * (sin**2 + (ratio * cos) ** 2)
        xy = 2 * size * (1 - ratio**2) * sin * cos
        form = torch.from_numpy(np.stack([xx, yy, xy]).astype(np.float32)).to(self.device)[..., None]
        even = (form[1] * grid.k**2)[:, :, None] + (form[0] * grid.k**2)[:, None]
        odd = (form[2] * grid.k)[:, :, None] * grid.k
        profiles = sersic.transforms(torch.from_numpy(index).to(self.device))
        up = sersic.look_up(profiles, (even + odd).clamp_(min=0))  # rounding takes a needle's below 0
        low = sersic.look_up(profiles, even.sub_(odd).clamp_(min=0))
        if light.shift is None or not np.any(light.shift[:, c]):
            return up, low
        shift = np.asarray(light.shift, np.float64)[:, c] / self.pixel_scale
        (cos_x, sin_x), (cos_y, sin_y) = (_phases(grid.k, shift[:, axis, None]) for axis in (0, 1))
        x, y = torch.complex(cos_x, -sin_x).mT, torch.complex(cos_y, -sin_y)
        return up * (y * x), low * (y.conj() * x)


def _limit(psf: PSF, pixel_scale: float) -> float:
    """Return the last wave number that a band needs, rad/pixel."""
    return psf.limit(FAINTEST) * pixel_scale


def _rows(light: Light, rows: Array) -> Light:
    """Return some objects' light."""
    flux, radius, index, ratio, angle = (
        np.asarray(column)[rows] for column in (light.flux, light.radius, light.index, light.ratio, light.angle)
    )
    return Light(flux, radius, index, ratio, angle, None if light.shift is None else light.shift[rows])


def _weighted(parts: Sequence[torch.Tensor], flux: torch.Tensor) -> torch.Tensor:
    """Return the components' transforms, each (n, m, m), times their fluxes (n, component, 1, 1), summed."""
    total = parts[0] * flux[:, 0]
    for c, part in enumerate(parts[1:], 1):
        total = total + part * flux[:, c]  # one of them may be complex
    return total


def _phases(k: torch.Tensor, place: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cos and sin of k x place, (n, m, places)."""
    angle = k[:, None] * torch.from_numpy(place.astype(np.float32)).to(k.device)[:, None]
    return torch.cos(angle), torch.sin(angle)


def _sum(
    up: torch.Tensor,
    low: torch.Tensor,
    waves_x: tuple[torch.Tensor, torch.Tensor],
    waves_y: tuple[torch.Tensor, torch.Tensor],
) -> torch.Tensor:
    """Return the real part of the sum of ``F exp(i (kx x + ky y))`` over half the plane, kx > 0.

    With F = up at ky and F = low at -ky, and sines and cosines of sums written out.

    Parameters
    ----------
    up, low : tensor (n, ky, kx)
        Real or complex.
    waves_x, waves_y : tuple of tensor (n, k, place)
        cos and sin.

    Returns
    -------
    tensor (n, y, x)
    """
    (cos_x, sin_x), (cos_y, sin_y) = waves_x, waves_y
    both, apart = up + low, low - up
    if not up.is_complex():
        return cos_y.mT @ (both @ cos_x) + sin_y.mT @ (apart @ sin_x)
    rows_cos = both.real @ cos_x - both.imag @ sin_x
    rows_sin = apart.real @ sin_x + apart.imag @ cos_x
    return cos_y.mT @ rows_cos + sin_y.mT @ rows_sin
