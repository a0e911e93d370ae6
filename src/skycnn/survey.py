"""Survey: bands, pixel scale, PSF, depth and coefficients of a sky survey, read from ``surveys/*.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib.resources import files

from skycnn.errors import InputError

FULL = ("psf", "depth", "zero_point", "extinction")
"""Tables that hold a number for every band."""

PARTIAL = ("sky", "softening", "vega")
"""Tables that may be absent or hold some of the bands only."""


@dataclass(frozen=True)
class Survey:
    """What a survey is, as data.

    Parameters
    ----------
    name, title : str
        The name of its file, and its name in full.
    bands : tuple of str
        From blue to red.
    pixel_scale : float
        arcsec.
    psf : mapping of str to float
        Median FWHM, arcsec.
    depth : mapping of str to float
        Limiting AB magnitude; its kind is told in ``references``.
    zero_point : mapping of str to float
        AB magnitude of one image unit.
    extinction : mapping of str to float
        R_band: A_band / E(B-V) on the scale of Schlegel, Finkbeiner & Davis (1998).
    sky : mapping of str to float
        Median sky brightness, mag/arcsec2.
    softening : mapping of str to float
        b of asinh magnitudes (Lupton et al. 1999), in units of the flux of magnitude zero.
    vega : mapping of str to float
        m_AB - m_Vega, mag.
    references : mapping of str to str
        The source of each fact, by its name above.
    """

    name: str
    title: str
    bands: tuple[str, ...]
    pixel_scale: float
    psf: Mapping[str, float]
    depth: Mapping[str, float]
    zero_point: Mapping[str, float]
    extinction: Mapping[str, float]
    sky: Mapping[str, float] = field(default_factory=dict)
    softening: Mapping[str, float] = field(default_factory=dict)
    vega: Mapping[str, float] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)


def names() -> list[str]:
    """Return the names of the surveys that ship, without reading them."""
    return sorted(
        file.name.removesuffix(".toml")
        for file in files("skycnn").joinpath("surveys").iterdir()
        if file.name.endswith(".toml")
    )


def load(name: str) -> Survey:
    """Return a survey by name, without regard to case.

    Raises
    ------
    InputError
        When no such survey ships.
    """
    known = names()
    if name.lower() not in known:
        close = get_close_matches(name.lower(), known, 1)
        hint = f"Did you mean {close[0]}?" if close else None
        raise InputError("no such survey", value=name, expected=" or ".join(known), hint=hint)
    file = files("skycnn").joinpath("surveys", f"{name.lower()}.toml")
    return parse(file.read_text(encoding="utf-8"), file.name)


def parse(text: str, label: str) -> Survey:
    """Return the survey that a TOML text describes.

    Parameters
    ----------
    text : str
        TOML with the keys of `Survey`.
    label : str
        Names the file in messages.

    Raises
    ------
    InputError
        When the text is no TOML or breaks the schema, naming the key.
    """
    try:
        facts = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{label} is not TOML: {error}") from error
    known = [f.name for f in fields(Survey)]
    for key in facts:
        if key not in known:
            raise InputError(f"{label} has an unknown key", value=key, expected=", ".join(known))
    for key in known:
        if key not in facts and key not in PARTIAL:
            raise InputError(f"{label} has no '{key}'", expected=", ".join(known))
    _check(facts, label)
    return Survey(**{**facts, "bands": tuple(facts["bands"]), "pixel_scale": float(facts["pixel_scale"])})


def _check(facts: Mapping[str, object], label: str) -> None:
    bands = facts["bands"]
    if not isinstance(bands, list) or not bands or not all(isinstance(b, str) for b in bands):
        raise InputError(f"{label}: 'bands' is no list of names", value=bands, expected='like ["g", "r"]')
    if len(set(bands)) != len(bands):
        raise InputError(f"{label}: 'bands' names a band twice", value=bands)
    for key in ("name", "title"):
        if not isinstance(facts[key], str):
            raise InputError(f"{label}: '{key}' is no text", value=facts[key])
    if not _positive(facts["pixel_scale"]):
        raise InputError(f"{label}: 'pixel_scale' is no positive number", value=facts["pixel_scale"], expected="arcsec")
    for key in (*FULL, *PARTIAL):
        table = facts.get(key, {})
        if not isinstance(table, dict) or not all(_number(v) for v in table.values()):
            raise InputError(f"{label}: '{key}' is no table of numbers", value=table)
        for band in table:
            if band not in bands:
                raise InputError(f"{label}: '{key}' has an unknown band", value=band, expected=" ".join(bands))
        for band in bands:
            if key in FULL and band not in table:
                raise InputError(f"{label}: '{key}' has no band '{band}'")
    references = facts["references"]
    for key in ("bands", "pixel_scale", *FULL, *PARTIAL):
        if key in facts and (not isinstance(references, dict) or not isinstance(references.get(key), str)):
            raise InputError(f"{label} gives no reference for '{key}'", hint="Cite its source under [references].")


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _positive(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
