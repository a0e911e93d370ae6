"""Fluxes: which columns of a catalogue are which band, in which unit.

`find` reads the column names and units once; the `Photometry` it returns turns chunks of rows into `Fluxes`.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from skycnn.errors import InputError
from skycnn.fits.columnnames import plain, resolved
from skycnn.fits.tablecolumn import TableColumn
from skycnn.photometry import (
    bandchecks,
    bandsearch,
    bandsets,
    conditions,
    errorgrowth,
    extinction,
    filters,
    habits,
    luptitudes,
    missingbands,
    strangers,
    twins,
)
from skycnn.photometry.bandsets import BandSet
from skycnn.photometry.fields import Field, Fields
from skycnn.photometry.measure import Measure, measure
from skycnn.photometry.photometry import Fluxes, Photometry, PhotometryOptions
from skycnn.photometry.strangers import Sample
from skycnn.survey import Survey

__all__ = ["FEWEST", "Fluxes", "Photometry", "PhotometryOptions", "find", "presents", "seen"]

FEWEST = 2
"""Bands without which there is no colour and no answer."""


def presents(columns: Sequence[TableColumn], bands: Sequence[str], options: PhotometryOptions | None = None) -> bool:
    """Whether a table holds `FEWEST` of the bands, ambiguous or not: a quick look at its columns."""
    options = (options or PhotometryOptions()).spelled(bands)
    fields = Fields(columns, "", "")
    named = {b for b in bands if b in options.band and fields.get(options.band[b])}
    if len(named) >= FEWEST:
        return True
    sets = _sets(fields, bands, options)
    return any(len(named | set(s.bands(_given(options, bands)))) >= FEWEST for s in sets)


def seen(columns: Sequence[TableColumn], bands: Sequence[str], options: PhotometryOptions | None = None) -> int:
    """Return how many of the bands a table seems to hold, whatever is wrong with them."""
    options = (options or PhotometryOptions()).spelled(bands)
    fields = Fields(columns, "", "")
    named = {b for b in bands if b in options.band}
    found = [named | set(s.values) for s in _sets(fields, bands, options) if s.plausible]
    most = max(map(len, found), default=len(named))
    return most if most >= FEWEST or not bands else max(most, len(missingbands.vectors(fields, bands)[1]))


def find(
    columns: Sequence[TableColumn],
    header: Mapping[str, object],
    bands: Sequence[str],
    options: PhotometryOptions | None = None,
    label: str = "the table",
    *,
    card_photometry: str | None = None,
    dereddened: str = "unknown",
    survey: Survey | None = None,
    catalogue_survey: str | None = None,
    owner: str = "the model",
    bits: conditions.BitNames | None = None,
    sample: Sample | None = None,
) -> Photometry:
    """Return the photometry of a catalogue: columns, units and corrections.

    Parameters
    ----------
    columns : sequence of TableColumn
        Of the table.
    header : mapping
        Of the table.
    bands : sequence of str
        Of the model, in its order.
    options : PhotometryOptions, optional
        The user's.
    label : str
        Names the table in messages: ``cat.fits[1]``.
    card_photometry : str, optional
        Family that the model was trained on; None or ``unknown`` if unknown.
    dereddened : str
        ``yes``, ``no`` or ``unknown``: whether the model was trained on fluxes corrected for Galactic extinction.
    survey : Survey, optional
        Of the model: R_band, and the constants of asinh and Vega magnitudes.
    catalogue_survey : str, optional
        Name of the catalogue's survey, by the user or the SURVEY card.
    owner : str
        Names the model in messages.
    bits : mapping of str to mapping of str to int, optional
        See `conditions.parse`.
    sample : callable, optional
        Returns some rows of columns: whether what is called z is a redshift shows in the values alone.

    Raises
    ------
    InputError
        When fewer than two bands are present, a family is ambiguous, or an option does not fit the table.
    """
    options = (options or PhotometryOptions()).spelled(bands)
    fields = Fields(columns, label, f"{owner} needs {' '.join(bands)}")
    bandchecks.check_named(options, bands, owner)
    sets: Sequence[BandSet] = ()
    chosen = None
    if any(b not in options.band for b in bands):
        sets = _sets(fields, bands, options)
        wanted = options.photometry.lower() if options.photometry and "*" not in options.photometry else None
        corrected = _preferred(options.extinction, dereddened)
        rest = [s for s in sets if any(b not in options.band for b in s.bands(_given(options, bands)))]
        chosen = bandsets.choose(rest, wanted, card_photometry, corrected, fields, _given(options, bands))
    bandchecks.check_columns(fields, chosen, bands, options.band, _given(options, bands))
    present = {b: m for b in bands if (m := _measure(fields, b, chosen, options, survey, bits)) is not None}
    odd = strangers.find(present, sample) if sample else {}
    measures = {b: m for b, m in present.items() if b not in odd or b in options.band}
    if len(measures) < FEWEST:
        raise missingbands.bands(fields, [b for b in bands if b not in options.band], sets, _given(options, bands))
    named = _corrected(measures)
    correction = extinction.plan(fields, list(measures), named, options.extinction, dereddened, survey)
    bad = tuple(conditions.parse(text, fields, bits=bits) for text in options.bad)
    family = chosen.family if chosen else "named"
    notes = _notes(filters.note(header.get("SURVEY"), catalogue_survey, owner), bands, measures, family)
    warnings = (
        *strangers.unread(fields, chosen, present),
        *strangers.messages(odd, options.band),
        *bandchecks.lacking(chosen, bands, present),
        *filters.warnings(fields, measures, survey, catalogue_survey, owner),
        *(errorgrowth.doubts(measures, survey, sample) if sample else []),
        *([correction.warning] if correction.warning else []),
    )
    if card_photometry in habits.FAMILIES and family != card_photometry:
        notes.append(f"{owner} was trained on {card_photometry} photometry")
    notes += [correction.note, *(f"dropped rows: {c.text}" for c in bad)]
    native = filters.native(measures, survey)
    return Photometry(tuple(bands), measures, family, correction, bad, tuple(notes), warnings, native)


def _sets(fields: Fields, bands: Sequence[str], options: PhotometryOptions) -> Sequence[BandSet]:
    if options.photometry and "*" in options.photometry:
        return [bandsearch.pattern(fields, bands, options.photometry)]
    return _search(tuple(fields.columns), tuple(bands), _given(options, bands))


@lru_cache(maxsize=32)
def _search(columns: tuple[TableColumn, ...], bands: tuple[str, ...], given: frozenset[str]) -> tuple[BandSet, ...]:
    """Search once for all models of the same bands: `presents` and `find` run for every candidate."""
    return tuple(bandsearch.find(Fields(columns, "", ""), bands, given))


def _given(options: PhotometryOptions, bands: Sequence[str]) -> frozenset[str]:
    return frozenset(bands if "*" in options.error else options.error)


def _preferred(option: str | None, trained: str) -> bool | None:
    """Return whether corrected columns are preferred to observed ones; None for either."""
    state = (option or "").lower()
    if state:
        return state == "corrected"
    return {"yes": True, "no": False}.get(trained)


def _corrected(measures: Mapping[str, Measure]) -> bool | None:
    """Return whether the columns' names say corrected for Galactic extinction, or not; None where they say neither."""
    columns = {band: m.value.column for band, m in measures.items()}
    parsed = {band: habits.parse(plain(column.name), band) for band, column in columns.items()}
    if all(found is not None and found[0].dereddened for found in parsed.values()):
        return True
    observed = (luptitudes.archive(columns[b], b) and not (p and p[0].dereddened) for b, p in parsed.items())
    return False if all(observed) else None


