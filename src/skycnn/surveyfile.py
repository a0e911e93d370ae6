"""SurveyFile: what may stand in a survey's file, within which bounds, and at which line a fault is."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from skycnn.errors import InputError

FULL = ("psf", "depth", "extinction")
"""Tables that hold a number for every band."""

PARTIAL = (
    "r80", "wavelength", "low", "high", "sky", "electrons", "dark", "read_noise", "softening", "vega",
    "blur", "halo", "halo_width",
)  # fmt: skip
"""Tables that may be absent or hold some of the bands only."""

PLACES = ("low", "wavelength", "high")
"""Tables that tell where a band lies, each less than the next."""

FORMER = ("zero_point",)
"""Tables that release 0.1 asked for and nothing needs; a file may still have them."""

OPTIONAL = ("depth_kind", "aperture", "noise", "matched", "mirror", "obscuration")
"""Single facts that may be absent."""

SINGLE = ("pixel_scale", "aperture", "matched", "mirror", "obscuration")
"""Single facts that are numbers."""

DEPTHS = {
    "point": "5 sigma of a point source in the aperture of its R80, brought to all of its light",
    "psf": "5 sigma of a point source by PSF photometry",
    "aperture": "5 sigma of the flux in an aperture of the diameter ``aperture``",
    "completeness": "a share of the point sources that are found; no noise can be told from it",
}
"""What a depth means, by ``depth_kind``."""

NOISES = ("depth", "counted", "none")
"""Where the noise of mocks may come from: the depths, or sky, dark current and reading; or there is none."""

Bounds = tuple[float, float, str]

BOUNDS: Mapping[str, Bounds] = {
    "pixel_scale": (1e-3, 100, "arcsec"),
    "aperture": (1e-3, 100, "arcsec"),
    "matched": (0.01, 100, "times the counted noise"),
    "mirror": (0.01, 100, "metres"),
    "obscuration": (0, 0.9, "of the mirror's diameter"),
    "psf": (1e-3, 100, "arcsec"),
    "r80": (1e-3, 100, "arcsec"),
    "depth": (5, 40, "mag"),
    "extinction": (0, 30, "mag a mag of E(B-V)"),
    "wavelength": (912, 300_000, "Angstrom"),
    "low": (912, 300_000, "Angstrom"),
    "high": (912, 300_000, "Angstrom"),
    "sky": (0, 40, "mag/arcsec2"),
    "electrons": (1e-6, 1e12, "electrons a microjansky"),
    "dark": (0, 1e9, "electrons"),
    "read_noise": (0, 1e6, "electrons"),
    "softening": (1e-20, 0.01, "fluxes of magnitude zero"),
    "vega": (-20, 20, "mag"),
    "blur": (0, 10, "arcsec"),
    "halo": (0, 1, "of the light"),
    "halo_width": (1e-3, 100, "arcsec"),
}
"""Least and most of each number, and its unit: wider than what telescopes have, from the Lyman limit to 30 micron and
from 1 erg/s/cm2/Hz as the image's unit to far below a nanojansky. Beyond, the unit is another one, or a sum overflows;
galaxies in pixels of less than a thousandth of an arcsec take more memory than there is."""

IN_PIXELS: Mapping[str, Bounds] = {
    "psf": (0.2, 300, "pixels"),
    "r80": (0.1, 300, "pixels"),
    "aperture": (0.5, 1000, "pixels"),
}
"""The same of lengths over the pixel's: a narrower PSF is lost in a pixel, a wider one on a stamp."""

R80_OVER_FWHM: Bounds = (0.3, 30, "of its FWHM")
"""A disc's is 0.45, a Gaussian's 0.76, and 8.7 the largest that is drawn (`simulate.optics.PEAKED`)."""

BAND, BAND_SAID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}", "1 to 20 of A-Z a-z 0-9 _ -, a letter or digit first"
"""Names that do in a FITS card, a column's name, a file's and between the commas of ``--bands``."""

NAME, NAME_SAID = r"(?! )[ !#-&(-.0-[\]-~]{1,60}(?<! )", "1 to 60 letters of ASCII, without quotes, / and \\"
"""Names that fit a card of 68 letters and are not taken for a file."""


BIT = r"[A-Za-z_]\w{0,39}"
"""Names of bits that do as words of a condition."""


