"""Process: its file descriptors, number of threads and memory allocator."""

import errno
import mmap
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from skycnn.errors import InputError, RunError, counted
from skycnn.files import controlgroups
from skycnn.files.controlgroups import words

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Read by torch and numpy when they are imported, so they are set before that."""

MOST_THREADS = 1024
"""Far more than machines have; the OpenMP runtime aborts a process that asks for too many."""

ROOM, THREAD_ROOM = 350 << 20, 80 << 20
"""Bytes of address space that numpy and scipy take, and more for each thread: where OpenBLAS, which both bring, cannot
start its threads it prints three lines and ends the process. Measured on two cores: 320 and 40 for each of the two."""

MALLOPT = ((-4, 0), (-1, 2**31 - 1), (-2, 256 * 2**20))
"""glibc's M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD: a network's buffers are re-used instead of returned
to the kernel after each batch, which made a ResNet on two cores 2.4 times as fast."""


def fill_descriptors() -> None:
    """Open /dev/null on each closed standard descriptor.

    Otherwise the next file opened, such as a catalogue, would become standard error and be written to.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one


def check_folder() -> None:
    """See that the working directory is there: libraries end the process where it is not.

    Raises
    ------
    InputError
        When it was removed.
    """
    try:
        os.getcwd()
    except OSError:
        raise InputError("the working directory is no more", hint="cd to another one.") from None


def check_room(threads: int) -> None:
    """See that there are address space and threads for the libraries: some end the process where there are none.

    Raises
    ------
    RunError
        When there are not.
    """
    done, started = threading.Event(), []
    try:
        size = ROOM + threads * THREAD_ROOM
        with mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ):  # no memory is promised
            for _ in range(threads):
                started.append(threading.Thread(target=done.wait))
                started[-1].start()
    except (OSError, RuntimeError, MemoryError):
        what = f"the limits of this shell leave no room to start with {counted(threads, 'thread')}"
        limits = "ulimit -v (address space) and ulimit -u (threads)"
        raise RunError(what, hint=f"Raise {limits}, or lower --threads.") from None
    finally:
        done.set()


def address_space() -> int | None:
    """Return the bytes of address space that the process may have; None without a limit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


STARVED = (
    "allocate memory",
    "failed to map segment",
    "out of memory",
    "resource temporarily unavailable",
    "start new thread",
    "static tls",
)
"""What the C library, torch and Python say when the process may take no more memory or threads."""


def starved(error: BaseException) -> bool:
    """Return whether an error says that memory, address space or threads ran out."""
    chain: list[BaseException] = []
    while error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__ or error
    return any(
        isinstance(one, MemoryError)
        or (isinstance(one, OSError) and one.errno in (errno.ENOMEM, errno.EAGAIN))
        or (isinstance(one, ImportError | RuntimeError | OSError) and any(w in str(one).lower() for w in STARVED))
        for one in chain
    )


def tolerate_text() -> None:
    """Let prints escape what the locale cannot encode, such as file names under LANG=C, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def quota(root: Path = controlgroups.ROOT, membership: Path = controlgroups.MEMBERSHIP) -> float | None:
    """Return the CPUs that the control groups grant, versions 1 and 2; None for no limit.

    Parameters
    ----------
    root : Path
        Where the control groups are mounted.
    membership : Path
        The process's own groups, ``id:controllers:path`` a line.
    """
    limits = []
    for folder in controlgroups.groups("cpu", root, membership) | {root / "cpu,cpuacct"}:
        two = words(folder / "cpu.max")  # "150000 100000" or "max 100000"
        one = words(folder / "cpu.cfs_quota_us") + words(folder / "cpu.cfs_period_us")  # -1 for no limit
        for pair in (two, one):
            try:
                granted, period = (float(word) for word in pair)
            except ValueError:
                continue
            if granted > 0 and period > 0:
                limits.append(granted / period)
    return min(limits, default=None)


def cpu_count() -> int:
    """Return how many CPUs this process may keep busy: its affinity, bounded by the control groups."""
    try:
        cpus = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cpus = os.cpu_count() or 1
    granted = quota()
    return cpus if granted is None else max(1, min(cpus, round(granted)))


def thread_count(threads: int | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Return the threads to use: ``threads``, else OMP_NUM_THREADS, else `cpu_count`.

    Raises
    ------
    InputError
        When ``threads`` is out of range.
    """
    if threads is not None:
        if not 1 <= threads <= MOST_THREADS:
            raise InputError("--threads is out of range", value=threads, expected=f"1 to {MOST_THREADS}")
        return threads
    first = environment.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and 1 <= int(first) <= MOST_THREADS else cpu_count()


@cache
def _tune_allocator() -> bool:
    """Raise glibc's malloc thresholds; return whether the C library is glibc."""
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 - other C libraries have another mallopt, or none
        return all(libc.mallopt(option, value) for option, value in MALLOPT)
    except (OSError, AttributeError):
        return False


def prepare(threads: int | None = None) -> int:
    """Set threads and allocator before torch or numpy is imported; return the threads to use."""
    check_folder()
    count = thread_count(threads)
    check_room(count)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(count)))
    _tune_allocator()
    return count
