"""Stages: the trainings at hand, and those that a network gets unless it declares others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from skycnn.errors import InputError
from skycnn.network import frozenfeatures, normstatistics
from skycnn.network.adaptation import Adaptation
from skycnn.network.frozenfeatures import PASSES
from skycnn.network.job import Job
from skycnn.network.sample import FIRST, Inputs, Sample, sample
from skycnn.network.stage import FORWARD, Course, Samples, Stage
from skycnn.network.training import Loss, forward
from skycnn.network.twosamples import adapted, learned
from skycnn.posterior import Posterior


@dataclass(frozen=True)
class Adaptable(Stage):
    """A stage that may look at a second sample, without truths.

    Parameters
    ----------
    adaptation : Adaptation, optional
        How that counts; the module then has ``features(**inputs)``. A task's own stages take the job's.
    """

    adaptation: Adaptation | None = None

    imitates: ClassVar[bool] = False
    """Whether its loss needs no truth."""

    @property
    def adapts(self) -> bool:
        """Whether it looks at the sample to adapt to."""
        return self.adaptation is not None

    @property
    def looks(self) -> float:
        """Rows of a second sample are looked at beside each batch."""
        return self.epochs * (2.0 if self.adaptation is not None and self.adaptation.trains else 1.0)

    def facts(self) -> list[Any]:
        """Return the same as of every stage, and how much the second sample counts."""
        return super().facts() + ([] if self.adaptation is None else [self.adaptation.facts()])

    def taught(self, course: Course, job: Job, number: int, samples: Samples) -> Course:
        """Return a course of the first sample, or of both."""
        if self.adaptation is None:
            return course
        seed = job.seed, number
        return adapted(course, self.adaptation, samples.adapt, self.epochs, seed, imitates=self.imitates)


@dataclass(frozen=True)
class OnTruth(Adaptable):
    """A network trained on the truth."""

    kind = "truth"

    def course(self, job: Job, number: int, samples: Samples, before: Sequence[nn.Module]) -> Course:
        """Return its course; the validation score is the posterior's."""
        train, posterior = samples.train.known(), self.posterior(job)
        module = self.begun(job, number, train, before)
        loss: Loss = lambda raw, truth, _: posterior.loss(raw, truth)  # noqa: E731
        course = Course(module, loss, posterior.score, train, samples.valid.known(), job.init is not None)
        return self.taught(course, job, number, samples)


@dataclass(frozen=True)
class Distil(Adaptable):
    """A network that learns what others say of a row; of a second sample too where these were adapted to it.

    Parameters
    ----------
    teachers : tuple of int
        Their stages.
    """

    teachers: tuple[int, ...] = ()

    kind = "imitate"
    imitates = True

    @property
    def looks(self) -> float:
        """Its teachers look at every batch too."""
        return super().looks * (1 + len(self.teachers) * FORWARD)

    def posterior(self, job: Job) -> Posterior:
        """Return the posterior that holds what several networks say."""
        return job.posterior.distilled()

    def alike(self, job: Job, before: Sequence[nn.Module]) -> list[nn.Module]:
        """Return its teachers, with the settings of a network trained alone wherever their weights fit that."""
        return [_alone(job, before[teacher]) for teacher in self.teachers]

    def course(self, job: Job, number: int, samples: Samples, before: Sequence[nn.Module]) -> Course:
        """Return its course."""
        train, teachers = samples.train.known(), [before[teacher] for teacher in self.teachers]

        def loss(raw: Tensor, _: Tensor, seen: Inputs) -> Tensor:
            return job.posterior.imitate(raw, job.posterior.blend([forward(teacher, seen) for teacher in teachers]))

        module, score = self.begun(job, number, train, before), self.posterior(job).score
        course = Course(module, loss, score, train, samples.valid.known(), job.init is not None)
        return self.taught(course, job, number, samples)


def _alone(job: Job, member: nn.Module) -> nn.Module:
    """Return a member of an ensemble as the network that it would be by itself; one of other weights as it is."""
    with torch.device("meta"):
        module: nn.Module = job.blank(job.settings, job.posterior.outputs)
    state = member.state_dict()
    shapes = ({name: value.shape for name, value in tensors.items()} for tensors in (module.state_dict(), state))
    if len({str(sorted(own.items())) for own in shapes}) > 1:
        return member
    module.load_state_dict(state, assign=True)
    return module.eval().requires_grad_(False)


