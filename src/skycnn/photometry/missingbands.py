"""Errors about missing bands: the columns expected, and the options that name others, for all bands at once."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from shlex import quote

from skycnn.errors import InputError
from skycnn.fits.tablecolumn import TableColumn
from skycnn.photometry import habits
from skycnn.photometry.bandsets import BandSet
from skycnn.photometry.fields import Fields


def typed(option: str, names: Mapping[str, str]) -> str:
    """Return an option that names the columns of several bands, as a shell takes it.

    Examples
    --------
    >>> typed("--band", {"u": "MAG[0]", "g": "MAG[1]"})
    "--band 'u=MAG[0],g=MAG[1]'"
    """
    return f"{option} {quote(','.join(f'{band}={name}' for band, name in names.items()))}"


def errors(fields: Fields, values: Sequence[str], bands: Sequence[str], *, every: bool = True) -> InputError:
    """Return the error for values without errors.

    Parameters
    ----------
    fields : Fields
        Of the table.
    values, bands : sequence of str
        The values' columns and their bands.
    every : bool
        Whether no band has an error.
    """
    option = typed("--error", dict.fromkeys(bands, "COLUMN"))
    number = "one number for all: --error 0.1" if every else f"numbers: {typed('--error', dict.fromkeys(bands, '0.1'))}"
    return InputError(
        f"{fields.label} has no error for {', '.join(values)}; {fields.needs}, each with its error",
        hint=f"Name the errors with {option}, or give {number}. It has: {fields.listing()}",
    )


def bands(fields: Fields, wanted: Sequence[str], sets: Sequence[BandSet], given: Collection[str]) -> InputError:
    """Return the error for a table with fewer than two bands.

    Parameters
    ----------
    fields : Fields
        Of the table.
    wanted : sequence of str
        Bands not named by the user.
    sets : sequence of BandSet
        Of `bandsearch.find`.
    given : collection of str
        Bands with errors named by the user.
    """
    best = max((s for s in sets if s.plausible), key=lambda s: len(s.values), default=None)
    if best and len(best.values) > 1 and len(best.bands(given)) < 2:
        without = [b for b in best.values if b not in best.errors]
        return errors(fields, [best.values[b].name for b in without], without)
    part = next((s for s in sets if s.family in habits.BY_NAME and len(s.bands(given)) > 1), None)
    if part:
        return InputError(
            f"{fields.label} has photometry of a part of the light alone: {part.example()}; {fields.needs}",
            hint=f"To take it nevertheless: --photometry {part.family}.",
        )
    names = [f"'{best.named(b)}'" for b in wanted if b not in best.values] if best else []
    asked = list(wanted) or ["BAND"]
    vector, elements = vectors(fields, asked)
    numbered = joined(fields, asked)
    if numbered:
        hint = f"Names end in a number, as where tables were joined: --photometry {quote(numbered)} takes those."
    elif vector is None:
        known = {b: best.values[b].name if best and b in best.values else "COLUMN" for b in asked}
        hint = f"Name them with {typed('--band', known)}."
    elif len(elements) < 2:
        hint = (
            f"{vector.name} holds {vector.repeat} numbers a row: name the element of each band, counted from 0, with "
            f"{typed('--band', {asked[0]: f'{vector.name}[0]'})} and so on."
        )
    else:
        order = habits.VECTORS[vector.repeat]
        hint = f"{vector.name} holds {vector.repeat} numbers a row: {typed('--band', elements)}, in the order {order}."
    return InputError(
        f"{fields.label} has no column {' '.join(names) or 'for ' + ' '.join(wanted)}; {fields.needs}",
        hint=f"{hint} It has: {fields.listing()}",
    )


def joined(fields: Fields, wanted: Sequence[str]) -> str | None:
    """Return the style with most bands of names that a join of tables made longer, ``*mag_1`` (TOPCAT); else None."""
    found: dict[tuple[int, str], set[str]] = {}
    for column, band in product(fields.columns, wanted):
        match = re.fullmatch(r"(.+)(_\d+)", column.name)
        parsed = habits.parse(match[1], band) if match and column.numeric else None
        if match and parsed and parsed[0].family not in habits.BY_NAME:
            rank = list(habits.FAMILIES).index(parsed[0].family)
            found.setdefault((rank, parsed[0].text + match[2]), set()).add(band)
    several = {key: bands for key, bands in found.items() if len(bands) > 1}
    return min(several, key=lambda key: (-len(several[key]), key))[1] if several else None


def vectors(fields: Fields, wanted: Sequence[str]) -> tuple[TableColumn | None, dict[str, str]]:
    """Return the vector column that holds the bands of a row, None for none, and the element of each band.

    Only where its length tells the order: SDSS's five bands, DECam's six.
    """
    known: list[tuple[tuple[int, bool], TableColumn]] = []
    for column in fields.columns:
        parsed = habits.parse(f"{column.name}_{wanted[0]}", wanted[0]) if column.repeat > 1 else None
        if column.code in "ED" and parsed is not None and parsed[0].family not in habits.BY_NAME:
            error = any(fields.get(name) for name in habits.errors(column.name))
            known.append(((list(habits.FAMILIES).index(parsed[0].family), not error), column))
    if not known:
        return None, {}
    column = min(known, key=lambda entry: entry[0])[1]
    order = habits.VECTORS.get(column.repeat, "")
    places = {band: order.index(band) if band in order else order.lower().find(band.lower()) for band in wanted}
    if len({place for place in places.values() if place >= 0}) < sum(place >= 0 for place in places.values()):
        places = {band: place for band, place in places.items() if band in order}
    return column, {band: f"{column.name}[{place}]" for band, place in places.items() if place >= 0}
