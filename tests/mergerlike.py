"""mergerlike: a task that a test copies into a folder of its own: mergers on stamps, as DeepMerge has them.

``paper`` has the layers of its network (174,505 parameters of two bands), ``small`` learns in seconds.
"""

import torch
from torch import nn

from skycnn.network.layers import divide
from skycnn.posterior import Bernoulli
from skycnn.task import Network, Plan, Task, Truth


class Small(nn.Module):
    """One convolution of averaged pixels; a missing pixel counts as empty sky."""

    def __init__(self, bands, outputs):
        super().__init__()
        self.register_buffer("scale", torch.ones(bands))
        self.look, self.leave = nn.Conv2d(bands, 8, 3, padding=1), nn.Linear(16, outputs)

    def normalise(self, inputs):
        self.scale.copy_(inputs["image"].nan_to_num(0.0).std((0, 2, 3)).clamp(min=1e-6))

    def augment(self, inputs, generator):
        return inputs

    def temper(self, temperature):
        divide(self.leave, temperature)

    def forward(self, image):
        x = torch.asinh(image.nan_to_num(0.0) / self.scale[:, None, None])
        x = torch.relu(self.look(nn.functional.avg_pool2d(x, 5)))
        return self.leave(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


class Paper(Small):
    """Three convolutions, each with batch norm, max-pooling and dropout, and three dense layers (arXiv 2004.11981)."""

    def __init__(self, bands, outputs):
        nn.Module.__init__(self)
        self.register_buffer("scale", torch.ones(bands))
        layers, before = [], bands
        for width, size in ((8, 5), (16, 3), (32, 3)):
            layers += [nn.Conv2d(before, width, size, padding=size // 2), nn.ReLU(), nn.BatchNorm2d(width)]
            layers += [nn.MaxPool2d(2), nn.Dropout(0.5)]
            before = width
        self.look = nn.Sequential(*layers, nn.Flatten())
        self.dense = nn.Sequential(nn.Linear(2592, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.leave = nn.Linear(32, outputs)

    def forward(self, image):
        return self.leave(self.dense(self.look(image.nan_to_num(0.0) / self.scale[:, None, None])))


TASK = Task(
    name="mergerlike",
    summary="whether a galaxy merges",
    citation="nobody",
    posterior=lambda column="P_MERGER", meaning="probability of a merger", spread=False: Bernoulli(
        column, meaning, spread
    ),
    networks={
        "paper": Network(Paper, ("image",), Plan(epochs=2, batch=128, rate=1e-3)),
        "small": Network(Small, ("image",), Plan(epochs=4, batch=64, rate=0.01)),
    },
    flag="MERGER",
    truths={"P_MERGER": Truth(("MERGER_TRUE",), 0.0, 1.0)},
)
