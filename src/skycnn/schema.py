"""Columns that skycnn writes and the bits of its quality flags: the single source of truth."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the man pages are made without it
    import numpy as np

NOT_RUN = -1
"""TNULL of every flag column: the row was not run. It lies outside the bits."""


class Flag(IntFlag):
    """Quality bits of a row; 0 is a clean answer. Man pages and decoders are derived from this list."""

    OFF_IMAGE = 1
    EDGE = 2
    NAN_PIXELS = 4
    MISSING_BAND = 8
    TOO_FEW_BANDS = 16
    COLOUR_OUTSIDE = 32
    VALUE_OUTSIDE = 64
    MULTIMODAL = 128
    BAD_ROW = 256
    UNREADABLE = 512
    NO_POSITION = 1024
    MISSING_INPUT = 2048
    UNLIKE_TRAINING = 4096
    OTHER_PHOTOMETRY = 8192


MEANINGS: dict[Flag, str] = {
    Flag.OFF_IMAGE: "the object lies off all images",
    Flag.EDGE: "the stamp reaches over an image's edge",
    Flag.NAN_PIXELS: "pixels of the stamp are NaN or masked",
    Flag.MISSING_BAND: "a band of the model is missing; the interval is wider for it",
    Flag.TOO_FEW_BANDS: "fewer than two bands are present: no answer",
    Flag.COLOUR_OUTSIDE: "a magnitude or colour lies outside the trained range",
    Flag.VALUE_OUTSIDE: "the answer leans on an end of the trained range",
    Flag.MULTIMODAL: "the posterior has more than one peak",
    Flag.BAD_ROW: "dropped by --bad or by the catalogue's own flags: no answer",
    Flag.UNREADABLE: "an image of it could not be read or fetched",
    Flag.NO_POSITION: "the row has no position: no stamp, no answer",
    Flag.MISSING_INPUT: "an input column of the model has no value",
    Flag.UNLIKE_TRAINING: "photometry, errors, stamp or inputs are unlike the training sample",
    Flag.OTHER_PHOTOMETRY: "kept by --only-new, but the row's photometry gives another answer now",
}

TASK_BITS = 1 << 16
"""The first bit of a task's own flags, see `task.TaskFlag`; the bits below are every task's."""


FORM_CODES = {"f4": "E", "f8": "D", "i4": "J"}
"""NumPy code to the letter of TFORM (FITS 4.0, table 18)."""


@dataclass(frozen=True)
class Column:
    """One column that skycnn writes.

    Parameters
    ----------
    name : str
        TTYPE.
    dtype : str
        NumPy code without byte order: ``f4``, ``f8`` or ``i4``; floats are NaN for null.
    unit : str
        TUNIT, a FITS unit string; empty for none.
    ucd : str
        TUCD, the IVOA word.
    meaning : str
        TCOMM, one phrase.
    display : str
        TDISP.
    width : int
        Elements a row; above 1 a vector column.
    shape : tuple of int
        Of the elements of a row where they are a grid, the last axis fastest; TDIM, which counts from the fastest.
    """

    name: str
    dtype: str
    unit: str
    ucd: str
    meaning: str
    display: str
    width: int = 1
    shape: tuple[int, ...] = ()

    @property
    def form(self) -> str:
        """TFORM."""
        return f"{self.width if self.width > 1 else ''}{FORM_CODES[self.dtype]}"

    @property
    def dim(self) -> str:
        """TDIM; empty for none."""
        return f"({','.join(map(str, self.shape[::-1]))})" if self.shape else ""


def estimate(name: str, unit: str, ucd: str, meaning: str, display: str = "F10.5") -> tuple[Column, ...]:
    """Return an estimate's three columns: the median and the ends of its 68 % interval."""
    return (
        Column(name, "f4", unit, ucd, meaning, display),
        Column(f"{name}_LO", "f4", unit, f"stat.confidenceLevel;{ucd}", f"16th percentile of {name}", display),
        Column(f"{name}_HI", "f4", unit, f"stat.confidenceLevel;{ucd}", f"84th percentile of {name}", display),
    )


def flag_column(stem: str) -> Column:
    """Return a task's quality-flag column, ``<STEM>_FLAG``."""
    return Column(f"{stem}_FLAG", "i4", "", "meta.code.qual", "0 is a clean answer, -1 not run", "I6")


class Bit(Protocol):
    """A quality bit of one task's own, see `task.TaskFlag`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def bit(self) -> int: ...  # noqa: D102
    @property
    def meaning(self) -> str: ...  # noqa: D102


def bits(task_flags: Iterable[Bit] = ()) -> dict[int, tuple[str, str]]:
    """Return name and meaning of every bit: those of all tasks, and one task's own."""
    common = {bit.value: (str(bit.name), meaning) for bit, meaning in MEANINGS.items()}
    return common | {flag.bit: (flag.name, flag.meaning) for flag in task_flags}


def decode(flag: int, task_flags: Iterable[Bit] = ()) -> tuple[str, ...]:
    """Return the meanings of a flag value, e.g. for a table of reasons."""
    if flag == NOT_RUN:
        return ("not run",)
    return tuple(meaning for bit, (_, meaning) in bits(task_flags).items() if flag & bit)


def counts(flags: "np.ndarray", task_flags: Iterable[Bit] = ()) -> dict[str, int]:
    """Return how many of flags (n,) have each bit, by its name in lower case; rows not run have none."""
    run = flags[flags != NOT_RUN]
    found = {name.lower(): int((run & bit != 0).sum()) for bit, (name, _) in bits(task_flags).items()}
    return {name: count for name, count in found.items() if count}


AB_ZERO_POINT = 23.9
"""AB magnitude of one microjansky: 2.5 log10(1e29) - 48.60 (Oke & Gunn 1983)."""
