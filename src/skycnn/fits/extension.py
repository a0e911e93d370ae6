"""Extension: new columns of a catalogue - whether they may be written, which rows to answer, the file with them."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from skycnn.errors import InputError, Interrupted, counted
from skycnn.files import safefile
from skycnn.files.journal import Journal
from skycnn.fits import previousrun
from skycnn.fits.aheadcopy import AheadCopy
from skycnn.fits.bytecopy import copy_range
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.columnvalues import ColumnValues
from skycnn.fits.newheader import NewColumns, new_cards, packed, width
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record
from skycnn.fits.splice import splice, write_primary
from skycnn.schema import Column

Rows = tuple[int, int | None]


@dataclass(frozen=True)
class Chunk:
    """A range of rows.

    Parameters
    ----------
    first : int
        Absolute number of the first row.
    values : mapping of str to ndarray, or None
        Physical values of the columns used; None where no row is to be answered.
    old : ndarray
        Packed answers of the table, uint8 (n, width); width 0 where they are not kept.
    run : ndarray
        Which rows are to be answered, bool (n,).
    digest : bytes
        SHA-256 of the stored bytes read.
    held : bool
        Whether the journal holds the answers.
    """

    first: int
    values: Mapping[str, np.ndarray] | None
    old: np.ndarray
    run: np.ndarray
    digest: bytes
    held: bool


@dataclass(frozen=True)
class NewFile:
    """The descriptor of the new file, and the copy of what lies before the table."""

    fd: int
    ahead: AheadCopy


class Extension:
    """The columns of one run over one table; the last of them is the flag.

    Parameters
    ----------
    catalogue : Catalogue
        The table.
    columns : sequence of Column
        By the names they get in the table.
    overwrite : bool
        Replace columns of these names.
    only_new : bool
        Answer only rows without an answer; see `previousrun.waiting`.
    rows : (int, int or None), optional
        Answer only these rows.
    table_only : bool
        Write the table without the file's other units; not in place.

    Raises
    ------
    InputError
        When a column of the name has another type, or the table has no such rows or no room for more columns.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        columns: Sequence[Column],
        *,
        overwrite: bool = False,
        only_new: bool = False,
        rows: Rows | None = None,
        table_only: bool = False,
    ) -> None:
        self.catalogue, self.columns, self.table_only = catalogue, tuple(columns), table_only
        self.overwrite, self.only_new, self.rows = overwrite, only_new, rows
        self.width = sum(map(width, columns))
        self.existing = {column.name: old for column in columns if (old := catalogue.has(column.name)) is not None}
        self.added_bytes = sum(width(column) for column in columns if column.name not in self.existing)
        # both raise before the first write
        new_cards(catalogue.unit, NewColumns(self.columns, self.existing), catalogue.label)
        catalogue.span(rows)
        if overwrite or only_new:
            for column in columns:
                previousrun.check_type(catalogue, column)
        if only_new and overwrite:
            raise InputError("--only-new keeps the answers that --overwrite replaces", hint="Give one of the two.")
        self.keeps_old = len(self.existing) == len(columns) and (only_new or rows is not None)

    def is_written(self, record: Record, pixels: Callable[[], bytes] | None = None) -> bool:
        """Whether the table has these answers already, by the record of an earlier run in its HISTORY.

        Parameters
        ----------
        record : Record
            Of this run, without its input hash.
        pixels : callable, optional
            Returns the digest of the stamps used; None where none are.

        Raises
        ------
        InputError
            When the columns hold anything else, and may not be replaced.
        """
        if not self.existing or self.overwrite:
            return False
        last = previousrun.agreeing(self.catalogue, self.existing, record)
        for column in self.columns:
            previousrun.check_type(self.catalogue, column)
        empty = sum(
            int(np.count_nonzero(self._wanted(first, len(rows)) & previousrun.waiting(rows)))
            for first, rows in self.catalogue.packed_chunks(self._old)
        )
        if self.only_new:
            return not empty
        label, hint = self.catalogue.label, "--only-new answers those without an answer, --overwrite all rows anew."
        if previousrun.input_sha256(self.catalogue, record.used, pixels() if pixels else b"") != last.input_sha256:
            what = "the columns used, the stamps or the rows" if pixels else "the columns used or the rows"
            raise InputError(f"{label}: {what} have changed since {last.time}", hint=hint)
        if empty:
            raise InputError(
                f"{label} was answered in part: {counted(empty, 'row')} asked for without an answer", hint=hint
            )
        return True

    @contextmanager
    def journalled(self, output: Output, key: Mapping[str, object]) -> Iterator[Journal]:
        """Yield the journal of this run; it is kept only when a signal ends the run."""
        self.check_place(output)
        whole = {
            **key,
            "columns": [column.name for column in self.columns],
            "rows": self.catalogue.rows,
            "which": ["new" if self.only_new else "", self.rows, self.keeps_old],
        }
        with safefile.writing(output.label):
            journal = Journal(output.journal_path, whole, self.width)
        try:
            yield journal
        except BaseException as error:
            journal.close(remove=not isinstance(error, (Interrupted, KeyboardInterrupt)))
            raise
        journal.close(remove=True)

    def chunks(
        self, used: Sequence[str], journal: Journal, total: "hashlib._Hash", step: int | None = None
    ) -> Iterator[Chunk]:
        """Yield all rows, ``step`` at a time (default `catalogue.CHUNK`); the columns used are added to ``total``."""
        old = self._old if self.keeps_old else []
        layout = self.catalogue.packing(used)
        split = sum(column.width for column in layout)
        names, read = [*used, *old], self.catalogue.packed_chunks
        for first, rows in read(names) if step is None else read(names, None, step):
            total.update(np.ascontiguousarray(rows[:, :split]).data)
            digest = hashlib.sha256(rows.data).digest()
            run = self._wanted(first, len(rows))
            if self.only_new and self.keeps_old:
                run &= previousrun.waiting(rows[:, split:])
            held = journal.holds(first, len(rows), digest)
            values = None
            if not held and run.any():
                values = ColumnValues(used, layout, rows)
            yield Chunk(first, values, rows[:, split:], run, digest, held)

    @property
    def _old(self) -> list[str]:
        """The table's names of the columns that exist."""
        return [self.existing[column.name].name for column in self.columns]

    def _wanted(self, first: int, n: int) -> "np.ndarray":
        """Return which of n rows from ``first`` on are among the requested ``rows``, bool (n,)."""
        numbers = np.arange(first, first + n)
        start, end = self.rows or (0, None)
        return (numbers >= start) & (numbers < (self.catalogue.rows if end is None else end))

    def merged(self, chunk: Chunk, values: Mapping[str, "np.ndarray"]) -> "np.ndarray":
        """Return a chunk's packed rows: ``values`` where rows were to be answered, else the old answers, else nulls."""
        n = len(chunk.run)
        fresh = packed(self.columns, dict(values), n)
        rest = ~chunk.run
        if rest.any():
            fresh[rest] = chunk.old[rest] if self.keeps_old else packed(self.columns, {}, int(rest.sum()))
        return fresh

    @contextmanager
    def begun(self, output: Output) -> Iterator[NewFile]:
        """Yield the new file; on a clean end it takes the output's name.

        Raises
        ------
        RunError
            When it cannot; the output is as it was.
        """
        source = self.catalogue.source
        compression = source.compression if output.in_place else compression_of(output.label)
        with output.create(source.stat, compression) as fd:
            ahead = AheadCopy(source.fd, fd, 0 if self.table_only else self.catalogue.unit.start, source.label)
            try:
                yield NewFile(fd, ahead)
            finally:
                ahead.stop()

    def write(self, target: NewFile, journal: Journal, record: Record) -> list[str]:
        """Write the new file with the journal's rows; return warnings about checksums that did not fit.

        Raises
        ------
        ChangedError
            When the catalogue was changed during the run.
        """
        source, flag = self.catalogue.source, self.columns[-1]
        comment = f"{record.model[:30]} {record.model_sha256[:16]}; {flag.meaning}".replace("'", "")[:68]
        history, stamp = tuple(record.lines()), record.time.rstrip("Z")
        new = NewColumns(self.columns, self.existing, {flag.name: comment}, history, stamp)
        unit, label, copied = self.catalogue.unit, self.catalogue.label, target.ahead.end()
        warnings = splice(
            source.fd, source.size, unit, target.fd, new, journal.rows, label, alone=self.table_only, copied=copied
        )
        source.check_unchanged()
        return warnings

    def copy(self, output: Output) -> None:
        """Write the table to the output as it is; in place, only remove what killed runs left."""
        self.check_place(output)
        source, unit = self.catalogue.source, self.catalogue.unit
        if output.in_place:
            output.clean()
            return
        with output.create(source.stat, compression_of(output.label)) as fd:
            start, end = (unit.start, unit.end) if self.table_only else (0, source.size)
            copy_range(source.fd, fd, start, write_primary(fd) if self.table_only else 0, end - start, source.label)
            source.check_unchanged()

    def check_place(self, output: Output) -> None:
        """See before the first write that the output can be written.

        Raises
        ------
        InputError
            When the table alone would replace a whole file, or the input is a NumPy array to be extended in place.
        """
        source = self.catalogue.source
        if output.in_place and source.compression == "npy":
            raise InputError(f"{source.label} is no FITS file", hint="--out FILE writes a stamp file.")
        if self.table_only and output.in_place:
            what = f"the table alone would replace all of {output.label}"
            raise InputError(what, hint="--out FILE writes it elsewhere.")


def renamed(columns: Sequence[Column], prefix: str, suffix: str) -> tuple[Column, ...]:
    """Return columns with ``--prefix`` and ``--suffix`` in their names.

    Raises
    ------
    InputError
        When these are no plain ASCII words, or too long for a card.
    """
    for option, text in (("--prefix", prefix), ("--suffix", suffix)):
        if text and not re.fullmatch(r"[A-Za-z0-9_.-]{1,20}", text):
            expected = "at most 20 letters, digits, _ . -"
            raise InputError(f"{option} {text!r} cannot be part of a column name", expected=expected)
    return tuple(replace(column, name=f"{prefix}{column.name}{suffix}") for column in columns)
