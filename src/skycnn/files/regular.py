"""Regular: files are opened only if they are files - nothing waits for a pipe, a socket or a device."""

import os
import select
import stat as st
from contextlib import suppress
from shlex import quote
from typing import IO, cast

from skycnn.errors import InputError

LONGEST_TEXT = 1 << 26
"""Bytes of a list of files: half a million long names."""

GRACE = 0.5
"""Seconds that the writer of a pipe may take to come."""

_KINDS = {
    st.S_IFDIR: "a folder",
    st.S_IFIFO: "a pipe",
    st.S_IFSOCK: "a socket",
    st.S_IFCHR: "a device",
    st.S_IFBLK: "a device",
}

_streams: dict[tuple[int, int], bytes] = {}
"""What pipes held, by device and inode: they are read once, and each catalogue of a run asks for its lists."""


def opened(
    path: str | os.PathLike[str],
    expected: str,
    *,
    label: str | None = None,
    pipe: bool = False,
    buffering: int = -1,
) -> IO[bytes]:
    """Open a file for reading; what is none is refused without waiting for it.

    Parameters
    ----------
    path : str
        A symbolic link is followed.
    expected : str
        What the file should be, for messages, e.g. ``a FITS image``.
    label : str, optional
        Names it in messages; default the path.
    pipe : bool
        Whether a pipe will do, as the shell's ``<(command)`` makes one; its writer must be there.
    buffering : int
        As of the built-in ``open``.

    Raises
    ------
    InputError
        When it is a folder, a socket, a device or, without ``pipe``, a pipe; or an empty file, as those of /proc are.
    OSError
        When it cannot be opened.
    """
    name = os.fspath(path) if label is None else label

    def begin(place: str, flags: int) -> int:
        fd = os.open(place, flags | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            there = os.fstat(fd)  # it may have been replaced meanwhile
            _check(there, name, expected, pipe=pipe)
            if st.S_ISFIFO(there.st_mode):
                _await_writer(fd, name)
            elif not there.st_size:
                raise InputError(f"{name} is empty", expected=expected)
            os.set_blocking(fd, True)
        except BaseException:
            os.close(fd)
            raise
        return fd

    try:
        _check(_status(path), name, expected, pipe=pipe)  # some devices act when they are opened
    except FileNotFoundError:
        if os.path.islink(path):
            raise _leads_nowhere(name, path, expected) from None
        raise
    return cast(IO[bytes], open(path, "rb", buffering, opener=begin))


def read_text(
    path: str | os.PathLike[str], expected: str, *, label: str, most: int = LONGEST_TEXT, errors: str = "strict"
) -> str:
    """Return a text in UTF-8, also that of a pipe; what a pipe held is kept, for it cannot be read again.

    Parameters
    ----------
    path, expected, label
        See `opened`.
    most : int
        Bytes.
    errors : str
        As of ``bytes.decode``.

    Raises
    ------
    InputError
        As `opened`, and when the text is too long.
    OSError, UnicodeDecodeError
        When it cannot be read.
    """
    with opened(path, expected, label=label, pipe=True, buffering=0) as file:
        there = os.fstat(file.fileno())
        place = there.st_dev, there.st_ino
        content = _streams.get(place) if st.S_ISFIFO(there.st_mode) else None
        if content is None:
            content = _read(file, most + 1)
            if st.S_ISFIFO(there.st_mode):
                _streams[place] = content
    if not content:
        raise InputError(f"{label} is empty", expected=expected)
    if len(content) > most:
        raise InputError(f"{label} is too long: more than {most / 1e6:.0f} MB", expected=expected)
    return content.decode("utf-8-sig", errors)  # some editors begin a file with a byte order mark


def name_of(file: IO[bytes], path: str | os.PathLike[str]) -> str:
    """Return a name under which a library that opens files itself gets the one that is open, where there is one."""
    name = f"/dev/fd/{file.fileno()}"
    return name if os.path.exists(name) else os.fspath(path)


def check_output(path: str, label: str, *, hint: str | None = None) -> os.stat_result | None:
    """Return the status of the file that an output would replace; None where there is none.

    Parameters
    ----------
    path : str
        As typed: a symbolic link is followed, and must lead to a file.
    label : str
        Names it in messages.
    hint : str, optional
        What else can be typed.

    Raises
    ------
    InputError
        When no file can have this name, or what has it is none.
    """
    try:
        there = _status(path)
    except FileNotFoundError:
        if not os.path.islink(path):
            return None
        raise _leads_nowhere(label, path, "a file name", hint) from None
    except NotADirectoryError:  # told by the checks of the folder
        return None
    except OSError as error:
        raise InputError(
            f"{label} is no place for a file: {error.strerror}", expected="a file name", hint=hint
        ) from None
    _check(there, label, "a file name", hint=hint)
    return there


def check_folder(folder: str, label: str) -> None:
    """See that the folder of a new file is there.

    Raises
    ------
    InputError
        When there is none, or a file has its name.
    """
    if os.path.isdir(folder):
        return
    upper = folder
    while not os.path.lexists(upper):
        upper = os.path.dirname(upper)
    if not os.path.isdir(upper):
        raise InputError(f"{label} cannot be made: {upper} is no folder", hint="Give another --out FILE.")
    raise InputError(f"the folder of {label} does not exist", hint=f"mkdir -p {quote(folder)}")


def check_name(path: str | os.PathLike[str]) -> None:
    """See that a file can have a name.

    Raises
    ------
    InputError
        When it is empty or holds a zero byte.
    """
    name = os.fspath(path)
    if not name:
        raise InputError("a file name is empty", hint="Is a variable of the shell not set?")
    if "\0" in name:
        raise InputError("a file name holds a zero byte", value=name)


def _status(path: str | os.PathLike[str]) -> os.stat_result:
    check_name(path)
    return os.stat(path)


def _leads_nowhere(label: str, path: str | os.PathLike[str], expected: str, hint: str | None = None) -> InputError:
    return InputError(f"{label} is a link to {os.readlink(path)}, which does not exist", expected=expected, hint=hint)


def _check(there: os.stat_result, label: str, expected: str, *, pipe: bool = False, hint: str | None = None) -> None:
    kind = st.S_IFMT(there.st_mode)
    if kind != st.S_IFREG and not (pipe and kind == st.S_IFIFO):
        raise InputError(f"{label} is {_KINDS.get(kind, 'no file')}", expected=expected, hint=hint)


def _await_writer(fd: int, label: str) -> None:
    """See that a program writes into a pipe, which is opened without blocking."""
    waiting = select.poll()
    waiting.register(fd, select.POLLIN)
    if waiting.poll(1000 * GRACE):
        return
    with suppress(BlockingIOError):  # there is a writer, who takes his time
        os.read(fd, 1)
        raise InputError(f"{label} is a pipe that no program writes into", hint="Start the program that does first.")


def _read(file: IO[bytes], most: int) -> bytes:
    parts, left = [], most
    while left and (part := file.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
