"""Columns that skycnn writes and the bits of its quality flags: the single source of truth."""

from dataclasses import dataclass
from enum import IntFlag

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


def decode(flag: int) -> tuple[str, ...]:
    """Return the meanings of a flag value, e.g. for a table of reasons."""
    if flag == NOT_RUN:
        return ("not run",)
    return tuple(MEANINGS[bit] for bit in Flag if flag & bit)


AB_ZERO_POINT = 23.9
"""AB magnitude of one microjansky: 2.5 log10(1e29) - 48.60 (Oke & Gunn 1983)."""
