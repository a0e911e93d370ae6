"""Multiple: an answer times a factor that a model's mocks decide, e.g. a radius in parsec, from their distance."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from skycnn.schema import estimate

if TYPE_CHECKING:  # naming a task must not import numpy
    import numpy as np

    from skycnn.schema import Column


@dataclass(frozen=True)
class Multiple:
    """Columns beside those of an answer: its value and interval times a factor.

    Parameters
    ----------
    column : str
        The column written, and with it ``<COLUMN>_LO`` and ``<COLUMN>_HI``.
    of : str
        The answer's column.
    factor : callable
        ``factor(options)`` of the mocks that the model was trained on, as their header has them, see `Mock.options`;
        None where it is not known: then there are no such columns.
    unit, ucd, meaning : str
    """

    column: str
    of: str
    factor: Callable[[Mapping[str, Any]], float | None]
    unit: str = ""
    ucd: str = ""
    meaning: str = ""

    def columns(self) -> "tuple[Column, ...]":
        """Return value and interval."""
        return estimate(self.column, self.unit, self.ucd, self.meaning)


@dataclass(frozen=True)
class Multiples:
    """Those of a task, for one model.

    Parameters
    ----------
    each : sequence of Multiple
    options : mapping
        Of the mocks that the model was trained on; empty for none.
    """

    each: Sequence[Multiple]
    options: Mapping[str, Any]

    def among(self, columns: "Sequence[Column]") -> "tuple[Column, ...]":
        """Return columns of answers, and behind the interval of each what is a multiple of it."""
        found: list[Column] = []
        for column in columns:
            found.append(column)
            for one, _ in self._known():
                found += one.columns() if column.name == f"{one.of}_HI" else ()
        return tuple(found)

    def values(self, answers: "Mapping[str, np.ndarray]") -> "dict[str, np.ndarray]":
        """Return the multiples' values by column, of answers by column."""
        pairs = product(self._known(), ("", "_LO", "_HI"))
        return {f"{one.column}{end}": answers[f"{one.of}{end}"] * factor for (one, factor), end in pairs}

    def _known(self) -> Iterator[tuple[Multiple, float]]:
        for one in self.each:
            factor = one.factor(self.options)
            if factor is not None:
                yield one, factor
