"""Labelled: rows of a catalogue with their truths, fluxes and stamps, for training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.files.pixelstore import PixelStore, Writer
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.columnvalues import ColumnValues
from skycnn.inputs.feed import Feed
from skycnn.photometry.fluxes import FEWEST
from skycnn.schema import Flag
from skycnn.task import Truth

Array = NDArray[Any]


GONE = Flag.OFF_IMAGE | Flag.NO_POSITION | Flag.UNREADABLE
"""Flags of rows without a stamp to learn from."""


@dataclass(frozen=True)
class Labelled:
    """Rows with two bands or more where there are so many, and a truth unless others are wanted too.

    Parameters
    ----------
    number : array (n,)
        Their numbers in the catalogue.
    inputs : dict of str to array (n, ...)
        ``flux`` and ``error`` (n, band), microjansky; ``image`` (n, band, y, x), a PixelStore; NaN where absent,
        float32.
    truth : array (n, truths)
        NaN where a row has none.
    present : array (n, band)
        Which bands are there, bool.
    flags : array (n,)
        Bits of `Flag` that are known before an answer, int32.
    group, split : array (n,) or None
        Of the columns that name a row's group and its side, see `TableColumn.names`; None where there is no such
        column.
    left_out : mapping of str to int
        Rows by the reason why they are not among these.
    """

    number: Array
    inputs: dict[str, Array | PixelStore]
    truth: Array
    present: Array
    flags: Array
    group: Array | None
    split: Array | None
    left_out: Mapping[str, int]


def survey_of(catalogue: Catalogue, requested: str | None) -> str:
    """Return the survey that is requested, else the one of the SURVEY card; empty for none."""
    card = catalogue.header.get("SURVEY", catalogue.primary.get("SURVEY"))
    return (requested or (card if isinstance(card, str) else "")).strip().lower()


def truth_columns(catalogue: Catalogue, requested: Sequence[str], truths: Mapping[str, Truth]) -> dict[str, str | None]:
    """Return the column that holds each truth: the one requested, else the first of its known names; None for none.

    Parameters
    ----------
    catalogue : Catalogue
    requested : sequence of str
        ``COLUMN``, of the first truth, or ``ANSWER=COLUMN``.
    truths : mapping of str to Truth
        By the column of answers. A column that ``predict`` wrote is none by its name.

    Raises
    ------
    InputError
        When there is none at all, or one requested is not there, or serves two truths.
    """
    named = parse(requested, truths)
    found: dict[str, str | None] = {}
    answers = catalogue.answered()
    for answer, truth in truths.items():
        if answer in named:
            found[answer] = catalogue.number(named[answer]).name
            continue
        names = (name for name in truth.names if name.lower() not in answers)
        known = (column for name in names if (column := catalogue.has(name)) is not None and column.numeric)
        found[answer] = next((column.name for column in known), None)
    there = [name for name in found.values() if name is not None]
    if not there:
        known_names = [name for truth in truths.values() for name in truth.names]
        wanted = " or ".join(known_names[:3]) or "of the truth"
        raise InputError(f"{catalogue.label} has no column {wanted}", hint="Name it with --truth COLUMN.")
    twice = next((name for name in there if there.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"column {twice} is the truth of two answers", hint="Name each with --truth ANSWER=COLUMN.")
    return found


def parse(requested: Sequence[str], truths: Mapping[str, Truth]) -> dict[str, str]:
    """Return the requested columns by the column of answers.

    Raises
    ------
    InputError
        When one is named twice, or the task has no such answer.
    """
    answers, found = {name.casefold(): name for name in truths}, {}
    for text in requested:
        left, equals, right = text.partition("=")
        answer = answers.get(left.strip().casefold()) if equals else next(iter(truths), None)
        if answer is None:
            raise InputError(f"--truth {text} names no answer of the task", expected=", ".join(truths) or "no truth")
        if answer in found:
            raise InputError(f"--truth names the column of {answer} twice")
        found[answer] = (right if equals else text).strip()
    return found


def known_truths(
    catalogue: Catalogue, columns: Mapping[str, Truth], rows: tuple[int, int | None] | None = None
) -> tuple[Array, dict[str, int]]:
    """Return the truths there are, and what `Labelled.left_out` says of the other rows; nothing else is looked at.

    Parameters
    ----------
    catalogue : Catalogue
    columns : mapping of str to Truth
        By the column that holds them.
    rows : tuple of int, optional
        First and end of the rows to read.

    Returns
    -------
    tuple of array (n, truths) and dict
        NaN where a row lacks one of them; rows that lack all are counted.

    Raises
    ------
    InputError
        When a column does not hold numbers, or there are no such rows.
    """
    named, span = [catalogue.number(name).name for name in columns], catalogue.span(rows)
    parts, count = [np.empty((0, len(columns)))], 0
    for _, chunk in catalogue.chunks(named, span):
        value = _table(chunk, named, columns, 0)
        parts.append(value[np.isfinite(value).any(axis=1)])
        count += len(value) - len(parts[-1])
    return np.concatenate(parts), {"no truth": count} if count else {}


def _table(chunk: Mapping[str, Array], named: Sequence[str], columns: Mapping[str, Truth], rows: int) -> Array:
    """Return the truths (n, truths) of a chunk, NaN for what is none; of ``rows`` rows where no column is read."""
    found = [np.asarray(chunk[name], np.float64) for name in named]
    if not found:
        return np.empty((rows, 0))
    kept = zip(columns.values(), found, strict=True)
    return np.column_stack([np.where(truth.holds(value), value, np.nan) for truth, value in kept])


def read(
    catalogue: Catalogue,
    feed: Feed,
    truths: Mapping[str, Truth],
    *,
    unlabelled: bool = False,
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
    truths : mapping of str to Truth
        By the column that holds them.
    unlabelled : bool
        Whether rows without any truth are wanted too.
    group, split : str
        Names of columns.
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
    named = [catalogue.number(name).name for name in truths]
    naming = [catalogue.single(name).name for name in (group, split) if name is not None]
    columns = list(dict.fromkeys([*feed.columns, *named, *naming]))
    layout = dict(zip(columns, catalogue.packing(columns), strict=True))
    span = catalogue.span(rows)
    fewest = min(FEWEST, len(feed.card.bands))
    reasons = ["bad", "off the images", "fewer than two bands" if fewest > 1 else "without the band", "no truth"]
    left_out = dict.fromkeys(reasons, 0)
    parts: list[tuple[Array, ...]] = []
    inputs: dict[str, list[Array]] = {}
    most = 0
    if feed.stamps is not None:  # of a catalogue of millions a few may have a truth
        most = span[1] - span[0] if unlabelled else len(known_truths(catalogue, truths, rows)[0])
    pixels = Writer(most, scratch)
    for first, packed in catalogue.packed_chunks(columns, span):
        chunk = ColumnValues(columns, list(layout.values()), packed)
        names = [layout[name].names(packed) for name in naming]  # an id above 2**53 is no double
        value = _table(chunk, named, truths, len(packed))
        known = np.asarray(np.isfinite(value).any(axis=1) | unlabelled)
        looked = known if feed.stamps is not None else np.ones(len(known), bool)  # no stamp is cut in vain
        left_out["no truth"] += int(np.count_nonzero(~looked))
        for piece in feed.pieces(first, chunk, looked):
            why = np.select(
                [
                    piece.flags & Flag.BAD_ROW != 0,
                    piece.flags & GONE != 0,
                    np.count_nonzero(piece.present, axis=1) < fewest,
                    ~known[piece.rows],
                ],
                [0, 1, 2, 3],
                -1,
            )
            for code, reason in enumerate(reasons):
                left_out[reason] += int(np.count_nonzero(why == code))
            good = why < 0
            kept = piece.rows[good]
            row = (first + kept, value[kept], piece.present[good], piece.flags[good])
            parts.append((*row, *(name[kept] for name in names)))
            for name, content in piece.inputs.items():
                if name == "image":
                    pixels.add(content[good])
                else:
                    inputs.setdefault(name, []).append(content[good])
    if not any(len(part[0]) for part in parts):
        raise InputError(f"{catalogue.label} has no rows to train with", hint=_left(left_out))
    number, value, present, flags, *called = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(number, kind="stable")  # images give them in their own order
    ordered = iter(part[order] for part in called)
    made: dict[str, Array | PixelStore] = {name: np.concatenate(content)[order] for name, content in inputs.items()}
    if feed.stamps is not None:
        made["image"] = pixels.store(order)
    return Labelled(
        number=number[order],
        inputs=made,
        truth=value[order],
        present=present[order],
        flags=flags[order],
        group=next(ordered) if group is not None else None,
        split=next(ordered) if split is not None else None,
        left_out={reason: count for reason, count in left_out.items() if count},
    )


def _left(left_out: Mapping[str, int]) -> str:
    text = ", ".join(f"{count} {reason}" for reason, count in left_out.items() if count)
    return f"Left out: {text}." if text else "There is nothing to train with."
