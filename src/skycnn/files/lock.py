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
    """Hold the lock on the file now at ``path``, and yield its descriptor.

    With ``create`` the file is made where it does not exist, and removed if it is empty at the end.

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
        os.close(fd)  # the last holder renamed a new file over it: lock that one
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
    """Lock by an exclusively created file, for file systems without locks; that of a dead process is removed."""
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
                    _break(name, text)
                    continue
                _pause(label, deadline, f" (process {pid} on {host}; its lock is {name})")
    try:
        with open(fd, "w") as file:
            file.write(f"{socket.gethostname()} {os.getpid()}\n")
        yield
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _break(name: str, text: str) -> None:
    """Remove a dead process's lock file; one that another process made in its place meanwhile is put back."""
    aside = f"{name}-{os.getpid()}"
    os.rename(name, aside)
    try:
        if Path(aside).read_text() != text:
            with suppress(FileExistsError):
                os.link(aside, name)
    finally:
        os.unlink(aside)
