"""Statistics of batch normalisation measured anew on other rows (Li et al. 2017, AdaBN, arXiv:1603.04779)."""

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from skycnn.network.sample import Sample, blocks, device_of


def layers(module: nn.Module) -> list[_BatchNorm]:
    """Return the layers of a network that hold such statistics."""
    return [layer for layer in module.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats]


def measure(module: nn.Module, *samples: Sample) -> None:
    """Set the statistics of a network's batch normalisation to those of all rows of some samples.

    Parameters
    ----------
    module : torch.nn.Module
        It is changed; its other layers answer as they do after training.
    *samples : Sample
    """
    module.eval()
    kept = [(layer, layer.momentum) for layer in layers(module)]
    for layer, _ in kept:
        layer.reset_running_stats()
        layer.momentum = None  # the mean of all blocks
        layer.train()
    with torch.no_grad():
        for sample in samples:
            for block in blocks(sample.inputs, device_of(module, sample.inputs)):
                if len(next(iter(block.values()))) > 1:
                    module(**block)
    for layer, momentum in kept:
        layer.momentum = momentum
    module.eval()
