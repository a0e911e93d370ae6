"""Explainer: a model ready to say what its answers are made of."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from skycnn.errors import InputError
from skycnn.network.answer import Answerer
from skycnn.network.attribution import METHODS, Attributions
from skycnn.network.integratedgradients import Inputs, Integrals, Value, integrate
from skycnn.network.model import Model
from skycnn.network.reference import REFERENCES, known
from skycnn.network.tempering import missing
from skycnn.task import Task

BOUND = 0.01
"""Residual of the sum rule that is good enough, as a share of the answer."""


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
        targets = list(self._answerer.posterior.targets)
        for what, value, choices in (
            ("--method", method, METHODS),
            ("--baseline", baseline, list(REFERENCES)),
            ("--target", target or targets[0], targets),
        ):
            if value not in choices:
                raise InputError(f"{what} is not known", value=value, expected=", ".join(choices))
        self.card, self.posterior = self._answerer.card, self._answerer.posterior
        self.method, self.target, self.baseline = method, target or targets[0], baseline
        self.steps, self.bound = steps, bound

    def attribute(self, first: int, inputs: Mapping[str, np.ndarray]) -> Attributions:
        """Return what the answers of some rows are made of.

        Parameters
        ----------
        first : int
            Absolute number of the first row; 0 where the rows do not follow one another.
        inputs : mapping of str to ndarray
            Of the network, each (n, ...); NaN where absent.
        """
        parts = self._answerer.inference.each(first, inputs, self._integrals)
        maps = {name: np.concatenate([part.shares[name].cpu().numpy() for part in parts]) for name in parts[0].shares}
        if "error" in maps:
            maps["flux"] = maps["flux"] + maps.pop("error")
        columns = (
            np.concatenate([getattr(part, name).cpu().numpy() for part in parts])
            for name in ("answer", "reference", "residual", "steps")
        )
        return Attributions(self.method, maps, *columns)

    def _integrals(self, inputs: Inputs) -> Integrals:
        """Return a batch's integrated gradients."""
        given = known(inputs)
        return integrate(self._value(given), given, REFERENCES[self.baseline](given), self.bound, self.steps)

    def _value(self, inputs: Inputs) -> Value:
        """Return what is explained of a batch, see `integratedgradients.Value`; bands that are absent stay so."""
        gone = missing(inputs)
        with torch.no_grad():
            raw, temperatures = self._answered(inputs, gone)
            bins = self.posterior.median_bins(raw, self.target, temperatures)

        def value(at: Inputs, rows: Tensor) -> Tensor:
            raw, temperatures = self._answered(at, gone[rows])
            return self.posterior.explained(raw, self.target, temperatures, None if bins is None else bins[rows])

        return value

    def _answered(self, inputs: Inputs, gone: Tensor) -> tuple[Tensor, Tensor | None]:
        raw, tempering = self._answerer.network(**inputs).float(), self._answerer.tempering
        return raw, None if tempering is None else tempering.temperatures(self.posterior.log_widths(raw), gone)
