"""A task with two truths, a pretraining and an adaptation, for tests of training; and catalogues for it."""

import numpy as np

from galaxies import table

TASK = '''"""A redshift and whether it is low, of fluxes."""

import torch
from torch import nn

from skycnn.network.layers import divide
from skycnn.network.stages import OnTruth, Pretrain
from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.task import Network, Plan, Task, Truth


class Net(nn.Module):
    def __init__(self, bands, outputs, width=12):
        super().__init__()
        self.register_buffer("centre", torch.zeros(bands))
        self.enter, self.leave = nn.Linear(bands, width), nn.Linear(width, outputs)

    def normalise(self, inputs):
        self.centre.copy_(torch.asinh(inputs["flux"]).nanmedian(0).values)

    def augment(self, inputs, generator):
        return inputs

    def temper(self, temperature):
        divide(self.leave, temperature)

    def features(self, flux, error):
        return torch.relu(self.enter((torch.asinh(flux) - self.centre).nan_to_num(0.0)))

    def forward(self, flux, error):
        return self.leave(self.features(flux, error))


def which(inputs, variant):
    kept = nn.functional.one_hot(variant, inputs["flux"].shape[1]).bool()
    return {**inputs, "flux": inputs["flux"].masked_fill(~kept, float("nan"))}, variant


def stages(job):
    first = Pretrain({}, 2, 0.02, "bands", make=which, variants=3, width=3)
    last = {"settings": {}, "epochs": job.network.plan.epochs, "rate": 0.01, "name": "the network", "begins": 0}
    return [first, OnTruth(**last, adaptation=job.adaptation)]


def posterior(members=({}, {"spread": False})):
    grid = Grid([Axis("Z_OUT", 0.0, 1.0, 40, kind="redshift")])
    return Joint(grid, Bernoulli("P_LOW", "low", spread=members[1]["spread"]))


PLAN = Plan(epochs=3, batch=64, rate=0.01)
TASK = Task(
    name="twofold",
    summary="two truths",
    citation="nobody",
    posterior=posterior,
    networks={
        "plain": Network(Net, ("flux",), PLAN),
        "staged": Network(Net, ("flux",), PLAN, stages=stages),
        "both": Network(Net, ("flux",), Plan(epochs=3, batch=64, rate=0.01, members=2, student_epochs=4)),
    },
    flag="TWOFOLD",
    truths={"Z_OUT": Truth(("Z_SPEC",), 0, 15), "P_LOW": Truth(("IS_LOW",), 0, 1)},
)
'''


def rows(count, seed=0, **columns):
    """Return a table of which each fourth row lacks the one truth, each third the other, each twelfth both."""
    content = table(count, seed, **columns)
    content["IS_LOW"] = np.where(np.arange(count) % 3 == 0, -1, content["Z_SPEC"] < 0.4).astype("i2")
    content["Z_SPEC"][::4] = np.nan
    return content
