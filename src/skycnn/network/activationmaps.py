"""Class activation maps (Zhou et al. 2016, arXiv:1512.04150), by gradients (Selvaraju et al. 2017, arXiv:1610.02391).

A map is the sum of the last feature maps, each weighted by the mean gradient of the answer over its pixels. Where the
network is linear behind a mean over the maps, these are its own weights: the map is the exact one, and adds up to the
answer minus that of empty maps. What speaks for a smaller answer is not cut off.
"""

import torch
from torch import Tensor

from skycnn.network.attribution import Inputs, Shares, Value
from skycnn.network.featuremaps import over_channels


def activation_maps(value: Value, seen: Inputs) -> Shares:
    """Return class activation maps at the resolution of the feature maps, ``image`` (n, y, x).

    Parameters
    ----------
    value : callable
        See `attribution.Value`, of what the network's ``with_maps`` returned.
    seen : mapping of str to tensor
        That; see `featuremaps`.
    """
    rows = torch.arange(len(seen["maps"]), device=seen["maps"].device)
    with torch.enable_grad():
        maps = seen["maps"].detach().requires_grad_()
        answer = value({**seen, "maps": maps}, rows)
        (gradient,) = torch.autograd.grad(answer.sum(), [maps])
    with torch.no_grad():
        empty = value({**seen, "maps": torch.zeros_like(maps)}, rows)
        found = over_channels(gradient.mean((-1, -2)), maps.detach())
    answer = answer.detach()
    residual: Tensor = found.sum((1, 2)) - (answer - empty)
    return Shares({"image": found}, answer, empty, residual, torch.ones_like(rows, dtype=torch.int32))
