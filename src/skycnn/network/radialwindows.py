"""Radial windows: the light of stamps about their centre, in rings of pixels and, by each row's redshift, of kpc."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.cosmology import HUBBLE_LENGTH, MATTER

RINGS = (0, 1, 2, 3, 4.5, 6, 8, 10.5, 14, 18, 23, 29, 36, 44, 53, 64, 77, 92)
"""Radii in pixels between which windows are linear in the radius."""
EMPTY = 1e-6
"""Share of a window's area below which it holds no pixel."""


def kpc_per_arcsec(redshift: Tensor) -> Tensor:
    """Return how long an arcsec is (n,), kpc, at redshifts (n,) above 0; by a rule of Gauss to 1e-5 below z = 3."""
    places, weights = _rule(redshift.dtype, redshift.device)
    rate = torch.sqrt(MATTER * (1 + redshift[:, None] * places) ** 3 + 1 - MATTER)
    comoving = HUBBLE_LENGTH * redshift * (weights / rate).sum(1)
    return 1e3 * comoving / (1 + redshift) * (math.pi / 648000)


@lru_cache(maxsize=4)
@torch.inference_mode(False)  # a tensor made for an answer could not be trained with
def _rule(dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    places, weights = np.polynomial.legendre.leggauss(12)
    rule = torch.tensor(np.stack([(places + 1) / 2, weights / 2]), dtype=dtype, device=device)
    return rule[0], rule[1]


class RadialWindows(nn.Module):
    """Soft rings about the centre of square stamps.

    Each ring's weight is 1 at its own radius and falls to 0 at its neighbours' radii, linear in the radius in pixels,
    and in its logarithm for windows; so the weights of all rings of a pixel add up to 1.

    Parameters
    ----------
    radii : sequence of float
        Of the windows, growing; in pixels or in another unit.
    """

    def __init__(self, radii: Sequence[float]) -> None:
        super().__init__()
        self.radii = tuple(radii)

    def weights(self, scale: Tensor) -> Tensor:
        """Return how much of each ring of `rings` lies in each window, (n, window, ring).

        Parameters
        ----------
        scale : tensor (n,)
            How long a pixel is, in the unit of the windows' radii.
        """
        rings = torch.tensor(RINGS, dtype=scale.dtype, device=scale.device).clamp(min=0.3)
        knots = torch.tensor(self.radii, dtype=scale.dtype, device=scale.device).log()
        return _hats(torch.log(scale[:, None] * rings), knots).mT

    def forward(self, rings: Tensor, area: Tensor, scale: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the mean of a pixel in each window, the windows' areas and the share of these that has pixels.

        Parameters
        ----------
        rings : tensor (n, ring, channel)
            See `rings`.
        area : tensor (n, ring, channel or 1)
            The same of which pixels there are.
        scale : tensor (n,)
            How long a pixel is, in the unit of the windows' radii.

        Returns
        -------
        tuple of tensor
            (n, window, channel), 0 where no pixel is; (n, window), pixels; (n, window, channel or 1).
        """
        weights = self.weights(scale)
        whole = weights @ torch.tensor(_areas(), dtype=scale.dtype, device=scale.device)
        seen, share = weights @ rings, weights @ area
        known = share > EMPTY * whole[..., None].clamp(min=1)
        mean = torch.where(known, seen / torch.where(known, share, 1.0), 0.0)
        return mean, whole, share / whole[..., None].clamp(min=1)


def rings(images: Tensor) -> Tensor:
    """Return the sums (n, ring, channel) of images (n, channel, y, x) over soft rings with the radii ``RINGS``."""
    n, channels, side, _ = images.shape
    weights = _patterns(side, images.dtype, images.device)
    if images.is_contiguous(memory_format=torch.channels_last):
        return weights @ images.permute(0, 2, 3, 1).reshape(n, side * side, channels)
    return (images.reshape(n, channels, side * side) @ weights.T).mT


def distance(side: int, like: Tensor) -> Tensor:
    """Return how far each pixel (side, side) is from the centre of a stamp, pixels."""
    place = torch.arange(side, dtype=like.dtype, device=like.device) - (side - 1) / 2
    return torch.hypot(place[:, None], place)


def _hats(at: Tensor, knots: Tensor) -> Tensor:
    """Return the weight of each knot (k,) at places (...), (..., k): linear between knots, 1 or 0 beyond the ends."""
    at = torch.minimum(torch.maximum(at, knots[0]), knots[-1])[..., None]
    step = knots.diff()
    rise = ((at - knots[:-1]) / step).clamp(0, 1)
    one = torch.ones_like(at)
    return torch.cat([one, rise], -1) - torch.cat([rise, torch.zeros_like(at)], -1)


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _patterns(side: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the weight of every pixel in every ring, (ring, pixel)."""
    knots = torch.tensor(RINGS, dtype=dtype, device=device)
    return _hats(distance(side, knots).flatten(), knots).T.contiguous()


@lru_cache(maxsize=1)
def _areas() -> tuple[float, ...]:
    """Return the areas of the rings in an endless plane, pixels; the last one ends at its radius."""
    fine = np.linspace(0, RINGS[-1], 40_001)
    weight = 2 * np.pi * fine
    whole = [np.trapezoid(weight * np.interp(fine, RINGS, row), fine) for row in np.eye(len(RINGS))]
    return tuple(map(float, whole))