@dataclass(frozen=True)
class SurveyFile:
    """The file of a user's survey.

    Parameters
    ----------
    label : str
        Names it in messages.
    text : str
    """

    label: str
    text: str

    def at(self, key: str, entry: str | None = None) -> str:
        """Return the file and the line, from 1, of a key, or of an entry of its table; of the key if unsure."""
        return f"{self.label}:{_line(self.text, key, entry)}"


def check(facts: Mapping[str, Any], source: SurveyFile, *, cited: bool) -> None:
    """See that the values of known keys are those of a survey.

    Parameters
    ----------
    facts : mapping
        All that a survey must have, and more.
    source : SurveyFile
        Where they stand.
    cited : bool
        Whether every fact must have its source under ``references``.

    Raises
    ------
    InputError
        When one is of another kind, out of bounds or at odds with another one, naming the line.
    """
    _check_names(facts, source)
    _check_numbers(facts, source)
    _check_places(facts, source)
    _check_bits(facts.get("bits", {}), source)
    _check_references(facts, source, cited=cited)


def unknown(what: str, key: str, keys: Sequence[str]) -> InputError:
    """Return the error of a key that is none of those known."""
    close = get_close_matches(key, keys, 1)
    hint = f"Did you mean {close[0]}?" if close else None
    return InputError(what, value=key, expected=", ".join(keys), hint=hint)


def _check_names(facts: Mapping[str, Any], source: SurveyFile) -> None:
    bands = facts["bands"]
    if not isinstance(bands, list) or not bands or not all(isinstance(band, str) for band in bands):
        raise InputError(f"{source.at('bands')}: 'bands' is no list of names", value=bands, expected='like ["g", "r"]')
    for band in bands:
        if not re.fullmatch(BAND, band):
            raise InputError(f"{source.at('bands')}: 'bands' has no plain name", value=band, expected=BAND_SAID)
    if len(set(bands)) != len(bands):
        raise InputError(f"{source.at('bands')}: 'bands' names a band twice", value=bands)
    for key in ("name", "title"):
        told = facts.get(key, "-")
        if not isinstance(told, str) or not told.strip():
            raise InputError(f"{source.at(key)}: '{key}' is no text", value=told)
    if not re.fullmatch(NAME, facts["name"]) or facts["name"].lower().endswith(".toml"):
        raise InputError(f"{source.at('name')}: 'name' is no plain name", value=facts["name"], expected=NAME_SAID)
    kind = facts.get("depth_kind", "point")
    if not isinstance(kind, str) or kind not in DEPTHS:
        raise InputError(f"{source.at('depth_kind')}: no such 'depth_kind'", value=kind, expected=" or ".join(DEPTHS))
    noise = facts.get("noise", "depth")
    if not isinstance(noise, str) or noise not in NOISES:
        raise InputError(f"{source.at('noise')}: no such 'noise'", value=noise, expected=" or ".join(NOISES))
    if kind == "aperture" and "aperture" not in facts:
        raise InputError(f"{source.at('depth_kind')}: depths in an aperture need 'aperture', its diameter in arcsec")


def _check_numbers(facts: Mapping[str, Any], source: SurveyFile) -> None:
    bands = facts["bands"]
    for key in SINGLE:
        if key in facts:
            _check_number(facts[key], key, f"{source.at(key)}: '{key}'")
    scale = facts["pixel_scale"]
    if "aperture" in facts:
        _check_bounds(facts["aperture"] / scale, IN_PIXELS["aperture"], f"{source.at('aperture')}: 'aperture'")
    for key in (*FULL, *PARTIAL):
        table = facts.get(key, {})
        if not isinstance(table, dict):
            raise InputError(f"{source.at(key)}: '{key}' is no table of numbers", value=table)
        for band, value in table.items():
            if band not in bands:
                what = f"{source.at(key, band)}: '{key}' has an unknown band"
                raise InputError(what, value=band, expected=" ".join(bands))
            if not _number(value):
                raise InputError(f"{source.at(key, band)}: '{key}' is no table of numbers", value={band: value})
            what = f"{source.at(key, band)}: '{key}' of {band}"
            _check_number(value, key, what)
            if key in IN_PIXELS:
                _check_bounds(value / scale, IN_PIXELS[key], what)
            if key == "r80":
                _check_bounds(value / facts["psf"][band], R80_OVER_FWHM, f"{what} over its 'psf'")
        for band in bands:
            if key in FULL and band not in table:
                unit = BOUNDS[key][2]
                raise InputError(f"{source.at(key)}: '{key}' has no band '{band}'", expected=f"a number, {unit}")


