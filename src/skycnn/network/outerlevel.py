"""Outer level: what lies below stamps in each band, from their outer pixels; a residual sky is taken off with it."""

import torch
from torch import Tensor

from skycnn.network.radialwindows import distance

OUTER = 0.75
"""Radius of what counts as outer, as a share of half a stamp's side."""
SOME = 512
"""Of these, pixels whose median and scatter say which are left out of the mean of all."""
CLIP = 2.5
"""Pixels further from the median, in units of the scatter, belong to something."""


def outer_level(image: Tensor) -> Tensor:
    """Return the mean of each band's outer pixels (n, band), without those of objects; 0 where there are none.

    What is added to all pixels of a band is added to its level, and no more.

    Parameters
    ----------
    image : tensor (n, band, y, x)
        Square, NaN where there is no pixel.
    """
    side = image.shape[-1]
    outer = image[..., distance(side, image.detach()) > OUTER * side / 2]
    with torch.no_grad():
        some = outer[..., :: max(1, outer.shape[-1] // SOME)]
        middle = some.nanmedian(2).values
        scatter = 1.4826 * (some - middle[..., None]).abs().nanmedian(2).values
        inside = (outer - middle[..., None]).abs() <= CLIP * scatter[..., None]  # NaN is not
    count = inside.sum(2)
    mean = torch.where(inside, outer - middle[..., None], 0.0).sum(2) / count.clamp(min=1)
    level, bare = mean + middle.nan_to_num(0.0), count == 0
    if bare.any():  # no outer pixel: all that there are
        level = level.index_put((bare,), image[bare].flatten(1).nanmedian(1).values.nan_to_num(0.0))
    return level
