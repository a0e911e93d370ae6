"""OldAnswers: the answers that a table holds - which are sound, which are missing, which are of other photometry."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from skycnn.fits.catalogue import Catalogue
from skycnn.fits.newheader import width
from skycnn.fits.provenance import Record
from skycnn.fits.tablecolumn import TableColumn, meaning
from skycnn.fits.tally import flags
from skycnn.schema import MEANINGS, NOT_RUN, TASK_BITS, Column, Flag

OTHER = int(Flag.OTHER_PHOTOMETRY)
KNOWN = sum(MEANINGS) | (0x7FFFFFFF & -TASK_BITS)
"""Bits that a run may set; a flag with others, the sign among them, is another program's."""

RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""Answers this close are the same: a row's last bits depend on the rows beside it, the device and the libraries."""


class OldAnswers:
    """The answers of earlier runs in one table, which has all their columns.

    Rows are sound as far as the record of the last run vouches for them: the columns used and the answers of all rows
    that it saw are as it left them, and no row without an answer was run. Nothing is known of other rows. One of them
    is unanswered where the flag is null or strange to skycnn, the value NaN, or value and interval all zero, for so
    other tools fill the rows that they append; any other must be answered again and compared.

    Parameters
    ----------
    catalogue : Catalogue
    columns : sequence of Column
        As skycnn writes them; the last is the flag.
    existing : mapping of str to TableColumn
        By these names: the table's columns.

    Attributes
    ----------
    names : list of str
        The table's names of the columns.
    sound : int
        Rows, counted from the first, that the last record vouches for.
    same_input, agrees : bool
        Whether the rows that the last run saw have the columns used as it saw them; whether they are all rows, and hold
        the answers that it wrote, as far as its record tells.
    waiting, unknown, marked : int
        Of the rows wanted: without an answer; with one to be compared; with one that is marked as of other photometry.
    aside : int
        Rows not wanted, with an answer of which nothing is known.
    """

    def __init__(self, catalogue: Catalogue, columns: Sequence[Column], existing: Mapping[str, TableColumn]) -> None:
        self._catalogue, self._columns = catalogue, tuple(columns)
        self._null = existing[columns[-1].name].null
        self.names = [existing[column.name].name for column in columns]
        self.sound = self.waiting = self.unknown = self.marked = self.aside = 0
        self.same_input = self.agrees = False

    def look(
        self,
        last: Record,
        used: Sequence[str],
        wanted: Callable[[int, int], "np.ndarray"],
        pixels: Callable[[], bytes] | None = None,
    ) -> None:
        """Read the table once, and see how far its last record vouches for it.

        Parameters
        ----------
        last : Record
            Of the last run over these columns.
        used : sequence of str
            Columns that the run to come reads.
        wanted : callable
            ``wanted(first, n)`` returns which of n rows are asked for, bool (n,).
        pixels : callable, optional
            Returns the digest of the stamps of all rows; None where none are read.
        """
        rows = self._catalogue.rows
        seen = last.counts.get("rows", rows)  # 0.1.0 did not count them
        layout = self._catalogue.packing(used)
        split = sum(column.width for column in layout)
        inputs, answers = hashlib.sha256(meaning(layout)), hashlib.sha256()
        counts = {sound: np.zeros(4, np.int64) for sound in (0, seen)}
        for first, packed in self._catalogue.packed_chunks([*used, *self.names]):
            old, asked, vouched = self.plain(packed[:, split:]), wanted(first, len(packed)), max(0, seen - first)
            inputs.update(np.ascontiguousarray(packed[:vouched, :split]).data)
            answers.update(np.ascontiguousarray(old[:vouched]).data)
            for sound, count in counts.items():
                count += self._count(old, np.arange(first, first + len(old)) < sound, asked)
        digest = pixels() if pixels is not None else b""
        inputs.update(digest)
        self.same_input = inputs.hexdigest() == last.input_sha256 and (seen == rows or (seen < rows and not digest))
        if self.same_input and last.answers_sha256 == answers.hexdigest():
            self.sound = seen
        self.agrees = self.same_input and seen == rows and (self.sound == rows or not last.answers_sha256)
        self.waiting, self.unknown, self.marked, self.aside = (int(count) for count in counts[self.sound])

    def _count(self, old: "np.ndarray", sound: "np.ndarray", asked: "np.ndarray") -> "list[int]":
        bare = _unanswered(old, sound)
        other = ~bare & (flags(old) & OTHER != 0)
        parts = (bare & asked, ~bare & ~sound & asked, other & asked, ~bare & ~sound & ~asked)
        return [int(np.count_nonzero(part)) for part in parts]

    def plain(self, packed: "np.ndarray") -> "np.ndarray":
        """Return packed answers as skycnn writes them: where the flag is the table's own null, it is NOT_RUN."""
        if self._null is None or not (lost := flags(packed) == self._null).any():
            return packed
        packed = packed.copy()
        packed[lost, -4:] = np.frombuffer(np.array(NOT_RUN, ">i4").tobytes(), np.uint8)
        return packed

    def is_sound(self, first: int, n: int) -> "np.ndarray":
        """Return which of n rows from ``first`` on are sound, bool (n,)."""
        return np.arange(first, first + n) < self.sound

    def is_waiting(self, first: int, old: "np.ndarray") -> "np.ndarray":
        """Return which of the rows from ``first`` on have no answer, bool (n,); ``old`` as `plain` returns them."""
        return _unanswered(old, self.is_sound(first, len(old)))

    def compared(self, old: "np.ndarray", new: "np.ndarray") -> "np.ndarray":
        """Return old answers, packed, with the mark of other photometry where new ones of the same rows differ."""
        was, now = flags(old) & ~OTHER, flags(new)
        differs, at = was != now, 0
        for column in self._columns[:-1]:
            place = slice(at, at := at + width(column))
            before, after = (np.ascontiguousarray(rows[:, place]).view(f">{column.dtype}") for rows in (old, new))
            differs |= ~np.isclose(before, after, RELATIVE, ABSOLUTE, equal_nan=True).all(axis=1)
        told = old.copy()
        told[:, -4:] = np.where(differs, was | OTHER, was).astype(">i4").view(np.uint8).reshape(-1, 4)
        return told


def _unanswered(old: "np.ndarray", sound: "np.ndarray") -> "np.ndarray":
    """Return which rows of packed answers have none: of sound ones, those that were not run."""
    flag = flags(old)
    value = np.ascontiguousarray(old[:, :4]).view(">f4")[:, 0]
    empty = ~np.isfinite(value) | ~old[:, :12].any(axis=1) | (flag & ~KNOWN != 0)
    return np.asarray((flag == NOT_RUN) | (empty & ~sound))
