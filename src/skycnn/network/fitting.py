"""Fitting: the networks of a job trained stage by stage; stopped and resumed anywhere it ends with the same bits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.errors import counted
from skycnn.network import checkpoint, stages
from skycnn.network.calibration import alike, calibrate, tempering
from skycnn.network.checkpoint import Keeper
from skycnn.network.job import Job
from skycnn.network.sample import Sample
from skycnn.network.stage import Samples, Stage
from skycnn.network.tempering import Tempering
from skycnn.network.training import Training, forward
from skycnn.posterior import Posterior


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Parameters
    ----------
    module : torch.nn.Module
    settings : mapping
        Of its module.
    posterior : Posterior
        Of its raw output.
    temperature : float or tuple of float
        Already folded into its weights; one for each part of the posterior where there are several.
    tempering : Tempering or None
        Temperatures by width, beyond that one.
    curves : tuple of list
        Validation score an epoch, of each stage.
    adaptation : mapping
        What the card tells of a second sample that the network was adapted to; empty without one.
    """

    module: nn.Module
    settings: Mapping[str, Any]
    posterior: Posterior
    temperature: float | tuple[float, ...]
    tempering: Tempering | None
    curves: tuple[list[float], ...]
    adaptation: Mapping[str, Any] = field(default_factory=dict)


def train(
    job: Job,
    rows: Sample,
    valid: Sample,
    calib: Sample | None = None,
    adapt: Sample | None = None,
    *,
    keeper: Keeper | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Train all networks of a job and return the last one, calibrated.

    Parameters
    ----------
    job : Job
    rows, valid : Sample
        Training and validation rows, on the CPU.
    calib : Sample, optional
        Rows to calibrate with; left out, the validation rows.
    adapt : Sample, optional
        Rows without truths, for stages that adapt to them.
    keeper : Keeper, optional
        Writes checkpoints.
    say, progress : callable
        Receive notes; epochs done and epochs in all.
    """
    with held_to(job.network.plan.threads):
        here, there = rows.to(job.device), valid.to(job.device)
        samples = Samples(here, there, None if adapt is None else adapt.to(job.device))
        return _train(job, samples, samples.valid if calib is None else calib.to(job.device), keeper, say, progress)


@contextmanager
def held_to(most: int | None) -> Iterator[None]:
    """Hold torch to so many threads at most; so the bits do not depend on the number of cores either."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(before, most or before))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def facts(job: Job) -> dict[str, Any]:
    """Return what a resumed training must have in common with its beginning, plain JSON."""
    plan = job.network.plan
    return {
        "bands": job.bands,
        "posterior": job.posterior.settings(),
        "stages": [stage.facts() for stage in stages.of(job)],
        "plan": [plan.batch, plan.rate, plan.decay, plan.average, plan.patience],
        "seed": job.seed,
        "device": job.device.type,
    }


def _train(
    job: Job,
    samples: Samples,
    calib: Sample,
    keeper: Keeper | None,
    say: Callable[[str], None],
    progress: Callable[[int, int], None] | None,
) -> Trained:
    todo = stages.of(job)
    with checkpoint.fitting(keeper.path) if keeper is not None else nullcontext():
        curves, networks, state = _resumed(job, todo, samples, keeper)
    total, adaptation = sum(stage.epochs for stage in todo), dict[str, Any]()
    for number in range(len(networks), len(todo)):
        stage = todo[number]
        course = stage.course(job, number, samples, networks)
        training = Training(
            course.module,
            course.loss,
            course.score,
            course.train,
            course.valid,
            replace(job.network.plan, rate=stage.rate),
            stage.epochs,
            (job.seed, number),
            begun=course.begun,
            beside=course.beside,
        )
        if state and keeper is not None:
            with checkpoint.fitting(keeper.path):
                training.restore(state, curves.pop())
            state = {}
        before = sum(stage.epochs for stage in todo[:number])
        while not training.done:
            training.epoch()
            if keeper is not None:
                end = training.done and number == len(todo) - 1
                keeper.put([*curves, training.curve], _arrays(_finished(networks) | training.state()), end=end)
            if progress is not None:
                progress(before + len(training.curve), total)
        network, adaptation = course.finish(training.finished())
        networks.append(network)
        curves.append(training.curve)
        best = min([training.start, *training.curve])
        say(f"{stage.words}: {counted(len(training.curve), 'epoch')}, validation score {best:.4f}")
    last, network = todo[-1], networks[-1]
    posterior = last.posterior(job)
    known = calib.known()
    temperature = calibrate(network, posterior, known)
    raw, others = forward(network, known.inputs).double(), alike(last.alike(job, networks), job.posterior, known)
    posterior = posterior.calibrated(raw, known.truth).spanning(raw, others, job.posterior)
    tempered = tempering(network, posterior, known)
    rounded = tuple([round(score, 5) for score in curve] for curve in curves)
    return Trained(network.cpu(), last.settings, posterior, temperature, tempered, rounded, adaptation)


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: value.detach().cpu().numpy() for name, value in tensors.items()}


def _finished(networks: list[nn.Module]) -> dict[str, Tensor]:
    """Return the weights of the finished networks, by stage."""
    return {
        f"done.{stage}.{name}": value
        for stage, network in enumerate(networks)
        for name, value in network.state_dict().items()
    }


def _resumed(
    job: Job, todo: list[Stage], samples: Samples, keeper: Keeper | None
) -> tuple[list[list[float]], list[nn.Module], dict[str, Tensor]]:
    """Return curves, finished networks and the state of the unfinished one, as a checkpoint holds them."""
    if keeper is None or keeper.found is None:
        return [], [], {}
    curves: list[list[float]] = keeper.found.facts["curves"]
    if not 1 <= len(curves) <= len(todo):
        raise ValueError(f"it is in stage {len(curves)} of {len(todo)}")
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in keeper.found.tensors.items()}
    networks: list[nn.Module] = []
    for number in range(len(curves) - 1):
        prefix = f"done.{number}."
        module = todo[number].kept(job, number, samples)
        module.load_state_dict({n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)})
        networks.append(module.eval().requires_grad_(False))
    parts = ("now.", "mean.", "best.", "optimiser.")
    return curves, networks, {name: tensor for name, tensor in tensors.items() if name.startswith(parts)}
