"""Stamps of one elliptical Gaussian, and noise."""

import math

import torch

SIDE = 32
PLACE = torch.arange(SIDE) - (SIDE - 1) / 2


def blobs(width=2.0, ratio=1.0, angle=0.0, flux=(1.0, 3.0)):
    """Return one elliptical Gaussian, (1, band, y, x), of given fluxes."""
    x, y = PLACE[None], PLACE[:, None]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along, across = x * cos + y * sin, y * cos - x * sin
    seen = torch.exp(-0.5 * ((along / width) ** 2 + (across / (ratio * width)) ** 2))
    return torch.tensor(flux)[None, :, None, None] * seen / (2 * math.pi * ratio * width**2)


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def noise(count, seed=1):
    return torch.randn(count, 2, SIDE, SIDE, generator=generator(seed))


SIGMA = torch.tensor([[0.01, 0.02]])
