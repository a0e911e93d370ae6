"""toy: a task that a test copies into a folder of its own: clusters of stars, and whether a place holds one at all.

It declares all that a task can: a posterior of three parts, truths that a row may lack, a redshift beside the fluxes, a
network trained in two stages, points of light, an option, groups, a flag and features of its own.
"""

import numpy as np
import torch
from torch import nn

from skycnn.network.layers import divide
from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.schema import TASK_BITS, Column
from skycnn.task import InputColumn, Mock, Network, Option, Plan, Task, TaskFlag, Truth

AXES = (
    Axis("AGE", 6.0, 9.0, 6, blur=0.1),
    Axis("DUST", 0.0, 2.0, 5, unit="mag", blur=0.1),
    Axis("MASS", 3.0, 5.0, 8, blur=0.1),
)
SIZE = Axis("SIZE", -0.5, 0.5, 6, blur=0.1)  # log10 of arcsec: a negative one is no null
STARS = 12


def posterior(members=({"axes": AXES}, {"axes": (SIZE,)}, {"column": "P_CLUSTER"})):
    """Return age, dust and mass together, size, and whether there is a cluster."""
    grid, size, there = members
    return Joint(Grid(**grid), Grid(**size), Bernoulli(**there))


class Plain(nn.Module):
    """One hidden layer on brightness, colours and redshift."""

    def __init__(self, bands, outputs, width=32):
        super().__init__()
        self.register_buffer("centre", torch.zeros(bands + 1))
        self.register_buffer("scale", torch.ones(bands + 1))
        self.enter, self.leave = nn.Linear(bands + 1, width), nn.Linear(width, outputs)

    @staticmethod
    def seen(flux, redshift):
        bright = torch.log(flux.clamp(min=1e-3))
        return torch.cat([bright[:, :1], bright.diff(dim=1), redshift[:, None]], 1)

    def normalise(self, inputs):
        seen = self.seen(inputs["flux"], inputs["redshift"])
        self.centre.copy_(seen.nanmean(0))
        self.scale.copy_((seen - self.centre).nan_to_num(0.0).std(0).clamp(min=1e-3))

    def augment(self, inputs, generator):
        noise = torch.empty_like(inputs["flux"]).normal_(generator=generator)
        return {**inputs, "flux": inputs["flux"] + inputs["error"] * noise}

    def temper(self, temperature):
        divide(self.leave, temperature)

    def features(self, flux, error, redshift):
        seen = (self.seen(flux, redshift) - self.centre) / self.scale
        return torch.relu(self.enter(seen.nan_to_num(0.0)))

    def forward(self, **inputs):
        return self.leave(self.features(**inputs))


class Picture(nn.Module):
    """What a small convolution sees in stamps; a missing pixel counts as empty sky."""

    def __init__(self, bands, outputs, width=24):
        super().__init__()
        self.register_buffer("scale", torch.ones(bands))
        self.look, self.enter = nn.Conv2d(bands, width, 3, padding=1), nn.Linear(2 * width, width)
        self.leave = nn.Linear(width, outputs)

    def normalise(self, inputs):
        self.scale.copy_(inputs["image"].nan_to_num(0.0).std((0, 2, 3)).clamp(min=1e-6))

    def augment(self, inputs, generator):
        return {"image": inputs["image"].flip(-1) if torch.rand((), generator=generator) < 0.5 else inputs["image"]}

    def temper(self, temperature):
        divide(self.leave, temperature)

    def forward(self, image):
        x = torch.relu(self.look(torch.asinh(image.nan_to_num(0.0) / self.scale[:, None, None])))
        return self.leave(torch.relu(self.enter(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))))


def one_band(inputs, variant):
    """Return stamps that show one of their bands in all places, and which it is."""
    image = inputs["image"]
    shown = image[torch.arange(len(image)), variant]
    return {"image": shown[:, None].expand_as(image)}, variant


def two_stages(job):
    """Return what Picture learns: which band a stamp is of, which needs no truth, and then the truths."""
    from skycnn.network.stages import OnTruth, Pretrain

    plan = job.network.plan
    first = Pretrain(job.settings, 3, plan.rate, "which band it is", make=one_band, variants=job.bands, width=job.bands)
    return [first, OnTruth(job.settings, plan.epochs, plan.rate, "what is in it", begins=0)]


class Brightness:
    """What the baselines see: the logarithms of the fluxes, and the redshift."""

    inputs = ("flux", "redshift")

    def __init__(self, inputs):
        self.redshift = np.nanmedian(inputs["redshift"])

    def table(self, inputs):
        bright = np.log(np.maximum(inputs["flux"], 1e-3))
        return np.column_stack([bright, np.nan_to_num(inputs["redshift"], nan=self.redshift)]).astype("f4")


class Clusters:
    """Clusters of stars, each seen in two rows, and single stars in their place."""

    def __init__(self, survey, bands, seed, row, selection, light):
        from skycnn.simulate import draws
        from skycnn.simulate.points import Points

        row = np.asarray(row)
        self.group = row // 2
        chance, age, dust, mass, size, z = draws.uniform(seed, self.group, "toy", 6).T
        there = chance < 0.6
        age, dust, mass, size = (np.where(there, x, np.nan) for x in (6 + 3 * age, 2 * dust, 3 + 2 * mass, size - 0.5))
        colour = np.stack([0.4 * dust, 0 * dust, -0.3 * (age - 6)], 1)  # dex
        flux = light * np.where(there[:, None], 10 ** (mass[:, None] - 2.5 - colour), [2.0, 2.0, 2.0])
        place = draws.normal(seed, row, "place", 2 * STARS).reshape(-1, STARS, 2) * 10 ** size[:, None, None]
        stars = np.where(there, STARS, 1)
        self.light = Points.of(
            [np.nan_to_num(own[:n]) for own, n in zip(place, stars, strict=True)],
            [np.repeat(own[None] / n, n, 0) for own, n in zip(flux, stars, strict=True)],
        )
        self.truth = {"AGE": age, "DUST": dust, "MASS": mass, "SIZE": size, "CLUSTER": there.astype("i4"), "Z": z}


def mock():
    drawn = [Column(name, "f4", "", "", f"{name} drawn", "F8.4") for name in ("AGE", "DUST", "MASS", "SIZE", "Z")]
    return Mock(
        draw=Clusters,
        columns=(*drawn, Column("CLUSTER", "i4", "", "", "1 for a cluster", "I4")),
        side=12,
        selections=("every",),
        shown=("MASS",),
        options=(Option("light", 1.0, "factor on all light", 0.1, 10.0),),
        row_bytes=1 << 16,
    )


TASK = Task(
    name="toy",
    summary="age, dust, mass and size of clusters, and whether there is one",
    citation="nobody",
    posterior=posterior,
    networks={
        "plain": Network(
            Plain, ("flux", "redshift"), Plan(epochs=25, batch=64, rate=0.02, members=3, student_epochs=40)
        ),
        "picture": Network(Picture, ("image",), Plan(20, 64, 0.02), stages=two_stages),
    },
    flag="CLUSTER",
    truths={axis.column: Truth((f"{axis.column}_TRUE",), axis.low, axis.high) for axis in (*AXES, SIZE)}
    | {"P_CLUSTER": Truth(("CLUSTER_TRUE",), 0, 1)},
    columns={"redshift": InputColumn(("Z_TRUE",), "the redshift of the place", 0.0, 1.0)},
    features=Brightness,
    flags=(TaskFlag("OLD", TASK_BITS, "older than 10^8 yr", lambda values: values["AGE"] > 8),),
    mock=mock,
)
