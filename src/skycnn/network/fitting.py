"""Distillation: an ensemble of networks trained on the truth, then one trained on what the ensemble says.

A job that joins trained networks goes through the same loop: its head alone first, then the whole.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.errors import counted
from skycnn.network import frozenfeatures
from skycnn.network.calibration import calibrate
from skycnn.network.checkpoint import Keeper
from skycnn.network.frozenfeatures import Head
from skycnn.network.job import Job
from skycnn.network.sample import Inputs, Sample
from skycnn.network.training import Loss, Training, forward
from skycnn.posterior import Posterior


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Parameters
    ----------
    module : torch.nn.Module
    settings : mapping
        Of its module.
    temperature : float
        Already folded into its numbers.
    curves : tuple of list
        Validation score an epoch, of each network trained.
    """

    module: nn.Module
    settings: Mapping[str, Any]
    temperature: float
    curves: tuple[list[float], ...]


def train(
    job: Job,
    rows: Sample,
    valid: Sample,
    *,
    keeper: Keeper | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Train all networks of a job and return the one that is kept.

    Parameters
    ----------
    job : Job
    rows, valid : Sample
        Training and validation rows, on the CPU.
    keeper : Keeper, optional
        Writes checkpoints.
    say, progress : callable
        Receive notes; epochs done and epochs in all.
    """
    with held_to(job.network.plan.threads):
        return _train(job, rows, valid, keeper, say, progress)


@contextmanager
def held_to(most: int | None) -> Iterator[None]:
    """Hold torch to so many threads at most; so the bits do not depend on the number of cores either."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(before, most or before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train(
    job: Job,
    rows: Sample,
    valid: Sample,
    keeper: Keeper | None,
    say: Callable[[str], None],
    progress: Callable[[int, int], None] | None,
) -> Trained:
    curves, networks, state = _resumed(job, keeper, rows)
    here, there = rows.to(job.device), valid.to(job.device)
    total = sum(stage.epochs for stage in job.stages)
    for number in range(len(networks), len(job.stages)):
        training = _training(job, number, networks, here, there)
        if state:
            training.restore(state, curves.pop())
            state = {}
        before = sum(stage.epochs for stage in job.stages[:number])
        while not training.done:
            training.epoch()
            if keeper is not None:
                keeper.put([*curves, training.curve], _arrays(_all(networks) | training.state()))
            if progress is not None:
                progress(before + len(training.curve), total)
        networks.append(training.finished())
        curves.append(training.curve)
        best = min([training.start, *training.curve])
        say(f"{_called(job, number)}: {counted(len(training.curve), 'epoch')}, validation score {best:.4f}")
    temperature = calibrate(networks[-1], job.posterior, there)
    rounded = tuple([round(score, 5) for score in curve] for curve in curves)
    return Trained(networks[-1].cpu(), job.stages[-1].settings, temperature, rounded)


def _called(job: Job, number: int) -> str:
    """Return what messages call the network of a stage."""
    names = {"imitate": "the network that learns from them", "head": "its head alone", "whole": "the whole network"}
    return names.get(job.stages[number].kind, f"network {number + 1} of {job.members}")


def _training(job: Job, number: int, networks: list[nn.Module], rows: Sample, valid: Sample) -> Training:
    """Return the training of a stage, at its beginning."""
    stage, module, loss = job.stages[number], job.fresh(number, rows), _truth(job.posterior)
    if stage.kind == "imitate":
        loss = _imitation(job.posterior, networks)
    elif stage.kind == "head":
        looked = frozenfeatures.features(module, valid)
        module.begin(looked.inputs, lambda raw: float(job.posterior.score(raw, valid.truth)))
        rows = frozenfeatures.features(module, rows, (job.seed, number), frozenfeatures.PASSES)
        module, valid = Head(module.head), looked
    elif stage.kind == "whole":
        Head(module.head).load_state_dict(networks[-1].state_dict())
    plan = replace(job.network.plan, rate=stage.rate)
    begun = job.init is not None
    return Training(module, job.posterior, loss, rows, valid, plan, stage.epochs, (job.seed, number), begun=begun)


def _truth(posterior: Posterior) -> Loss:
    return lambda raw, truth, _: posterior.loss(raw, truth)


def _imitation(posterior: Posterior, networks: list[nn.Module]) -> Loss:
    members = list(networks)

    def loss(raw: Tensor, _: Tensor, seen: Inputs) -> Tensor:
        return posterior.imitate(raw, posterior.blend([forward(member, seen) for member in members]))

    return loss


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: value.detach().cpu().numpy() for name, value in tensors.items()}


def _all(networks: list[nn.Module]) -> dict[str, Tensor]:
    """Return the numbers of the finished networks, by stage."""
    return {
        f"done.{stage}.{name}": value
        for stage, network in enumerate(networks)
        for name, value in network.state_dict().items()
    }


def _resumed(
    job: Job, keeper: Keeper | None, rows: Sample
) -> tuple[list[list[float]], list[nn.Module], dict[str, Tensor]]:
    """Return curves, finished networks and the state of the unfinished one, as a checkpoint holds them."""
    if keeper is None or keeper.found is None:
        return [], [], {}
    curves: list[list[float]] = keeper.found.facts["curves"]
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in keeper.found.tensors.items()}
    networks: list[nn.Module] = []
    for stage in range(len(curves) - 1):
        prefix = f"done.{stage}."
        module = job.fresh(stage, rows)
        if job.stages[stage].kind == "head":
            module = Head(module.head)
        module.load_state_dict({n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)})
        networks.append(module.eval().requires_grad_(False))
    parts = ("now.", "mean.", "best.", "optimiser.")
    return curves, networks, {name: tensor for name, tensor in tensors.items() if name.startswith(parts)}
