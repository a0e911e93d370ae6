"""ScoredRows: the rows of a catalogue whose truth is known, with the answers that stand beside it."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skycnn.distribution import Judged, join, judge
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images.positions import positions, skycells
from skycnn.photometry import conditions
from skycnn.photometry.conditions import BitNames, Condition
from skycnn.photometry.fields import Field, Fields
from skycnn.schema import NOT_RUN
from skycnn.scoring import posteriorcolumns
from skycnn.scoring.posteriorcolumns import PosteriorColumns
from skycnn.task import Truth

Array = NDArray[Any]

CHUNK = 8192
"""Rows read at a time: a posterior of 200 bins is many bytes a row."""

POSSIBLE: dict[str, Callable[[Array], Array]] = {
    "redshift": lambda z: (z > -1) & (z < 90),
    "value": np.isfinite,
    "class": lambda p: (p >= 0) & (p <= 1),
}
"""Which answers of a kind are any: surveys write -99 or 99 for a redshift that they have not."""


class InputReader(Protocol):
    """Reads of a chunk of rows what the baselines are given; `baselineinputs` has those of columns."""

    @property
    def columns(self) -> Sequence[str]:
        """The catalogue's columns that it reads."""

    def read(self, chunk: Mapping[str, Array], rows: Array) -> Mapping[str, Array]:
        """Return inputs (n, ...), as networks take them, of a chunk's columns (n,) and its rows' numbers (n,)."""


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
    kind : str
        Of answer, see `Posterior.kinds`.
    bounds : Truth
        Any other truth is null.
    group, by : str, optional
        Columns to draw and to bin by; a group may be cells of the sky too, see `skycells.size_of`.
    beside : tuple of str
        Further columns of one number a row.
    learned : str, optional
        Column that baselines learn from in place of the truth.
    where : str, optional
        Condition on the rows to keep.
    bits : mapping of str to mapping of str to int
        See `conditions.parse`.
    rows : (int, int or None), optional
        Range of rows.
    """

    values: tuple[str, ...]
    flag: str
    truth: str
    kind: str
    bounds: Truth = field(default_factory=Truth)
    group: str | None = None
    by: str | None = None
    beside: tuple[str, ...] = ()
    learned: str | None = None
    where: str | None = None
    bits: BitNames = field(default_factory=dict)
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
        if self.by is not None:
            found[self.by] = there.require(self.by, "--by COLUMN:LO:HI:N", flag=True, text=True)
        if self.group is not None and self.cells(catalogue) is None:
            found[self.group] = there.require(self.group, "--group COLUMN", flag=True, text=True)
        if self.values and (flag := there.get(self.flag)) is not None and flag.numeric:
            found[self.flag] = flag
        if self.learned is not None:
            found[self.learned] = there.require(self.learned, "--train-truth COLUMN", flag=True)
        found |= {name: there.require(name, "", flag=True) for name in self.beside}
        return found

    def cells(self, catalogue: Catalogue) -> float | None:
        """Return the size in degrees of the cells of the sky that are the groups; None where a column is.

        Raises
        ------
        InputError
            When it is no size.
        """
        if self.group is None or catalogue.has(self.group) is not None:
            return None
        return skycells.size_of(self.group)

    def condition(self, catalogue: Catalogue) -> Condition | None:
        """Return the condition on the rows to keep.

        Raises
        ------
        InputError
            When it cannot be read, or names a column that is not there.
        """
        if self.where is None:
            return None
        there = Fields(catalogue.columns, catalogue.label, "--where needs it")
        return conditions.parse(self.where, there, "--where", self.bits)


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
    inputs : mapping of str to array (n, ...)
        What the baselines are given, as networks take it: ``flux``, ``error``, ...; NaN where absent.
    flags : array (n,) or None
    groups, by : array (n,) or None
        By is float64, or text.
    left_out : mapping of str to int
        Rows by the reason why they are not here.
    seeds : frozenset
        Of the mocks that they are, see `Catalogue.seed`; None for other rows.
    numbers : array (n,), optional
        Of the rows in their catalogue, from 0.
    beside : mapping of str to array (n,)
        Of `Wanted.beside`, NaN for null.
    learned : array (n,), optional
        What baselines learn from in place of the truth, NaN where it is not known.
    """

    truth: Array
    judged: Mapping[str, Judged]
    notes: Mapping[str, str]
    inputs: Mapping[str, Array]
    flags: Array | None
    groups: Array | None
    by: Array | None
    left_out: Mapping[str, int]
    seeds: frozenset[object] = frozenset({None})
    numbers: Array | None = None
    beside: Mapping[str, Array] = field(default_factory=dict)
    learned: Array | None = None


def read(catalogue: Catalogue, wanted: Wanted, reader: InputReader) -> ScoredRows:
    """Read the rows of a catalogue whose truth is known.

    Parameters
    ----------
    catalogue : Catalogue
    wanted : Wanted
    reader : InputReader
        Of what the baselines are given.

    Raises
    ------
    InputError
        When a column is missing or of the wrong kind, or a class is neither 0 nor 1.
    """
    fields = wanted.fields(catalogue)
    behind = {name: posteriorcolumns.find(catalogue, fields[name].name, wanted.kind) for name in wanted.values}
    where, named = wanted.condition(catalogue), _grouping(catalogue, wanted, fields)
    names = [field.column.name for field in fields.values()]
    names += named.columns if named else ()
    names += where.columns if where else ()
    names += [column.name for columns in behind.values() for column in columns.columns]
    names = list(dict.fromkeys([*names, *reader.columns]))
    start, stop = wanted.rows or (0, None)
    rows = (start, catalogue.rows if stop is None else min(stop, catalogue.rows))
    chunks: list[tuple[int, Mapping[str, Array]]] = [(0, catalogue.read(names, (0, 0)))]  # for a table without rows
    parts = [
        _part(first, chunk, fields, wanted, where, behind, reader, named, catalogue.label)
        for first, chunk in itertools.chain(chunks, catalogue.chunks(names, rows, CHUNK))
    ]
    notes = {name: columns.note for name, columns in behind.items()}
    return replace(concatenate(parts), notes=notes, seeds=frozenset({catalogue.seed}))


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
        {name: np.concatenate([part.inputs[name] for part in parts]) for name in first.inputs},
        whole([part.flags for part in parts]),
        whole([part.groups for part in parts]),
        whole([part.by for part in parts]),
        {name: sum(part.left_out.get(name, 0) for part in parts) for part in parts for name in part.left_out},
        frozenset().union(*(part.seeds for part in parts)),
        whole([part.numbers for part in parts]),
        {
            name: np.concatenate([part.beside[name] for part in parts])
            for name in first.beside
            if all(name in part.beside for part in parts)
        },
        whole([part.learned for part in parts]),
    )


