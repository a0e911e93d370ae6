"""Output: the file that a run writes - in place, another one, or standard output."""

import bz2
import gzip
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from skycnn.errors import ChangedError, InputError, SkycnnError
from skycnn.files import safefile, workingfile
from skycnn.files.lock import held, locked
from skycnn.files.regular import check_folder, check_output
from skycnn.fits.source import Spec


class Output:
    """The destination of a run.

    Parameters
    ----------
    spec : Spec
        The input as typed.
    out : str or None
        ``--out``: None writes in place (to standard output where the input is standard input), ``-`` to standard
        output.
    overwrite : bool
        Whether an existing ``--out`` file may be replaced.
    detach : bool
        Whether owner, attributes and hard links need not be kept.

    Raises
    ------
    InputError
        When the output exists or is the input.
    """

    def __init__(self, spec: Spec, out: str | None, *, overwrite: bool = False, detach: bool = False) -> None:
        self.existing: os.stat_result | None = None
        self.in_place = out is None and not spec.standard
        self.standard = out == "-" or (out is None and spec.standard)
        self.label = spec.path if self.in_place else "standard output" if self.standard else str(out)
        if not self.standard and not self.in_place:
            self.existing = check_output(str(out), f"--out {out}")
        self.path = None if self.standard else os.path.realpath(spec.path if out is None else out)
        self.detach = detach
        self.journal_path = self._working("journal")
        """Path of the journal; None for standard output."""
        self.partial_path = self._working("partial")
        """Path of an unfinished stamp file, which a later run resumes; None for standard output."""
        if not self.standard and not self.in_place:
            self._check_new(spec, overwrite)

    def _check_standard(self) -> None:
        if sys.stdout is None or sys.stdout.closed:
            raise InputError("standard output is closed", hint="--out FILE writes to a file.")
        if sys.stdout.isatty():
            raise InputError("binary FITS to a terminal is refused", hint="--out FILE, or pipe it on.")

    def _check_new(self, spec: Spec, overwrite: bool) -> None:
        path = str(self.path)
        both = not spec.standard and os.path.exists(path) and os.path.exists(spec.path)  # whoever opens it tells
        if both and os.path.samefile(path, spec.path):
            raise InputError(f"--out {self.label} is the input itself", hint="Leave --out away to write in place.")
        if self.existing is not None and not overwrite:
            raise InputError(f"{self.label} exists", hint="--overwrite replaces it.")
        folder = os.path.dirname(path)
        check_folder(folder, self.label)
        if not os.access(folder, os.W_OK) or not os.stat(folder).st_mode & 0o222:
            raise InputError(f"the folder of {self.label} is read-only", hint="--out FILE names another place.")

    @property
    def folder(self) -> str | None:
        """The folder of the new file; None for standard output."""
        return os.path.dirname(self.path) if self.path is not None else None

    def _working(self, role: str) -> str | None:
        return workingfile.companion(self.path, role) if self.path is not None else None

    @contextmanager
    def locked(self, wait: float = 0.0) -> Iterator[None]:
        """Hold the lock on the output, or on the journal of a new one.

        Raises
        ------
        LockedError
            When another skycnn works on it.
        """
        if self.in_place or self.existing is not None:
            there = self.in_place and os.path.exists(self.label)
            if there and not os.path.isfile(self.label) and not os.path.isdir(self.label):
                raise InputError(f"{self.label} is a pipe or a device", hint="--out FILE writes to a file.")
            if self.path is None or not os.path.isfile(self.path):
                yield  # whoever opens it says what is wrong
                return
            with locked(self.path, self.label, wait):
                if not self.in_place:
                    self.existing = os.stat(self.path)  # whoever held the lock may have replaced it
                yield
        elif self.journal_path is not None:
            with held(self.journal_path, self.label, wait) as self.journal_path:
                self._check_absent(InputError)
                yield
        else:
            yield

    def prepare(self, *, resume: bool = False) -> None:
        """See that the output can be written, and remove temporary files of a killed run; the lock is held.

        With ``resume`` an unfinished stamp file is kept. A journal or stamp file that is not ours is set aside, or left
        alone where it may be in use or cannot be removed: then ours get other names.

        Raises
        ------
        InputError
            When a file cannot be replaced as it is, others' files are in the way, or standard output is a terminal.
        """
        if self.standard:
            self._check_standard()
        if self.path is None or (self.in_place and not os.path.isfile(self.path)):
            return
        there = self.in_place or self.existing is not None
        partial = self.partial_path if resume else None
        workingfile.clean(self.path, self.journal_path, partial, others=there)
        if there:
            safefile.check_writable(self.path, self.label, self.detach)
            self.journal_path = workingfile.usable(str(self.journal_path), others=True)
        if partial is not None:
            self.partial_path = workingfile.usable(partial, others=there, shared=not there)

    def clean(self) -> None:
        """Remove temporary files and journal of earlier runs; the lock is held."""
        if self.path is not None:
            workingfile.clean(self.path, others=self.in_place)

    def check_space(self, needed: int) -> None:
        """See that ``needed`` bytes are free in the output's folder.

        Raises
        ------
        NoSpaceError
            When they are not.
        """
        safefile.check_space(self.folder or tempfile.gettempdir(), needed, self.label)

    @contextmanager
    def create(self, start: os.stat_result | None, compression: str) -> Iterator[int]:
        """Yield a descriptor for plain FITS bytes; on a clean end they become the output, compressed.

        Parameters
        ----------
        start : os.stat_result or None
            Of the input as it was read, for writing in place.
        compression : str
            ``gz``, ``bz2`` or empty.

        Raises
        ------
        ChangedError, NoSpaceError, RunError
            When the output cannot take its place; it is as it was.
        """
        if self.path is None:
            with safefile.scratch() as plain:
                with safefile.writing("a temporary file"):
                    yield plain.fileno()
                with safefile.writing(self.label):
                    _pack(plain, cast(IO[bytes], sys.stdout.buffer), compression)
                    sys.stdout.buffer.flush()
            return
        before = start if self.in_place else self.existing
        with safefile.replacing(self.path, self.label, start=before, detach=self.detach) as fd:
            if compression:
                with safefile.scratch(self.folder) as plain:
                    yield plain.fileno()
                    with open(fd, "wb", closefd=False) as target:
                        _pack(plain, target, compression)
            else:
                yield fd
            if before is None:
                self._check_absent(ChangedError)

    def adopt(self, fd: int, temporary: str) -> None:
        """Give a finished temporary file beside the output the output's name.

        Raises
        ------
        ChangedError, NoSpaceError, RunError
            When it cannot; the output is as it was.
        """
        if self.existing is None:
            self._check_absent(ChangedError)
        safefile.adopt(fd, temporary, str(self.path), self.label, start=self.existing, detach=self.detach)

    def _check_absent(self, kind: type[SkycnnError]) -> None:
        if self.path is not None and os.path.lexists(self.path):
            raise kind(f"{self.label} exists: it came while we waited or ran", hint="--overwrite replaces it.")


def _pack(plain: IO[bytes], target: IO[bytes], compression: str) -> None:
    plain.seek(0)
    if compression == "gz":  # a fixed time and no name: the same content gives the same bytes
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=target, mtime=0) as archive:
            shutil.copyfileobj(plain, archive, 1 << 20)
    elif compression == "bz2":
        with bz2.BZ2File(target, "wb") as archive2:
            shutil.copyfileobj(plain, archive2, 1 << 20)
    else:
        shutil.copyfileobj(plain, target, 1 << 20)


def compression_of(name: str) -> str:
    """Return ``gz`` or ``bz2`` where a file name ends so, in any case, else an empty string."""
    return next((kind for kind in ("gz", "bz2") if name.lower().endswith(f".{kind}")), "")
