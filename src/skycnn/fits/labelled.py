"""Labelled: rows of a catalogue whose truth is known, with their fluxes and stamps, for training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.feed import Feed
from skycnn.fits.fluxes import FEWEST
from skycnn.fits.pixelstore import PixelStore, Writer
from skycnn.schema import Flag

Array = NDArray[Any]


GONE = Flag.OFF_IMAGE | Flag.NO_POSITION | Flag.UNREADABLE
"""Flags of rows without a stamp to learn from."""


@dataclass(frozen=True)
class Labelled:
    """Rows with a truth, and two bands or more where there are so many.

    Parameters
    ----------
    number : array (n,)
        Their numbers in the catalogue.
    inputs : dict of str to array (n, ...)
        ``flux`` and ``error`` (n, band), microjansky; ``image`` (n, band, y, x), a PixelStore; NaN where absent,
        float32.
    truth : array (n,)
    group, split : array (n,) or None
        Of the columns that name a row's group and its side; None where there is no such column.
    left_out : mapping of str to int
        Rows by the reason why they are not among these.
    """

    number: Array
    inputs: dict[str, Array | PixelStore]
    truth: Array
    group: Array | None
    split: Array | None
    left_out: Mapping[str, int]


def survey_of(catalogue: Catalogue, given: str | None) -> str:
    """Return the survey that is given, else the one of the SURVEY card; empty for none."""
    stated = catalogue.header.get("SURVEY", catalogue.primary.get("SURVEY"))
    return (given or (stated if isinstance(stated, str) else "")).strip().lower()


def truth_column(catalogue: Catalogue, given: str | None, known: Sequence[str]) -> str:
    """Return the column that holds the truth: the one given, else the first of the known names.

    Raises
    ------
    InputError
        When there is none.
    """
    if given is not None:
        return catalogue.number(given).name
    found = [column.name for name in known if (column := catalogue.has(name)) is not None and column.numeric]
    if not found:
        names = " or ".join(known[:3]) or "of the truth"
        raise InputError(f"{catalogue.label} has no column {names}", hint="Name it with --truth COLUMN.")
    return found[0]


def read(
    catalogue: Catalogue,
    feed: Feed,
    truth: str,
    *,
    bounds: tuple[float, float],
    group: str | None = None,
    split: str | None = None,
    rows: tuple[int, int | None] | None = None,
    scratch: str | None = None,
) -> Labelled:
    """Read the rows that can be trained or judged with.

    Parameters
    ----------
    catalogue : Catalogue
    feed : Feed
        Of the network.
    truth, group, split : str
        Names of columns.
    bounds : tuple of float
        Smallest and largest possible truth.
    rows : tuple of int, optional
        First and end of the rows to read.
    scratch : str, optional
        Folder for stamps that do not fit into memory.

    Raises
    ------
    InputError
        When there is no row.
    """
    columns = [catalogue.number(truth).name]
    columns += [catalogue.column(name).name for name in (group, split) if name is not None]
    span = None if rows is None else (rows[0], catalogue.rows if rows[1] is None else rows[1])
    fewest = min(FEWEST, len(feed.wants.bands))
    reasons = ["bad", "off the images", "fewer than two bands" if fewest > 1 else "without the band", "no truth"]
    left_out = dict.fromkeys(reasons, 0)
    parts: list[tuple[Array, ...]] = []
    inputs: dict[str, list[Array]] = {}
    pixels = Writer(catalogue.rows if span is None else span[1] - span[0], scratch)
    for first, chunk in catalogue.chunks(list(dict.fromkeys([*feed.columns, *columns])), span):
        value = np.asarray(chunk[columns[0]], np.float64)
        told = (value >= bounds[0]) & (value <= bounds[1])
        looked = told if feed.stamps is not None else np.ones(len(told), bool)  # no stamp is cut in vain
        left_out["no truth"] += int(np.count_nonzero(~looked))
        for piece in feed.pieces(first, chunk, looked):
            why = np.select(
                [
                    piece.flags & Flag.BAD_ROW != 0,
                    piece.flags & GONE != 0,
                    np.count_nonzero(piece.present, axis=1) < fewest,
                    ~told[piece.rows],
                ],
                [0, 1, 2, 3],
                -1,
            )
            for code, reason in enumerate(reasons):
                left_out[reason] += int(np.count_nonzero(why == code))
            good = why < 0
            kept = piece.rows[good]
            parts.append((first + kept, value[kept], *(chunk[name][kept] for name in columns[1:])))
            for name, content in piece.inputs.items():
                if name == "image":
                    pixels.add(content[good])
                else:
                    inputs.setdefault(name, []).append(content[good])
    if not any(len(part[0]) for part in parts):
        raise InputError(f"{catalogue.label} has no rows to train with", hint=_left(left_out))
    number, value, *named = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(number, kind="stable")  # images give them in their own order
    names = iter(column[order] for column in named)
    made: dict[str, Array | PixelStore] = {name: np.concatenate(content)[order] for name, content in inputs.items()}
    if feed.stamps is not None:
        made["image"] = pixels.store(order)
    return Labelled(
        number=number[order],
        inputs=made,
        truth=value[order],
        group=next(names) if group is not None else None,
        split=next(names) if split is not None else None,
        left_out={reason: count for reason, count in left_out.items() if count},
    )


def _left(left_out: Mapping[str, int]) -> str:
    told = ", ".join(f"{count} {reason}" for reason, count in left_out.items() if count)
    return f"Left out: {told}." if told else "There is nothing to train with."
