"""PatchJournal: the rendered objects of a scene's finished blocks, kept so that a run that was killed goes on."""

import json
import struct
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import NoSpaceError
from skycnn.files import safefile
from skycnn.files.journal import Journal, unfinished
from skycnn.fits.output import Output

Array = NDArray[Any]
Patches = list[tuple[Array, Array]]

WIDTH = 4096
"""Bytes of a row of the journal; a block takes as many as it needs, behind one that tells its patches and objects."""

_COUNTS, _PATCH = struct.Struct("<QQQ"), struct.Struct("<qqQQ")
"""Patches, objects, bytes of a block; of each patch, ahead of its pixels: x and y of its first pixel, bands, side."""


class PatchJournal:
    """A journal beside an output whose lock is held; a context manager that keeps it only when a signal ends the run.

    Parameters
    ----------
    output : Output
    identity : mapping
        Plain JSON that must be equal for a run to take over from a killed one.
    reserve : int
        Bytes of the disk that are left free for the files of the scene: before they would be touched, no more is kept.

    Attributes
    ----------
    discarded : bool
        Whether the journal of another run was discarded.
    resumed : int
        Objects taken over from a killed run so far.
    """

    def __init__(self, output: Output, identity: Mapping[str, Any], reserve: int) -> None:
        self._output, self._reserve, self._full, self.resumed = output, reserve, False, 0
        with safefile.writing(output.label):
            self._journal = Journal(output.journal_path, json.loads(json.dumps(identity)), WIDTH)
        self.discarded = self._journal.discarded

    def held(self, number: int) -> tuple[Patches, int] | None:
        """Return the patches and the number of objects of a finished block; None where it has to be drawn."""
        first = number << 32
        try:
            count, objects, size = _COUNTS.unpack_from(self._journal.rows(first, first + 1).tobytes())
            content = self._journal.rows(first + 1, first + 1 + -(-size // WIDTH)).tobytes()
        except KeyError:
            return None
        patches, at = Patches(), 0
        for _ in range(count):
            x, y, bands, side = _PATCH.unpack_from(content, at)
            at += _PATCH.size
            pixels = np.frombuffer(content, "<f4", bands * side * side, at).reshape(bands, side, side)
            patches.append((np.array([x, y], float), pixels.astype(np.float32)))
            at += pixels.nbytes
        self.resumed += objects
        return patches, objects

    def put(self, number: int, patches: Sequence[tuple[Array, Array]], objects: int) -> None:
        """Keep a finished block: patches (band, side, side), each behind the place of its first pixel."""
        parts = []
        for (x, y), pixels in patches:
            parts += [_PATCH.pack(int(x), int(y), len(pixels), pixels.shape[-1]), pixels.astype("<f4").tobytes()]
        content = b"".join(parts)
        rows = 1 + -(-len(content) // WIDTH)
        if self._full or not self._fits(rows * WIDTH):
            return
        head = _COUNTS.pack(len(patches), objects, len(content)).ljust(WIDTH, b"\0")
        whole = np.frombuffer(head + content.ljust((rows - 1) * WIDTH, b"\0"), np.uint8).reshape(rows, WIDTH)
        with safefile.writing(self._output.label):
            self._journal.put(number << 32, bytes(32), whole)

    def _fits(self, size: int) -> bool:
        try:
            safefile.check_space(str(self._output.folder), self._reserve + size, self._output.label)
        except NoSpaceError:
            self._full = True
        return not self._full

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.close(remove=not unfinished(error))
