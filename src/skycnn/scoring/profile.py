"""Profile: scores along a quantity - the truth, the answer, the interval's width, the magnitude, the size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.scoring import rowbins, scoretable
from skycnn.scoring.rowbins import RowBins
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoretable import Bin, Predictor, Score
from skycnn.scoring.target import Target

Array = NDArray[Any]

SHOWN = {
    "redshift": ("sigma_nmad", "outliers", "bias", "coverage_68"),
    "value": ("mae", "half_width", "bias", "coverage_68"),
    "class": ("auc", "completeness", "false_positives", "purity"),
}
"""Scores that a profile has, by the kind of answer."""

RESAMPLES = 200
"""Of each bin: there are many bins, and fewer say well where 95 % of them lie."""

MOST = 2000
"""Rows of a resample before its spread is shrunk, see `Resampling`."""

FEWEST, BINS = 40, 8
"""Rows of a bin that is worth a point, and bins at most."""


@dataclass(frozen=True)
class Profile:
    """Scores in bins of a quantity.

    Parameters
    ----------
    label, unit : str
        What the bins are of.
    bins : tuple of Bin
        Of the answers alone.
    scores : tuple of Score
    middle : array (bins,)
        Median of the quantity in each bin.
    """

    label: str
    unit: str
    bins: tuple[Bin, ...]
    scores: tuple[Score, ...]
    middle: Array


def find(
    target: Target,
    rows: ScoredRows,
    scores: Sequence[Score],
    bands: Sequence[str],
    given: tuple[RowBins, Sequence[Bin]] | None = None,
    units: Mapping[str, str] | None = None,
) -> list[Profile]:
    """Return the profiles of an answer along all quantities that are known of its rows.

    Parameters
    ----------
    target : Target
    rows : ScoredRows
    scores : sequence of Score
        Of the table; those of `SHOWN` are taken.
    bands : sequence of str
        Of the fluxes.
    given : (RowBins, sequence of Bin), optional
        Those of ``--by``, which are scored already.
    units : mapping of str to str, optional
        Of columns, by their name.
    """
    shown = tuple(score for score in scores if score.key in SHOWN[target.kind])
    own = Predictor(target.value, rows.judged[target.value])
    found: dict[str, Profile] = {}

    def add(binned: RowBins, bins: Sequence[Bin]) -> None:
        unit = _unit(binned.label, target, units or {})
        found[binned.label] = Profile(binned.label, unit, tuple(bins), shown, _middle(binned))

    if given is not None and given[1]:
        add(*given)
    for binned in _quantities(target, rows, bands):
        if binned.label not in found:
            how = (binned.values, binned.edges, rows.groups, RESAMPLES)
            add(binned, scoretable.binned([own], rows.truth, shown, *how, most=MOST))
    return list(found.values())


def _quantities(target: Target, rows: ScoredRows, bands: Sequence[str]) -> list[RowBins]:
    """Return the bins of what is known of the rows."""
    n = len(rows.truth)
    count = int(np.clip(n // FEWEST, 1, BINS))
    if n < 2 * FEWEST:
        return []
    found = []
    if target.kind != "class":
        found.append(rowbins.equal(target.truth, rows.truth, count))
    for word in ("width", "mag") if target.kind == "class" else ("z", "width", "mag"):
        try:
            found.append(rowbins.told(word, rows, target.value, bands, count))
        except InputError:  # this is not known of them
            continue
    found += [rowbins.equal(name, values, count) for name, values in rows.beside.items()]
    return [each for each in found if len(np.unique(each.edges)) > 2]


def _middle(sorted_rows: RowBins) -> Array:
    values, edges = sorted_rows.values, sorted_rows.edges
    known = values[np.isfinite(values)]
    place = np.clip(np.searchsorted(edges, known, side="right") - 1, 0, len(edges) - 2)
    inside = (known >= edges[0]) & (known <= edges[-1])
    parts = [known[inside & (place == k)] for k in range(len(edges) - 1)]
    ends = (edges[1:] + edges[:-1]) / 2
    return np.array([np.median(part) if len(part) else end for part, end in zip(parts, ends, strict=True)])


def _unit(label: str, target: Target, units: Mapping[str, str]) -> str:
    if label.startswith("magnitude in"):
        return "AB mag"
    if label in (target.truth, target.value, f"width of {target.value}"):
        return target.unit
    return units.get(label, "")
