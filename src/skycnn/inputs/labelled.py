"""Labelled: rows of a catalogue whose truth is known, with their fluxes and stamps, for training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files.pixelstore import PixelStore, Writer
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.feed import Feed
from skycnn.photometry.fluxes import FEWEST
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
        Of the columns that name a row's group and its side, see `TableColumn.names`; None where there is no such
        column.
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


def truths(
    catalogue: Catalogue, truth: str, bounds: tuple[float, float], rows: tuple[int, int | None] | None = None
) -> tuple[Array, dict[str, int]]:
    """Return the truths there are, and what `Labelled.left_out` says of the other rows; nothing else is looked at.

    Parameters
    ----------
    catalogue : Catalogue
    truth : str
        Name of the column.
    bounds : tuple of float
        Smallest and largest possible truth.
    rows : tuple of int, optional
        First and end of the rows to read.

    Raises
    ------
    InputError
        When the column does not hold numbers, or there are no such rows.
    """
    column, span = catalogue.number(truth).name, catalogue.span(rows)
    parts, count = [np.empty(0)], 0
    for _, chunk in catalogue.chunks([column], span):
        value = np.asarray(chunk[column], np.float64)
        parts.append(value[_within(value, bounds)])
        count += len(value) - len(parts[-1])
    return np.concatenate(parts), {"no truth": count} if count else {}


def _within(value: Array, bounds: tuple[float, float]) -> Array:
    return np.asarray((value >= bounds[0]) & (value <= bounds[1]))


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
        When there is no row, or a column holds no single value a row.
    NoSpaceError, RunError
        When stamps fit neither into memory nor onto the disk.
    """
    column = catalogue.number(truth).name
    naming = [catalogue.single(name).name for name in (group, split) if name is not None]
    columns = list(dict.fromkeys([*feed.columns, column, *naming]))
    layout = dict(zip(columns, catalogue.packing(columns), strict=True))
    span = catalogue.span(rows)
    fewest = min(FEWEST, len(feed.card.bands))
    reasons = ["bad", "off the images", "fewer than two bands" if fewest > 1 else "without the band", "no truth"]
    left_out = dict.fromkeys(reasons, 0)
    parts: list[tuple[Array, ...]] = []
    inputs: dict[str, list[Array]] = {}
    most = len(truths(catalogue, truth, bounds, rows)[0]) if feed.stamps is not None else 0
    pixels = Writer(most, scratch)  # of a catalogue of millions a few may have a truth
    for first, packed in catalogue.packed_chunks(columns, span):
        chunk = {name: field.values(packed) for name, field in layout.items()}
        named = [layout[name].names(packed) for name in naming]  # an id above 2**53 is no double
        value = np.asarray(chunk[column], np.float64)
        told = _within(value, bounds)
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
            parts.append((first + kept, value[kept], *(names[kept] for names in named)))
            for name, content in piece.inputs.items():
                if name == "image":
                    pixels.add(content[good])
                else:
                    inputs.setdefault(name, []).append(content[good])
    if not any(len(part[0]) for part in parts):
        raise InputError(f"{catalogue.label} has no rows to train with", hint=_left(left_out))
    number, value, *called = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(number, kind="stable")  # images give them in their own order
    names = iter(part[order] for part in called)
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
