"""Baselines: what the classical methods of the field make of the same inputs.

They stand beside every network's score, for a network that does not beat them is no gain. All see the features that the
task names, by default asinh magnitudes, colours and errors; all are deterministic. Trees need scikit-learn.
"""

from skycnn.baselines.baseline import Answer, Baseline, Median
from skycnn.baselines.crossfit import cross_fitted, held_out
from skycnn.baselines.folds import FOLDS, folds
from skycnn.baselines.forest import Forest
from skycnn.baselines.inputrows import present, take
from skycnn.baselines.methods import DEFAULT, KINDS, Planned, available, build, plan

__all__ = [
    "DEFAULT",
    "FOLDS",
    "KINDS",
    "Answer",
    "Baseline",
    "Forest",
    "Median",
    "Planned",
    "available",
    "build",
    "cross_fitted",
    "folds",
    "held_out",
    "plan",
    "present",
    "take",
]
