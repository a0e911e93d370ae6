"""Explainer: a model ready to say what its answers are made of."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from skycnn.errors import InputError
from skycnn.network.activationmaps import activation_maps
from skycnn.network.answer import Answerer
from skycnn.network.attribution import METHODS, Attributions, Inputs, Shares, Value
from skycnn.network.featuremaps import enlarged, shows_maps
from skycnn.network.integratedgradients import integrate
from skycnn.network.jointmap import joint_maps
from skycnn.network.model import Model
from skycnn.network.reference import REFERENCES, known
from skycnn.network.sanity import DRAWS, Check, curves, randomised
from skycnn.network.tempering import missing
from skycnn.task import Task

BOUND = 0.01
"""Residual that is good enough, as a share of the answer."""


class Explainer:
    """A task's network, filled with a model's weights, and how its answers are explained.

    Parameters
    ----------
    task : Task
    model : Model
    device : str, optional
        See `Answerer`.
    batch : int, optional
        Rows a batch.
    method : str
        One of `METHODS`.
    target : str, optional
        The number that is explained, one of the posterior's `targets`; default the first.
    baseline : str
        The reference input, one of `REFERENCES`.
    steps : int, optional
        Points of the path from the reference; left out, as many as each row's residual asks for.
    bound : float
        The residual that is good enough, as a share of the answer.

    Raises
    ------
    InputError
        When the model is not for this version of the task, or cannot be explained so.
    """

    def __init__(
        self,
        task: Task,
        model: Model,
        device: str | None = None,
        batch: int | None = None,
        *,
        method: str,
        target: str | None = None,
        baseline: str = "blurred",
        steps: int | None = None,
        bound: float = BOUND,
    ) -> None:
        self._answerer = Answerer(task, model, device, batch)
        self.card, self.posterior = self._answerer.card, self._answerer.posterior
        targets = list(self.posterior.targets)
        self.method, self.target, self.baseline = method, target or targets[0], baseline
        for option, value, choices in (
            ("--method", method, METHODS),
            ("--baseline", baseline, list(REFERENCES)),
            ("--target", self.target, targets),
        ):
            if value not in choices:
                raise InputError(f"{option} is not known", value=value, expected=", ".join(choices))
        if not (self.card.takes_images or self.card.takes_fluxes):
            raise InputError(f"{model.label} looks at no pixels and no fluxes: there is nothing to explain it by")
        if method != "ig" and not (self.card.takes_images and shows_maps(self._answerer.network)):
            what = f"{model.label}: its network {self.card.network} has no feature maps for --method {method}"
            raise InputError(what, hint="Use --method ig.")
        self.steps, self.bound = steps, bound
        self._network: Any = self._answerer.network

    def attribute(self, first: int, inputs: Mapping[str, np.ndarray]) -> Attributions:
        """Return what the answers of some rows are made of.

        Parameters
        ----------
        first : int
            Absolute number of the first row; 0 where the rows do not follow one another.
        inputs : mapping of str to ndarray
            Of the network, each (n, ...); NaN where absent.

        Raises
        ------
        RunError
            When not even one row fits into memory.
        """
        return Attributions.of(self.method, self._answerer.inference.each(first, inputs, self._shares))

    def check(self, first: int, inputs: Mapping[str, np.ndarray]) -> Check:
        """Return whether the maps of some rows depend on the weights, and point at what the answers depend on.

        Parameters
        ----------
        first, inputs
            See `attribute`.
        """
        found = self.attribute(first, inputs)
        others = [self._randomised(seed).attribute(first, inputs) for seed in range(DRAWS)]
        maps = {f"{name} map": own for name, own in found.maps.items()}  # no input has a name with a blank
        work = self._answerer.inference.each
        answers = work(first, {**inputs, **maps}, lambda given: self._curves(given, list(maps)))
        return Check.of(found, others, np.concatenate(answers))

    def _randomised(self, seed: int) -> "Explainer":
        """Return an explainer of the same network with shuffled weights."""
        other = copy.copy(self)
        other._network = randomised(self._network, seed)
        return other

    def _curves(self, given: Inputs, maps: list[str]) -> np.ndarray:
        inputs = known({name: own for name, own in given.items() if name not in maps})
        begin = REFERENCES[self.baseline](inputs)
        with torch.no_grad():
            value = self._value(self._network, inputs, missing(inputs))
            return curves(value, inputs, begin, {name.removesuffix(" map"): given[name] for name in maps})

    def _shares(self, inputs: Inputs) -> Shares:
        """Return a batch's attributions."""
        given = known(inputs)
        gone, reference = missing(given), REFERENCES[self.baseline](given)
        how = self.bound, self.steps, self._answerer.inference.batch
        with torch.no_grad(), torch.backends.cudnn.flags(deterministic=True):
            if self.method == "ig":
                shares = integrate(self._value(self._network, given, gone), given, reference, *how)
                error = shares.maps.pop("error", None)
                if error is not None:
                    shares.maps["flux"] += error
                return shares
            seen = self._network.with_maps(**given)
            value = self._value(self._network.from_maps, seen, gone)
            if self.method == "cam":
                shares = activation_maps(value, seen)
            else:
                begin = self._network.with_maps(**{**given, **reference})
                shares = joint_maps(value, seen, begin, *how)
            return replace(shares, maps={"image": enlarged(shares.maps["image"], given["image"])})

    def _value(self, forward: Callable[..., Tensor], inputs: Inputs, gone: Tensor) -> Value:
        """Return what is explained of a batch, a function of what ``forward`` takes, near ``inputs``.

        Which bands ``gone`` (n, band) says are absent, and the bin that the median lies in, stay as they are.
        """

        def answered(at: Inputs, absent: Tensor) -> tuple[Tensor, Tensor | None]:
            raw, tempering = forward(**at), self._answerer.tempering
            return raw, None if tempering is None else tempering.temperatures(self.posterior.log_widths(raw), absent)

        bins = None
        if self.target not in self.posterior.values:
            raw, temperatures = answered(inputs, gone)
            bins = self.posterior.median_bins(raw, self.target, temperatures)

        def value(at: Inputs, rows: Tensor) -> Tensor:
            raw, temperatures = answered(at, gone[rows])
            return self.posterior.explained(raw, self.target, temperatures, None if bins is None else bins[rows])

        return value
