"""Hidden layer: networks that show their last one, by which rows unlike the training sample are told."""

from typing import Any

import torch
from torch import Tensor, nn


class Showing(nn.Module):
    """A network whose ``with_hidden(**inputs)`` returns raw output (n, outputs) and last hidden layer (n, width)."""

    with_hidden: Any

    def forward(self, *inputs: Tensor, **named: Tensor) -> Tensor:
        """Return the raw output (n, outputs) of the inputs."""
        raw: Tensor = self.with_hidden(*inputs, **named)[0]
        return raw


class Joined(nn.Module):
    """A network that shows its last hidden layer behind its raw output.

    Parameters
    ----------
    module : torch.nn.Module
        See `Showing`.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module: Any = module

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return both in one tensor (n, outputs + width)."""
        raw, hidden = self.module.with_hidden(**inputs)
        return torch.cat([raw.float(), hidden.float()], 1)


def shown(module: nn.Module) -> bool:
    """Return whether a network shows its last hidden layer."""
    return hasattr(module, "with_hidden")
