"""Redshift: the grid that redshifts are answered on, and how widely the truths of a sample are spread on it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skycnn.posterior.axis import Axis
from skycnn.posterior.grid import Grid

COLUMN = "Z_PHOT"
HIGH = 1.2
"""The grid's upper end, where no training sample asks for more."""
BIN = math.log1p(HIGH) / 200
"""Width of a bin in log(1 + z), 0.0039: a quarter of the scatter that five optical bands allow."""
BLUR, BLURRED = 0.010, 8000
"""Width in log(1 + z) of the Gaussian that a true redshift is spread with, for so many rows; see `blur`."""


def blur(rows: int) -> float:
    """Return the width in log(1 + z) that suits a sample: it falls with the fifth root of its size (Silverman 1986).

    Bins that few rows fall into are learned by heart. On COSMOS rows kept for choices, networks that also drew noise
    had a CRPS lower by 5 per cent with 0.010 than with 0.004 (1,600 training rows), by 13 with 0.020 than with 0.010
    (400 rows).
    """
    return float(BLUR * (BLURRED / max(rows, 1)) ** 0.2)


def axis(high: float = HIGH, rows: int = BLURRED) -> Axis:
    """Return the redshift axis from 0 to ``high`` or a little more, in bins of equal width in log(1 + z)."""
    bins = math.ceil(round(math.log1p(high) / BIN, 6))
    return Axis(
        column=COLUMN,
        low=0.0,
        high=round(math.expm1(bins * BIN), 6),
        bins=bins,
        ucd="src.redshift.phot",
        meaning="photometric redshift",
        spacing="log1p",
        blur=round(blur(rows) / BIN, 3),
        kind="redshift",
        odds=True,
    )


def posterior(axes: Sequence[Axis | Mapping[str, Any]] | None = None, odds: bool = True) -> Grid:
    """Return the posterior: one axis of redshift; in cards of release 0.1 ``odds`` stands beside the axis."""
    if axes is None:
        return Grid([axis()])
    return Grid([own if isinstance(own, Axis) else Axis(**{"kind": "redshift", "odds": odds, **own}) for own in axes])


def posterior_for(truth: np.ndarray) -> Grid:
    """Return the posterior whose grid holds the training redshifts (n, 1), and room beyond them."""
    top = float(np.max(truth)) if len(truth) else 0.0
    return posterior([axis(max(HIGH, 1.05 * (1 + top) - 1), len(truth) or BLURRED)])
