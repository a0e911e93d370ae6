"""BandChecks: what must be right with the options about bands, and with the columns chosen, before they are read."""

from collections.abc import Collection, Sequence
from pathlib import Path
from shlex import quote

from skycnn.errors import BandError, InputError
from skycnn.fits.columnnames import numbered
from skycnn.photometry import missingbands
from skycnn.photometry.bandsets import BandSet
from skycnn.photometry.fields import Fields
from skycnn.photometry.photometry import PhotometryOptions

OPTIONS = {"band": "--band", "error": "--error", "unit": "--unit", "mask_band": "--mask-band"}
"""Options by band."""


def check_named(options: PhotometryOptions, bands: Sequence[str], owner: str) -> None:
    """See that options name bands of the model.

    Raises
    ------
    BandError
        When one does not.
    """
    for name, option in OPTIONS.items():
        for band in getattr(options, name):
            if band not in bands and not (band == "*" and name in ("error", "unit")):
                raise BandError(f"{option} names a band that {owner} has not", value=band, expected=" ".join(bands))


def check_columns(
    fields: Fields, chosen: BandSet | None, bands: Sequence[str], named: Collection[str], given: Collection[str]
) -> None:
    """See that each band that is to be read has one column of numbers; all that have not are told at once.

    Parameters
    ----------
    fields : Fields
        Of the table.
    chosen : BandSet or None
        Of `bandsets.choose`.
    bands : sequence of str
        Of the model.
    named, given : collection of str
        Bands with values, and with errors, named by the user.

    Raises
    ------
    InputError
        When a band has several columns, or columns are text, or most bands have no error.
    """
    if chosen is None:
        return
    there = [b for b in bands if b in chosen.bands(given) and b not in named]
    lacking = [b for b in bands if b in chosen.values and b not in there and b not in named]
    if len(lacking) > len(there) + len(named):
        raise missingbands.errors(fields, [chosen.values[b].name for b in lacking], lacking, every=not there)
    twice = {b: chosen.ambiguous[b] for b in there if b in chosen.ambiguous}
    if twice:
        names = {b: [numbered(fields.columns, f.column) for f in found] for b, found in twice.items()}
        text = "; ".join(f"{b} twice: {' and '.join(each)}" for b, each in names.items())
        more = " NAME#7 is the table's column 7." if any("#" in each[0] for each in names.values()) else ""
        option = missingbands.typed("--band", {b: each[0] for b, each in names.items()})
        raise InputError(f"{fields.label} has {text}", hint=f"Choose with {option}.{more}")
    read = [chosen.values[b] for b in there] + [
        chosen.errors[b] for b in there if b in chosen.errors and b not in given
    ]
    texts = [f.column for f in read if f.column.code == "A" and f.index is None]
    if len(texts) > 1:
        raise _text(fields, [fields.columns.index(column) + 1 for column in texts])


def lacking(chosen: BandSet | None, bands: Sequence[str], present: Collection[str]) -> list[str]:
    """Return what is to be said of bands that have a column and are not read, as it has no error."""
    without = [b for b in bands if chosen is not None and b in chosen.values and b not in present]
    if not without or chosen is None:
        return []
    names = " ".join(chosen.values[b].name for b in without)
    option = missingbands.typed("--error", dict.fromkeys(without, "COLUMN"))
    redshift = any(chosen.values[b].name in ("z", "Z") for b in without)  # lone letters: SpecObj's z beside u g r i
    unless = "if z is no redshift, " if redshift else ""
    return [f"no error for {names}: left out; {unless}{option} names it, or a number in its place"]


def _text(fields: Fields, numbers: Sequence[int]) -> InputError:
    """Return the error of numbers that are written as text, with the line that makes numbers of them."""
    names = ", ".join(fields.columns[i - 1].name for i in numbers)
    path, _, extension = fields.label.removesuffix("]").rpartition("[")
    out = f"{Path(path).name.split('.')[0]}-numbers.fits"
    commands = " ".join(f"cmd={quote(f'replacecol ${i} parseDouble(${i})')}" for i in sorted(numbers))
    return InputError(
        f"{fields.label} holds text in {names}, not numbers",
        hint=f"Make numbers of it, and run on {out}: stilts tpipe in={quote(f'{path}#{extension}')} {commands} "
        f"ofmt=fits-basic out={quote(out)}",
    )
