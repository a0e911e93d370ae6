"""Statistics of batch normalisation measured anew on other rows (Li et al. 2017, AdaBN, arXiv:1603.04779)."""

from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from skycnn.network.layers import ChannelNorm
from skycnn.network.sample import Sample, blocks, device_of


def layers(module: nn.Module) -> list[Any]:
    """Return the layers of a network that hold such statistics."""
    norms = [layer for layer in module.modules() if isinstance(layer, _BatchNorm | ChannelNorm)]
    return [layer for layer in norms if getattr(layer, "track_running_stats", True)]


def measure(module: nn.Module, sample: Sample) -> None:
    """Set the statistics of a network's batch normalisation to those of all rows of a sample.

    Parameters
    ----------
    module : torch.nn.Module
        It is changed; its other layers answer as they do after training.
    sample : Sample
    """
    module.eval()
    kept = [(layer, layer.momentum) for layer in layers(module)]
    for layer, _ in kept:
        layer.train()
    seen = 0
    with torch.no_grad():
        for block in blocks(sample.inputs, device_of(module, sample.inputs)):
            count = len(next(iter(block.values())))
            if count == 1 and seen:
                continue  # one row may have no variance
            seen += count
            for layer, _ in kept:
                layer.momentum = count / seen  # the mean of all rows
            module(**block)
    for layer, momentum in kept:
        layer.momentum = momentum
    module.eval()
