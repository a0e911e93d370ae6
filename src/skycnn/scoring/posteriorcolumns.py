"""Posterior columns: the distribution behind an estimate, as far as a catalogue tells it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.distribution import Binned, Distribution, HalfNormals
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablecolumn import TableColumn

Array = NDArray[Any]

GRID = re.compile(r"(\d+) bins of (linear|log1p|log) from (\S+) to (\S+)")
"""How the comment (TCOMM) of a posterior's column tells its bins; see ``posterior.Grid.columns``."""

TRAININGS = "over trainings"
"""In the comment of an interval's column: it is of the probability; see ``posterior.Bernoulli.columns``."""


@dataclass(frozen=True)
class PosteriorColumns:
    """The columns beside an estimate: its interval, its bins, or nothing.

    Parameters
    ----------
    note : str
        Which distribution is taken from them.
    columns : tuple of TableColumn
        16th and 84th percentile, then the bins' probabilities where they are written.
    edges : array (bins + 1,), optional
    probability : bool
        Whether the interval is of a class's probability.
    """

    note: str
    columns: tuple[TableColumn, ...] = ()
    edges: Array | None = None
    probability: bool = False

    def distribution(self, chunk: Mapping[str, Array], value: Array) -> Distribution | None:
        """Return the distributions of a chunk's rows, whose medians are ``value``."""
        if not self.columns or self.probability:
            return None
        if self.edges is not None:
            mass = np.asarray(chunk[self.columns[2].name], np.float64)
            return Binned(self.edges, mass.reshape(len(value), len(self.edges) - 1))
        low, high = self.interval(chunk)
        return HalfNormals(low, value, high)

    def interval(self, chunk: Mapping[str, Array]) -> tuple[Array, Array]:
        """Return the 16th and 84th percentiles as written."""
        low, high = (np.asarray(chunk[column.name], np.float64) for column in self.columns[:2])
        return low, high


def find(catalogue: Catalogue, name: str, kind: str = "redshift") -> PosteriorColumns:
    """Return what stands beside the column ``name``: ``NAME_LO``, ``NAME_HI`` and perhaps ``NAME_PDF``.

    A ``--suffix`` comes after these endings, so that ``Z_PHOT_NEW`` has ``Z_PHOT_LO_NEW``. The interval of a class is
    of its probability, so that no distribution of the truth follows from it.
    """
    for cut in range(len(name), 0, -1):
        low, high, pdf = (catalogue.has(f"{name[:cut]}_{part}{name[cut:]}") for part in ("LO", "HI", "PDF"))
        if low is None or high is None or not (low.numeric and high.numeric):
            continue
        if kind == "class":
            meaning = "where 68% of other trainings of the network would put it; NaN where there was one alone"
            if TRAININGS not in (low.comment or ""):
                return PosteriorColumns("")
            return PosteriorColumns(f"{low.name}, {high.name}: {meaning}", (low, high), probability=True)
        edges = _edges(pdf) if pdf is not None else None
        if pdf is not None and edges is not None:
            return PosteriorColumns(f"distribution: the bins of {pdf.name}", (low, high, pdf), edges)
        names = f"{low.name}, {name}, {high.name}"
        return PosteriorColumns(f"distribution: two half normals through {names} (an approximation)", (low, high))
    return PosteriorColumns("" if kind == "class" else "no interval beside it")


def _edges(column: TableColumn) -> Array | None:
    found = GRID.search(column.comment or "")
    if found is None or int(found[1]) != column.repeat or column.code not in "ED":
        return None
    low, high = float(found[3]), float(found[4])
    if found[2] == "linear":
        return np.linspace(low, high, column.repeat + 1)
    if found[2] == "log":
        return np.geomspace(low, high, column.repeat + 1) if 0 < low < high else None
    return np.expm1(np.linspace(np.log1p(low), np.log1p(high), column.repeat + 1))