def _part(
    first: int,
    chunk: Mapping[str, Array],
    fields: Mapping[str, Field],
    wanted: Wanted,
    where: Condition | None,
    behind: Mapping[str, PosteriorColumns],
    reader: InputReader,
    named: "_Grouping | None",
    label: str,
) -> ScoredRows:
    """Return the rows of one chunk, which begins at row ``first``, that can be scored."""
    truth = _truths(wanted, wanted.truth, fields, chunk)
    learned = None if wanted.learned is None else _truths(wanted, wanted.learned, fields, chunk)
    known = np.isfinite(truth)
    flags = np.asarray(fields[wanted.flag].of(chunk), np.float64) if wanted.flag in fields else None
    ran = np.ones(len(truth), bool) if flags is None else ~(np.isnan(flags) | (flags == NOT_RUN))
    kept = where.holds(chunk) if where else np.ones(len(truth), bool)
    left_out = {
        "without a truth": int((~known).sum()),
        "outside --where": int((known & ~kept).sum()),
        "not run": int((known & kept & ~ran).sum()),
    }
    use = np.flatnonzero(known & ran & kept)
    rows = {name: array[use] for name, array in chunk.items()}
    truth = truth[use]
    learned = None if learned is None else learned[use]
    return ScoredRows(
        truth,
        {name: _judged(rows, fields[name], columns, truth, wanted.kind) for name, columns in behind.items()},
        {},
        reader.read(rows, first + use),
        None if flags is None else flags[use].astype(np.int64),
        named.groups(chunk, use, first, label) if named else None,
        _sorted_by(fields[wanted.by], rows) if wanted.by is not None else None,
        {name: n for name, n in left_out.items() if n},
        numbers=first + use,
        beside={name: np.asarray(fields[name].of(rows), np.float64) for name in wanted.beside},
        learned=learned,
    )


def _truths(wanted: Wanted, name: str, fields: Mapping[str, Field], chunk: Mapping[str, Array]) -> Array:
    """Return the truths (n,) in a column, NaN where they are none.

    Raises
    ------
    InputError
        When a class is neither 0 nor 1.
    """
    truth = np.asarray(fields[name].of(chunk), np.float64)
    truth = np.where(np.isfinite(truth) & wanted.bounds.holds(truth), truth, np.nan)
    if wanted.kind == "class" and (odd := np.isfinite(truth) & (truth != 0) & (truth != 1)).any():
        raise InputError(f"{name} is no class", value=float(truth[odd][0]), expected="0 or 1, else null")
    return truth


def _sorted_by(field: Field, rows: Mapping[str, Array]) -> Array:
    """Return what rows are sorted by (n,): float64, NaN for null, or text."""
    return field.exact(rows).names() if field.text else np.asarray(field.of(rows), np.float64)


@dataclass(frozen=True)
class _Grouping:
    """What the groups of rows are made of: columns, and the names (n,) that a chunk of them gives."""

    columns: tuple[str, ...]
    names: Callable[[Mapping[str, Array]], Array]

    def groups(self, chunk: Mapping[str, Array], use: Array, first: int, label: str) -> Array:
        """Return the names of the groups of some rows (n,); a row that has none is one of its own."""
        names = self.names(chunk)[use]  # a chunk knows integers without loss, rows of it do not
        alone = np.array([f"row {row} of {label}" for row in (first + use).tolist()], str)
        return np.where(np.char.strip(names) == "", alone, names)


def _grouping(catalogue: Catalogue, wanted: Wanted, fields: Mapping[str, Field]) -> _Grouping | None:
    """Return what groups the rows; None for nothing.

    Raises
    ------
    InputError
        When there is no position on the sky, of which cells are asked for.
    """
    if wanted.group is None:
        return None
    size = wanted.cells(catalogue)
    if size is None:
        field = fields[wanted.group]
        return _Grouping((field.column.name,), lambda chunk: field.exact(chunk).names())
    try:
        where = positions.find(catalogue.columns, catalogue.header, label=catalogue.label)
    except InputError as error:
        raise InputError(error.what, hint="--group COLUMN takes groups of a column.") from None
    return _Grouping(where.columns, lambda chunk: skycells.cells(*where.of(chunk), size))


def _judged(rows: Mapping[str, Array], field: Field, columns: PosteriorColumns, truth: Array, kind: str) -> Judged:
    value = np.asarray(field.of(rows), np.float64)
    value = np.where(POSSIBLE[kind](value), value, np.nan)
    if not columns.columns:
        return judge(value, None, truth)
    low, high = columns.interval(rows)  # as written, for the coverage of what the user reads
    judged = replace(judge(value, columns.distribution(rows, value), truth), low=low, high=high)
    return judged.where(~np.isnan(value))
