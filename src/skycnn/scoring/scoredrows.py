"""Sample: the rows of a catalogue whose truth is known, with the answers that stand beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.distribution import Judged, join, judge
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.photometry.conditions import Condition
from skycnn.photometry.fields import Field, Fields
from skycnn.photometry.fluxes import Photometry
from skycnn.schema import NOT_RUN
from skycnn.scoring import posteriorcolumns
from skycnn.scoring.posteriorcolumns import PosteriorColumns

Array = NDArray[Any]

CHUNK = 8192
"""Rows read at a time: a posterior of 200 bins is many bytes a row."""

HIGHEST = 90.0
"""Redshifts from here on are null values such as 99; nothing is known beyond z of about 14."""


@dataclass(frozen=True)
class Wanted:
    """What to read of a catalogue.

    Parameters
    ----------
    values : tuple of str
        Columns to judge, the one that ``predict`` wrote first; none for a training sample.
    flag : str
        The flag column that ``predict`` wrote; it need not be there.
    truth : str
    scores : str
        ``redshift`` or ``class``: what a null truth is.
    group, by : str, optional
        Columns to draw and to bin by.
    where : Condition, optional
        Rows to keep.
    rows : (int, int or None), optional
        Range of rows.
    """

    values: tuple[str, ...]
    flag: str
    truth: str
    scores: str
    group: str | None = None
    by: str | None = None
    where: Condition | None = None
    rows: tuple[int, int | None] | None = None

    def fields(self, catalogue: Catalogue) -> dict[str, Field]:
        """Return the fields to read, by the name asked for.

        Raises
        ------
        InputError
            When one is missing or holds no number.
        """
        there = Fields(catalogue.columns, catalogue.label, "score reads it")
        found = {name: there.require(name, "--baseline COLUMN") for name in self.values}
        found[self.truth] = there.require(self.truth, "--truth COLUMN", flag=True)
        for term in self.where.terms if self.where else ():
            found[term.column] = there.require(term.column, "--where 'COLUMN > 0'", flag=True)
        if self.by is not None:
            found[self.by] = there.require(self.by, "--by COLUMN:LO:HI:N")
        if self.group is not None:
            found[self.group] = Field(catalogue.column(self.group))
        if self.values and (flag := there.get(self.flag)) is not None and flag.numeric:
            found[self.flag] = flag
        return found


@dataclass(frozen=True)
class ScoredRows:
    """Rows with a known truth.

    Parameters
    ----------
    truth : array (n,)
    judged : mapping of str to Judged
        By column.
    notes : mapping of str to str
        Where each column's distribution comes from.
    flux, error : array (n, band)
        Microjansky, NaN where absent.
    flags : array (n,) or None
    groups, by : array (n,) or None
    left_out : mapping of str to int
        Rows by the reason why they are not here.
    """

    truth: Array
    judged: Mapping[str, Judged]
    notes: Mapping[str, str]
    flux: Array
    error: Array
    flags: Array | None
    groups: Array | None
    by: Array | None
    left_out: Mapping[str, int]


def read(catalogue: Catalogue, wanted: Wanted, photometry: Photometry | None, bands: int = 0) -> ScoredRows:
    """Read the rows of a catalogue whose truth is known.

    Parameters
    ----------
    catalogue : Catalogue
    wanted : Wanted
    photometry : Photometry, optional
        Without it all fluxes are absent.
    bands : int
        Columns of the fluxes then.

    Raises
    ------
    InputError
        When a column is missing or of the wrong kind, or a class is neither 0 nor 1.
    """
    fields = wanted.fields(catalogue)
    behind = {name: posteriorcolumns.find(catalogue, fields[name].name) for name in wanted.values}
    names = [field.column.name for field in fields.values()]
    names += [column.name for columns in behind.values() for column in columns.columns]
    names += photometry.columns if photometry is not None else ()
    names = list(dict.fromkeys(names))
    start, stop = wanted.rows or (0, None)
    rows = (start, catalogue.rows if stop is None else min(stop, catalogue.rows))
    parts = [
        _part(catalogue.read(names, (0, 0)), fields, wanted, behind, photometry, bands)
    ]  # for a table without rows
    parts += [
        _part(chunk, fields, wanted, behind, photometry, bands) for _, chunk in catalogue.chunks(names, rows, CHUNK)
    ]
    return replace(concatenate(parts), notes={name: columns.note for name, columns in behind.items()})


def concatenate(parts: Sequence[ScoredRows]) -> ScoredRows:
    """Return the rows of several samples, one behind the other."""

    def whole(arrays: Sequence[Array | None]) -> Array | None:
        known = [array for array in arrays if array is not None]
        return np.concatenate(known) if len(known) == len(arrays) else None

    first = parts[0]
    return ScoredRows(
        np.concatenate([part.truth for part in parts]),
        {name: join([part.judged[name] for part in parts]) for name in first.judged},
        {name: "; ".join(dict.fromkeys(part.notes[name] for part in parts)) for name in first.notes},
        np.concatenate([part.flux for part in parts]),
        np.concatenate([part.error for part in parts]),
        whole([part.flags for part in parts]),
        whole([part.groups for part in parts]),
        whole([part.by for part in parts]),
        {name: sum(part.left_out.get(name, 0) for part in parts) for part in parts for name in part.left_out},
    )


def _part(
    chunk: Mapping[str, Array],
    fields: Mapping[str, Field],
    wanted: Wanted,
    behind: Mapping[str, PosteriorColumns],
    photometry: Photometry | None,
    bands: int,
) -> ScoredRows:
    """Return the rows of one chunk that can be scored."""
    truth = np.asarray(fields[wanted.truth].of(chunk), np.float64)
    known = _known(truth, wanted)
    flags = np.asarray(fields[wanted.flag].of(chunk), np.float64) if wanted.flag in fields else None
    ran = np.ones(len(truth), bool) if flags is None else ~(np.isnan(flags) | (flags == NOT_RUN))
    kept = wanted.where.holds(chunk, fields) if wanted.where else np.ones(len(truth), bool)
    left_out = {
        "without a truth": int((~known).sum()),
        "outside --where": int((known & ~kept).sum()),
        "not run": int((known & kept & ~ran).sum()),
    }
    use = np.flatnonzero(known & ran & kept)
    rows = {name: array[use] for name, array in chunk.items()}
    truth = truth[use]
    fluxes = photometry.fluxes(rows) if photometry is not None else None
    nothing = np.full((len(use), bands), np.nan, np.float32)
    return ScoredRows(
        truth,
        {name: _judged(rows, fields[name], columns, truth, wanted.scores) for name, columns in behind.items()},
        {},
        nothing if fluxes is None else fluxes.flux,
        nothing if fluxes is None else fluxes.error,
        None if flags is None else flags[use].astype(np.int64),
        fields[wanted.group].of(rows) if wanted.group is not None else None,
        np.asarray(fields[wanted.by].of(rows), np.float64) if wanted.by is not None else None,
        {name: n for name, n in left_out.items() if n},
    )


def _known(truth: Array, wanted: Wanted) -> Array:
    """Return which rows have a truth: null is NaN, a negative number, and a redshift of 90 or more."""
    known: Array = np.isfinite(truth) & (truth >= 0)
    if wanted.scores == "redshift":
        known &= truth < HIGHEST
    elif (odd := known & (truth != 0) & (truth != 1)).any():
        raise InputError(f"{wanted.truth} is no class", value=float(truth[odd][0]), expected="0 or 1, else null")
    return known


def _judged(rows: Mapping[str, Array], field: Field, columns: PosteriorColumns, truth: Array, scores: str) -> Judged:
    value = np.asarray(field.of(rows), np.float64)
    absurd = (value <= -1) | (value >= HIGHEST) if scores == "redshift" else (value < 0) | (value > 1)
    value = np.where(absurd | ~np.isfinite(value), np.nan, value)  # -99 is a way to say nothing
    if scores == "class" or not columns.columns:
        return judge(value, None, truth)
    low, high = columns.interval(rows)  # as written, for the coverage of what the user reads
    judged = replace(judge(value, columns.distribution(rows, value), truth), low=low, high=high)
    return judged.where(~np.isnan(value))
