"""Survey: bands, pixel scale, PSF, depth and coefficients of a sky survey, read from ``surveys/*.toml`` or a file."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from skycnn.errors import InputError
from skycnn.files.regular import read_text
from skycnn.surveyfile import FORMER, OPTIONAL, PARTIAL, SINGLE, SurveyFile, check, unknown

BANDS = ("FUV", "NUV", "u", "g", "r", "i", "z", "y", "J", "H", "K")
"""From blue to red; looked for where neither a survey nor the user names any."""

TEXT, LONGEST = "a TOML file in UTF-8", 1 << 20
"""What a survey's file is, and its bytes at most: those that ship have 3000."""


MOST_DOTS = 100
"""Parts of a name in a survey's file; the reader's time grows with their square."""


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
    extinction : mapping of str to float
        R_band: A_band / E(B-V) on the scale of Schlegel, Finkbeiner & Davis (1998).
    depth_kind : str
        One of ``surveyfile.DEPTHS``; empty where it is not told.
    aperture : float or None
        Diameter in arcsec, of depths in an aperture and of the survey's photometry.
    noise : str
        Where the noise of mocks comes from, ``depth``, ``counted`` or ``none``; see `simulate.noiselevel.KINDS`.
    matched : float or None
        The factor on counted noise that makes mocks as difficult as others' are; see its reference.
    mirror, obscuration : float or None
        Diameter of a telescope above the air, metres, and the hole in its mirror over that: `simulate.telescope`.
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
    blur, halo, halo_width : mapping of str to float
        Of such a telescope: standard deviation of the Gaussian that blurs stars, arcsec; the share of their light in a
        halo, and the halo's width, alpha of a Moffat profile, arcsec.
    bits : mapping of str to mapping of str to int
        Of columns of a catalogue, ``*`` in their names for any letters, the numbers of bits, from 0, by their names.
    references : mapping of str to str
        The source of each fact, by its name above.
    source : SurveyFile or None
        The file, if it is the user's; no key of it, and no matter when surveys are compared.
    """

    name: str
    title: str
    bands: tuple[str, ...]
    pixel_scale: float
    psf: Mapping[str, float]
    depth: Mapping[str, float]
    extinction: Mapping[str, float]
    depth_kind: str = ""
    aperture: float | None = None
    noise: str = "depth"
    matched: float | None = None
    mirror: float | None = None
    obscuration: float | None = None
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
    blur: Mapping[str, float] = field(default_factory=dict)
    halo: Mapping[str, float] = field(default_factory=dict)
    halo_width: Mapping[str, float] = field(default_factory=dict)
    bits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    source: SurveyFile | None = field(default=None, compare=False, repr=False)


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
        content = read_text(text, TEXT, label=f"--survey {text}", most=LONGEST)
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise InputError(f"--survey {text} cannot be read: {why}", expected=TEXT) from error
    found = parse(content, text, cited=False)
    if found.name in names():
        at = SurveyFile(text, content).at("name")
        raise InputError(f"{at}: '{found.name}' is a survey that ships", hint="Give yours another name.")
    return found


def known(name: str, mine: Survey | None = None) -> Survey | None:
    """Return the survey of a name: the user's if it is called so, else the one that ships, else None."""
    if mine is not None and mine.name == name:
        return mine
    return load(name) if name in names() else None


def where(survey: Survey, key: str, band: str | None = None) -> str:
    """Return how a message calls a survey: by its name, and a user's by its file and the line of a fact before it.

    Where the file lacks the fact, it is called without a line.
    """
    told, source = f"survey {survey.name}", survey.source
    if source is None:
        return told
    value = getattr(survey, key)
    there = band in value if band is not None else bool(value)
    return f"{source.at(key, band) if there else source.label}: {told}"


def parse(text: str, label: str, *, cited: bool = True) -> Survey:
    """Return the survey that a TOML text describes.

    Parameters
    ----------
    text : str
        TOML with the keys of `Survey`.
    label : str
        Names the file in messages.
    cited : bool
        Whether every fact must have its source under ``references``; then a title is asked for too. Else it is the
        user's, and keeps its text, by which later errors find their line.

    Raises
    ------
    InputError
        When the text is no TOML or breaks the schema, naming the line and the key.
    """
    source = SurveyFile(label, text)
    try:
        if any(part.count(".") > MOST_DOTS for part in re.split(r"[=,{\[\n]", text)):
            raise ValueError(f"a name of more than {MOST_DOTS} parts")
        facts = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits, brackets too deep
        reason = str(error).partition(";")[0]  # what follows is advice to programmers
        raise InputError(f"{label} is not TOML: {reason}") from error
    for table in (facts, facts.get("references")):
        if isinstance(table, dict):
            for key in FORMER:
                table.pop(key, None)
    keys = [f.name for f in fields(Survey) if f.name != "source"]
    for key in facts:
        if key not in keys:
            raise unknown(f"{source.at(key)} has an unknown key", key, keys)
    free = (*PARTIAL, *OPTIONAL, "bits", *(() if cited else ("title", "references")))
    for key in keys:
        if key not in facts and key not in free:
            raise InputError(f"{label} has no '{key}'", expected=", ".join(k for k in keys if k not in free))
    check(facts, source, cited=cited)
    name = str(facts["name"]).lower()
    numbers: dict[str, float] = {key: float(facts[key]) for key in SINGLE if key in facts}
    told: dict[str, Any] = {"title": name, **facts, "name": name, "bands": tuple(facts["bands"]), **numbers}
    return Survey(**told, source=None if cited else source)
