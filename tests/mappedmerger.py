"""mappedmerger: a task that a test copies into a folder of its own: mergers on stamps, seen by feature maps."""

import torch
from torch import nn

from skycnn.network.layers import divide
from skycnn.posterior import Bernoulli
from skycnn.task import Network, Plan, Task, Truth


class Small(nn.Module):
    """One convolution, and what is seen of it on average and at most; a missing pixel counts as empty sky."""

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

    def with_maps(self, image):
        x = torch.asinh(image.nan_to_num(0.0) / self.scale[:, None, None])
        return {"maps": torch.relu(self.look(x))}

    def from_maps(self, maps):
        return self.leave(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1))

    def forward(self, image):
        return self.from_maps(**self.with_maps(image))


TASK = Task(
    name="mappedmerger",
    summary="whether a galaxy merges",
    citation="nobody",
    posterior=lambda column="P_MERGER", meaning="probability of a merger", spread=False: Bernoulli(
        column, meaning, spread
    ),
    networks={"small": Network(Small, ("image",), Plan(epochs=4, batch=64, rate=0.01))},
    flag="MERGER",
    truths={"P_MERGER": Truth(("MERGER_TRUE",), 0.0, 1.0)},
)
