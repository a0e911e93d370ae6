"""Frozen: what trained networks see in rows, worked out once, so that a head on top of them trains in minutes."""

from typing import Any

import torch
from torch import Tensor, nn

from skycnn.network.sample import Inputs, Sample, blocks
from skycnn.network.schedule import seeded
from skycnn.network.training import half

PASSES = 4
"""Times that the training rows are looked at, each with another augmentation."""


class HeadAlone(nn.Module):
    """A network's ``head`` alone, on features of one of several passes.

    Parameters
    ----------
    head : torch.nn.Module
        ``head(**features)`` returns the raw output.
    """

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def augment(self, inputs: Inputs, generator: torch.Generator) -> Inputs:
        """Return each row's features (n, ...) as one of the passes (n, pass, ...) saw them."""
        first = next(iter(inputs.values()))
        rows = torch.arange(len(first), device=first.device)
        chosen = torch.randint(first.shape[1], (len(first),), generator=generator, device=first.device)
        return {name: value[rows, chosen] for name, value in inputs.items()}

    def forward(self, **features: Tensor) -> Tensor:
        """Return the raw output (n, outputs) of features (n, ...)."""
        raw: Tensor = self.head(**features)
        return raw


def features(module: Any, rows: Sample, seed: tuple[object, ...] = (), passes: int = 0) -> Sample:
    """Return rows as a module's ``features`` sees them, on the device of their truth.

    Parameters
    ----------
    module : torch.nn.Module
    rows : Sample
    seed : tuple
        Anything that tells these passes from others.
    passes : int
        Looks at augmented rows: features are then (n, pass, ...); without any (n, ...) of the rows as they are.
    """
    if not passes:
        return Sample(_seen(module, rows, None), rows.truth)
    looks: list[Inputs] = []
    for number in range(passes):
        with seeded(rows.truth.device, *seed, "pass", number) as generator:
            looks.append(_seen(module, rows, generator))
    return Sample({name: torch.stack([look[name] for look in looks], 1) for name in looks[0]}, rows.truth)


def _seen(module: Any, rows: Sample, generator: torch.Generator | None) -> Inputs:
    module.eval()
    device = rows.truth.device
    with torch.no_grad(), half(rows.inputs, device):
        parts = [
            module.features(**(block if generator is None else module.augment(block, generator)))
            for block in blocks(rows.inputs, device)
        ]
    return {name: torch.cat([part[name] for part in parts]).float() for name in parts[0]}
