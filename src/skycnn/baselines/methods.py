"""Methods: every baseline by the name that ``--baselines`` takes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from skycnn.baselines.baseline import Baseline, Median
from skycnn.baselines.boosting import Boosting
from skycnn.baselines.forest import ExtraTrees, Forest
from skycnn.baselines.locallinear import LocalLinear
from skycnn.baselines.neighbours import Neighbours
from skycnn.baselines.ridge import Ridge
from skycnn.errors import InputError
from skycnn.features import Features

KINDS: Mapping[str, Callable[..., Baseline]] = {
    "median": Median,
    "ridge": Ridge,
    "knn": Neighbours,
    "locallinear": LocalLinear,
    "forest": Forest,
    "extratrees": ExtraTrees,
    "boosting": Boosting,
}

DEFAULT = ("median", "knn", "locallinear", "extratrees", "boosting")
"""Those that run where none are named: the forest takes as long as all others, and was the best on no sample tried."""

OF_SETS = ("median", "forest")
"""Those that run on each of several sets of features where none are named: all methods on all make a table too wide.

A set that has ``methods`` of its own names those that suit it."""

LEARNED = ("forest", "extratrees", "boosting")
"""Those that need scikit-learn."""


@dataclass(frozen=True)
class Planned:
    """A baseline that is to run.

    Parameters
    ----------
    name : str
        In the table: the method's, and behind it that of its features where there are several sets.
    method : str
        A key of ``KINDS``; else the name of the task's own.
    features : callable, optional
        Learns what it sees, see `features.FeatureTable`; None of a baseline that is the task's own.
    """

    name: str
    method: str
    features: Callable[..., Any] | None


def plan(
    names: Sequence[str] | None, sets: Mapping[str, Callable[..., Any]], own: Iterable[str] = ()
) -> tuple[Planned, ...]:
    """Return the baselines of some names: a method stands for itself on every set of features, the median once.

    Parameters
    ----------
    names : sequence of str, optional
        ``forest``, or ``forest NAME`` for one set alone. Default is ``DEFAULT``, of several sets ``OF_SETS`` or those
        that a set names as its ``methods``, and all of the task's own.
    sets : mapping of str to callable
        Features by name, see `features.sets`.
    own : iterable of str
        Names of baselines that are the task's own.

    Raises
    ------
    InputError
        When there is none of a name.
    """
    known = {
        f"{method} {name}".strip(): Planned(f"{method} {name}".strip(), method, make)
        for name, make in sets.items()
        for method in KINDS
    }
    first = next(iter(sets.values()))
    own, found = tuple(own), dict[str, Planned]()
    for name in (*_usual(sets), *own) if names is None else names:
        if name in own:
            found[name] = Planned(name, name, None)
        elif name == "median":
            found[name] = Planned(name, name, first)
        elif name in KINDS:
            found |= {each.name: each for each in known.values() if each.method == name}
        elif name in known and known[name].method != "median":
            found[name] = known[name]
        else:
            added = [f"each on one set alone too: 'forest {next(iter(sets))}'"] if len(sets) > 1 else []
            raise InputError(f"no baseline {name!r}", expected=", ".join([*KINDS, *own, *added]))
    return tuple(found.values())


def _usual(sets: Mapping[str, Callable[..., Any]]) -> list[str]:
    """Return the names of the baselines that run where none are named: the constant, then set by set."""
    usual = DEFAULT if len(sets) == 1 else OF_SETS
    named = [(method, name) for name, make in sets.items() for method in getattr(make, "methods", usual)]
    return ["median", *(f"{method} {name}".strip() for method, name in named if method != "median")]


def available(name: str) -> bool:
    """Return whether a baseline can run here: trees need scikit-learn."""
    return name not in LEARNED or find_spec("sklearn") is not None


def build(name: str, classes: bool = False, threads: int = 1, features: Callable[..., Any] | None = None) -> Baseline:
    """Return a baseline by name; the other parameters are those of `Baseline`.

    Raises
    ------
    InputError
        When there is none of this name, or scikit-learn is missing for it.
    """
    if name not in KINDS:
        raise InputError(f"no baseline {name!r}", expected=", ".join(KINDS))
    if not available(name):
        raise InputError(f"scikit-learn is not installed; {name} needs it", hint="pip install 'skycnn[baselines]'")
    return KINDS[name](classes, threads, features or Features)