def _check_number(value: object, key: str, what: str) -> None:
    least, most, unit = BOUNDS[key]
    if not _number(value):
        raise InputError(f"{what} is no number", value=value, expected=f"{least:g} to {most:,g} {unit}")
    _check_bounds(value, BOUNDS[key], what)  # type: ignore[arg-type]


def _check_bounds(value: float, bounds: Bounds, what: str) -> None:
    least, most, unit = bounds
    if least <= value <= most:
        return
    hint = None
    if unit == "Angstrom" and 0.05 <= value < least:
        name, factor = ("micron", 10_000) if value < 50 else ("nm", 10)
        hint = f"Wavelengths are in Angstrom: {value:g} {name} are {factor * value:.6g}."
    shown = float(f"{value:.6g}")
    raise InputError(f"{what} is out of bounds", value=shown, expected=f"{least:g} to {most:,g} {unit}", hint=hint)


def _check_places(facts: Mapping[str, Any], source: SurveyFile) -> None:
    """See that each band's edges lie about its pivot."""
    for band in facts["bands"]:
        told = [(key, facts[key][band]) for key in PLACES if band in facts.get(key, {})]
        for (key, less), (other, more) in pairwise(told):
            if not less < more:
                what = f"{source.at(other, band)}: '{other}' of {band} is not above its '{key}', {less:g}"
                raise InputError(what, value=more, expected=f"{' < '.join(PLACES)}, Angstrom")
        edges = {key for key, _ in told} - {"wavelength"}
        if len(edges) == 1:
            (key,) = edges
            other = "high" if key == "low" else "low"
            raise InputError(f"{source.at(key, band)}: '{key}' of {band} is told and its '{other}' is not")


def _check_bits(bits: object, source: SurveyFile) -> None:
    """See that names of bits are plain, and their numbers 0 to 63."""
    expected = "like MASKBITS.BRIGHT = 1, bits 0 to 63"
    if not isinstance(bits, dict) or not all(isinstance(named, dict) for named in bits.values()):
        raise InputError(f"{source.at('bits')}: 'bits' is no table of columns", value=bits, expected=expected)
    for column, named in bits.items():
        for name, bit in named.items():
            if not re.fullmatch(BIT, name) or not _number(bit) or bit != int(bit) or not 0 <= bit < 64:
                what = f"{source.at('bits', column)}: 'bits' of {column} has no plain bit"
                raise InputError(what, value={name: bit}, expected=expected)


def _check_references(facts: Mapping[str, Any], source: SurveyFile, *, cited: bool) -> None:
    references = facts.get("references", {})
    if not isinstance(references, dict):
        what = f"{source.at('references')}: 'references' is no table of texts"
        raise InputError(what, value=references, expected='like psf = "Smith et al. 2020, AJ 1, 2"')
    keys = ("bands", "pixel_scale", *FULL, *OPTIONAL, *PARTIAL, "bits")
    for key, text in references.items():
        at = source.at("references", key)
        if key not in keys:
            raise unknown(f"{at}: 'references' has an unknown key", key, keys)
        if not isinstance(text, str):
            raise InputError(f"{at}: 'references' is no table of texts", value={key: text})
    for key in keys:
        if cited and key in facts and key not in references:
            hint = "Cite its source under [references]."
            raise InputError(f"{source.at(key)} gives no reference for '{key}'", hint=hint)


def _number(value: object) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def _line(text: str, key: str, entry: str | None = None) -> int:
    """Return the line, from 1, where a key of the TOML stands, or an entry of its table; that of the key if unsure."""
    table, found = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        head = re.match(r"\s*\[+\s*[\"']?([\w-]+)", line)
        name = re.match(r"\s*[\"']?([\w-]+)[\"']?\s*[=.]", line)
        if head:
            table = head[1]
        if table == key and entry is not None and name and name[1] == entry:
            return number
        if (head and table == key) or (not table and name and name[1] == key):
            found = number
    return found
