"""EarlierOutput: the file of ``--out`` as an earlier run left it, compared with what a run would write there now."""

import os
from collections.abc import Callable

import numpy as np

from skycnn.errors import InputError
from skycnn.fits import previousrun
from skycnn.fits.cards import keyword
from skycnn.fits.catalogue import READ_BYTES, Catalogue
from skycnn.fits.extension import Extension
from skycnn.fits.fitsfile import open_fits
from skycnn.fits.newheader import new_cards
from skycnn.fits.oldanswers import OldAnswers
from skycnn.fits.provenance import Record, changes, parse
from skycnn.fits.source import Spec
from skycnn.fits.tablebytes import Hdu, read_into
from skycnn.fits.tablecolumn import TableColumn

SUMS = ("CHECKSUM", "DATASUM")


def is_of(path: str, verb: str) -> bool:
    """Return whether a file is one that a run of this command wrote, by the HISTORY of its tables."""
    if not os.path.isfile(path):
        return False
    try:
        source, units = open_fits(Spec(path, None))
    except InputError:
        return False
    with source.file:
        lines = (card[8:].decode("latin-1") for unit in units for card in unit.cards if keyword(card) == "HISTORY")
        return any(record.verb == verb for record in parse(lines))


class EarlierOutput:
    """A file that holds what ``extension`` would write, or something else.

    Parameters
    ----------
    path : str
    extension : Extension
        Of the run to come; it has looked at the input's own answers.
    record : Record
        Of the run to come.
    copied : bool
        Whether the input has the answers already, and would be copied as it is.
    """

    def __init__(self, path: str, extension: Extension, record: Record, *, copied: bool) -> None:
        self._path, self._extension, self._record, self._copied = path, extension, record, copied
        self._marked = 0

    def check(self, pixels: Callable[[], bytes] | None = None) -> int:
        """See that the file is what the run would write, but for the time and the command line in its HISTORY.

        Returns how many of its answers are marked as of other photometry.

        Parameters
        ----------
        pixels : callable, optional
            Returns the digest of the stamps used; None where none are.

        Raises
        ------
        InputError
            When it is anything else; it names what has changed.
        """
        unit, alone = self._extension.catalogue.unit, self._extension.table_only
        try:
            with Catalogue.open(Spec(self._path, str(1 if alone else unit.number))) as held:
                differences = self._differences(held, pixels)
        except InputError as error:
            differences = [error.what]
        if differences:
            what = f"{self._path} exists and holds other answers: {'; '.join(differences)}"
            raise InputError(what, hint="--overwrite replaces it.")
        return self._marked

    def _differences(self, held: Catalogue, pixels: Callable[[], bytes] | None) -> list[str]:
        extension, record = self._extension, self._record
        names = {column.name: old for column in extension.columns if (old := held.has(column.name)) is not None}
        earlier = previousrun.records(held, names)
        if len(names) < len(extension.columns) or not earlier:
            return ["it has not all of " + ", ".join(column.name for column in extension.columns)]
        last = earlier[-1]
        differences = changes(last, record)
        if last.options.get("rows") != record.options.get("rows"):
            differences.append("other rows were asked for")
        if differences:
            return differences
        for column in extension.columns:
            previousrun.check_type(held, column)
        answers = OldAnswers(held, extension.columns, names)
        answers.look(last, record.used, lambda first, n: np.ones(n, np.bool_), pixels)
        self._marked = answers.marked
        if not answers.same_input:
            return ["the columns used, the stamps or the rows have changed" if pixels else "the catalogue has changed"]
        if not answers.agrees:
            return [f"its answers have changed since {last.time}"]
        return [] if self._is_copy(held, last) else ["the catalogue has changed"]

    def _is_copy(self, held: Catalogue, last: Record) -> bool:
        """Whether all but the new columns is the input's, byte for byte."""
        extension = self._extension
        unit, source, other = extension.catalogue.unit, extension.catalogue.source, held.unit
        cards = list(unit.cards) if self._copied else new_cards(unit, extension.described(last), held.label)
        if _without_sums(cards) != _without_sums(list(other.cards)) or unit.rows != other.rows:
            return False
        pieces = [(unit.data + unit.rows * unit.row_bytes, unit.data + unit.size)]
        places = [other.data + other.rows * other.row_bytes]
        if not extension.table_only:
            pieces += [(0, unit.start), (unit.end, source.size)]
            places += [0, other.end]
        ends = [place + end - start for place, (start, end) in zip(places, pieces, strict=True)]
        if not extension.table_only and ends[-1] != held.source.size:
            return False
        whole = all(
            _same(source.fd, start, held.source.fd, place, end - start)
            for place, (start, end) in zip(places, pieces, strict=True)
        )
        return whole and all(self._same_rows(held, first) for first in range(0, unit.rows, self._step(other)))

    @staticmethod
    def _step(unit: Hdu) -> int:
        return max(1, READ_BYTES // max(1, unit.row_bytes))

    def _same_rows(self, held: Catalogue, first: int) -> bool:
        """Whether a block of rows is the input's; answers of the input that the run keeps are to be there."""
        extension, unit, other = self._extension, self._extension.catalogue.unit, held.unit
        n = min(self._step(other), unit.rows - first)
        before, after = (np.empty((n, each.row_bytes), np.uint8) for each in (unit, other))
        read_into(extension.catalogue.source.fd, before, unit.data + first * unit.row_bytes, held.label)
        read_into(held.source.fd, after, other.data + first * other.row_bytes, held.label)
        there = {} if self._copied else extension.existing
        fields = [there[column.name] for column in extension.columns if column.name in there]
        if fields and extension.old is not None and extension.keeps_old:
            old, new = (_fields(rows, fields) for rows in (before, after))
            kept = ~extension.old.is_waiting(first, extension.old.plain(old))
            if not np.array_equal(old[kept, :-4], new[kept, :-4]):
                return False
        for field in fields:
            place = slice(field.offset, field.offset + field.width)
            before[:, place] = after[:, place]
        return np.array_equal(before, after[:, : unit.row_bytes])


def _fields(rows: "np.ndarray", fields: list[TableColumn]) -> "np.ndarray":
    return np.concatenate([rows[:, field.offset : field.offset + field.width] for field in fields], axis=1)


def _without_sums(cards: list[bytes]) -> list[bytes]:
    return [card for card in cards if keyword(card) not in SUMS]


def _same(fd: int, start: int, other: int, place: int, size: int) -> bool:
    """Whether two files have the same bytes from these offsets on."""
    for done in range(0, size, READ_BYTES):
        n = min(READ_BYTES, size - done)
        if os.pread(fd, n, start + done) != os.pread(other, n, place + done):
            return False
    return True
