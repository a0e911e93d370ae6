"""Memory: what a run may take at once, and the refusal of what would take more."""

import os
import re
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from math import ceil, log10
from pathlib import Path

from skycnn.errors import InputError
from skycnn.files import controlgroups

SHARE = 0.5
"""Of the machine's memory, where ``--max-memory`` says nothing."""

LEAST = 64 << 20
"""Bytes that are always granted: the buffers of any run."""

UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}

_requested: int | None = None
_taken = 0
_turn = threading.Condition()


def request(text: str | None) -> None:
    """Set the bound from ``--max-memory``; None sets the default.

    Raises
    ------
    InputError
        When it is no size, or less than `LEAST`.
    """
    global _requested
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([kmgt])(i?)b?", text.strip().lower()) if text is not None else None
    if text is not None and match is None:
        raise InputError(f"--max-memory {text} is no size", expected="a number and a unit, e.g. 8G or 500M")
    if match is not None:
        unit = 1024 ** (1 + "kmgt".index(match[2])) if match[3] else UNITS[match[2]]
        if float(match[1]) * unit < LEAST:
            raise InputError(f"--max-memory {text} is too little", expected=f"{size(LEAST)} or more")
    _requested = None if match is None else int(float(match[1]) * unit)
    _share_of_addresses.cache_clear()


def bound(most: int | None = None) -> int:
    """Return the bytes that one file, image or stamp may take: as requested, else half of what the machine grants.

    Parameters
    ----------
    most : int, optional
        Bytes that it is at most, unless requested.
    """
    granted = int(SHARE * machine()) if most is None else min(int(SHARE * machine()), most)
    share = granted if _requested is None else _requested
    addresses = _share_of_addresses()
    return max(LEAST, share if addresses is None else min(share, addresses))


@cache
def _share_of_addresses() -> int | None:
    """Return half of the addresses left when the run began: what is granted at first is not refused later."""
    left = address_space()
    return None if left is None else int(SHARE * left)


@cache
def machine() -> int:
    """Return the machine's memory in bytes, or what the control groups grant of it."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *granted()])


def granted(root: Path = controlgroups.ROOT, membership: Path = controlgroups.MEMBERSHIP) -> list[int]:
    """Return the limits of the control groups in bytes, versions 1 and 2; absent ones are left out."""
    limits = []
    for folder in controlgroups.groups("memory", root, membership):
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            found = controlgroups.words(folder / name)  # "max" for none; version 1 says 2**63 less a page
            limits += [int(word) for word in found[:1] if word.isdecimal() and int(word) > 0]
    return limits


def address_space() -> int | None:
    """Return the bytes of addresses left by ``ulimit -v``; None without a limit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    used = controlgroups.words(Path("/proc/self/statm"))
    return max(0, limit - int(used[0]) * os.sysconf("SC_PAGE_SIZE")) if used else limit


def check(needed: int, what: str) -> None:
    """See that ``needed`` bytes are within the bound; ``what`` takes them.

    Raises
    ------
    InputError
        When they are not.
    """
    if needed <= LEAST or needed <= bound():
        return
    addresses = _share_of_addresses()
    allowed = ceil(needed / 10 ** (digits := max(6, int(log10(needed)) - 1))) * 10**digits
    if addresses is not None and needed > addresses:
        hint = "ulimit -v is the limit."
    elif needed <= machine():
        hint = f"--max-memory {size(allowed).replace(' ', '').replace('.0', '').removesuffix('B')} allows it."
    else:
        hint = f"This machine has {size(machine())}; verify the file with fitsverify."
    raise InputError(f"{what} takes {size(needed)} of memory", expected=f"at most {size(bound())}", hint=hint)


def check_addresses(needed: int, what: str) -> None:
    """See that a file of ``needed`` bytes can be mapped: it takes addresses, which ``ulimit -v`` bounds, not memory.

    Raises
    ------
    InputError
        When it cannot.
    """
    left = address_space()
    if left is not None and needed > left:
        hint = "ulimit -v sets the limit; funpack and imcopy make smaller images."
        raise InputError(f"{what} takes {size(needed)} of addresses", expected=f"at most {size(left)}", hint=hint)


@contextmanager
def claimed(needed: int, what: str) -> Iterator[None]:
    """Hold ``needed`` bytes of the bound; threads whose needs exceed it together take turns.

    Raises
    ------
    InputError
        When it is more than the bound.
    """
    global _taken
    check(needed, what)
    if needed <= LEAST:
        yield
        return
    with _turn:
        while _taken and _taken + needed > bound():
            _turn.wait()
        _taken += needed
    try:
        yield
    finally:
        with _turn:
            _taken -= needed
            _turn.notify_all()


def size(number: int) -> str:
    """Return bytes in words: ``1.6 GB``."""
    power = min(max(0, int(log10(max(number, 1))) // 3), 6)
    return f"{number / 1000**power:.{0 if power < 3 else 1}f} {('bytes', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB')[power]}"
