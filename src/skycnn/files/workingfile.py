"""WorkingFile: a hidden neighbour that a run writes for itself, believed only if nobody else can have written it.

Folders are shared and backed up: at the name of a working file may stand a colleague's, a forged one, or, by hard
links, a file of a backup. None of these is read, or written to.
"""

import hashlib
import os
import stat as st
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shlex import quote

from skycnn.errors import InputError, Notice, RunError

LONGEST = 200
"""Bytes of a name to which a companion's prefix and suffix can be added: file systems allow 255."""
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
THERE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
TRIES = 10
AGES = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def companion(path: str, role: str) -> str:
    """Return the hidden neighbour ``.NAME.skycnn-ROLE`` of a file."""
    folder, name = os.path.split(path)
    if len(os.fsencode(name)) > LONGEST:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return os.path.join(folder, f".{name}.skycnn-{role}")


def litter(path: str) -> Iterator[Path]:
    """Yield the companions of a file that earlier runs left."""
    prefix = companion(path, "")
    folder = Path(os.path.dirname(path) or ".")
    with suppress(PermissionError):  # a folder may be written to and not be listed
        entries = (entry for entry in folder.iterdir() if entry.is_symlink() or not entry.is_dir())
        yield from (entry for entry in entries if str(entry).startswith(os.path.normpath(prefix)))


def clean(path: str, *keep: str | None, others: bool = False) -> None:
    """Remove what earlier runs left beside ``path``, except for the files to ``keep``; the lock is held.

    Parameters
    ----------
    path : str
    keep : str or None
    others : bool
        Also what other users' runs left, where the lock says that these are over.
    """
    for entry in list(litter(path)):
        with suppress(FileNotFoundError, PermissionError):  # in a sticky folder, theirs stay
            if str(entry) not in keep and (others or entry.lstat().st_uid == os.geteuid()):
                entry.unlink()


def stranger(stat: os.stat_result, *, shared: bool = False) -> str | None:
    """Return why a file may have been written by others; None of one that is ours alone.

    Parameters
    ----------
    stat : os.stat_result
        Of the file itself, no link followed.
    shared : bool
        Whether others may write to it, as to the output that it becomes.
    """
    if not st.S_ISREG(stat.st_mode):
        return "is a link" if st.S_ISLNK(stat.st_mode) else "is no plain file"
    if stat.st_uid != os.geteuid():
        return f"belongs to {owner(stat)}"
    if stat.st_nlink != 1:
        return "has a second name, as in a backup by hard links"
    if stat.st_mode & 0o022 and not shared:
        return "can be written by others"
    return None


def owner(stat: os.stat_result) -> str:
    """Return the name of a file's owner, or the number."""
    import pwd  # rarely asked for

    try:
        return pwd.getpwuid(stat.st_uid).pw_name
    except KeyError:
        return f"user {stat.st_uid}"


def described(path: str) -> str:
    """Return a file's path, owner and age in words."""
    try:
        stat = os.lstat(path)
    except FileNotFoundError:
        return path
    seconds = max(1, int(time.time() - stat.st_mtime))
    unit, word = next((unit, word) for unit, word in AGES if seconds >= unit)
    count = seconds // unit
    return f"{path} (of {owner(stat)}, {count} {word}{'s' if count > 1 else ''} old)"


def removal(path: str) -> str:
    """Return what to type to remove a file or folder."""
    return f"{'rm -r' if os.path.isdir(path) and not os.path.islink(path) else 'rm'} {quote(path)}"


def usable(path: str, *, others: bool, shared: bool = False) -> str:
    """Return the name of a working file: ``path``, or one with our user number where a stranger's file stays.

    Parameters
    ----------
    path : str
    others : bool
        Whether other users' files may be removed, for their runs are over.
    shared : bool
        As of `stranger`.

    Raises
    ------
    InputError
        When both names are taken by files that stay.
    """
    names = (path, personal(path))
    for name in names:
        try:
            stat = os.lstat(name)
        except FileNotFoundError:
            return name
        reason = stranger(stat, shared=shared)
        if reason is None or ((others or stat.st_uid == os.geteuid()) and set_aside(name, reason)):
            return name
        leave(name)
    raise in_the_way(names[-1])


def personal(path: str) -> str:
    """Return the name that a working file has where its usual one is taken."""
    return f"{path}.{os.geteuid()}"


def set_aside(path: str, reason: str) -> bool:
    """Remove a stranger's file at the name of a working file, and say so; return whether that could be done."""
    place = described(path)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    warnings.warn(f"{place} {reason}: it was removed unread, and the run begins anew", Notice, stacklevel=2)
    return True


def leave(path: str) -> None:
    """Say that a stranger's file stays at the name of a working file, and how it goes."""
    way = f"if no skycnn uses it, {_remedy(path)}"
    warnings.warn(f"{described(path)} is left alone, and the run begins anew; {way}", Notice, stacklevel=2)


def in_the_way(path: str) -> InputError:
    """Return the error about a file at the name of a working file."""
    return InputError(f"{described(path)} is in the way", hint=f"{_remedy(path)}, or --out FILE writes elsewhere.")


def _remedy(path: str) -> str:
    """Return what to type to remove a stranger's file, and who may."""
    with suppress(FileNotFoundError):
        stat, folder = os.lstat(path), os.stat(os.path.dirname(path) or ".")
        if folder.st_mode & st.S_ISVTX and os.geteuid() not in (0, stat.st_uid, folder.st_uid):
            return f"{owner(stat)} alone may type {removal(path)}"
    return f"type {removal(path)}"


def opened(path: str, *, mode: int = 0o600, fresh: bool = False, shared: bool = False) -> int:
    """Return a descriptor of a working file: of the one that is there if it is ours, else of a new one.

    Parameters
    ----------
    path : str
    mode : int
        Of a new one, before the umask.
    fresh : bool
        Whether it is to be new in any case.
    shared : bool
        As of `stranger`.

    Raises
    ------
    OSError
        When none can be made.
    RunError
        When another program makes such files all the time.
    """
    for _ in range(TRIES):
        with suppress(FileNotFoundError):
            fd = None if fresh else existing(path, shared=shared)
            if fd is not None:
                return fd
            os.unlink(path)
        with suppress(FileExistsError):
            return os.open(path, NEW, mode)
    raise RunError(f"{path} is made by another program again and again", hint="Stop that one.")


def existing(path: str, *, shared: bool = False) -> int | None:
    """Return a descriptor of our working file, opened to read and write; None of a stranger's.

    Raises
    ------
    FileNotFoundError
        When there is none.
    """
    if stranger(os.lstat(path), shared=shared) is not None:
        return None
    try:
        fd = os.open(path, THERE)
    except FileNotFoundError:
        raise
    except OSError:
        return None
    if stranger(os.fstat(fd), shared=shared) is None:
        return fd
    os.close(fd)
    return None


def created(path: str, role: str, mode: int) -> tuple[int, str]:
    """Make a companion of a name that nothing has; return its descriptor and name."""
    name = companion(path, f"{os.getpid()}.{role}")
    with suppress(OSError):
        os.unlink(name)  # of a killed run with this process id
    for _ in range(TRIES):
        with suppress(FileExistsError):
            return os.open(name, NEW, mode), name
        name = companion(path, f"{os.urandom(6).hex()}.{role}")
    raise in_the_way(name)