@dataclass(frozen=True)
class Head(Stage):
    """The head of a network that joins others, on what these see in each row, which is worked out once."""

    kind = "head"

    @property
    def looks(self) -> float:
        """The head itself costs next to nothing."""
        return PASSES * FORWARD

    def fresh(self, job: Job, number: int, rows: Sample) -> Any:
        """Return the whole network, whose head begins as in every stage."""
        return super().fresh(job, 0, rows)

    def kept(self, job: Job, number: int, samples: Samples) -> nn.Module:
        """Return the head alone."""
        return frozenfeatures.HeadAlone(self.fresh(job, number, samples.train).head)

    def course(self, job: Job, number: int, samples: Samples, before: Sequence[nn.Module]) -> Course:
        """Return its course."""
        train, valid, posterior = samples.train.known(), samples.valid.known(), self.posterior(job)
        module = self.fresh(job, number, train)
        there = frozenfeatures.features(module, valid)
        module.begin(there.inputs, lambda raw: float(posterior.score(raw, valid.truth)))
        here = frozenfeatures.features(module, train, (job.seed, number), PASSES)
        loss = lambda raw, truth, _: posterior.loss(raw, truth)  # noqa: E731
        return Course(frozenfeatures.HeadAlone(module.head), loss, posterior.score, here, there, True)


@dataclass(frozen=True)
class Whole(OnTruth):
    """A network that joins others, all of it, after its head was trained in the stage before."""

    kind = "whole"

    def fresh(self, job: Job, number: int, rows: Sample) -> Any:
        """Return the whole network, whose head begins as in every stage."""
        return super().fresh(job, 0, rows)

    def begun(self, job: Job, number: int, rows: Sample, before: Sequence[nn.Module]) -> Any:
        """Return it with the trained head."""
        module = super().begun(job, number, rows, before)
        frozenfeatures.HeadAlone(module.head).load_state_dict(before[-1].state_dict())
        return module


