"""Where the sets of bands are found in a table: by the columns' names, else TUCD, else TUNIT."""

from collections.abc import Collection, Mapping, Sequence
from itertools import product

from skycnn.fits import fluxunits
from skycnn.fits.tablecolumn import TableColumn
from skycnn.photometry import habits
from skycnn.photometry.bandsets import BandSet
from skycnn.photometry.fields import Field, Fields

Found = dict[str, list[tuple[str, TableColumn]]]
"""Band to its columns, each after the name's spelling of the band."""


def find(fields: Fields, bands: Sequence[str], given: Collection[str] = ()) -> list[BandSet]:
    """Return the sets of columns whose names are photometry; if there is none, those known by TUCD, else TUNIT.

    Parameters
    ----------
    fields : Fields
        Of the table.
    bands : sequence of str
        Those looked for.
    given : collection of str
        Bands whose errors the user names.
    """
    named = [_named(fields, style, found) for style, found in _styles(fields, bands).items()]
    seen: list[BandSet] = []
    for found in (named, [_by_ucd(fields, bands)], _by_unit(fields, bands)):
        if any(len(s.bands(given)) > 1 for s in found):
            return found
        seen += found
    return seen


def pattern(fields: Fields, bands: Sequence[str], style: str) -> BandSet:
    """Return the set that ``--photometry 'MAG_AUTO_*'`` names."""
    values = {band: f for band in bands if (f := fields.get(style.replace("*", band)))}
    read = next((found[0] for b in values if (found := habits.parse(values[b].name, b))), None)
    family, dereddened = (read.family, read.dereddened) if read else ("other", False)
    return BandSet(style, family, dereddened, values, _errors(fields, style, values, {}))


def _styles(fields: Fields, bands: Sequence[str]) -> dict[habits.Style, Found]:
    styles: dict[habits.Style, Found] = {}
    for column, band in product(fields.columns, bands):
        read = habits.parse(column.name, band) if band.lower() in column.name.lower() else None
        if read is None or not _photometric(column, bool(read[0].quantity)):
            continue
        style, spelled = read
        if spelled.startswith(band) or spelled not in bands:  # else it is another band's own spelling
            styles.setdefault(style, {}).setdefault(band, []).append((spelled, column))
    return styles


def _photometric(column: TableColumn, sure: bool) -> bool:
    """Whether neither TUCD nor TUNIT nor TFORM speaks against it; a name with mag or flux is ``sure``."""
    ucd = (column.ucd or "").lower()
    if ucd and ("phot" not in ucd or "color" in ucd or "stat.error" in ucd):
        return False
    blank = (column.unit or "").strip().lower() in fluxunits.BLANK
    return sure or (column.numeric and (blank or fluxunits.read(column.unit) is not None))


def _named(fields: Fields, style: habits.Style, found: Found) -> BandSet:
    values, spelled, twice = {}, {}, {}
    for band, columns in found.items():
        exact = [c for c in columns if c[0].startswith(band)] or columns
        spelled[band], column = exact[0]
        values[band] = Field(column)
        if len(exact) > 1:
            twice[band] = tuple(Field(c) for _, c in exact)
    if not style.quantity:
        values = _without_redshift(values)
    errors = _errors(fields, style.text, values, spelled)
    return BandSet(style.text, style.family, style.dereddened, values, errors, twice)


def _without_redshift(values: Mapping[str, Field]) -> dict[str, Field]:
    """Return the values but a z that is a redshift: said in TCOMM, or without the unit that its siblings have."""

    def redshift(band: str) -> bool:
        column = values[band].column
        siblings = [f.column.unit for b, f in values.items() if b != band]
        return band.lower() == "z" and (
            "redshift" in (column.comment or "").lower() or (column.unit is None and bool(siblings) and all(siblings))
        )

    return {band: field for band, field in values.items() if not redshift(band)}


def _errors(fields: Fields, style: str, values: Mapping[str, Field], spelled: Mapping[str, str]) -> dict[str, Field]:
    """Return the errors of a style: the error style that most bands have, so that it is one for all."""
    best: dict[str, Field] = {}
    for name in habits.errors(style):
        found = {b: f for b in values if (f := fields.get(name.replace("*", spelled.get(b, b))))}
        if len(found) > len(best):
            best = found
    return best


def _by_ucd(fields: Fields, bands: Sequence[str]) -> BandSet:
    values, errors, twice = {}, {}, {}
    for band in bands:
        for atom in (band, *(a for a in habits.UCD_BANDS.get(band.lower(), ()) if a not in bands)):
            found = [c for c in fields.columns if c.numeric and _ucd(c, atom, error=False)]
            if found:
                values[band] = Field(found[0])
                if len(found) > 1:
                    twice[band] = tuple(Field(c) for c in found)
                error = next((Field(c) for c in fields.columns if c.numeric and _ucd(c, atom, error=True)), None)
                error = next((f for n in habits.errors(found[0].name) if (f := fields.get(n))), error)
                if error:
                    errors[band] = error
                break
    return BandSet("TUCD phot", "other", False, values, errors, twice)


def _ucd(column: TableColumn, atom: str, error: bool) -> bool:
    """Whether TUCD says a magnitude or flux (or its error) in em.<region>.<atom>."""
    words = (column.ucd or "").lower().split(";")
    rest = {w for w in words if not w.startswith("em.")} - {"meta.main"}
    measured = rest - {"stat.error"} <= {"phot.mag", "phot.flux", "phot.flux.density"} and bool(rest - {"stat.error"})
    region = any(w.startswith("em.") and w.endswith(f".{atom.lower()}") for w in words)
    return region and measured and ("stat.error" in rest) == error


def _by_unit(fields: Fields, bands: Sequence[str]) -> list[BandSet]:
    styles: dict[str, dict[str, Field]] = {}
    for column, band in product(fields.columns, bands):
        style = habits.star(column.name, band) if column.numeric else None
        if style is None or habits.OTHER.search(style):
            continue
        unit = fluxunits.read(column.unit)
        if unit and not unit.inverse and _photometric(column, sure=False):
            styles.setdefault(style, {}).setdefault(band, Field(column))
    return [BandSet(s, "other", False, v, _errors(fields, s, v, {})) for s, v in styles.items()]
