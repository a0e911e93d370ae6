"""SafeFile: a file replaced as a whole or not at all, by a temporary one that takes its name."""

import errno
import os
import stat as st
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from shlex import quote
from typing import IO

from skycnn import interrupt
from skycnn.errors import ChangedError, InputError, NoSpaceError, RunError
from skycnn.files.workingfile import created

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DETACH = "Give --detach to go on without, or --out FILE to write elsewhere."
INTACT = "What was there before is as it was."


def scratch(folder: str | None = None) -> IO[bytes]:
    """Return an unlinked temporary file, by default in the system's folder for them."""
    return tempfile.TemporaryFile(dir=folder, prefix=".skycnn-")  # the caller closes it


@contextmanager
def kept(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield a temporary file, which is closed on an error; write errors become ours."""
    try:
        with writing("a temporary file"):
            yield file
    except BaseException:
        file.close()
        raise


def check_writable(path: str, label: str, detach: bool) -> None:
    """See before the first write that ``path`` can be replaced, with its owner, mode and attributes.

    Raises
    ------
    InputError
        When it or its folder is read-only, or its owner, attributes or hard links cannot be kept.
    """
    folder = os.path.dirname(path) or "."
    for place, what in ((path, label), (folder, f"the folder of {label}")):
        if not os.access(place, os.W_OK) or not os.stat(place).st_mode & 0o222:  # root passes access() everywhere
            raise InputError(
                f"{what} is read-only", hint=f"chmod u+w {quote(place)}, or --out FILE to write elsewhere."
            )
    check_replaceable(path, label)
    there = os.stat(path)
    if there.st_nlink > 1 and not detach:
        raise InputError(
            f"{label} has {there.st_nlink - 1} more hard link(s), which a new file would not follow", hint=DETACH
        )
    try:
        fd, probe = created(path, "probe", 0o600)
    except OSError as error:
        raise InputError(f"no file can be made beside {label}: {error.strerror}") from None
    try:
        if not detach:
            keep(fd, path, label)
    finally:
        os.close(fd)
        os.unlink(probe)


def check_replaceable(path: str, label: str, hint: str = "--out FILE writes elsewhere.") -> None:
    """See that another file can take the name ``path``, which a file has.

    Raises
    ------
    InputError
        When the file is another user's in a sticky folder, or a mount of its own.
    """
    folder = os.path.dirname(path) or "."
    there, around = os.stat(path), os.stat(folder)
    if around.st_mode & st.S_ISVTX and os.geteuid() not in (0, there.st_uid, around.st_uid):
        raise InputError(f"{label} is another user's, in a folder where only owners replace files", hint=hint)
    if _mount(path) != _mount(folder):
        what = f"{label} is a mount of its own, as containers bind single files, and cannot be replaced"
        raise InputError(what, hint=f"Mount its folder instead, or {hint}")


def _mount(path: str) -> str | None:
    """Return the number of the mount that a file or folder lies on; None where the system does not tell."""
    with suppress(OSError):
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            with open(f"/proc/self/fdinfo/{fd}") as lines:
                return next((line for line in lines if line.startswith("mnt_id:")), None)
        finally:
            os.close(fd)
    return None


def keep(fd: int, path: str, label: str) -> None:
    """Give a new file the owner, group, mode and extended attributes of the old one.

    Raises
    ------
    InputError
        When the system refuses.
    """
    there = os.stat(path)
    try:
        os.fchown(fd, there.st_uid, there.st_gid)
        os.fchmod(fd, st.S_IMODE(there.st_mode))
        for name in _attributes(path):
            content = os.getxattr(path, name)
            if name not in _attributes(fd) or os.getxattr(fd, name) != content:  # security labels may be there
                os.setxattr(fd, name, content)
    except OSError as error:
        reason = f"the owner or the attributes of {label} cannot be kept: {error.strerror}"
        raise InputError(reason, hint=DETACH) from None


def _attributes(file: str | int) -> list[str]:
    try:
        return os.listxattr(file)
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return []
        raise


def check_space(folder: str, needed: int, label: str) -> None:
    """See that ``needed`` bytes are free in ``folder``.

    Raises
    ------
    NoSpaceError
        When they are not.
    """
    disk = os.statvfs(folder or ".")
    free = disk.f_frsize * (disk.f_bfree if os.geteuid() == 0 else disk.f_bavail)
    if needed > free:
        raise NoSpaceError(
            f"no space for {label}: {needed / 1e6:.1f} MB are needed, {free / 1e6:.1f} MB are free",
            hint="--out FILE writes to another disk.",
        )


def fingerprint(stat: os.stat_result) -> tuple[int, int, int, int]:
    """Return what tells one file, and one state of its content, from another: size, mtime, inode and device."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_dev


def same_file(fd: int, path: str) -> bool:
    """Return whether a descriptor's file is the one now at a path."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def untouched(stat: os.stat_result, before: os.stat_result) -> bool:
    """Return whether a file is still the same, its owner, mode and names (ctime) included."""
    return (*fingerprint(stat), stat.st_ctime_ns) == (*fingerprint(before), before.st_ctime_ns)


@contextmanager
def replacing(path: str, label: str, *, start: os.stat_result | None, detach: bool, mode: int = 0o666) -> Iterator[int]:
    """Yield the descriptor of a temporary file that takes the name ``path`` on a clean end, else is removed.

    Parameters
    ----------
    path : str
        The file to replace, or to create.
    label : str
        Names it in messages.
    start : os.stat_result or None
        Of the file to replace, when it was read; None for a new one.
    detach : bool
        Whether owner, mode and attributes need not be kept.
    mode : int
        Of a new one, before the umask.

    Raises
    ------
    ChangedError
        When the file at ``path`` is no longer the one that was read.
    NoSpaceError
        When the disk, a quota or a limit is full.
    """
    interrupt.guard()
    with writing(label):
        fd, temporary = created(path, "tmp", mode if start is None else 0o600)
    try:
        with writing(label):
            yield fd
        adopt(fd, temporary, path, label, start=start, detach=detach)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    finally:
        os.close(fd)


def adopt(fd: int, temporary: str, path: str, label: str, *, start: os.stat_result | None, detach: bool) -> None:
    """Give a finished temporary file, of descriptor ``fd``, the name ``path``; see `replacing`."""
    with writing(label):
        _check_unchanged(path, start, label)
        if start is not None and not detach:
            keep(fd, path, label)
        elif start is not None:
            os.fchmod(fd, st.S_IMODE(start.st_mode))
        os.fsync(fd)
    _check_unchanged(path, start, label)
    if not same_file(fd, temporary):
        raise ChangedError(f"the unfinished {label} was taken away by another program", hint="Run again.")
    with writing(label):
        os.replace(temporary, path)
    _sync_folder(path, label)


def _check_unchanged(path: str, start: os.stat_result | None, label: str) -> None:
    with suppress(FileNotFoundError):
        if start is None or untouched(os.stat(path), start):
            return
    raise ChangedError(
        f"{label} was changed or replaced by another program during the run",
        hint="It is left as that program made it; run again.",
    )


@contextmanager
def writing(label: str, hint: str = INTACT) -> Iterator[None]:
    """Raise write errors as skycnn's.

    Parameters
    ----------
    label : str
        Names the file in messages.
    hint : str
        Of the error.

    Raises
    ------
    NoSpaceError, RunError
        In place of OSError.
    """
    try:
        yield
    except BrokenPipeError:  # the reader of our output has seen enough
        raise
    except OSError as error:
        if error.errno in NO_SPACE:
            raise NoSpaceError(f"no space while writing {label}: {error.strerror}", hint=hint) from error
        raise RunError(f"writing {label} failed: {error.strerror or error}", hint=hint) from error


def _sync_folder(path: str, label: str) -> None:
    """Make the rename durable, where the file system can sync a folder."""
    try:
        fd = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EACCES, errno.ENOTSUP, errno.EBADF):
            raise RunError(
                f"{label} is written, but its folder could not be synced: {error.strerror}", hint="Check the disk."
            ) from error
