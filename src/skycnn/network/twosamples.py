"""TwoSamples: a network in training that looks at rows of a second sample beside those of each batch."""

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from skycnn.network import normstatistics
from skycnn.network.adaptation import Adaptation
from skycnn.network.adversary import Adversary, flat
from skycnn.network.discrepancy import Features
from skycnn.network.sample import Inputs, Sample
from skycnn.network.schedule import seeded
from skycnn.network.stage import Course, drawn
from skycnn.network.training import Loss, forward, half

LOOKED = 512
"""Rows of each sample by which they are compared after an epoch."""


class TwoSamples(nn.Module):
    """A network that answers rows of both samples at once, so that both share its batch normalisation.

    Parameters
    ----------
    module : torch.nn.Module
        It has ``features(**inputs)``.
    adversary : Adversary or None
    draw : callable
        ``draw(n)`` returns inputs of n rows of the second sample.
    """

    def __init__(self, module: Any, adversary: Adversary | None, draw: Callable[[int], Inputs]) -> None:
        super().__init__()
        self.module, self.adversary, self.draw = module, adversary, draw
        self.register_buffer("looked", torch.zeros((), dtype=torch.int64))
        self.looked: Tensor
        self.seen: Any = None

    def augment(self, inputs: Inputs, generator: torch.Generator) -> Inputs:
        """Return rows of the batch and behind them as many of the second sample, all of them augmented."""
        other = self.draw(len(next(iter(inputs.values()))))
        both: Inputs = self.module.augment({name: torch.cat([inputs[name], other[name]]) for name in inputs}, generator)
        return both

    def forward(self, **inputs: Tensor) -> Tensor:
        """Return the raw output of all rows; in training what the network saw in them is kept for the loss."""
        if not self.training:
            raw: Tensor = self.module(**inputs)
            return raw
        raw, self.seen = answered(self.module, inputs)
        self.looked += len(raw) // 2
        return raw


def answered(module: Any, inputs: Inputs) -> tuple[Tensor, Features]:
    """Return a network's raw output and the features on which it rests, worked out once."""
    held: list[Features] = []

    def features(*given: Tensor, **named: Tensor) -> Features:
        held.append(type(module).features(module, *given, **named))
        return held[-1]

    module.features = features
    try:
        raw: Tensor = module(**inputs)
    finally:
        del module.features
    return raw, held[0] if held else module.features(**inputs)


def learned(module: Any, inputs: Inputs) -> bool:
    """Return whether a network's features are tensors that depend on its weights."""
    try:
        inspect.signature(module.features).bind(**inputs)
    except TypeError:
        return False  # it takes something else than the network does
    found = module.train().features(**inputs)
    values = list(found.values()) if isinstance(found, Mapping) else [found]
    return all(isinstance(value, Tensor) and value.requires_grad for value in values)


def parted(features: Features, first: int) -> tuple[Features, Features]:
    """Return the features of the first rows and of the others."""
    if isinstance(features, Tensor):
        return features[:first], features[first:]
    return tuple({name: value[part] for name, value in features.items()} for part in (slice(first), slice(first, None)))  # type: ignore[return-value]


@dataclass(frozen=True)
class Comparison:
    """Some rows of two samples, and how differently a network sees them.

    Parameters
    ----------
    one, other : Sample
    adaptation : Adaptation
    """

    one: Sample
    other: Sample
    adaptation: Adaptation

    def features(self, module: Any, second: Any = None) -> tuple[Features, Features]:
        """Return what a network sees in each sample, without gradients; in the second one perhaps another."""
        found: list[Features] = []
        for network, rows in ((module, self.one), (second or module, self.other)):
            network.eval()
            with torch.no_grad(), half(rows.inputs, rows.truth.device):
                found.append(network.features(**rows.batch(_spread(rows))))
        return found[0], found[1]

    def apart(self, module: Any, second: Any = None) -> float:
        """Return the discrepancy, as a network sees the samples; the second one perhaps another."""
        return float(self.adaptation.discrepancy(*self.features(module, second)))


def _spread(rows: Sample) -> Tensor:
    chosen = torch.linspace(0, len(rows) - 1, min(len(rows), LOOKED), dtype=torch.float64).long()
    return chosen.to(rows.truth.device)


def adapted(
    course: Course,
    adaptation: Adaptation,
    target: Sample | None,
    epochs: int,
    seed: tuple[object, ...],
    *,
    imitates: bool = False,
) -> Course:
    """Return a course in which a second sample is looked at too.

    Parameters
    ----------
    course : Course
        Of the first sample alone.
    adaptation : Adaptation
    target : Sample or None
        The second one.
    epochs : int
        Of the course, at most.
    seed : tuple
        Anything that tells this training from others.
    imitates : bool
        Whether the course's loss needs no truth: then it is taken of both samples, and what is imitated is adapted.

    Raises
    ------
    ValueError
        When there is no second sample: the task is wrong.
    """
    if target is None:
        raise ValueError("there is no second sample to adapt to: the task asks for it without looking at the job")
    compared = Comparison(course.valid, target, adaptation)

    def told(network: Any, before: float, after: float) -> dict[str, Any]:
        loss = course.score(forward(network, course.valid.inputs), course.valid.truth)
        apart = [round(before, 5), round(after, 5)]
        return {"by": adaptation.by, "weight": adaptation.weight, "discrepancy": apart, "loss": round(float(loss), 5)}

    def measured(network: Any) -> tuple[nn.Module, dict[str, Any]]:
        trained, before = copy.deepcopy(network), compared.apart(network)
        normstatistics.measure(network, target)
        return network, told(network, before, compared.apart(trained, network))

    def finish(module: TwoSamples) -> tuple[nn.Module, dict[str, Any]]:
        network, more = module.module, dict[str, Any]()
        if module.adversary is not None:
            with torch.no_grad():
                more["adversary_accuracy"] = round(module.adversary.accuracy(*compared.features(network)), 4)
        return network, told(network, begun, compared.apart(network)) | more

    if not adaptation.trains:
        return replace(course, finish=measured)
    begun = compared.apart(course.module)
    adversary, device = None, course.train.truth.device
    if adaptation.by == "adversarial" and not imitates:
        width = flat(compared.features(course.module)[0]).shape[1]
        with seeded(device, *seed, "adversary"):
            adversary = Adversary(width).to(device)
    module = TwoSamples(course.module, adversary, lambda count: target.batch(drawn(target, count)))
    return replace(
        course,
        module=module.to(device),
        loss=course.loss if imitates else _loss(course, adaptation, module, epochs * len(course.train)),
        beside=lambda both: adaptation.weight * compared.apart(both.module),
        finish=finish,
    )


def _loss(course: Course, adaptation: Adaptation, module: TwoSamples, total: int) -> Loss:
    """Return the posterior's loss of the first sample, and how differently the two are seen."""

    def loss(raw: Tensor, truth: Tensor, seen: Inputs) -> Tensor:
        count = len(truth)
        one, other = parted(module.seen, count)
        module.seen = None
        weight = adaptation.warmed(int(module.looked) / total)
        own = course.loss(raw[:count], truth, {name: value[:count] for name, value in seen.items()})
        if module.adversary is not None:
            return own + module.adversary.loss(one, other, weight)
        return own + weight * adaptation.discrepancy(one, other)

    return loss
