"""Lock: one skycnn at a time works on a file."""

import errno
import fcntl
import os
import stat as st
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from skycnn import interrupt
from skycnn.errors import InputError, LockedError
from skycnn.files.lockfile import lock_file
from skycnn.files.safefile import same_file
from skycnn.files.workingfile import NEW, THERE, companion, in_the_way, leave, personal, set_aside, stranger

NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EBADF, errno.EOPNOTSUPP}
AWAY = "--out FILE writes elsewhere."


class _Patience:
    """Waits for who holds a lock, and gives up after so many seconds.

    Parameters
    ----------
    label : str
        Of what is locked.
    seconds : float
    """

    def __init__(self, label: str, seconds: float) -> None:
        self.label, self._deadline = label, time.monotonic() + seconds

    def wait(self, error: LockedError | None = None) -> None:
        """Wait a little, or raise."""
        if time.monotonic() >= self._deadline:
            what = f"{self.label} is being written by another skycnn"
            raise error or LockedError(what, hint="--wait SECONDS waits for it.")
        interrupt.pause(0.1)


@contextmanager
def locked(path: str, label: str, wait: float = 0.0) -> Iterator[int]:
    """Hold the lock on the file now at ``path``, and yield its descriptor.

    Raises
    ------
    LockedError
        When another process holds it for longer than ``wait`` seconds.
    InputError
        When the file cannot be opened for writing.
    """
    interrupt.guard()
    patience = _Patience(label, wait)
    while True:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise InputError(f"{label} cannot be written: {error.strerror}", hint=AWAY) from None
        guard = _locking(fd, path, patience)
        if guard is not None:
            break
    try:
        with guard:
            yield fd
    finally:
        os.close(fd)


@contextmanager
def held(path: str, label: str, wait: float = 0.0) -> Iterator[str]:
    """Hold the lock on a working file, made where there is none, and yield its name; it goes if it is empty at the end.

    Where a colleague's file stands at ``path``, of which we cannot know whether it is in use, another name is taken.

    Raises
    ------
    LockedError
        When another process holds it for longer than ``wait`` seconds.
    InputError
        When no such file can be made.
    """
    interrupt.guard()
    patience = _Patience(label, wait)
    for name in (path, personal(path)):
        taken = _take(name, patience)
        if taken is not None:
            break
        leave(name)
    else:
        raise in_the_way(name)
    fd, guard = taken
    try:
        with guard:
            try:
                yield name
            finally:
                if os.fstat(fd).st_size == 0:
                    with suppress(FileNotFoundError):
                        os.unlink(name)
    finally:
        os.close(fd)


def _take(name: str, patience: _Patience) -> tuple[int, AbstractContextManager[None]] | None:
    """Return the descriptor and lock of our working file; None where a stranger's file stays."""
    while True:
        reason = None
        try:
            fd = os.open(name, NEW, 0o600)
        except FileExistsError:
            try:
                stat = os.lstat(name)
            except FileNotFoundError:
                continue
            reason = stranger(stat)
            if not st.S_ISREG(stat.st_mode):
                if set_aside(name, str(reason)):
                    continue
                return None
            try:
                fd = os.open(name, THERE)
            except FileNotFoundError:
                continue
            except OSError:
                return None
        except OSError as error:
            raise InputError(f"{patience.label} cannot be written: {error.strerror}", hint=AWAY) from None
        guard = _locking(fd, name, patience)
        if guard is None:
            continue
        if reason is None:
            return fd, guard
        os.close(fd)  # nobody works with it, so it may go
        if not isinstance(guard, nullcontext) or not set_aside(name, reason):
            return None


def _locking(fd: int, path: str, patience: _Patience) -> AbstractContextManager[None] | None:
    """Lock an open file, and return what holds the lock besides; None, the file closed, when it is to be tried anew."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in NO_LOCKS:
            return lock_file(companion(path, "").removesuffix("-") + ".lock", patience.label, patience.wait)
        os.close(fd)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        patience.wait()
        return None
    if same_file(fd, path):
        return nullcontext()
    os.close(fd)  # the last holder renamed a new file over it: lock that one
    return None
