"""Survey: bands, pixel scale, PSF, depth and coefficients of a sky survey, read from ``surveys/*.toml`` or a file."""

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from skycnn.errors import InputError

FULL = ("psf", "depth", "zero_point", "extinction")
"""Tables that hold a number for every band."""

PARTIAL = ("r80", "wavelength", "low", "high", "sky", "electrons", "dark", "read_noise", "softening", "vega")
"""Tables that may be absent or hold some of the bands only."""

POSITIVE = ("psf", "r80", "wavelength", "low", "high", "electrons", "softening")
"""Tables whose numbers are above zero."""

OPTIONAL = ("depth_kind", "aperture")
"""Single facts that may be absent."""

DEPTHS = {
    "point": "5 sigma of a point source in the aperture of its R80, brought to all of its light",
    "psf": "5 sigma of a point source by PSF photometry",
    "aperture": "5 sigma of the flux in an aperture of the diameter ``aperture``",
    "completeness": "a share of the point sources that are found; no noise can be told from it",
}
"""What a depth means, by ``depth_kind``."""


@dataclass(frozen=True)
class Survey:
    """What a survey is, as data.

    Parameters
    ----------
    name, title : str
        The name by which models and ``--survey`` know it, and its name in full.
    bands : tuple of str
        From blue to red.
    pixel_scale : float
        arcsec.
    psf : mapping of str to float
        Median FWHM, arcsec.
    depth : mapping of str to float
        Limiting AB magnitude, of the kind that ``depth_kind`` tells.
    zero_point : mapping of str to float
        AB magnitude of one image unit.
    extinction : mapping of str to float
        R_band: A_band / E(B-V) on the scale of Schlegel, Finkbeiner & Davis (1998).
    depth_kind : str
        One of `DEPTHS`; empty where it is not told.
    aperture : float or None
        Diameter in arcsec, of depths in an aperture and of the survey's photometry.
    r80 : mapping of str to float
        Radius that holds 80 % of a point source's light, arcsec.
    wavelength, low, high : mapping of str to float
        Pivot wavelength, and where the throughput falls to half of its maximum, Angstrom.
    sky : mapping of str to float
        Median sky brightness, mag/arcsec2.
    electrons : mapping of str to float
        That one microjansky gives in all exposures of a place together.
    dark, read_noise : mapping of str to float
        Electrons of the dark current and root mean square of the reading, a pixel, in all exposures together.
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
    depth_kind: str = ""
    aperture: float | None = None
    r80: Mapping[str, float] = field(default_factory=dict)
    wavelength: Mapping[str, float] = field(default_factory=dict)
    low: Mapping[str, float] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)
    sky: Mapping[str, float] = field(default_factory=dict)
    electrons: Mapping[str, float] = field(default_factory=dict)
    dark: Mapping[str, float] = field(default_factory=dict)
    read_noise: Mapping[str, float] = field(default_factory=dict)
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
    """Return a survey that ships, by name, without regard to case.

    Raises
    ------
    InputError
        When no such survey ships.
    """
    known = names()
    if name.lower() not in known:
        close = get_close_matches(name.lower(), known, 1)
        hint = f"Did you mean {close[0]}?" if close else "A survey of your own is a file: --survey FILE.toml."
        raise InputError("no such survey", value=name, expected=" or ".join(known), hint=hint)
    file = files("skycnn").joinpath("surveys", f"{name.lower()}.toml")
    return parse(file.read_text(encoding="utf-8"), file.name)


def own(text: str | None) -> Survey | None:
    """Return the user's survey if ``--survey`` names a file rather than a survey.

    Parameters
    ----------
    text : str or None
        What stood after ``--survey``: a file is told by its suffix ``.toml`` or a folder in its name.

    Raises
    ------
    InputError
        When the file cannot be read, breaks the schema, or bears the name of a survey that ships.
    """
    if text is None or not (text.lower().endswith(".toml") or os.sep in text):
        return None
    try:
        content = Path(text).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise InputError(f"--survey {text} cannot be read: {why}", expected="a TOML file") from error
    found = parse(content, text, cited=False)
    if found.name in names():
        where = f"{text}:{_line(content, 'name')}"
        raise InputError(f"{where}: '{found.name}' is a survey that ships", hint="Give yours another name.")
    return found


def known(name: str, mine: Survey | None = None) -> Survey | None:
    """Return the survey of a name: the user's if it is called so, else the one that ships, else None."""
    if mine is not None and mine.name == name:
        return mine
    return load(name) if name in names() else None


