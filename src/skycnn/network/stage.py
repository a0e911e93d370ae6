"""Stage: one of the trainings that a job does in turn, and what the training loop needs to know of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from skycnn.network.job import Job
from skycnn.network.sample import Sample
from skycnn.network.training import Loss, Score
from skycnn.posterior import Posterior

FORWARD = 1 / 3
"""Of a training step, the way forward alone: the way back takes twice as long."""


@dataclass(frozen=True)
class Samples:
    """The rows of a job, on its device.

    Parameters
    ----------
    train, valid : Sample
        Some of them without a truth where a stage takes such rows.
    adapt : Sample, optional
        Rows without truths to adapt to.
    """

    train: Sample
    valid: Sample
    adapt: Sample | None = None


@dataclass(frozen=True)
class Course:
    """What a stage gives the training loop.

    Parameters
    ----------
    module : torch.nn.Module
        At its beginning.
    loss, score : callable
        See `training.Loss` and `training.Score`.
    train, valid : Sample
    begun : bool
        Whether the module has learned before: then it is kept as it is where training makes it no better.
    beside : callable, optional
        ``beside(module)`` is added to the validation score.
    finish : callable
        ``finish(module)`` returns the network, from the trained module, and what the card tells of its adaptation.
    """

    module: Any
    loss: Loss
    score: Score
    train: Sample
    valid: Sample
    begun: bool = False
    beside: Callable[[Any], float] | None = None
    finish: Callable[[Any], tuple[nn.Module, dict[str, Any]]] = lambda module: (module, {})


@dataclass(frozen=True)
class Stage(ABC):
    """One training.

    Parameters
    ----------
    settings : mapping
        Of the module.
    epochs : int
    rate : float
        Peak learning rate.
    name : str
        What messages call it; left out, its kind.
    begins : int, optional
        The stage whose weights it begins with, where they have the same names and shapes.
    frozen : tuple of str
        Weights that are not trained: those whose names begin so.
    """

    settings: Mapping[str, Any]
    epochs: int
    rate: float
    name: str = ""
    begins: int | None = None
    frozen: tuple[str, ...] = ()

    kind: ClassVar[str]
    """Stands in checkpoints."""
    needs_truth: ClassVar[bool] = True
    """Whether it looks at rows with a truth alone."""

    @property
    def adapts(self) -> bool:
        """Whether it looks at the sample to adapt to."""
        return False

    @property
    def words(self) -> str:
        """What messages call it."""
        return self.name or self.kind

    @property
    def looks(self) -> float:
        """What it costs: times through the training rows, forwards and back."""
        return float(self.epochs)

    def posterior(self, job: Job) -> Posterior:
        """Return the meaning of its network's raw output."""
        return job.posterior

    def outputs(self, job: Job) -> int:
        """Return the width of that."""
        return self.posterior(job).outputs

    def facts(self) -> list[Any]:
        """Return what a resumed training must have in common with its beginning, plain JSON."""
        more = [] if self.begins is None and not self.frozen else [self.begins, list(self.frozen)]
        return [self.kind, dict(self.settings), self.epochs, self.rate, *more]

    def alike(self, job: Job, before: Sequence[nn.Module]) -> list[nn.Module]:
        """Return the networks of the stages before that it learns from, if any, as each would answer by itself."""
        return []

    def blank(self, job: Job) -> Any:
        """Return its network's module with any weights."""
        return job.blank(self.settings, self.outputs(job))

    def fresh(self, job: Job, number: int, rows: Sample) -> Any:
        """Return its network's module as torch, or the job's ``init``, begins it."""
        return job.fresh(number, self.settings, self.outputs(job), rows.first())

    def kept(self, job: Job, number: int, samples: Samples) -> nn.Module:
        """Return a module whose state is that of the finished stage once it is loaded."""
        module: nn.Module = self.fresh(job, number, samples.train)
        return module

    def begun(self, job: Job, number: int, rows: Sample, before: Sequence[nn.Module]) -> Any:
        """Return the module that is trained: with the weights of the stage it begins with, some of them frozen.

        Raises
        ------
        ValueError
            When the two have no weight in common, or no weight has a name to be frozen: the task is wrong.
        """
        module = self.fresh(job, number, rows)
        if self.begins is not None:
            state = module.state_dict()
            taken = {
                name: value
                for name, value in before[self.begins].state_dict().items()
                if name in state and state[name].shape == value.shape
            }
            if not taken.keys() & dict(module.named_parameters()).keys():
                raise ValueError(f"stage {number} has no weight of stage {self.begins}")
            module.load_state_dict({**state, **taken})
        for prefix in self.frozen:
            held = [value for name, value in module.named_parameters() if name.startswith(prefix)]
            if not held:
                raise ValueError(f"stage {number} has no weight {prefix!r} to freeze")
            for value in held:
                value.requires_grad_(False)
        return module

    @abstractmethod
    def course(self, job: Job, number: int, samples: Samples, before: Sequence[nn.Module]) -> Course:
        """Return what the training loop does.

        Parameters
        ----------
        job : Job
        number : int
            Of the stage in the job.
        samples : Samples
        before : sequence of torch.nn.Module
            The networks of the stages before, ready to answer.
        """


def drawn(rows: Sample, size: int) -> torch.Tensor:
    """Return numbers of rows by chance, by torch's own generator, which the training loop seeds every epoch."""
    return torch.randint(len(rows), (size,)).to(rows.truth.device)
