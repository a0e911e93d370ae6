"""Stamp quantities: what is measured on stamps whatever the network sees in them: light, noise, sky and shape."""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from skycnn.network.layers import asinh

A_BAND = 5
"""Quantities of each band, see `of`."""
TOGETHER = 8
"""Quantities of all bands together."""
SIGMAS = (0.05, 0.1, 0.2)
"""Widths of the Gaussian windows for each band, as shares of the stamp's side."""
FINE = (0.03, 0.0625, 0.125, 0.25)
"""Of those for all bands together."""
FINEST = 32
"""Pixels along an edge from which the narrowest windows grow no wider: they tell stars from galaxies."""
WIDE = 0.2
"""Of the window that offset and stretch are measured in."""
RING = (0.2, 0.5)
"""Radii of the ring whose sectors are compared."""
SECTORS = 8
LEAST = 1e-3
"""Noise below which stamps count as the same, as a share of the training sample's."""


def of(image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return which bands are there, what each of them shows, and what all show together.

    Parameters
    ----------
    image : tensor (n, band, y, x)
        NaN where a pixel is absent; a band is there where half of its pixels are.
    noise : tensor (band,)
        Of a pixel, as the training sample has it.

    Returns
    -------
    tuple of tensor
        (n, band). (n, A_BAND * band), one quantity of all bands, then the next: asinh magnitudes of the light in
        windows about the centre; logarithms of the scatter in strips along two edges, of the pixels and from each pixel
        to the next, which tells correlated noise. (n, TOGETHER), the same however a stamp is turned by right angles:
        asinh magnitudes in windows about the centre; logarithms of how far the light lies off the centre and how it is
        stretched; of the light in the sectors of a ring the most and the median.
    """
    n, bands, side, _ = image.shape
    there = image.new_ones((n, bands), dtype=torch.bool)
    if not image.sum((2, 3)).isfinite().all():  # then pixels are absent: the unusual case
        fine = torch.isfinite(image)
        there = fine.sum((2, 3)) > side * side // 2
        image = torch.where(fine & there[..., None, None], image, 0.0)
    windows, patterns = _patterns(side, image.device)
    light = (windows @ image.reshape(n * bands, -1).T).T.reshape(n, bands, -1) / noise[:, None]
    width = max(1, side // 8)
    strips = torch.cat([image[:, :, :width], image[:, :, -width:]], 2)
    scatter = torch.stack([strips.abs().mean((2, 3)), strips.diff(dim=3).abs().mean((2, 3))], 2)
    each = torch.cat([asinh(light / 2), torch.log(scatter / noise[:, None] + LEAST)], 2)
    weight = there / noise
    weight = weight / weight.norm(dim=1, keepdim=True).clamp(min=1e-30) / noise
    whole = torch.bmm(weight[:, None], image.reshape(n, bands, -1))[:, 0]  # of noise 1
    return there, each.transpose(1, 2).flatten(1), _shape((patterns @ whole.T).T)


def _shape(seen: Tensor) -> Tensor:
    """Return the quantities (n, TOGETHER) of what is seen through the patterns for all bands together."""
    windows, offset, stretch, ring = torch.split(seen, [len(FINE), 2, 2, SECTORS], 1)
    far = torch.stack([offset.norm(dim=1), stretch.norm(dim=1)], 1).log1p()
    sectors = asinh(ring / 2).sort(1).values
    return torch.cat([asinh(windows / 2), far, sectors[:, -1:], sectors[:, SECTORS // 2 : SECTORS // 2 + 1]], 1)


def _widths(shares: Sequence[float], side: int) -> list[float]:
    """Return the widths of windows, pixels; on large stamps the factors between them are larger."""
    if side <= FINEST:
        return [share * side for share in shares]
    narrowest, widest = shares[0] * FINEST, shares[-1] * side
    stretch = math.log(widest / narrowest) / math.log(shares[-1] / shares[0])
    return [widest * (share / shares[-1]) ** stretch for share in shares]


@lru_cache(maxsize=8)
def _patterns(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return windows for each band; for all together windows, moments of first and second order, and sectors.

    Each (pattern, pixel), with which a CPU is several times as fast; noise of 1 has a scatter of 1 through it.
    """
    place = torch.arange(side, dtype=torch.float32) - (side - 1) / 2
    x, y = place.repeat(side), place.repeat_interleave(side)
    square = x * x + y * y
    sigmas = (*_widths(SIGMAS, side), *_widths(FINE, side), WIDE * side)
    parts = [torch.exp(-0.5 * square / sigma**2) for sigma in sigmas]
    wide = parts.pop()
    parts += [wide * x, wide * y, wide * (x * x - y * y), 2 * wide * x * y]
    ring = (square >= (RING[0] * side) ** 2) & (square < (RING[1] * side) ** 2)
    sector = (torch.atan2(y, x) / (2 * torch.pi) * SECTORS + SECTORS + 0.5).long() % SECTORS  # no edge meets a pixel
    parts += [(ring & (sector == number)).to(x.dtype) for number in range(SECTORS)]
    patterns = torch.stack(parts)
    patterns = (patterns / patterns.norm(dim=1, keepdim=True).clamp(min=1e-6)).to(device)
    return patterns[: len(SIGMAS)], patterns[len(SIGMAS) :]
