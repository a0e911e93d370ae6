"""Task: what one paper claims - which inputs, which networks, which posterior, which scores."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skycnn.schema import TASK_BITS
from skycnn.task.mock import Mock
from skycnn.task.multiple import Multiple
from skycnn.task.network import Network
from skycnn.task.ownbaseline import MakeBaseline

if TYPE_CHECKING:  # naming a task must not import torch
    import numpy as np

    from skycnn.posterior import Posterior

KINDS = ("flux", "image")
"""Kinds of input that every task may take; any other is one of its `InputColumn`."""


@dataclass(frozen=True)
class Truth:
    """What a column of answers is trained on and judged by.

    Parameters
    ----------
    names : tuple of str
        Columns looked for, in this order, where ``--truth`` names none.
    low, high : float
        Smallest and largest possible value; a catalogue writes anything else for "none".
    """

    names: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf

    def holds(self, values: "np.ndarray") -> "np.ndarray":
        """Return which values (n,) are possible, bool; NaN is not."""
        return (values >= self.low) & (values <= self.high)


@dataclass(frozen=True)
class InputColumn:
    """A column of the catalogue that a network takes as it is, e.g. a redshift.

    Parameters
    ----------
    names : tuple of str
        Columns looked for, in this order, where ``--input NAME=COLUMN`` names none.
    meaning : str
        In words, for messages.
    low, high : float
        Smallest and largest possible value; anything else is taken for absent.
    needed : bool
        Whether the column must be there; a row may lack its value all the same.
    """

    names: tuple[str, ...]
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    needed: bool = True


@dataclass(frozen=True)
class TaskFlag:
    """A quality bit of one task's own.

    Parameters
    ----------
    name : str
        In capitals, as in `schema.Flag`.
    bit : int
        A power of two from `schema.TASK_BITS` on, below 2**31.
    meaning : str
        In words.
    of : callable
        ``of(values)`` returns which rows have it, bool (n,), from the columns written, (n,), and the network's inputs,
        (n, ...), NaN where absent: a mapping of name to either; and ``pixel_scale``, arcsec, None where unknown.
    """

    name: str
    bit: int
    meaning: str
    of: "Callable[[Mapping[str, Any]], np.ndarray]"

    def __post_init__(self) -> None:
        if not TASK_BITS <= self.bit < 1 << 31 or self.bit & (self.bit - 1):
            raise ValueError(f"{self.name}: a task's own flag is a power of two, 2**16 to 2**30, not {self.bit}")


@dataclass(frozen=True)
class Task:
    """What one paper claims.

    Parameters
    ----------
    name : str
        The name of its file in ``tasks``.
    summary : str
        One line for lists and man pages.
    citation : str
        The paper.
    posterior : callable
        ``posterior(**settings)`` builds the posterior; the settings stand in a model's card.
    networks : mapping of str to Network
        By name; the first is the one trained by default. Among models that fit alike a later network's answers.
    flag : str
        Stem of the flag column, e.g. ``Z_PHOT`` for ``Z_PHOT_FLAG``.
    truths : mapping of str to Truth
        By the column of answers, in the order of the posterior's ``values``.
    posterior_for : callable, optional
        ``posterior_for(truth)`` builds the posterior that suits training truths (n, truths), NaN where a row has none;
        default ``posterior()``.
    columns : mapping of str to InputColumn
        By the name that `Network.inputs` and the module's ``forward`` know it by.
    features : callable or mapping of str to callable, optional
        ``features(inputs)`` learns from training rows what the baselines see in a row; see `features.Features`, the
        default. Of several sets by name each has baselines of its own: ``forest NAME``.
    baselines : mapping of str to callable
        Baselines of the task alone, by the name that ``score`` knows them by: ``make(sight)`` returns an `OwnBaseline`.
        It imports what it needs only then.
    flags : tuple of TaskFlag
        Bits of its own.
    reddened : bool
        Whether its objects have dust of their own among the answers: a column of E(B-V) is then taken for theirs, not
        for the Galaxy's, unless ``--extinction`` names it.
    multiples : tuple of Multiple
        Answers that are written in another unit too.
    mock : callable, optional
        ``mock()`` returns the `Mock`; only there `skycnn.simulate` is imported, so that who predicts does not load it.
    """

    name: str
    summary: str
    citation: str
    posterior: "Callable[..., Posterior]"
    networks: Mapping[str, Network]
    flag: str
    truths: Mapping[str, Truth] = field(default_factory=dict)
    posterior_for: "Callable[[np.ndarray], Posterior] | None" = None
    columns: Mapping[str, InputColumn] = field(default_factory=dict)
    features: Callable[..., Any] | Mapping[str, Callable[..., Any]] | None = None
    baselines: Mapping[str, MakeBaseline] = field(default_factory=dict)
    flags: tuple[TaskFlag, ...] = ()
    reddened: bool = False
    multiples: tuple[Multiple, ...] = ()
    mock: Callable[[], Mock] | None = None

    def rank(self, network: str) -> int:
        """Return the place of a network among the task's; a later one answers before an earlier one, -1 is unknown."""
        names = list(self.networks)
        return names.index(network) if network in names else -1
