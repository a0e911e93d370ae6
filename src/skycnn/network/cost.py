"""Cost: what a training will take - bytes on the disk, asked for before it begins, and seconds, for a dry run."""

import time

import torch

from skycnn.network.fitting import held_to
from skycnn.network.frozenfeatures import PASSES
from skycnn.network.job import Job, Stage
from skycnn.network.sample import Sample

CARD = 1 << 16
"""Bytes of a model file beside its numbers."""
STATES = 5
"""Times that a checkpoint holds a network: as it is, its mean, the best, and two moments of each number."""
STEPS = 3
"""Steps that are timed."""


def disk(job: Job, rows: int, seen: int = 0) -> int:
    """Return the bytes that a training needs at most: the model, a checkpoint, and the one that will replace it.

    Parameters
    ----------
    job : Job
    rows : int
        To train and validate with: the model remembers them, and the groups that they are of.
    seen : int
        Rows and groups that the models it begins with remember.
    """
    sizes = [_size(job, stage) for stage in job.stages]
    checkpoint = STATES * max(sizes) + sum(sizes) + 16 * rows
    return sizes[-1] + 8 * (2 * rows + seen) + CARD + 2 * checkpoint


def _size(job: Job, stage: Stage) -> int:
    with torch.device("meta"):  # takes no memory
        module = job.network.module(bands=job.bands, outputs=job.posterior.outputs, **stage.settings)
    return sum(value.numel() * value.element_size() for value in module.state_dict().values())


def seconds(job: Job, rows: int, side: int | None = None) -> float:
    """Return about how long a training takes at most, by a few steps on imagined galaxies.

    Parameters
    ----------
    job : Job
    rows : int
        To train with.
    side : int, optional
        Pixels along a stamp's edge.
    """
    batch = min(job.network.plan.batch, max(rows, 1))
    seen = _imagined(job, batch, side)
    taken: list[float] = []
    with held_to(job.network.plan.threads):
        module = job.fresh(len(job.stages) - 1, seen).train()
        inputs, generator = seen.to(job.device).batch(slice(None)), torch.Generator(job.device).manual_seed(job.seed)
        for _ in range(STEPS + 1):  # the first one warms up
            started = time.perf_counter()
            module.zero_grad()
            module(**module.augment(inputs, generator)).square().mean().backward()
            taken.append(time.perf_counter() - started)
    forward = 1 / 3  # of a step: the way back takes twice as long
    looks = {"head": PASSES * forward, "imitate": job.network.plan.student_epochs * (1 + job.members * forward)}
    epochs = sum(looks.get(stage.kind, stage.epochs) for stage in job.stages)
    return epochs * max(1, rows // batch) * sorted(taken[1:])[STEPS // 2]


def _imagined(job: Job, rows: int, side: int | None) -> Sample:
    """Return galaxies as a network takes them."""
    generator = torch.Generator().manual_seed(job.seed)
    inputs = {}
    if "flux" in job.network.inputs:
        inputs["flux"] = torch.rand(rows, job.bands, generator=generator) + 0.1
        inputs["error"] = torch.full((rows, job.bands), 0.1)
    if side is not None:
        inputs["image"] = torch.randn(rows, job.bands, side, side, generator=generator)
    return Sample(inputs, torch.zeros(rows))
