"""Feature maps: networks that show their last ones, of which class activation maps are made.

Such a network has ``with_maps(**inputs)``, which returns by name what the rest of it sees: ``maps``, the last feature
maps (n, channel, y, x), or (n, pose, channel, y, x) of stamps seen in every pose that `poses.poses` yields; and
anything else, each (n, ...). Its ``from_maps(**seen)`` returns the raw output of that.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from skycnn.network.poses import unposed


def shows_maps(module: nn.Module) -> bool:
    """Return whether a network shows its last feature maps."""
    return hasattr(module, "with_maps") and hasattr(module, "from_maps")


def over_channels(weights: Tensor, maps: Tensor) -> Tensor:
    """Return the weighted sum of feature maps over their channels and, each turned back, over poses: (n, y, x).

    Parameters
    ----------
    weights : tensor (n, channel) or (n, pose, channel)
    maps : tensor (n, channel, y, x) or (n, pose, channel, y, x)
    """
    whole = (weights[..., None, None] * maps).sum(-3)
    return unposed(whole).sum(1) if whole.ndim > 3 else whole


def enlarged(cells: Tensor, image: Tensor) -> Tensor:
    """Return maps (n, y, x) at the pixels of stamps (n, band, y, x), bilinear; their sum stays, as far as that can be.

    It is 0 where no band has a pixel.
    """
    share = cells.shape[-2] * cells.shape[-1] / (image.shape[-2] * image.shape[-1])
    size = image.shape[-2:]
    pixels: Tensor = (
        functional.interpolate(cells[:, None], size=size, mode="bilinear", align_corners=False)[:, 0] * share
    )
    return torch.where(image.isfinite().any(1), pixels, 0.0)
