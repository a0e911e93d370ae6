"""LockFile: a file that is the lock, where the file system has no locks.

It tells host, process and the process's start, so that the lock of a dead process is known from that of a living one.
"""

import os
import socket
import stat as st
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from skycnn import interrupt
from skycnn.errors import LockedError
from skycnn.files.workingfile import NEW, described, removal

LONGEST = 1000
"""Bytes; none of ours is longer."""
Wait = Callable[[LockedError], None]


@dataclass(frozen=True)
class Holder:
    """The process that made a lock file.

    Parameters
    ----------
    host : str
    process : int
    start : str
        Of the process, ticks since the machine's; empty where unknown.
    machine : str
        Boot of the machine and its name space of processes; empty where unknown.
    """

    host: str
    process: int
    start: str = ""
    machine: str = ""

    @classmethod
    def this(cls) -> "Holder":
        """Return this process."""
        return cls(socket.gethostname(), os.getpid(), _start(os.getpid()), _machine())

    @classmethod
    def read(cls, text: str) -> "Holder | None":
        """Return what a lock file tells; None of another file."""
        words = text.split()
        if not 2 <= len(words) <= 4 or not (words[1].isascii() and words[1].isdigit()) or int(words[1]) >= 1 << 31:
            return None
        return cls(words[0], int(words[1]), *words[2:])

    def __str__(self) -> str:
        return f"{self.host} {self.process} {self.start} {self.machine}".strip() + "\n"

    @property
    def dead(self) -> bool:
        """Whether the process surely is no more: it is not seen here, or its number is another program's now."""
        if self.host != socket.gethostname() or self.machine not in ("", _machine()):
            return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):  # another user's
            pass
        now = _start(self.process)
        return bool(self.start and now) and self.start != now


def _start(process: int) -> str:
    """Return when a process started, in ticks since the machine did; empty where that is unknown."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    return ""


def _machine() -> str:
    """Return what tells this boot of the machine, and its name space of processes, from others."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}-{os.readlink('/proc/self/ns/pid').strip('pid:[]')}"
    return ""


@contextmanager
def lock_file(name: str, label: str, wait: Wait) -> Iterator[None]:
    """Hold the lock file ``name``; that of a dead process is removed.

    Parameters
    ----------
    name, label : str
        Of the lock file; of what it locks.
    wait : callable
        Receives the error about one who holds it; waits, or raises it.

    Raises
    ------
    LockedError
        When another process holds it for too long, or something else is in the way.
    """
    while True:
        try:
            fd = os.open(name, NEW, 0o644)
            break
        except FileExistsError:
            text = _content(name)
            if text == "":  # perhaps it is just being written
                interrupt.pause(0.1)
                text = _content(name)
            if not os.path.lexists(name):
                continue
            holder = Holder.read(text) if text else None
            if holder is not None and holder.dead and _broken(name, str(text)):
                continue
            wait(_refusal(name, label, text, holder))
    with open(fd, "w") as file:  # open until the end: so no other file gets its number
        try:
            file.write(str(Holder.this()))
            file.flush()
            yield
        finally:
            with suppress(FileNotFoundError):
                if os.path.samestat(os.lstat(name), os.fstat(fd)):
                    os.unlink(name)


def _content(name: str) -> str | None:
    """Return a lock file's text; None of what is no readable file."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        plain = st.S_ISREG(os.fstat(fd).st_mode)
        return os.read(fd, LONGEST).decode("ascii", "replace") if plain else None
    except OSError:
        return None
    finally:
        os.close(fd)


def _refusal(name: str, label: str, text: str | None, holder: Holder | None) -> LockedError:
    place, waits = described(name), "--wait SECONDS waits for it"
    if holder is not None:
        by = f"process {holder.process} on {holder.host}; its lock is {place}"
        alive = not holder.dead and holder.host == socket.gethostname() and holder.machine in ("", _machine())
        if alive:
            return LockedError(f"{label} is being written by another skycnn ({by})", hint=f"{waits}.")
        hint = f"{waits}; if that process is no more: {removal(name)}"
        return LockedError(f"{label} is being written by another skycnn, or was ({by})", hint=hint)
    what = "was not written by skycnn" if text else "is empty" if text == "" else "cannot be read"
    with suppress(FileNotFoundError):
        mode = os.lstat(name).st_mode
        if not st.S_ISREG(mode):
            what = "is a link" if st.S_ISLNK(mode) else "is a folder" if st.S_ISDIR(mode) else "is no plain file"
    what = f"{label} cannot be locked: its lock is {place}, which {what}"
    return LockedError(what, hint=f"If no skycnn writes {label}: {removal(name)}")


def _broken(name: str, text: str) -> bool:
    """Remove a dead process's lock file, and return whether that could be done.

    One that another process made in its place meanwhile is put back.
    """
    aside = f"{name}-{os.getpid()}-{time.monotonic_ns()}"
    try:
        os.rename(name, aside)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if _content(aside) != text:
            with suppress(FileExistsError):
                os.link(aside, name)
    finally:
        os.unlink(aside)
    return True
