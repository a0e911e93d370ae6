"""StampColumns: DX, DY and FLAG of each stamp in a stamp file's table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skycnn.fits.catalogue import Catalogue
from skycnn.fits.newheader import packed
from skycnn.schema import NOT_RUN, Column
from skycnn.stamps.stamps import Array

PREFIXES = ("", "STAMP_", *(f"STAMP{i}_" for i in range(2, 100)))
"""Prefixes of these columns: the first that a table has free is written, the last present is read."""
APART = 1e-3
"""Pixels by which rests of bands may differ and still share columns."""


def words(bands: Sequence[str]) -> tuple[str, ...]:
    """Return each band as in column names: upper case, numbered where two would be equal."""
    plain = [re.sub(r"[^A-Z0-9_]", "_", band.upper()) for band in bands]
    return tuple(f"{word}_{i}" if plain.count(word) > 1 else word for i, word in enumerate(plain, 1))


def present(name: str, names: Sequence[str]) -> int | None:
    """Return the index of the last prefix under which a table has this column, or None."""
    folded = {other.casefold() for other in names}
    return max((i for i, prefix in enumerate(PREFIXES) if f"{prefix}{name}".casefold() in folded), default=None)


def _unused(name: str, names: Sequence[str]) -> str:
    last = present(name, names)
    return f"{PREFIXES[0 if last is None else last + 1]}{name}"


@dataclass(frozen=True)
class StampColumns:
    """The columns that a stamp file adds to a catalogue.

    Parameters
    ----------
    bands : tuple of str
        In the order of the planes.
    names : tuple of str
        Columns of the catalogue.
    each : bool
        Whether each band has columns of its own, as rests differ.
    """

    bands: tuple[str, ...]
    names: tuple[str, ...]
    each: bool

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, the flag last."""
        stems = [("", "")]
        if self.each:
            plain = [band.replace("'", "") for band in self.bands]
            stems += [(f"_{word}", f" in {band}") for word, band in zip(words(self.bands), plain, strict=True)]
        rests = [
            Column(
                _unused(f"D{axis}{stem}", self.names),
                "f8",
                "pixel",
                f"pos.cartesian.{axis.lower()}",
                f"the object's {axis.lower()}, less the stamp's centre{more}",
                "F9.5",
            )
            for stem, more in stems
            for axis in "XY"
        ]
        flag = Column(_unused("FLAG", self.names), "i4", "", "meta.code.qual", "of the stamp; 0 is a clean one", "I6")
        return (*rests, flag)

    def packed(self, rests: Array, flags: Array) -> Array:
        """Return the bytes of the columns, uint8 (n, width), from rests (n, band, 2), NaN if absent, and flags (n,)."""
        one = common(rests)[:, None]
        table = np.concatenate([one, rests], axis=1) if self.each else one
        values = table.reshape(len(flags), -1).T
        names = [column.name for column in self.columns]
        return packed(self.columns, dict(zip(names, [*values, flags], strict=True)), len(flags))


def common(rests: Array) -> Array:
    """Return the rest (n, 2) of the first band that has one, of rests (n, band, 2)."""
    first = np.isfinite(rests).all(axis=2).argmax(axis=1)
    return np.asarray(rests[np.arange(len(rests)), first])


def differ(rests: Array) -> bool:
    """Whether rests (n, band, 2) differ between the bands of any row."""
    return bool((np.abs(rests - common(rests)[:, None]) > APART).any())


def read(catalogue: Catalogue, bands: Sequence[str], first: int, end: int) -> tuple[Array, Array]:
    """Return rests (n, band, 2) and flags (n,) of a stamp file's rows; zeros without such columns."""
    n = end - first
    rests, flags = np.zeros((n, len(bands), 2)), np.zeros(n, np.int32)
    for i, axis in enumerate("XY"):
        for j, stem in enumerate(("", *(f"_{word}" for word in words(bands)))):
            values = _numbers(catalogue, f"D{axis}{stem}", "ED", first, end)
            if values is not None:
                rests[:, slice(None) if j == 0 else slice(j - 1, j), i] = values[:, None]
    stored = _numbers(catalogue, "FLAG", "BIJK", first, end)
    if stored is not None:
        valid = np.isfinite(stored) & (stored != NOT_RUN)
        flags[valid] = stored[valid].astype(np.int64).astype(np.int32)
    return rests, flags


def _numbers(catalogue: Catalogue, name: str, codes: str, first: int, end: int) -> Array | None:
    place = present(name, catalogue.names)
    column = None if place is None else catalogue.has(f"{PREFIXES[place]}{name}")
    if column is None or not column.numeric or column.code not in codes:
        return None
    return np.asarray(catalogue.read([column.name], (first, end))[column.name])
