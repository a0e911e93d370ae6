"""Cost: what a training will take - bytes on the disk, asked for before it begins, and seconds, for a dry run."""

import time
from collections.abc import Mapping

import numpy as np
import torch

from skycnn.network import stages
from skycnn.network.fitting import held_to
from skycnn.network.job import Job
from skycnn.network.sample import sample
from skycnn.network.stage import Stage

CARD = 1 << 16
"""Bytes of a model file beside its weights."""
STATES = 5
"""Times that a checkpoint holds a network: as it is, its mean, the best, and two moments of each weight."""
STEPS = 3
"""Steps that are timed."""


def disk(job: Job, rows: int, seen: int = 0) -> int:
    """Return the bytes that a training needs at most: the model, a checkpoint, and the one that will replace it.

    Parameters
    ----------
    job : Job
    rows : int
        To train, validate and calibrate with; a model stores their hashes, and those of their groups.
    seen : int
        Hashes that the models it begins with store.
    """
    sizes = [_size(job, stage) for stage in stages.of(job)]
    checkpoint = STATES * max(sizes) + sum(sizes) + 16 * rows
    return sizes[-1] + 8 * (2 * rows + seen) + CARD + 2 * checkpoint


def _size(job: Job, stage: Stage) -> int:
    with torch.device("meta"):  # takes no memory
        module = stage.blank(job)
    return sum(value.numel() * value.element_size() for value in module.state_dict().values())


def seconds(job: Job, rows: int, imagined: Mapping[str, np.ndarray]) -> float:
    """Return about how long a training takes at most, by a few steps of its last network on imagined rows.

    Parameters
    ----------
    job : Job
    rows : int
        To train with.
    imagined : mapping of str to ndarray
        Inputs of one batch, each (batch, ...).
    """
    batch, todo = len(next(iter(imagined.values()))), stages.of(job)
    seen = sample(imagined, np.zeros(batch))
    taken: list[float] = []
    with held_to(job.network.plan.threads):
        module = todo[-1].fresh(job, len(todo) - 1, seen).train()
        inputs, generator = seen.to(job.device).batch(slice(None)), torch.Generator(job.device).manual_seed(job.seed)
        for _ in range(STEPS + 1):  # the first one warms up
            started = time.perf_counter()
            module.zero_grad()
            module(**module.augment(inputs, generator)).square().mean().backward()
            taken.append(time.perf_counter() - started)
    return sum(stage.looks for stage in todo) * max(1, rows // batch) * sorted(taken[1:])[STEPS // 2]
