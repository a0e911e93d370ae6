"""Source: the file named by `cat.fits[EXT]`, `cat.fits.gz` or `-`, opened as plain FITS bytes."""

import bz2
import gzip
import os
import re
import shutil
import sys
import zlib
from dataclasses import dataclass, replace
from stat import S_ISREG
from typing import IO, cast

from skycnn.errors import ChangedError, InputError
from skycnn.files import safefile
from skycnn.files.regular import check_name, opened
from skycnn.fits.expansion import Expansion
from skycnn.fits.foreign import check_fits

COMPRESSED = {b"\x1f\x8b": "gz", b"BZh": "bz2"}


@dataclass(frozen=True)
class Spec:
    """A file name, and the number or EXTNAME of a table of it, if named."""

    path: str
    extension: str | None

    @property
    def standard(self) -> bool:
        """Whether it is ``-``: standard input or output."""
        return self.path == "-"


def parse(text: str, hdu: str | None = None) -> Spec:
    """Split ``cat.fits[EXT]`` or ``cat.fits#EXT``; a file literally so named wins.

    Raises
    ------
    InputError
        When the name and ``--hdu`` disagree, or no file can have that name.
    """
    match = None
    check_name(text)
    if not os.path.exists(text):
        match = re.fullmatch(r"(.+)\[([^\[\]]+)\]", text) or re.fullmatch(r"(.+)#([^#]+)", text)
    path, extension = (match[1], match[2]) if match else (text, None)
    if hdu is not None and extension is not None and hdu != extension:
        raise InputError(f"{text} names table {extension!r} and --hdu {hdu!r}", hint="Give one of the two.")
    return Spec(path, hdu if hdu is not None else extension)


@dataclass(frozen=True)
class Source:
    """An open catalogue file.

    Parameters
    ----------
    spec : Spec
        What was typed.
    path : str or None
        The real path, symbolic links followed; None for standard input.
    file : file object
        Plain FITS bytes, seekable: the file itself, or an unlinked temporary copy.
    stat : os.stat_result or None
        Of the file when it was opened; None of a stream.
    compression : str
        ``gz``, ``bz2``, ``npy`` (stamps in a NumPy array) or an empty string.
    """

    spec: Spec
    path: str | None
    file: IO[bytes]
    stat: os.stat_result | None
    compression: str

    @property
    def fd(self) -> int:
        """Descriptor of the plain bytes."""
        return self.file.fileno()

    @property
    def size(self) -> int:
        """Length of the plain bytes."""
        return os.fstat(self.fd).st_size

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.spec.path

    def check_unchanged(self) -> None:
        """See that nobody wrote into the file since it was opened, unless it was copied then.

        Raises
        ------
        ChangedError
            When somebody did.
        """
        now = os.fstat(self.fd)
        if self.stat is None or (now.st_dev, now.st_ino) != (self.stat.st_dev, self.stat.st_ino):
            return
        if (now.st_size, now.st_mtime_ns) != (self.stat.st_size, self.stat.st_mtime_ns):
            raise ChangedError(f"{self.label} was changed by another program during the run", hint="Run again.")


def open_source(spec: Spec, scratch: str | None = None) -> Source:
    """Open a FITS file, uncompressed to a temporary one where needed.

    Parameters
    ----------
    spec : Spec
        What to open.
    scratch : str, optional
        Folder for the uncompressed copy; default the system's.

    Raises
    ------
    InputError
        When it is missing, unreadable, empty, of another format, or a corrupt archive.
    """
    if spec.standard:
        return _standard_input(spec, scratch)
    path = os.path.realpath(spec.path)
    try:
        file = opened(spec.path, "a FITS file", pipe=True, buffering=0)  # the Source closes it
    except FileNotFoundError:
        raise InputError(f"{spec.path} does not exist", hint=_similar(spec.path)) from None
    except OSError as error:
        raise InputError(f"{spec.path} cannot be read: {error.strerror}") from None
    stat = os.fstat(file.fileno())
    if not S_ISREG(stat.st_mode):  # a pipe, as the shell's <(command) makes one
        with file:
            return _spooled(spec, file, scratch)
    plain, compression = _plain(file, spec.path, scratch)
    return Source(spec, path, plain, stat, compression)


def _standard_input(spec: Spec, scratch: str | None) -> Source:
    if sys.stdin is None or sys.stdin.closed:
        raise InputError("standard input is closed", expected="a FITS catalogue")
    if sys.stdin.isatty():
        raise InputError(
            "standard input is a terminal", expected="a FITS catalogue", hint="Pipe one in: ... < cat.fits"
        )
    return _spooled(replace(spec, path="standard input"), cast(IO[bytes], sys.stdin.buffer), scratch)


def _spooled(spec: Spec, stream: IO[bytes], scratch: str | None) -> Source:
    """Return a stream as an unlinked temporary file, uncompressed."""
    spool = safefile.scratch(scratch)
    try:
        head = b""
        while len(head) < 2880 and (part := stream.read(2880 - len(head))):  # a pipe gives what it has
            head += part
        if not head.startswith((*COMPRESSED, b"SIMPLE")):
            check_fits(head, spec.path)  # before a pipe without end fills the disk
        with safefile.writing(f"a temporary copy of {spec.path}"):
            spool.write(head)
            shutil.copyfileobj(stream, spool, 1 << 20)
            spool.flush()
    except BaseException:
        spool.close()
        raise
    plain, compression = _plain(spool, spec.path, scratch)
    return Source(spec, None, plain, None, compression)


def _plain(file: IO[bytes], label: str, scratch: str | None) -> tuple[IO[bytes], str]:
    """Return the file, uncompressed, and its compression; it is closed where it is no FITS."""
    try:
        head = os.pread(file.fileno(), 2880, 0)
        compression = next((name for magic, name in COMPRESSED.items() if head.startswith(magic)), "")
        if compression:
            packed, file = file, _uncompressed(file, compression, label, scratch)
            packed.close()
            head = os.pread(file.fileno(), 2880, 0)
        check_fits(head, label)
    except BaseException:
        file.close()
        raise
    return file, compression


def _uncompressed(file: IO[bytes], compression: str, label: str, scratch: str | None) -> IO[bytes]:
    plain = safefile.scratch(scratch)
    file.seek(0)
    archive = cast(IO[bytes], gzip.GzipFile(fileobj=file) if compression == "gz" else bz2.BZ2File(file))
    try:
        with safefile.writing(f"a temporary copy of {label}"), archive:
            expansion = Expansion(plain.fileno(), os.fstat(file.fileno()).st_size, label)
            try:
                while piece := archive.read(1 << 20):
                    plain.write(piece)
                    plain.flush()
                    expansion.reached(plain.tell())
            except (EOFError, zlib.error, OSError) as error:
                if getattr(error, "errno", None) is not None:
                    raise
                what = f"{label} is a corrupt {compression} archive: {error}"
                raise InputError(what, hint="Restore it from a copy.") from None
            plain.flush()
    except BaseException:
        plain.close()
        raise
    return plain


def _similar(path: str) -> str | None:
    from difflib import get_close_matches

    folder = os.path.dirname(path) or "."
    try:
        names = os.listdir(folder)
    except OSError:
        return f"There is no folder {folder}."
    close = get_close_matches(os.path.basename(path), names, 1)
    return f"Did you mean {os.path.join(os.path.dirname(path), close[0])}?" if close else None
