"""Poses: the eight ways that flips and right angles turn a square stamp."""

from collections.abc import Iterator

import torch
from torch import Tensor


def turned(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return square images (n, ..., y, x), each flipped and turned to one of its eight poses by chance."""
    flags = torch.randint(0, 2, (3, len(images)), generator=generator, device=images.device).bool()
    flags = flags.view(3, len(images), *[1] * (images.ndim - 1))
    images = torch.where(flags[0], images.flip(-1), images)
    images = torch.where(flags[1], images.flip(-2), images)
    return torch.where(flags[2], images.transpose(-1, -2), images)


def poses(images: Tensor) -> Iterator[Tensor]:
    """Yield square images (n, ..., y, x) in each of their eight poses."""
    for one in (images, images.transpose(-1, -2)):
        yield from (one, one.flip(-1), one.flip(-2), one.flip(-1, -2))


def unposed(maps: Tensor) -> Tensor:
    """Return maps (n, 8, ..., y, x) of stamps in the poses that `poses` yields, each turned back to its stamp."""
    flips: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-1, -2))
    back = [pose.flip(own) if own else pose for pose, own in zip(maps.unbind(1), flips * 2, strict=True)]
    return torch.stack([*back[:4], *(pose.transpose(-1, -2) for pose in back[4:])], 1)
