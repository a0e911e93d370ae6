"""redness: a small task for unit tests; a yes or no from two bands that photoz has not."""

import numpy as np
import torch
from torch import nn

from skycnn.posterior import Bernoulli
from skycnn.schema import Column
from skycnn.simulate import draws
from skycnn.simulate.components import Components
from skycnn.task import Mock, Network, Plan, Task, Truth


class Toy(nn.Module):
    """One hidden layer on the logarithms of positive fluxes."""

    def __init__(self, bands, outputs, width=16):
        super().__init__()
        self.register_buffer("centre", torch.zeros(bands))
        self.enter, self.leave = nn.Linear(bands, width), nn.Linear(width, outputs)

    def normalise(self, inputs):
        self.centre.copy_(self.logarithm(inputs["flux"]).nanmedian(0).values)

    def augment(self, inputs, generator):
        noise = torch.empty_like(inputs["flux"]).normal_(generator=generator)
        return {**inputs, "flux": inputs["flux"] + 0.1 * inputs["error"] * noise}

    def temper(self, temperature):
        with torch.no_grad():
            self.leave.weight.div_(temperature)
            self.leave.bias.div_(temperature)

    @staticmethod
    def logarithm(flux):
        return torch.log(flux.clamp(min=1e-3))

    def forward(self, flux, error):
        return self.leave(torch.relu(self.enter((self.logarithm(flux) - self.centre).nan_to_num(0.0))))


class Picture(Toy):
    """The same on what a small convolution sees in stamps; a missing pixel counts as empty sky."""

    def __init__(self, bands, outputs, width=16):
        super().__init__(bands, outputs, width)
        self.look = nn.Conv2d(bands, width, 3, padding=1)
        self.enter = nn.Linear(width, width)
        self.centre = torch.ones(bands)  # here the scale of the pixels

    def normalise(self, inputs):
        self.centre.copy_(inputs["image"].nan_to_num(0.0).std((0, 2, 3)).clamp(min=1e-6))

    def augment(self, inputs, generator):
        return {"image": inputs["image"].flip(-1) if torch.rand((), generator=generator) < 0.5 else inputs["image"]}

    def forward(self, image):
        seen = torch.relu(self.look(image.nan_to_num(0.0) / self.centre[:, None, None]))
        return self.leave(torch.relu(self.enter(seen.amax((2, 3)))))


class Stars:
    """Points of light, a share of them red."""

    def __init__(self, survey, bands, seed, row, selection):
        rows = np.asarray(row)
        red, bright = draws.uniform(seed, rows, "toy", 2).T
        flux = 10 * 10 ** bright[:, None] * np.where((red < 0.4)[:, None], [1.0, 3.0], 1.0)
        one = np.ones((len(rows), 1))
        self.light = Components(flux[:, None, :], 0 * one, one, one, 0 * one)
        self.truth = {"IS_RED": (red < 0.4).astype(int)}


TRUE = (Column("IS_RED", "i4", "", "", "1 where it is red", "I4"),)
TASK = Task(
    name="toy",
    summary="whether a source is red",
    citation="nobody",
    posterior=lambda column="P_RED", meaning="probability that it is red", spread=False: Bernoulli(
        column, meaning, spread
    ),
    networks={
        "plain": Network(Toy, ("flux",), Plan(epochs=12, batch=64, rate=0.02, members=2, student_epochs=12)),
        "picture": Network(Picture, ("image",), Plan(epochs=12, batch=64, rate=0.01)),
    },
    flag="P_RED",
    truths={"P_RED": Truth(("IS_RED",), 0.0, 1.0)},
    mock=lambda: Mock(
        Stars, (Column("IS_RED", "i4", "", "", "1 where it is red", "I4"),), side=8, selections=("every",)
    ),
)
