"""Archive: the uncompressed bytes of an image file, plain or .gz or .bz2, and its HDUs, in one pass."""

import bz2
import errno
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, cast

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits import expansion
from skycnn.fits.cards import BLOCK, CARD, padded
from skycnn.fits.foreign import check_fits
from skycnn.fits.source import COMPRESSED
from skycnn.fits.tablebytes import LIES, MOST_UNITS, Hdu, data_size

_END = b"END".ljust(CARD)
_FORM = re.compile(
    rb"(XTENSION|BITPIX  |NAXIS\d* *|PCOUNT  |GCOUNT  |GROUPS  |EXTNAME |EXTVER  |INHERIT |BSCALE  |BZERO   |BLANK   "
    rb"|Z(IMAGE|TABLE|BITPIX|BLANK|NAXIS\d*) *)="
)
MOST_FIELDS = 999
"""Of a table (FITS 4.0, section 7.3.1)."""
_MOST_CARDS = 4096 * BLOCK // CARD  # as in cards.read_header


MOST_BEHIND = 1 << 20
"""Bytes behind the last HDU, such as a tape's padding."""


def compression_of(file: IO[bytes]) -> str:
    """Return ``gz``, ``bz2`` or an empty string, by the first bytes."""
    file.seek(0)
    head = file.read(8)
    return next((name for magic, name in COMPRESSED.items() if head.startswith(magic)), "")


@contextmanager
def plain(file: IO[bytes], compression: str, path: str) -> Iterator[IO[bytes]]:
    """Yield the uncompressed bytes of a file from the start; seek forwards only.

    Parameters
    ----------
    file : file object
        The file on disk; it stays open.
    compression : str
        ``gz``, ``bz2`` or an empty string.
    path : str
        Names the file in messages.

    Raises
    ------
    InputError
        When the archive is corrupt.
    """
    file.seek(0)
    if not compression:
        yield file
        return
    stream = cast(IO[bytes], gzip.GzipFile(fileobj=file) if compression == "gz" else bz2.BZ2File(file))
    try:
        with stream:
            yield stream
    except (EOFError, zlib.error, OSError) as error:
        if getattr(error, "errno", None) is not None:  # a disk error
            raise
        raise InputError(
            f"{path} is a corrupt {compression} archive: {error}", hint="Restore it from a copy."
        ) from None


def _packed(stream: IO[bytes]) -> int | None:
    """Return the bytes of an archive on disk; None for a plain file and in memory."""
    with suppress(OSError):
        return os.fstat(stream.fileno()).st_size if isinstance(stream, gzip.GzipFile | bz2.BZ2File) else None
    return None


def units(stream: IO[bytes], path: str) -> Iterator[Hdu]:
    """Yield the HDUs of a stream, not checking that all data are there.

    For speed with thousands of images, only the header values of `_FORM` are parsed.

    Raises
    ------
    InputError
        When it is no FITS, a header is unreadable, there are too many of them, or an archive is a bomb.
    """
    packed = _packed(stream)
    number, offset = 0, 0
    while True:
        try:
            stream.seek(offset)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise InputError(
                f"{path}[{number - 1}] promises data up to byte {offset}, beyond any file", hint=LIES
            ) from None
        block = stream.read(BLOCK)
        if number == 0:
            check_fits(block, path)
        elif not block.startswith(b"XTENSION"):
            return  # the end, special records, or garbage
        label = f"{path}[{number}]"
        cards: list[bytes] = []
        while _END not in cards[-BLOCK // CARD :]:
            if len(block) < BLOCK or len(cards) > _MOST_CARDS:
                hint = "The file is truncated or no FITS; verify it with fitsverify."
                raise InputError(f"{label}: the header has no END card", hint=hint)
            cards += [block[at : at + CARD] for at in range(0, BLOCK, CARD)]
            if _END not in cards[-BLOCK // CARD :]:
                block = stream.read(BLOCK)
        data = offset + len(cards) * CARD
        cards = [fitscards.capital(card) for card in cards[: cards.index(_END)]]
        header = fitscards.values(card for card in cards if _FORM.match(card))
        size = data_size(header, label)
        if packed is not None:
            expansion.check(data + padded(size), packed, label)
        if number == MOST_UNITS:
            raise InputError(f"{path} has more than {MOST_UNITS} header-data units", hint=LIES)
        yield Hdu(number, offset, data, size, data + padded(size), tuple(cards), header)
        number, offset = number + 1, data + padded(size)


def check_counts(file: IO[bytes], path: str) -> None:
    """See that a library may read a file's headers: a count of billions of axes or fields keeps some busy for ever.

    What follows the last of them is read to its end by some, in search of one more.

    Raises
    ------
    InputError
        When it is no FITS, a header is unreadable, a table has more fields than FITS allows, or much else follows.
    """
    with plain(file, compression_of(file), path) as stream:
        for unit in units(stream, path):
            label = f"{path}[{unit.number}]"
            fields = fitscards.integer(fitscards.values(unit.cards), "TFIELDS", label, 0)
            if fields > MOST_FIELDS:
                raise InputError(f"{label}: TFIELDS is {fields}", expected=f"at most {MOST_FIELDS}")
        left = MOST_BEHIND + 1
        while left > 0 and (piece := stream.read(BLOCK)):
            left -= len(piece)
        if left <= 0:
            raise InputError(f"{path}: more than {MOST_BEHIND >> 20} MB of no FITS follow its last HDU", hint=LIES)
    file.seek(0)
