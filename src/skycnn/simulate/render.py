"""Renderer: stamps as a telescope sees them, summed in Fourier space; what is drawn, `light.Light` tells.

A pixel holds ``flux * integral of S(k) P(k) B(k) exp(i k x) dk / (2 pi)^2``: the light's transform S, the PSF's P and
the pixel's B, a sinc, at the pixel's centre x. The integral is a sum over a grid of wave numbers (`waves`), as two
products of matrices, so that sub-pixel shifts are exact, nothing comes back from a far side, and no image is made
larger than the stamp.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.simulate.psf import PSF
from skycnn.simulate.waves import nodes

Array = NDArray[Any]

FAINTEST = 1e-4
"""Transfer of PSF and pixel below which wave numbers are left out."""


@dataclass(frozen=True)
class Waves:
    """Wave numbers of both half axes, k (m,), rad/pixel, and PSF x pixel x weights at (ky, kx) and (-ky, kx)."""

    k: torch.Tensor
    upper: list[torch.Tensor]
    lower: list[torch.Tensor]


class Renderer:
    """What all stamps of a run have in common.

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

    Attributes
    ----------
    limit : float
        The last wave number that a band needs, rad/pixel.
    """

    def __init__(self, psfs: Sequence[PSF], pixel_scale: float, side: int, device: str = "cpu") -> None:
        self.psfs, self.pixel_scale, self.side = tuple(psfs), pixel_scale, side
        self.device = torch.device(device)
        self._waves: dict[float, Waves] = {}
        self.limit = max(psf.limit(FAINTEST) * pixel_scale for psf in self.psfs)

    def periods(self, sharp: Array, offset: Array) -> Array:
        """Return how far apart sharp things may lie on and about each stamp (n,): a power of sqrt(2) times its side.

        Parameters
        ----------
        sharp : array (n,)
            How far from an object its light has sharp structure, pixels.
        offset : array (n, 2)
        """
        needed = (self.side / 2 + np.abs(offset).max(axis=1) + sharp) / (1.5 * self.side)
        periods: Array = 1.5 * self.side * 2 ** (np.ceil(2 * np.log2(np.maximum(needed, 1))) / 2)
        return periods

    def waves(self, period: float) -> Waves:
        """Return the wave numbers of a period, made on first use."""
        if period not in self._waves:
            k, weight = nodes(self.limit, period)
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
            self._waves[period] = Waves(torch.from_numpy(k.astype(np.float32)).to(self.device), upper, lower)
        return self._waves[period]

    def draw(
        self, waves: Waves, transforms: Iterable[tuple[torch.Tensor, torch.Tensor]], offset: Array
    ) -> torch.Tensor:
        """Return stamps.

        Parameters
        ----------
        waves : Waves
        transforms : iterable of two tensors (n, m, m), one pair a band
            Of the objects' light, at (ky, kx) and at (-ky, kx).
        offset : array (n, 2)
            Where each object lies, less the stamp's centre: x and y, pixels.

        Returns
        -------
        tensor (n, band, side, side)
        """
        place = np.arange(self.side) - (self.side - 1) / 2
        x, y = (phases(waves.k, place - offset[:, axis, None]) for axis in (0, 1))
        optics = zip(waves.upper, waves.lower, strict=True)
        parts = zip(transforms, optics, strict=True)
        return torch.stack([_sum(up * above, low * below, x, y) for (up, low), (above, below) in parts], dim=1)


def phases(k: torch.Tensor, place: Array) -> tuple[torch.Tensor, torch.Tensor]:
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
