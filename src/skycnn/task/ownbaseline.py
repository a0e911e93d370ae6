"""OwnBaseline: a classical method of one task alone, such as a fit of models: it learns from no row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # naming a task must not import torch or numpy
    import numpy as np

    from skycnn.distribution import Distribution
    from skycnn.features import Inputs
    from skycnn.survey import Survey


@dataclass(frozen=True)
class Sight:
    """How the rows that a baseline answers were seen.

    Parameters
    ----------
    survey : Survey or None
        Whose bands the model that answered knows; None where that is not known.
    bands : tuple of str
        Those of the model, in the order of the inputs.
    options : mapping of str to value
        Of the mocks that the model was trained on, as `Mock.options` names them.
    """

    survey: "Survey | None"
    bands: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


class OwnBaseline(Protocol):
    """What a task's baseline is once it is known how its rows were seen.

    Where ``image`` is among the inputs, it has ``measure(inputs)`` too, which makes numbers (n,) by name (each begins
    with the name of the baseline and a blank) of stamps (n, band, y, x), a row by itself. Each stamp is measured once,
    and ``answer`` is given these numbers.
    """

    @property
    def inputs(self) -> Sequence[str]:
        """Kinds of input, as `Network.inputs` names them."""

    @property
    def columns(self) -> Sequence[str]:
        """The answers that it has, by the task's names."""

    @property
    def note(self) -> str:
        """What a reader must know of it."""

    def answer(self, inputs: "Inputs", column: str) -> "tuple[np.ndarray, Distribution | None]":
        """Return what it says of n rows in a column (n,), NaN for nothing, and its distributions if it has any."""


MakeBaseline = Callable[[Sight], OwnBaseline]
"""Raises `InputError` where a task's baseline cannot be had of rows seen so."""