@dataclass(frozen=True)
class Examples(Sample):
    """Rows, each shown in several ways, with a truth made of the inputs themselves.

    Parameters
    ----------
    variants : int
        Ways in which a row is shown; the sample is so many times as long.
    make : callable
        See `Pretrain`.
    """

    variants: int = 1
    make: "Callable[[Inputs, Tensor], tuple[Inputs, Tensor]]" = field(default=lambda inputs, variant: (inputs, variant))

    def __len__(self) -> int:
        return len(self.truth) * self.variants

    def take(self, rows: Tensor) -> Sample:
        """Return some examples, by number."""
        inputs, truth = self.make(self.batch(rows // self.variants), rows % self.variants)
        return Sample(inputs, truth)

    def some(self) -> Sample:
        """Return all examples, or evenly spread ones where they are many."""
        rows = torch.linspace(0, len(self) - 1, min(len(self), FIRST), dtype=torch.float64).long()
        return self.take(rows.to(self.truth.device))

    def first(self) -> Inputs:
        """Return the inputs that constants are measured on."""
        return dict(self.some().batch(slice(None)))


def entropy(raw: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of raw outputs (n, classes) to the numbers of the classes (n,)."""
    return functional.cross_entropy(raw, target.long())


@dataclass(frozen=True)
class Pretrain(Stage):
    """A network trained on a target made of the inputs themselves, e.g. which band an image is of.

    Parameters
    ----------
    make : callable
        ``make(inputs, variant)`` returns what the network sees of a batch and its targets (n,), from the inputs and the
        numbers (n,), from 0 on, of the ways in which the rows are shown.
    variants : int
        How many such ways there are.
    width : int
        Raw outputs.
    loss : callable
        ``loss(raw, target)``, also the validation score.
    """

    make: Callable[[Inputs, Tensor], tuple[Inputs, Tensor]] = Examples.make
    variants: int = 1
    width: int = 1
    loss: Callable[[Tensor, Tensor], Tensor] = entropy

    kind = "pretrain"
    needs_truth = False

    @property
    def looks(self) -> float:
        """Every row is shown in several ways."""
        return float(self.epochs * self.variants)

    def outputs(self, job: Job) -> int:
        """Return the width of the target's answer."""
        return self.width

    def facts(self) -> list[Any]:
        """Return the same as of every stage, and its width."""
        return [*super().facts(), self.variants, self.width]

    def _examples(self, rows: Sample) -> Examples:
        return Examples(rows.inputs, rows.truth, self.variants, self.make)

    def fresh(self, job: Job, number: int, rows: Sample) -> Any:
        """Return its network; the job's ``init`` is of another one."""
        return job.fresh(number, self.settings, self.width, self._examples(rows).first(), init=False)

    def course(self, job: Job, number: int, samples: Samples, before: Sequence[nn.Module]) -> Course:
        """Return its course, of all rows."""
        module, loss = self.begun(job, number, samples.train, before), self.loss
        train, valid = self._examples(samples.train), self._examples(samples.valid).some()
        return Course(module, lambda raw, truth, _: loss(raw, truth), loss, train, valid)


def usual(job: Job) -> list[Stage]:
    """Return an ensemble and what learns from it, one network alone, or parents joined: head first, then the whole.

    A second sample is looked at by all that are trained on the truth and by what learns from them; where nothing but
    statistics is measured on it, by the last network alone.
    """
    plan, settings, last = job.network.plan, dict(job.settings), job.adaptation
    if job.joins:
        whole = Whole(settings, plan.tune_epochs, plan.tune_rate, "the whole network", adaptation=last)
        return [Head(settings, plan.epochs, plan.rate, "its head alone"), whole]
    one = OnTruth(settings, plan.epochs, plan.rate, "network 1 of 1", adaptation=last)
    if job.members == 1:
        return [one]
    each = last if last is not None and last.trains else None
    member: Mapping[str, Any] = {**settings, **plan.member}
    names = [f"network {number + 1} of {job.members}" for number in range(job.members)]
    members = [replace(one, settings=member, name=name, adaptation=each) for name in names]
    student = Distil(
        {**settings, **plan.student},
        plan.student_epochs,
        plan.rate,
        "the network that learns from them",
        plan.student_begins,
        teachers=tuple(range(job.members)),
        adaptation=last,
    )
    return [*members, student]


def of(job: Job) -> list[Stage]:
    """Return what a job trains in turn; the last network is kept."""
    return list((job.network.stages or usual)(job))


def check(job: Job, name: str) -> bool:
    """Return whether rows without any truth are wanted; see that there is a second sample where one is looked at.

    Parameters
    ----------
    job : Job
    name : str
        Of its network, for messages.

    Raises
    ------
    InputError
        When the network does not adapt to the second sample, or needs one that is not there.
    """
    todo = of(job)
    adapting = [stage for stage in todo if stage.adapts]
    if job.adaptation is not None:
        with torch.device("meta"):
            blank = [stage.blank(job) for stage in adapting]
        why = "no stage of its training uses it" if not adapting else None
        if not all(callable(getattr(type(module), "features", None)) for module in blank):
            why = "its module has no features"
        elif not job.adaptation.trains and not all(map(normstatistics.layers, blank)):
            why = "it has no batch normalisation"
        if why is not None:
            hint = "Leave --adapt out." if job.adaptation.trains else "Leave --adapt-by out."
            raise InputError(f"network {name} does not adapt to a second sample: {why}", hint=hint)
    elif adapting:
        raise InputError(f"network {name} adapts to a second sample", hint="Name it with --adapt TARGET.fits.")
    return any(not stage.needs_truth for stage in todo)


def check_features(job: Job, name: str, imagined: Mapping[str, np.ndarray]) -> None:
    """See that what adapting networks see in rows is something that they learn.

    Parameters
    ----------
    job : Job
    name : str
        Of its network, for messages.
    imagined : mapping of str to ndarray
        Inputs of some rows, each (n, ...).

    Raises
    ------
    InputError
        When it is not.
    """
    rows = sample(imagined, np.zeros(len(next(iter(imagined.values())))))
    for stage in of(job):
        if stage.adapts and not learned(stage.blank(job), rows.batch(slice(None))):
            what = f"network {name} does not adapt to a second sample: it learns nothing in its features"
            raise InputError(what, hint="Leave --adapt out.")
