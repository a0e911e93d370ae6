"""Extension: new columns of a catalogue - whether they may be written, which rows to answer, the file with them."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from skycnn.errors import InputError, counted
from skycnn.files import safefile
from skycnn.files.journal import Journal, unfinished
from skycnn.fits import previousrun
from skycnn.fits.aheadcopy import AheadCopy
from skycnn.fits.bytecopy import copy_range
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.columnvalues import ColumnValues
from skycnn.fits.newheader import NewColumns, new_cards, packed, width
from skycnn.fits.oldanswers import OldAnswers
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record
from skycnn.fits.splice import splice, write_primary
from skycnn.fits.tablecolumn import meaning
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
    kept : ndarray
        Which rows keep their old answer, bool (n,); where it is among those to `run`, the two are compared.
    digest : bytes
        SHA-256 of the stored bytes read.
    held : bool
        Whether the journal holds the answers.
    """

    first: int
    values: Mapping[str, np.ndarray] | None
    old: np.ndarray
    run: np.ndarray
    kept: np.ndarray
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
        Answer only rows without an answer, and look at answers of which nothing is known; see `OldAnswers`.
    rows : (int, int or None), optional
        Answer only these rows.
    chosen : ndarray, optional
        Of these, answer only those of these numbers, ascending.
    table_only : bool
        Write the table without the file's other units; not in place.
    used : sequence of str
        Columns of the table that are read.

    Attributes
    ----------
    old : OldAnswers or None
        The table's answers, where it has all the columns.

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
        chosen: "np.ndarray | None" = None,
        table_only: bool = False,
        used: Sequence[str] = (),
    ) -> None:
        self.catalogue, self.columns, self.table_only = catalogue, tuple(columns), table_only
        self.overwrite, self.only_new, self.rows, self._chosen = overwrite, only_new, rows, chosen
        self.width = sum(map(width, columns))
        self.existing = {column.name: old for column in columns if (old := catalogue.has(column.name)) is not None}
        self.added_bytes = sum(width(column) for column in columns if column.name not in self.existing)
        # both raise before the first write
        new_cards(catalogue.unit, NewColumns(self.columns, self.existing, used=tuple(used)), catalogue.label)
        catalogue.span(rows)
        if overwrite or only_new:
            for column in columns:
                previousrun.check_type(catalogue, column)
        if only_new and overwrite:
            raise InputError("--only-new keeps the answers that --overwrite replaces", hint="Give one of the two.")
        whole = len(self.existing) == len(columns)
        self.old = OldAnswers(catalogue, self.columns, self.existing) if whole else None
        self.keeps_old = whole and (only_new or rows is not None or chosen is not None)

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
        if not self.existing:
            return False
        if self.overwrite:
            earlier = previousrun.records(self.catalogue, self.existing)
            if self.old is not None and self.keeps_old and earlier:
                self.old.look(earlier[-1], record.used, self._wanted, pixels)
            return False
        last = previousrun.agreeing(self.catalogue, self.existing, record)
        for column in self.columns:
            previousrun.check_type(self.catalogue, column)
        if self.old is None:
            raise ValueError("columns are lacking")
        self.old.look(last, record.used, self._wanted, pixels)
        if self.only_new:
            return self.old.sound == self.catalogue.rows and not self.old.waiting
        self._check_answered(self.old, last, images=pixels is not None)
        return True

    def _check_answered(self, old: OldAnswers, last: Record, *, images: bool) -> None:
        """See that the table holds answers of all rows asked for, and of the photometry that it has."""
        label, hint = self.catalogue.label, "--only-new answers those without an answer, --overwrite all rows anew."
        if not old.agrees:
            what = "the columns used, the stamps or the rows" if images else "the columns used or the rows"
            if old.same_input and last.counts.get("rows") == self.catalogue.rows:
                what = "the answers"
            raise InputError(f"{label}: {what} have changed since {last.time}", hint=hint)
        if old.marked:
            what = f"{label} holds answers of other photometry in {counted(old.marked, 'row')}"
            raise InputError(what, hint="--overwrite answers all rows anew.")
        if old.waiting:
            raise InputError(
                f"{label} was answered in part: {counted(old.waiting, 'row')} asked for without an answer", hint=hint
            )

    @property
    def unseen(self) -> int:
        """Answers that are kept without a look at their photometry; a record of the run vouches for nothing then."""
        return self.old.aside if self.old is not None and self.keeps_old else 0

    @contextmanager
    def journalled(self, output: Output, key: Mapping[str, object]) -> Iterator[Journal]:
        """Yield the journal of this run; it is kept only when a signal ends the run."""
        self.check_place(output)
        whole = {
            **key,
            "columns": [column.name for column in self.columns],
            "rows": self.catalogue.rows,
            "which": ["new" if self.only_new else "", self.rows, self.keeps_old, self.old.sound if self.old else 0],
        }
        if self._chosen is not None:
            whole["chosen"] = hashlib.sha256(self._chosen.tobytes()).hexdigest()
        with safefile.writing(output.label):
            journal = Journal(output.journal_path, whole, self.width)
        try:
            yield journal
        except BaseException as error:
            journal.close(remove=not unfinished(error))
            raise
        journal.close(remove=True)

    def chunks(
        self, used: Sequence[str], journal: Journal, total: "hashlib._Hash", step: int | None = None
    ) -> Iterator[Chunk]:
        """Yield all rows, ``step`` at a time (default `catalogue.CHUNK`); the columns used are added to ``total``."""
        old = self.old.names if self.old is not None and self.keeps_old else []
        layout = self.catalogue.packing(used)
        split = sum(column.width for column in layout)
        names, read, told = [*used, *old], self.catalogue.packed_chunks, meaning(layout)
        total.update(told)
        for first, rows in read(names) if step is None else read(names, None, step):
            total.update(np.ascontiguousarray(rows[:, :split]).data)
            digest = hashlib.sha256(told + rows.tobytes()).digest() if told else hashlib.sha256(rows.data).digest()
            run, answers, kept = self._wanted(first, len(rows)), rows[:, split:], np.zeros(len(rows), np.bool_)
            if self.old is not None and self.keeps_old:
                answers = self.old.plain(answers)
                kept = ~self.old.is_waiting(first, answers) & (self.only_new | ~run)
                run &= ~(kept & self.old.is_sound(first, len(rows)))
            held = journal.holds(first, len(rows), digest)
            values = None
            if not held and run.any():
                values = ColumnValues(used, layout, rows)
            yield Chunk(first, values, answers, run, kept, digest, held)

    def _wanted(self, first: int, n: int) -> "np.ndarray":
        """Return which of n rows from ``first`` on are among the requested, bool (n,)."""
        numbers = np.arange(first, first + n)
        start, end = self.rows or (0, None)
        wanted = (numbers >= start) & (numbers < (self.catalogue.rows if end is None else end))
        if self._chosen is not None:
            begin, stop = np.searchsorted(self._chosen, (first, first + n))
            among = np.zeros(n, np.bool_)
            among[self._chosen[begin:stop] - first] = True
            wanted &= among
        return wanted

    @property
    def wanted_rows(self) -> int:
        """How many rows are requested."""
        first, end = self.catalogue.span(self.rows)
        return end - first if self._chosen is None else len(self._chosen)

    def merged(self, chunk: Chunk, values: Mapping[str, "np.ndarray"]) -> "np.ndarray":
        """Return a chunk's packed rows: ``values`` where rows were to be answered, old answers where kept, else nulls.

        Old answers that differ from ``values`` are marked; see `OldAnswers.compared`.
        """
        n = len(chunk.run)
        fresh = packed(self.columns, dict(values), n)
        void = ~chunk.run & ~chunk.kept
        if void.any():
            fresh[void] = packed(self.columns, {}, int(void.sum()))
        if self.old is not None and chunk.kept.any():
            both, aside = chunk.kept & chunk.run, chunk.kept & ~chunk.run
            fresh[both] = self.old.compared(chunk.old[both], fresh[both])
            fresh[aside] = chunk.old[aside]
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
        source, new = self.catalogue.source, self.described(record)
        unit, label, copied = self.catalogue.unit, self.catalogue.label, target.ahead.end()
        warnings = splice(
            source.fd, source.size, unit, target.fd, new, journal.rows, label, alone=self.table_only, copied=copied
        )
        source.check_unchanged()
        return warnings

    def described(self, record: Record) -> NewColumns:
        """Return the columns as the header tells of them after a run with this record."""
        flag = self.columns[-1]
        comment = f"{record.model[:30]} {record.model_sha256[:16]}; {flag.meaning}".replace("'", "")[:68]
        history, stamp = tuple(record.lines()), record.time.rstrip("Z")
        return NewColumns(self.columns, self.existing, {flag.name: comment}, history, stamp)

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
