"""Filters: the survey whose filters a catalogue's columns have, as it is said or as their names tell."""

import re
from collections.abc import Mapping

from skycnn.photometry import habits
from skycnn.photometry.fields import Fields
from skycnn.photometry.measure import Measure
from skycnn.survey import Survey

HABITS: tuple[tuple[str, str, str], ...] = (
    # style, word in the error's name, survey
    (r"(?:model|psf|petro|cmodel|fiber2?)(?:mag|flux)_\*|dered_\*", "", "SDSS"),
    (r"flux_\*", "ivar", "Legacy Surveys"),
    (r"\*_(?:free_)?(?:psf|cmodel|kron|sersic|gaap\w*|ap\d+)(?-i:Flux|Mag)", "", "LSST"),
    (r"\*_?(?:cmodel|psfflux|kronflux)_(?:flux|mag)", "", "HSC"),
    (r"\*(?:mean)?(?:psf|kron|ap)(?:mag|flux)|\*(?-i:K)mag", "", "Pan-STARRS1"),
    (r"(?:mag|flux)_gaap_\*", "", "KiDS"),
    (r"(?:sof_cm|sof_psf|bdf)_(?:mag|flux)_(?:corrected_)?\*(?:_corrected)?", "", "DES"),
    (r"\*_(?:psf|petro)", "", "SkyMapper"),
    (r"flux_\*_(?:ext_\w+|templfit|unif)", "", "Euclid"),
)
"""Styles that one survey alone has; what its tables hold under these names was seen through its filters."""

WORDS: dict[str, str] = {
    **dict.fromkeys(("sdss", "boss"), "SDSS"),
    **dict.fromkeys(("lsst",), "LSST"),
    **dict.fromkeys(("des",), "DES"),
    **dict.fromkeys(("decam",), "DECam"),
    **dict.fromkeys(("decals", "legacy"), "Legacy Surveys"),
    **dict.fromkeys(("hsc",), "HSC"),
    **dict.fromkeys(("ps1", "panstarrs"), "Pan-STARRS1"),
    **dict.fromkeys(("csst", "cess"), "CSST"),
    **dict.fromkeys(("euclid", "mer"), "Euclid"),
    **dict.fromkeys(("cosmos",), "COSMOS"),
    **dict.fromkeys(("cfhtls", "cfht", "megacam", "megaprime"), "CFHT"),
    **dict.fromkeys(("kids", "omegacam", "vst"), "KiDS"),
    **dict.fromkeys(("subaru", "suprime", "sc"), "Subaru"),
    **dict.fromkeys(("uvista", "vista", "viking"), "VISTA"),
    **dict.fromkeys(("ukidss",), "UKIDSS"),
    **dict.fromkeys(("galex",), "GALEX"),
    **dict.fromkeys(("2mass", "twomass"), "2MASS"),
    **dict.fromkeys(("acs", "wfc3", "hst"), "HST"),
    **dict.fromkeys(("jwst", "nircam"), "JWST"),
}
"""Words in names of columns, and the survey or camera that they name."""

PARTS = {"COSMOS": ("CFHT", "HSC", "Subaru", "VISTA", "GALEX")}
"""Surveys that were seen through the filters of several cameras."""


def note(card: object, requested: str | None, owner: str) -> str:
    """Return the survey of the catalogue's filters, and the source of that."""
    if requested and str(card or "").strip().lower() != requested.lower():
        return f"{requested}, by --survey" + (f" (the SURVEY card says {card})" if card else "")
    return f"{card}, by the SURVEY card" if card else f"assumed to be those of {owner}"


def warnings(
    fields: Fields, measures: Mapping[str, Measure], survey: Survey | None, requested: str | None, owner: str
) -> list[str]:
    """Return what is to be said where the filters are another survey's than the model's.

    Parameters
    ----------
    fields : Fields
        Of the table.
    measures : mapping of str to Measure
        By band.
    survey : Survey or None
        Of the model.
    requested : str or None
        The catalogue's survey, as the user or its SURVEY card says; then names tell nothing.
    owner : str
        The model.
    """
    if survey is None or not survey.name or (requested or "").casefold() == survey.name.casefold():
        return []
    if requested is not None:
        text = f"the filters are those of {requested}, and {owner} was trained on those of {survey.name}"
        return [f"{text}: expect a bias"]
    whose, known = _whose(measures), _known(survey)
    others = {name: column for name, column in whose.items() if name and name.casefold() not in known}
    if list(whose) == [""]:
        others = _beyond(fields, measures, survey)
    if not others:
        return []
    columns, surveys = " ".join(others.values()), " and ".join(others)
    return [
        f"columns such as {columns} are named as those of {surveys}, whose filters are not the {survey.name} filters "
        f"that {owner} was trained on: expect a bias. If they are {survey.name} filters: --survey {survey.name}"
    ]


def native(measures: Mapping[str, Measure], survey: Survey | None) -> bool:
    """Return whether the columns' names tell that the filters are those of the model's survey, and of no other."""
    surveys = {whose.casefold() for whose in _whose(measures) if whose}
    return survey is not None and bool(surveys) and surveys <= _known(survey)


def _whose(measures: Mapping[str, Measure]) -> dict[str, str]:
    """Return the surveys that names tell, each with a column; empty text for none."""
    whose: dict[str, str] = {}
    for band, m in measures.items():
        whose.setdefault(named(m.value.column.name, band, m.error_name) or "", m.value.name)
    return whose


def _known(survey: Survey) -> set[str]:
    return {survey.name.casefold(), *(part.casefold() for part in PARTS.get(survey.name.upper(), ()))}


def named(name: str, band: str, error: str) -> str | None:
    """Return the survey that a column's name tells, None for none.

    Examples
    --------
    >>> named("FLUX_G", "g", "FLUX_IVAR_G")
    'Legacy Surveys'
    """
    parsed = habits.parse(name, band)
    if parsed is None:  # known by its TUNIT: u_free_cModelFlux
        style = habits.star(name, band) or ""
    else:
        style = parsed[0].text.replace("*", f"*{parsed[1][len(band) :]}")  # Euclid: g_ext_decam
    for word in re.findall(r"[a-z0-9]+", style.lower()):
        if word in WORDS:
            return WORDS[word]
    for pattern, wanted, survey in HABITS:
        if re.fullmatch(pattern, style, re.IGNORECASE) and wanted in error.lower():
            return survey
    return None


def _beyond(fields: Fields, measures: Mapping[str, Measure], survey: Survey) -> dict[str, str]:
    """Return another survey's column: of a y band, where the model's survey has none, or DES's without u."""
    for band, m in measures.items():
        parsed = habits.parse(m.value.column.name, band)
        if parsed is None or not parsed[0].quantity:
            continue
        spelled = "Y" if parsed[1].isupper() else "y"
        other = fields.get(parsed[0].text.replace("*", spelled))
        if other is not None and "y" not in {b.lower() for b in survey.bands}:
            return {"a survey with a y band": other.name}
        ultraviolet = fields.get(parsed[0].text.replace("*", "U"))
        if re.fullmatch(r"(?:MAG|FLUX)_AUTO_\*", parsed[0].text) and parsed[1].isupper() and ultraviolet is None:
            return {"DES": m.value.name}
    return {}
