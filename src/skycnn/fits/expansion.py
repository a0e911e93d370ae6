"""Expansion: how far an archive is uncompressed - no further than its headers promise, and no bomb."""

import os

from skycnn.errors import InputError
from skycnn.files import memory
from skycnn.files.memory import size as words
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import BLOCK, MOST_BLOCKS, padded
from skycnn.fits.tablebytes import data_size

RATIO = 100
"""Times that neither a catalogue nor an image of the sky shrinks; empty masks and bombs do."""

DENSE = 4 << 30
"""Bytes that such an archive may become where memory has room: an empty image of 20,000 x 20,000 doubles takes 3.2 GB.
More would take a minute and more to write."""

LOOSE = 64 << 20
"""Bytes allowed behind the last header-data unit."""


def check(plain: int, packed: int, label: str) -> None:
    """See that an archive of ``packed`` bytes may become ``plain`` bytes.

    Raises
    ------
    InputError
        When it is as good as empty, and larger than the bound on memory, or than `DENSE` where none was requested.
    """
    most = memory.bound(DENSE)
    if plain > RATIO * packed and plain > most:
        what = f"{label}: an archive of {words(packed)} would become {words(plain)}"
        hint = f"If it is no bomb, uncompress it first, or give --max-memory {plain // 10**9 + 1}G."
        raise InputError(what, expected=f"at most {words(most)} of one so dense", hint=hint)


class Expansion:
    """An archive that is being uncompressed into a file.

    Parameters
    ----------
    fd : int
        Descriptor of the file of plain bytes.
    packed : int
        Bytes of the archive.
    label : str
        Names it in messages.
    """

    def __init__(self, fd: int, packed: int, label: str) -> None:
        self._fd, self._packed, self._label = fd, packed, label
        self._next = 0  # where the next header begins
        self._ended = False

    def reached(self, size: int) -> None:
        """See that the ``size`` bytes there so far, and what their headers promise, are allowed.

        Raises
        ------
        InputError
            When the archive is a bomb, or goes on far behind its last header-data unit.
        """
        while not self._ended and size >= self._next + BLOCK and self._advance(size):
            check(self._next, self._packed, self._label)
        check(size, self._packed, self._label)
        if self._ended and size > self._next + LOOSE:
            what = f"{self._label} goes on for more than {words(LOOSE)} behind its last header-data unit"
            raise InputError(what, hint="Verify the file with fitsverify.")

    def _advance(self, size: int) -> bool:
        """Go to the end of the unit that begins at ``_next``; False where there is none, or more is to come first."""
        self._ended = os.pread(self._fd, 8, self._next) != (b"XTENSION" if self._next else b"SIMPLE  ")
        if self._ended:
            return False
        try:
            cards, data = fitscards.read_header(self._fd, self._next, self._label)
        except InputError:
            self._ended = size > self._next + MOST_BLOCKS * BLOCK
            return False
        self._next = data + padded(data_size(fitscards.values(cards), self._label))
        return True
