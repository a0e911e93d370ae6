"""PlotFile: the file of a figure - its name seen to before the work, written as a whole or not at all."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from skycnn.errors import InputError
from skycnn.files import safefile
from skycnn.files.regular import check_name, check_output

FORMATS = ("png", "pdf", "svg")


def check(
    path: str, option: str = "--plot", *, overwrite: bool = False, spared: Mapping[str, str] | None = None
) -> str:
    """Return the format of a figure's file name.

    Parameters
    ----------
    path : str
    option : str
        That gave it.
    overwrite : bool
        Whether a file of that name may be replaced.
    spared : mapping of str to str, optional
        Files that the figure must not replace, there or not, and what each is, in words.

    Raises
    ------
    InputError
        When it is no format that can be drawn, matplotlib is missing, the file exists or is one to be spared, or its
        folder cannot be written to.
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise InputError(f"{option} {path} has no known ending", expected=", ".join(f".{name}" for name in FORMATS))
    if find_spec("matplotlib") is None:
        raise InputError(f"matplotlib is not installed; {option} needs it", hint="pip install 'skycnn[plots]'")
    check_place(path, option, overwrite=overwrite, spared=spared)
    return kind


def check_place(path: str, option: str, *, overwrite: bool, spared: Mapping[str, str] | None = None) -> None:
    """See that a report can be written to a file of this name; the parameters are those of `check`.

    Raises
    ------
    InputError
        When the file exists or is one to be spared, or its folder cannot be written to.
    """
    check_name(path)
    real = os.path.realpath(path)  # what would be replaced
    folder = os.path.dirname(real)
    for other, what in (spared or {}).items():
        if real == os.path.realpath(other) or _same(real, other):
            raise InputError(f"{option} {path} is {what}", hint=f"Give another {option} FILE.")
    if check_output(path, f"{option} {path}") is not None and not overwrite:
        raise InputError(f"{path} exists", hint="--overwrite replaces it.")
    if os.path.exists(real):
        safefile.check_replaceable(real, f"{option} {path}", f"{option} FILE names another place.")
    writable = os.path.isdir(folder) and os.access(folder, os.W_OK) and os.stat(folder).st_mode & 0o222
    if not writable:
        place = os.path.dirname(path) or "."
        raise InputError(f"no file can be made in {place}", hint=f"Give another {option} FILE.")


def _same(path: str, other: str) -> bool:
    return os.path.exists(path) and os.path.exists(other) and os.path.samefile(path, other)


def write(path: str, page: bytes) -> None:
    """Write a figure; a file of that name, or what a link of that name points to, is replaced."""
    with (
        safefile.replacing(os.path.realpath(path), path, start=None, detach=True) as fd,
        os.fdopen(os.dup(fd), "wb") as file,
    ):
        file.write(page)