def parse(text: str, label: str, *, cited: bool = True) -> Survey:
    """Return the survey that a TOML text describes.

    Parameters
    ----------
    text : str
        TOML with the keys of `Survey`.
    label : str
        Names the file in messages.
    cited : bool
        Whether every fact must have its source under ``references``; then a title is asked for too.

    Raises
    ------
    InputError
        When the text is no TOML or breaks the schema, naming the line and the key.
    """
    try:
        facts = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{label} is not TOML: {error}") from error
    keys = [f.name for f in fields(Survey)]
    for key in facts:
        if key not in keys:
            close = get_close_matches(key, keys, 1)
            hint = f"Did you mean {close[0]}?" if close else None
            where = f"{label}:{_line(text, key)}"
            raise InputError(f"{where} has an unknown key", value=key, expected=", ".join(keys), hint=hint)
    free = (*PARTIAL, *OPTIONAL, *(() if cited else ("title", "references")))
    for key in keys:
        if key not in facts and key not in free:
            raise InputError(f"{label} has no '{key}'", expected=", ".join(k for k in keys if k not in free))
    _check(facts, text, label)
    if cited:
        _check_references(facts, text, label)
    name = str(facts["name"]).lower()
    numbers: dict[str, float] = {key: float(facts[key]) for key in ("pixel_scale", "aperture") if key in facts}
    told: dict[str, Any] = {"title": name, **facts, "name": name, "bands": tuple(facts["bands"]), **numbers}
    return Survey(**told)


def _check(facts: Mapping[str, object], text: str, label: str) -> None:
    def where(key: str, entry: str | None = None) -> str:
        return f"{label}:{_line(text, key, entry)}"

    bands = facts["bands"]
    if not isinstance(bands, list) or not bands or not all(isinstance(b, str) and b for b in bands):
        raise InputError(f"{where('bands')}: 'bands' is no list of names", value=bands, expected='like ["g", "r"]')
    if len(set(bands)) != len(bands):
        raise InputError(f"{where('bands')}: 'bands' names a band twice", value=bands)
    for key in ("name", "title"):
        told = facts.get(key, "-")
        if not isinstance(told, str) or not told.strip():
            raise InputError(f"{where(key)}: '{key}' is no text", value=told)
    for key in ("pixel_scale", "aperture"):
        value = facts.get(key, 1)
        if not _number(value) or value <= 0:  # type: ignore[operator]
            raise InputError(f"{where(key)}: '{key}' is no positive number", value=value, expected="arcsec")
    kind = facts.get("depth_kind", "point")
    if kind not in DEPTHS:
        raise InputError(f"{where('depth_kind')}: no such 'depth_kind'", value=kind, expected=" or ".join(DEPTHS))
    if kind == "aperture" and "aperture" not in facts:
        raise InputError(f"{where('depth_kind')}: depths in an aperture need 'aperture', its diameter in arcsec")
    for key in (*FULL, *PARTIAL):
        table = facts.get(key, {})
        if not isinstance(table, dict):
            raise InputError(f"{where(key)}: '{key}' is no table of numbers", value=table)
        for band, value in table.items():
            if band not in bands:
                what = f"{where(key, band)}: '{key}' has an unknown band"
                raise InputError(what, value=band, expected=" ".join(bands))
            if not _number(value):
                raise InputError(f"{where(key, band)}: '{key}' is no table of numbers", value={band: value})
            if key in POSITIVE and value <= 0:
                raise InputError(f"{where(key, band)}: '{key}' of {band} is not above zero", value=value)
        for band in bands:
            if key in FULL and band not in table:
                raise InputError(f"{where(key)}: '{key}' has no band '{band}'")


def _check_references(facts: Mapping[str, object], text: str, label: str) -> None:
    references = facts["references"]
    for key in ("bands", "pixel_scale", *FULL, *OPTIONAL, *PARTIAL):
        if key in facts and (not isinstance(references, dict) or not isinstance(references.get(key), str)):
            hint = "Cite its source under [references]."
            raise InputError(f"{label}:{_line(text, key)} gives no reference for '{key}'", hint=hint)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _line(text: str, key: str, entry: str | None = None) -> int:
    """Return the line, from 1, where a key of the TOML stands, or an entry of its table; that of the key if unsure."""
    table, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[+\s*[\"']?([\w-]+)", line)
        name = re.match(r"\s*[\"']?([\w-]+)[\"']?\s*[=.]", line)
        if head:
            table = head[1]
        if table == key and entry is not None and name and name[1] == entry:
            return number
        if (head and table == key) or (not table and name and name[1] == key):
            found = number
    return found
