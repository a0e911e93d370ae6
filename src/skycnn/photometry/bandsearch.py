"""BandSearch: the sets of bands in a table, by the columns' names, else TUCD, else TUNIT."""

from collections.abc import Collection, Mapping, Sequence
from itertools import product

from skycnn.fits import fluxunits
from skycnn.fits.columnnames import plain
from skycnn.fits.tablecolumn import TableColumn
from skycnn.photometry import habits
from skycnn.photometry.bandsets import BandSet
from skycnn.photometry.fields import Field, Fields

Candidates = dict[str, list[tuple[str, TableColumn]]]
"""Band to its columns, each with the spelling of the band in the name."""


def find(fields: Fields, bands: Sequence[str], given: Collection[str] = ()) -> list[BandSet]:
    """Return the sets of columns with photometric names; without any, those by TUCD, else by TUNIT.

    Parameters
    ----------
    fields : Fields
        Of the table.
    bands : sequence of str
        To look for.
    given : collection of str
        Bands with errors named by the user.
    """
    named = _joined([_named(fields, style, candidates) for style, candidates in _styles(fields, bands).items()])
    incomplete: list[BandSet] = []
    for sets in (named, [_by_ucd(fields, bands)], _by_unit(fields, bands)):
        if any(len(s.bands(given)) > 1 for s in sets):
            return sets
        incomplete += sets
    return incomplete


def pattern(fields: Fields, bands: Sequence[str], style: str) -> BandSet:
    """Return the set of ``--photometry 'MAG_AUTO_*'``."""
    known = next((s for s in find(fields, bands) if s.style.lower() == style.lower()), None)
    if known is not None:
        return known
    values = {band: f for band in bands if (f := fields.get(style.replace("*", band)))}
    parsed = next((match[0] for b in values if (match := habits.parse(values[b].name, b))), None)
    family, dereddened = (parsed.family, parsed.dereddened) if parsed else ("other", False)
    return BandSet(style, family, dereddened, values, _errors(fields, style, values, {}))


def _joined(sets: Sequence[BandSet]) -> list[BandSet]:
    """Join the sets of several cameras, each with bands of its own, in the place of the first."""
    kinds: dict[tuple[str, str], list[BandSet]] = {}
    for s in sets:
        kinds.setdefault((habits.shared(s.style).lower(), s.family), []).append(s)
    joined: list[BandSet] = []
    for parts in kinds.values():
        values: dict[str, Field] = {}
        twice = False
        for band, field in ((b, f) for s in parts for b, f in s.values.items()):
            both = [f for f in (values.get(band), field) if f is not None]
            exact = [f for f in both if (p := habits.parse(f.name, band)) and p[1].startswith(band)] or both
            twice |= len(exact) > 1
            values[band] = exact[0]
        if len(parts) == 1 or twice:
            joined += parts
            continue
        errors = {b: s.errors[b] for s in parts for b in s.errors if s.values[b] is values[b]}
        ambiguous = {b: f for s in parts for b, f in s.ambiguous.items() if s.values[b] is values[b]}
        style = habits.shared(parts[0].style)
        joined.append(BandSet(style, parts[0].family, parts[0].dereddened, values, errors, ambiguous))
    return joined


def _styles(fields: Fields, bands: Sequence[str]) -> dict[habits.Style, Candidates]:
    styles: dict[habits.Style, Candidates] = {}
    for column, band in product(fields.columns, bands):
        parsed = habits.parse(plain(column.name), band) if band.lower() in column.name.lower() else None
        if parsed is None or not _photometric(column, bool(parsed[0].quantity)):
            continue
        style, spelled = parsed
        if spelled.startswith(band) or spelled not in bands:  # else the spelling of another band
            styles.setdefault(style, {}).setdefault(band, []).append((spelled, column))
    return styles


def _photometric(column: TableColumn, sure: bool) -> bool:
    """Whether TUCD, TUNIT and TFORM allow photometry; ``sure`` for names with mag or flux."""
    ucd = (column.ucd or "").lower()
    if ucd and ("phot" not in ucd or "color" in ucd or "stat.error" in ucd):
        return False
    blank = (column.unit or "").strip().lower() in fluxunits.BLANK
    return sure or (column.numeric and (blank or fluxunits.read(column.unit) is not None))


def _named(fields: Fields, style: habits.Style, candidates: Candidates) -> BandSet:
    values, spelled, ambiguous = {}, {}, {}
    for band, columns in candidates.items():
        exact = [c for c in columns if c[0].startswith(band)] or columns
        spelled[band], column = exact[0]
        values[band] = Field(column)
        if len(exact) > 1:
            ambiguous[band] = tuple(Field(c) for _, c in exact)
    if not style.quantity:
        values = _without_redshift(values)
    errors = _errors(fields, style.text, values, spelled)
    return BandSet(style.text, style.family, style.dereddened, values, errors, ambiguous)


def _without_redshift(values: Mapping[str, Field]) -> dict[str, Field]:
    """Drop a z that is a redshift: by its TCOMM, or without a unit where its siblings have one."""

    def redshift(band: str) -> bool:
        column = values[band].column
        siblings = [f.column.unit for b, f in values.items() if b != band]
        return band.lower() == "z" and (
            "redshift" in (column.comment or "").lower() or (column.unit is None and bool(siblings) and all(siblings))
        )

    return {band: field for band, field in values.items() if not redshift(band)}


def _errors(fields: Fields, style: str, values: Mapping[str, Field], spelled: Mapping[str, str]) -> dict[str, Field]:
    """Return the errors of a style, in the one error style that most bands have."""
    best: dict[str, Field] = {}
    for name in habits.errors(style):
        errors = {b: f for b in values if (f := fields.get(name.replace("*", spelled.get(b, b))))}
        if len(errors) > len(best):
            best = errors
    return best


def _by_ucd(fields: Fields, bands: Sequence[str]) -> BandSet:
    values, errors, ambiguous = {}, {}, {}
    for band in bands:
        for atom in (band, *(a for a in habits.UCD_BANDS.get(band.lower(), ()) if a not in bands)):
            columns = [c for c in fields.columns if c.numeric and _ucd(c, atom, error=False)]
            if columns:
                values[band] = Field(columns[0])
                if len(columns) > 1:
                    ambiguous[band] = tuple(Field(c) for c in columns)
                error = next((Field(c) for c in fields.columns if c.numeric and _ucd(c, atom, error=True)), None)
                error = next((f for n in habits.errors(columns[0].name) if (f := fields.get(n))), error)
                if error:
                    errors[band] = error
                break
    return BandSet("TUCD phot", "other", False, values, errors, ambiguous)


def _ucd(column: TableColumn, atom: str, error: bool) -> bool:
    """Whether TUCD is a magnitude or flux (or its error) in em.<region>.<atom>."""
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
