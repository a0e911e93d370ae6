"""Apertures: the light within circles about the centre of a stamp, each a sum of pixels."""

import math

import torch
from torch import Tensor, nn


class Apertures(nn.Module):
    """Circles about the centre of square stamps; the pixels on a circle's edge count in part.

    Parameters
    ----------
    radii : sequence of float
        In pixels, growing.
    """

    def __init__(self, radii: tuple[float, ...]) -> None:
        super().__init__()
        self.radii = tuple(radii)

    @property
    def areas(self) -> list[float]:
        """Of the circles, in pixels."""
        return [math.pi * radius**2 for radius in self.radii]

    def forward(self, images: Tensor) -> Tensor:
        """Return the light (n, radius, band) of stamps (n, band, y, x) that have 0 where there is nothing."""
        n, bands, side, _ = images.shape
        place = torch.arange(side, dtype=images.dtype, device=images.device) - (side - 1) / 2
        distance = torch.hypot(place[:, None], place).flatten()
        radii = torch.tensor(self.radii, dtype=images.dtype, device=images.device)
        share = (radii - distance[:, None] + 0.5).clamp(0, 1)  # (pixel, radius)
        share = share * (math.pi * radii**2 / share.sum(0).clamp(min=1e-6))
        return (images.reshape(n, bands, side * side) @ share).mT
