"""Bottleneck: three convolutions, the middle one narrow, added to what they see (He et al. 2016, arXiv:1512.03385)."""

import torch
from torch import Tensor, nn

from skycnn.network.layers import ChannelNorm

NARROWER = 4
"""Times that the middle convolution has fewer channels than the last."""


class Bottleneck(nn.Module):
    """Convolutions of 1x1, 3x3 and 1x1, each normalised.

    Parameters
    ----------
    into, out : int
        Channels.
    stride : int
        Of the middle one.
    """

    def __init__(self, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        narrow = out // NARROWER
        self.look = nn.Sequential(
            *(nn.Conv2d(into, narrow, 1, bias=False), ChannelNorm(narrow), nn.ReLU()),
            *(nn.Conv2d(narrow, narrow, 3, stride, 1, bias=False), ChannelNorm(narrow), nn.ReLU()),
            *(nn.Conv2d(narrow, out, 1, bias=False), ChannelNorm(out)),
        )
        same = into == out and stride == 1
        straight = () if same else (nn.Conv2d(into, out, 1, stride, bias=False), ChannelNorm(out))
        self.straight = nn.Sequential(*straight)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, out, y / stride, x / stride) of (n, into, y, x)."""
        return torch.relu(self.look(x) + self.straight(x))
