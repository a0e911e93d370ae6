"""Reference: the input that an answer is compared with, where attributions begin."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from skycnn.network.layers import LARGEST

SMOOTHED = 8
"""The blur's sigma is the stamp's side over this: neither arms nor companions are left, and the light stays."""
SMALL = 14
"""What is narrower than half of the stamp's side over this is small: the galaxies of a cluster, of all its light."""
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


def smooth(inputs: Inputs) -> dict[str, Tensor]:
    """Return the light without what is small: each pixel's median of those about it; fluxes as those `blurred`."""
    found = blurred({name: own for name, own in inputs.items() if name != "image"})
    if "image" in inputs:
        image = inputs["image"]
        width = max(3, min(image.shape[2:]) // SMALL | 1)
        middle = torch.empty_like(image)
        for stamp, own in zip(image.flatten(0, 1), middle.flatten(0, 1), strict=True):  # a stamp's windows fill memory
            wide = functional.pad(stamp, [width // 2] * 4, value=torch.nan)
            own.copy_(wide.unfold(0, width, 1).unfold(1, width, 1).flatten(2).nanmedian(2).values)
        found["image"] = middle.masked_fill(image.isnan(), torch.nan)
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


REFERENCES: Mapping[str, Callable[[Inputs], dict[str, Tensor]]] = {
    "blurred": blurred,
    "smooth": smooth,
    "zero": zero,
    "sky": sky,
}
"""By the name that the user gives; the first is the default."""
