"""Labelled: rows of a catalogue whose truth is known, with their fluxes, for training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import survey as surveys
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.fluxes import FEWEST, Photometry, PhotometryOptions, find

Array = NDArray[Any]

BANDS = ("FUV", "NUV", "u", "g", "r", "i", "z", "y", "J", "H", "K")
"""Looked for where neither a survey nor the user names any."""


@dataclass(frozen=True)
class Labelled:
    """Rows with a truth and two bands or more.

    Parameters
    ----------
    number : array (n,)
        Their numbers in the catalogue.
    flux, error : array (n, band)
        Microjansky, NaN where absent, float32.
    truth : array (n,)
    group, split : array (n,) or None
        Of the columns that name a row's group and its side; None where there is no such column.
    left_out : mapping of str to int
        Rows by the reason why they are not among these.
    """

    number: Array
    flux: Array
    error: Array
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


def photometry(
    catalogue: Catalogue,
    options: PhotometryOptions,
    *,
    bands: Sequence[str] = (),
    survey: str = "",
    dereddened: str = "unknown",
    owner: str = "",
) -> Photometry:
    """Return the photometry of the bands to train with, all of them present.

    Parameters
    ----------
    catalogue : Catalogue
    options : PhotometryOptions
    bands : sequence of str
        All of which must be there; left out, those of the survey that are there, or of ``--band``, or of `BANDS`.
    survey : str
        Its name; empty for unknown.
    dereddened : str
        ``yes``, ``no`` or ``unknown``: the state that the fluxes shall have.
    owner : str
        What asks for ``bands``, for messages.

    Raises
    ------
    InputError
        When fewer than two bands are there, or one of ``bands`` is not.
    """
    known = surveys.load(survey) if survey in surveys.names() else None
    named = tuple(band for band in options.band if band != "*")
    wanted, asks = tuple(bands), owner
    if not wanted and known is not None:
        wanted, asks = known.bands, f"survey {survey}"
    elif not wanted:
        wanted, asks = (named, "--band") if len(named) >= FEWEST else (BANDS, "training")

    def found(some: tuple[str, ...]) -> Photometry:
        return find(
            catalogue.columns,
            catalogue.header,
            some,
            options,
            catalogue.label,
            dereddened=dereddened,
            survey=known,
            owner=asks,
        )

    result = found(wanted)
    if not result.missing:
        return result
    if bands:
        missing = result.missing
        raise InputError(
            f"{catalogue.label} has no photometry for {' '.join(missing)}, which {owner} needs",
            hint=f"Name it with --band {missing[0]}=COLUMN --error {missing[0]}=COLUMN.",
        )
    return found(result.bands)


def read(
    catalogue: Catalogue,
    photometry: Photometry,
    truth: str,
    *,
    bounds: tuple[float, float],
    group: str | None = None,
    split: str | None = None,
    rows: tuple[int, int | None] | None = None,
) -> Labelled:
    """Read the rows that can be trained or judged with.

    Parameters
    ----------
    catalogue : Catalogue
    photometry : Photometry
        Found in it.
    truth, group, split : str
        Names of columns.
    bounds : tuple of float
        Smallest and largest possible truth.
    rows : tuple of int, optional
        First and end of the rows to read.
    """
    columns = [catalogue.number(truth).name]
    columns += [catalogue.column(name).name for name in (group, split) if name is not None]
    span = None if rows is None else (rows[0], catalogue.rows if rows[1] is None else rows[1])
    left_out = {"bad": 0, "fewer than two bands": 0, "no truth": 0}
    parts: list[tuple[Array, ...]] = []
    for first, chunk in catalogue.chunks(list(dict.fromkeys([*photometry.columns, *columns])), span):
        fluxes = photometry.fluxes(chunk)
        value = np.asarray(chunk[columns[0]], np.float64)
        present = np.count_nonzero(np.isfinite(fluxes.flux), axis=1) >= FEWEST
        told = (value >= bounds[0]) & (value <= bounds[1])
        reasons = (fluxes.bad, ~fluxes.bad & ~present, ~fluxes.bad & present & ~told)
        for reason, mask in zip(left_out, reasons, strict=True):
            left_out[reason] += int(np.count_nonzero(mask))
        good = ~fluxes.bad & present & told
        number = first + np.arange(len(value))
        texts = (chunk[name][good] for name in columns[1:])
        parts.append((number[good], fluxes.flux[good], fluxes.error[good], value[good], *texts))
    if not parts:
        raise InputError(f"{catalogue.label} has no rows", hint="There is nothing to train with.")
    number, flux, error, value, *named = (np.concatenate(column) for column in zip(*parts, strict=True))
    names = iter(named)
    return Labelled(
        number=number,
        flux=flux,
        error=error,
        truth=value,
        group=next(names) if group is not None else None,
        split=next(names) if split is not None else None,
        left_out={reason: count for reason, count in left_out.items() if count},
    )
