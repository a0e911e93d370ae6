"""MapRun: a run that writes maps of what the answers rest on into a file of stamps' layout, with the catalogue."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import __version__
from skycnn.errors import InputError, counted
from skycnn.fits import previousrun, rowsubset
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.extension import Chunk, renamed
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record, now
from skycnn.fits.tally import Tally
from skycnn.inputs.answering import Answering
from skycnn.inputs.columnresult import ColumnOptions
from skycnn.inputs.explaining import Explained, Explaining, explained
from skycnn.inputs.kind import Piece
from skycnn.inputs.rowselection import RowSelection
from skycnn.schema import Column
from skycnn.stamps import stampfacts
from skycnn.stamps.pixeldigest import PixelDigest
from skycnn.stamps.stampfile import stampfile
from skycnn.stamps.stampfile.stampcolumns import StampColumns
from skycnn.stamps.stampfile.stampfile import StampFile
from skycnn.stamps.stamps import Batch, Stamps

Array = NDArray[Any]
Say = Callable[[str], None]
Progress = Callable[[int, int], None]
Take = Callable[[int, Piece, Explained], None]

CHUNK = 1024
"""Rows between two entries of the journal: a minute or so of work."""


@dataclass(frozen=True)
class Written:
    """What a run wrote: the counts, and what went wrong; of a file that was there already, nothing."""

    record: Record
    answered: int | None = None
    flagged: Mapping[str, int] | None = None
    resumed: int = 0
    warnings: tuple[str, ...] = ()
    unchanged: bool = False


class MapRun:
    """Maps of some rows of a catalogue.

    Parameters
    ----------
    stack : ExitStack
        Closes what is opened.
    ready : Answering
    explaining : Explaining
    selection : RowSelection
    output : Output
        Not in place.
    options : ColumnOptions
    settings : mapping
        What the maps depend on besides the input, plain JSON.
    facts : mapping
        Cards of the header that tell what the maps are.

    Raises
    ------
    InputError
        When the file cannot be written so.
    """

    def __init__(
        self,
        stack: ExitStack,
        ready: Answering,
        explaining: Explaining,
        selection: RowSelection,
        output: Output,
        options: ColumnOptions,
        settings: Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> None:
        if compression_of(output.label):
            raise InputError(
                f"--out {output.label} would be an archive, and maps in one cannot be read one by one",
                hint="Take the ending away.",
            )
        if ready.feed.stamps is None:
            raise ValueError("maps are of stamps")
        self.ready, self.explaining, self.selection, self.output = ready, explaining, selection, output
        self._stamps: Stamps = ready.feed.stamps
        self.side, self.bands = int(ready.choice.card.stamp or 0), explaining.planes
        stampfacts.check_spared(self._stamps, (output.path, options.provenance))
        self.columns = renamed(explaining.columns[:-1], options.prefix, options.suffix)
        for column in self.columns:
            if ready.catalogue.has(column.name) is not None:
                what = f"{ready.catalogue.label} has a column {column.name!r} already"
                raise InputError(what, hint="--suffix _NEW writes beside it.")
        self._table, self._rows = self._rows_of(stack, ready.catalogue)
        self._facts = {**stampfacts.cards(self._stamps), **self._stamps.wcs(self.side), "BUNITS": None, **facts}
        names, card = self._table.names, ready.choice.card
        stamp_columns = StampColumns(self.bands, names, False).columns
        self.written: tuple[Column, ...] = (*self.columns, *stamp_columns)
        self.record = Record(
            version=__version__,
            verb="explain",
            task=ready.task.name,
            time=now(),
            command=options.command,
            model=card.name,
            model_sha256=card.sha256,
            columns=tuple(column.name for column in self.written),
            used=ready.feed.columns,
            input_sha256="",
            options=json.loads(json.dumps({name: value for name, value in settings.items() if value})),
            notes=ready.feed.notes,
        )

    def _rows_of(self, stack: ExitStack, catalogue: Catalogue) -> tuple[Catalogue, tuple[int, int]]:
        """Return the table to be copied, and which rows of it."""
        span, numbers = self.selection.span, self.selection.numbers
        if span is not None or numbers is None:
            return catalogue, span or (0, 0)
        some = stack.enter_context(rowsubset.subset(catalogue, numbers, self.output.folder))
        return some, (0, some.rows)

    @property
    def disk_bytes(self) -> int:
        """Bytes of the file, about."""
        n = len(self.selection)
        table = stampfile.table_bytes(self._table, n, len(self.bands), sum(4 * column.width for column in self.columns))
        return 4 * n * len(self.bands) * self.side**2 + table

    def _input_sha256(self, pixels: bytes) -> str:
        rows = previousrun.rows_sha256(self._table, self._rows)
        return hashlib.sha256(rows.encode() + pixels).hexdigest() if pixels else rows

    def check_earlier(self, path: str) -> None:
        """See that the file that an earlier run left is what this one would write.

        Raises
        ------
        InputError
            When it is not; it names what has changed.
        """
        with closing(PixelDigest(self._stamps)) as digest:
            pixels = digest.end()
        last = previousrun.stamps_record(path, "explain")
        record = _with_input(self.record, self._input_sha256(pixels))
        previousrun.check_same_stamps(last, record, self.output.label, "maps")

    def write(
        self,
        options: ColumnOptions,
        versions: Mapping[str, str],
        take: Take | None,
        say: Say,
        progress: Progress | None,
        *,
        without: bool | None = None,
    ) -> Written:
        """Explain what no earlier run has explained, and rename the file.

        Parameters
        ----------
        options : ColumnOptions
        versions : mapping of str to str
            Those of skycnn and of its libraries: a run of others is not taken over.
        take : callable, optional
            Receives what is explained: the chunk's first row, a piece, and what was found.
        say, progress : callable
            Receive notes, one line each; rows done and rows in all.
        without : bool, optional
            See `Explaining.explain`.

        Raises
        ------
        RunError
            When the file cannot take its place.
        """
        ready, feed = self.ready, self.ready.feed
        key = {
            "options": self.record.options,
            "model": self.record.model_sha256,
            "versions": dict(versions),
            "run": [options.device, options.batch, feed.state],
            "columns": [column.name for column in self.written],
        }
        tally, answered, place = Tally(ready.task.flags), 0, self._rows[0]
        with (
            closing(PixelDigest(self._stamps)) as digest,
            StampFile(
                self.output,
                self._table,
                rows=self._rows,
                bands=self.bands,
                side=self.side,
                facts=self._facts,
                identity=key,
                used=feed.columns,
                more=self.columns,
            ) as file,
        ):
            if file.discarded:
                say("the journal of another run was found and thrown away")
            for chunk in self.selection.chunks(ready.catalogue, feed.columns, CHUNK):
                n = int(np.count_nonzero(chunk.run))
                if not file.held(place, n, chunk.digest):
                    self._explain(chunk, file, place, take, progress, without=without)
                tally.count(file.flags(place, n))
                answered += int(np.isfinite(file.further(place, n)[:, :4].copy().view(">f4")).sum())
                place += n
            feed.check_unchanged()
            ready.catalogue.source.check_unchanged()
            if file.resumed:
                say(f"taken over from an earlier run: {counted(file.resumed, 'row')}")
            record = _with_input(self.record, self._input_sha256(digest.end()))
            warnings = (*feed.warnings(), *file.finish(record))
        return Written(record, answered, tally.flagged, file.resumed, warnings)

    def _explain(
        self,
        chunk: Chunk,
        file: StampFile,
        place: int,
        take: Take | None,
        progress: Progress | None,
        *,
        without: bool | None,
    ) -> None:
        """Explain the rows of a chunk, and write them from ``place`` on."""
        order = np.cumsum(chunk.run) - 1  # a row's place among those selected
        n = int(order[-1]) + 1
        rests, flags = np.full((n, len(self.bands), 2), np.nan), np.zeros(n, np.int32)
        values: dict[str, Array] = {}
        done = place - self._rows[0]
        for work, found in explained(self.ready.feed, self.explaining, [chunk], without=without):
            piece = work.piece
            if piece is None or found is None:
                continue
            rows = order[piece.rows]
            file.write(place, self._batch(rows, piece, found))
            rests[rows], flags[rows] = self._rests(piece), found.flags
            for column, part in zip(self.columns, self.explaining.numbers(found).values(), strict=True):
                values.setdefault(column.name, np.full(n, np.nan if part.dtype.kind == "f" else 0, part.dtype))[
                    rows
                ] = part
            if take is not None:
                take(chunk.first, piece, found)
            done += len(rows)
            if progress is not None:
                progress(done, len(self.selection))
        file.done(place, n, chunk.digest, rests, flags, values)

    def _batch(self, rows: Array, piece: Piece, found: Explained) -> Batch:
        maps = found.attributions.maps["image"]
        planes = maps if maps.ndim == 4 else maps[:, None]
        return Batch(rows, planes, self._rests(piece), found.flags)

    def _rests(self, piece: Piece) -> Array:
        """Return the object's place in each plane (n, plane, 2)."""
        if piece.rests is None:
            raise ValueError("no stamps")
        if len(self.bands) == piece.rests.shape[1]:
            return piece.rests
        first = np.isfinite(piece.rests).all(axis=2).argmax(axis=1)  # of the first band that shows it
        return np.asarray(piece.rests[np.arange(len(first)), first][:, None])


def _with_input(record: Record, sha256: str) -> Record:
    return replace(record, input_sha256=sha256)