def _measure(
    fields: Fields,
    band: str,
    chosen: BandSet | None,
    options: PhotometryOptions,
    survey: Survey | None,
    bits: conditions.BitNames | None,
) -> Measure | None:
    unit = options.unit.get(band, options.unit.get("*"))
    given = options.error.get(band, options.error.get("*"))
    mask = options.mask_band.get(band)
    condition = conditions.parse(mask, fields, f"--mask-band {band}=", bits) if mask is not None else None
    if band in options.band:
        typed = f"--band {band}=COLUMN"
        value = fields.require(resolved(fields.columns, options.band[band], fields.label, typed), typed)
        parsed = habits.parse(plain(value.column.name), band)
        style, spelled = (parsed[0].text, parsed[1]) if parsed else (value.name, band)
        error: Field | float | None = _error(fields, band, given) if given else None
        if error is None:
            names = (n.replace("*", spelled) for n in habits.errors(style))
            error = next((twins.beside(fields, value, f, band) for n in names if (f := fields.get(n))), None)
        if error is None:
            raise missingbands.errors(fields, [value.name], [band])
        return measure(fields, band, value, error, style, spelled, unit, survey, condition)
    if chosen is None or band not in chosen.bands(_given(options, list(chosen.values))):
        return None
    value = fields.checked(chosen.values[band], f"--band {band}=COLUMN")
    parsed = habits.parse(value.column.name, band)
    style, spelled = (parsed[0].text, parsed[1]) if parsed else (chosen.style, band)
    error = _error(fields, band, given) if given else twins.beside(fields, value, chosen.errors[band], band)
    return measure(fields, band, value, error, style, spelled, unit, survey, condition)


def _error(fields: Fields, band: str, given: str) -> Field | float:
    """Return the error of ``--error``: a column, or a number."""
    if fields.get(given) is None:
        try:
            number = float(given)
        except ValueError:
            pass
        else:
            if 0 < number < np.inf:
                return number
            raise InputError("--error is no positive number", value=given, expected="a column or a number above 0")
    typed = f"--error {band}=COLUMN"
    return fields.require(resolved(fields.columns, given.replace("*", band), fields.label, typed), typed)


def _notes(
    filters: str,
    bands: Sequence[str],
    measures: Mapping[str, Measure],
    family: str,
) -> list[str]:
    pairs = ", ".join(f"{b} {m.value.name} with {m.error_name}" for b, m in measures.items())
    notes = [f"photometry: {family}: {pairs}"]
    missing = [b for b in bands if b not in measures]
    if missing:
        notes.append(f"no photometry for {' '.join(missing)}: the intervals are wider for it")
    units: dict[str, list[str]] = {}
    for band, m in measures.items():
        units.setdefault(m.unit_note, []).append(band)
    notes += [f"unit of {' '.join(b)}: {text}" for text, b in units.items()]
    notes.append(f"filters: {filters}")
    flags = [f.name for m in measures.values() for f in m.flags]
    if flags:
        notes.append(f"flags honoured: {' '.join(dict.fromkeys(flags))}")
    notes += [f"band {b} dropped where {m.mask.text}" for b, m in measures.items() if m.mask]
    return notes
