"""Reference: the input that an answer is compared with, where attributions begin."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from skycnn.network.layers import LARGEST

SMOOTHED = 8
"""The blur's sigma is the stamp's side over this: neither arms nor companions are left, and the light stays."""
CLIP = 3.0
"""Border pixels farther from their median, in units of their scatter, are no sky."""

Inputs = Mapping[str, Tensor]


def known(inputs: Inputs) -> dict[str, Tensor]:
    """Return a network's inputs with NaN for every pixel and band that it takes for absent, the rest within limits."""
    found = dict(inputs)
    if "flux" in inputs:
        flux, error = inputs["flux"], inputs["error"]
        gone = ~(torch.isfinite(flux) & torch.isfinite(error) & (error > 0))
        found |= {"flux": flux.masked_fill(gone, torch.nan), "error": error.masked_fill(gone, torch.nan)}
    if "image" in inputs:
        image = inputs["image"]
        found["image"] = image.masked_fill(~torch.isfinite(image), torch.nan).clamp(-LARGEST, LARGEST)
    return found


def zero(inputs: Inputs) -> dict[str, Tensor]:
    """Return no light at all: every pixel and flux is 0; errors stay."""
    return {name: 0 * inputs[name] for name in ("flux", "image") if name in inputs}


def blurred(inputs: Inputs) -> dict[str, Tensor]:
    """Return the same light without structure: stamps blurred, and of fluxes and errors the mean of a row's bands."""
    found = {}
    for name in ("flux", "error"):
        if name in inputs:
            found[name] = 0 * inputs[name] + inputs[name].nanmean(1, keepdim=True)
    if "image" in inputs:
        image = inputs["image"]
        there = torch.isfinite(image)
        down, across = (_gaussian(side, image) for side in image.shape[2:])
        light, share = (down @ part @ across for part in (image.nan_to_num(0.0), there.to(image.dtype)))
        found["image"] = (light / share.clamp(min=1e-12)).masked_fill(~there, torch.nan)
    return found


def sky(inputs: Inputs) -> dict[str, Tensor]:
    """Return sky alone: each band's mean of the stamp's border, as wide as an eighth of the side; fluxes are 0."""
    found = zero(inputs)
    if "image" in inputs:
        image = inputs["image"]
        height, breadth = image.shape[2:]
        inner = torch.zeros(height, breadth, dtype=torch.bool, device=image.device)
        down, across = max(1, height // 8), max(1, breadth // 8)
        inner[down : height - down, across : breadth - across] = True
        border = image[..., ~inner]
        off = border - border.nanmedian(2, keepdim=True).values
        scatter = 1.4826 * off.abs().nanmedian(2, keepdim=True).values
        mean = border.masked_fill(off.abs() > CLIP * scatter, torch.nan).nanmean(2).nan_to_num(0.0)
        found["image"] = found["image"] + mean[..., None, None]
    return found


def _gaussian(side: int, like: Tensor) -> Tensor:
    """Return the matrix (side, side) that blurs along an axis, symmetric."""
    place = torch.arange(side, dtype=like.dtype, device=like.device)
    width = max(side / SMOOTHED, 0.5)
    return torch.exp(-0.5 * ((place[:, None] - place) / width).square())


REFERENCES: Mapping[str, Callable[[Inputs], dict[str, Tensor]]] = {"blurred": blurred, "zero": zero, "sky": sky}
"""By the name that the user gives; the first is the default."""
