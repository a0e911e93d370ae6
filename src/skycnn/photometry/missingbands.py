"""Errors about missing bands: the columns expected, and the options that name others."""

from collections.abc import Collection, Sequence

from skycnn.errors import InputError
from skycnn.photometry import habits
from skycnn.photometry.bandsets import BandSet
from skycnn.photometry.fields import Fields


def errors(fields: Fields, values: Sequence[str], bands: Sequence[str]) -> InputError:
    """Return the error for values without errors.

    Parameters
    ----------
    fields : Fields
        Of the table.
    values, bands : sequence of str
        The values' columns and their bands.
    """
    options = " ".join(f"--error {b}=COLUMN" for b in bands[:2])
    return InputError(
        f"{fields.label} has no error for {', '.join(values)}; {fields.needs}, each with its error",
        hint=f"Name the errors with {options}, or give a number: --error {bands[0]}=0.1. It has: {fields.listing()}",
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
    names = [f"'{best.named(b)}'" for b in wanted if b not in best.values] if best else []
    band = next((b for b in wanted if not best or b not in best.values), wanted[0] if wanted else "BAND")
    numbers = [c for c in fields.columns if c.repeat > 1 and c.code in "ED" and habits.parse(f"{c.name}_{band}", band)]
    vector = "".join(f" {c.name} holds {c.repeat} numbers a row: --band {band}={c.name}[0]." for c in numbers[:1])
    return InputError(
        f"{fields.label} has no column {' '.join(names) or 'for ' + ' '.join(wanted)}; {fields.needs}",
        hint=f"Name them with --band {band}=COLUMN.{vector} It has: {fields.listing()}",
    )
