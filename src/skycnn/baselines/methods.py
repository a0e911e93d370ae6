"""Methods: every baseline by the name that ``--baselines`` takes."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from skycnn.baselines.baseline import Baseline, Median
from skycnn.baselines.boosting import Boosting
from skycnn.baselines.forest import ExtraTrees, Forest
from skycnn.baselines.locallinear import LocalLinear
from skycnn.baselines.neighbours import Neighbours
from skycnn.errors import InputError
from skycnn.features import Features

KINDS: Mapping[str, Callable[..., Baseline]] = {
    "median": Median,
    "knn": Neighbours,
    "locallinear": LocalLinear,
    "forest": Forest,
    "extratrees": ExtraTrees,
    "boosting": Boosting,
}

DEFAULT = ("median", "knn", "locallinear", "extratrees", "boosting")
"""Those that run where none are named: the forest takes as long as all others, and was the best on no sample tried."""

LEARNED = ("forest", "extratrees", "boosting")
"""Those that need scikit-learn."""


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
