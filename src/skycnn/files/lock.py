"""Lock: one skycnn at a time works on a file."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from skycnn.errors import InputError, LockedError
from skycnn.files.safefile import companion

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EBADF, errno.EOPNOTSUPP}


@contextmanager
def locked(path: str, label: str, wait: float = 0.0, *, create: bool = False) -> Iterator[int]:
    """Hold the one lock on ``path`` and yield a descriptor of the file that bears the name now.

    With ``create`` the file need not be there yet; one that is still empty at the end is removed.

    Raises
    ------
    LockedError
        When another process holds it for longer than ``wait`` seconds.
    InputError
        When the file cannot be opened for writing.
    """
    deadline = time.monotonic() + wait
    guard: AbstractContextManager[None] = nullcontext()
    while True:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_NOFOLLOW if create else 0), 0o600)
        except OSError as error:
            raise InputError(
                f"{label} cannot be written: {error.strerror}", hint="--out FILE writes elsewhere."
            ) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in NO_LOCKS:
                guard = _lock_file(path, label, deadline)
                break
            os.close(fd)
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            _pause(label, deadline, "")
            continue
        if _same_file(fd, path):
            break
        os.close(fd)  # the holder before us renamed a new file over it: take the new one
    try:
        with guard:
            try:
                yield fd
            finally:
                if create and os.fstat(fd).st_size == 0:
                    with suppress(FileNotFoundError):
                        os.unlink(path)
    finally:
        os.close(fd)


def _same_file(fd: int, path: str) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _pause(label: str, deadline: float, holder: str) -> None:
    if time.monotonic() >= deadline:
        raise LockedError(f"{label} is being written by another skycnn{holder}", hint="--wait SECONDS waits for it.")
    time.sleep(0.1)


@contextmanager
def _lock_file(path: str, label: str, deadline: float) -> Iterator[None]:
    """Lock by an exclusive file, for file systems without locks; one whose process is gone is broken."""
    name = companion(path, "").removesuffix("-") + ".lock"
    while True:
        try:
            fd = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
            break
        except FileExistsError:
            with suppress(FileNotFoundError):
                text = Path(name).read_text()
                host, _, pid = text.strip().partition(" ")
                if host == socket.gethostname() and pid.isdigit() and not Path(f"/proc/{pid}").exists():
                    _bury(name, text)
                    continue
                _pause(label, deadline, f" (process {pid} on {host}; its lock is {name})")
    try:
        with open(fd, "w") as file:
            file.write(f"{socket.gethostname()} {os.getpid()}\n")
        yield
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _bury(name: str, text: str) -> None:
    """Remove a dead process's lock; if another broke it before us and holds a new one, that is put back."""
    grave = f"{name}-{os.getpid()}"
    os.rename(name, grave)
    try:
        if Path(grave).read_text() != text:
            with suppress(FileExistsError):
                os.link(grave, name)
    finally:
        os.unlink(grave)
