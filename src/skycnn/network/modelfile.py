"""ModelFile: the file that a training makes - its place seen before the work, one training at a time, a whole end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skycnn.errors import ChangedError, InputError
from skycnn.files import safefile, workingfile
from skycnn.files.lock import held
from skycnn.files.regular import check_folder, check_output
from skycnn.network import checkpoint, model


class ModelFile:
    """Where a model goes, and the checkpoint beside it.

    Parameters
    ----------
    out : str
        ``--out``; a symbolic link is followed.
    resume, overwrite, dry_run : bool
        Whether an unfinished training is gone on with, what is there may be replaced, nothing is written.

    Attributes
    ----------
    checkpoint : Path
        Of the training, while it is not finished.

    Raises
    ------
    InputError
        When no model can be written there, or something is there.
    """

    def __init__(self, out: str, *, resume: bool = False, overwrite: bool = False, dry_run: bool = False) -> None:
        self.label, self.existing = out, check_output(out, f"--out {out}")
        self.path = os.path.realpath(out) if os.path.islink(out) else out
        self.folder = os.path.dirname(os.path.abspath(self.path))
        self.checkpoint = checkpoint.beside(self.path)
        if Path(out).suffix != model.SUFFIX:
            raise InputError(f"--out {out} is no name of a model", expected=f"a name that ends in {model.SUFFIX}")
        check_folder(self.folder, out)
        if not os.access(self.folder, os.W_OK) or not os.stat(self.folder).st_mode & 0o222:  # root may do anything
            raise InputError(f"the folder of {out} is read-only", hint="Give another --out FILE.")
        check_output(str(self.checkpoint), str(self.checkpoint), hint="Give another --out FILE.")
        if self.existing is not None and not overwrite:
            raise InputError(f"{out} exists", hint="--overwrite replaces it.")
        if self.existing is not None and not self.existing.st_mode & 0o222:
            raise InputError(f"{out} is read-only", hint=f"chmod u+w {out}, or another --out FILE.")
        if self.existing is not None:
            safefile.check_replaceable(self.path, out, "--out FILE names another place.")
        if self.checkpoint.exists() and not (resume or overwrite or dry_run):
            stranger = workingfile.stranger(os.lstat(self.checkpoint))
            hint = "--overwrite starts anew." if stranger else "--resume goes on with it, --overwrite starts anew."
            place = workingfile.described(str(self.checkpoint)) if stranger else str(self.checkpoint)
            raise InputError(f"{place} is left of an unfinished training", hint=hint)

    @contextmanager
    def locked(self, wait: float = 0.0) -> Iterator[None]:
        """Hold the place while a training goes on, without what killed ones left beside it.

        Raises
        ------
        LockedError
            When another training holds it.
        InputError
            When another one has just ended there.
        """
        with held(workingfile.companion(self.path, "training"), self.label, wait) as place:
            if self.existing is None:
                self._check_absent(InputError)
            elif os.path.exists(self.path):
                self.existing = os.stat(self.path)  # whoever held the lock may have replaced it
            workingfile.clean(self.path, place)
            workingfile.clean(str(self.checkpoint))
            yield

    def check_space(self, needed: int) -> None:
        """See that so many bytes are free.

        Raises
        ------
        NoSpaceError
            When they are not.
        """
        safefile.check_space(self.folder, needed, self.label)

    def write(self, content: bytes) -> None:
        """Write the model, whole or not at all, and remove the checkpoint.

        Raises
        ------
        ChangedError, NoSpaceError, RunError
            When it cannot take its place; what was there is as it was, and so is the checkpoint.
        """
        if self.existing is None:
            self._check_absent(ChangedError)
        with safefile.replacing(self.path, self.label, start=self.existing, detach=True) as fd:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
        self.checkpoint.unlink(missing_ok=True)

    def _check_absent(self, kind: type[InputError] | type[ChangedError]) -> None:
        if os.path.lexists(self.path):
            raise kind(f"{self.label} exists: it came while we waited or ran", hint="--overwrite replaces it.")
