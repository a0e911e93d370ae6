"""Adversary: a small network that tells two samples apart by what another sees, while that one learns to hide it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from skycnn.network.discrepancy import Features

WIDTH = 64
"""Of its hidden layer."""


class Reversed(torch.autograd.Function):
    """The same values, whose gradient is turned round (Ganin et al. 2016, JMLR 17, 59)."""

    @staticmethod
    def forward(context: Any, values: Tensor, weight: float) -> Tensor:
        """Return the values."""
        context.weight = weight
        return values.view_as(values)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Return minus the weighted gradient."""
        return -context.weight * gradients[0], None


def flat(features: Features) -> Tensor:
    """Return features as a table (n, values)."""
    if isinstance(features, Mapping):
        return torch.cat([flat(features[name]) for name in sorted(features)], 1)
    return features.float().flatten(1)


class Adversary(nn.Module):
    """One hidden layer that tells the first sample from the second.

    Parameters
    ----------
    width : int
        Values of a row's features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter, self.leave = nn.Linear(width, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, features: Features) -> Tensor:
        """Return the logit (n,) of being of the second sample."""
        return self.leave(torch.relu(self.enter(flat(features))))[:, 0]  # type: ignore[no-any-return]

    def loss(self, one: Features, other: Features, weight: float) -> Tensor:
        """Return the cross-entropy of telling two samples apart; the features learn, so weighted, to make it large."""
        first, second = (Reversed.apply(flat(part), weight) for part in (one, other))  # type: ignore[no-untyped-call]
        raw = torch.cat([self(first), self(second)])
        truth = torch.cat([torch.zeros(len(first)), torch.ones(len(second))]).to(raw.device)
        return functional.binary_cross_entropy_with_logits(raw, truth)

    def accuracy(self, one: Features, other: Features) -> float:
        """Return the mean share of the two samples that it tells rightly: 0.5 where they cannot be told apart."""
        return float((self(one) <= 0).float().mean() + (self(other) > 0).float().mean()) / 2
