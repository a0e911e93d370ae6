"""PixelUnit: the unit of BUNIT or ``--pixel-unit``, and the conversion of pixels to a network's unit."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits import fluxunits, unittext

MICROJANSKY = "uJy"
"""The pixel unit of networks whose card has none."""

Units = Mapping[str, Mapping[str | None, str]]
"""By band the units of its images' headers, None for no unit, each with the label of such an image."""

_A_PIXEL = re.compile(r"(\s*(/|\bper\s)\s*pix(el)?s?|[\s.*]pix(el)?s?\s*(\^|\*\*)?\s*\(?-1\)?)\s*$", re.IGNORECASE)
_AREA = re.compile(
    r"(\s*(/|\bper\s)\s*\(?\s*(sq(uare|\.)?\s*)?(?P<a>arcsec|sr|ster)\w*\)?\s*((\^|\*\*)?\s*2)?\)?"
    r"|[\s.*](?P<b>arcsec|sr)\s*(\^|\*\*)?\s*\(?-[12]\)?)\s*$",
    re.IGNORECASE,
)
"""The end of the unit of a surface brightness, as in uJy/arcsec2 or MJy/sr."""
_STERADIAN = (180 * 3600 / math.pi) ** 2
"""Square arcsec."""
_SPELLINGS = "nmgy, nJy, zp27.5 (AB magnitude of one unit), '0.3 uJy'"
_ALIKE = 1e-9
"""Rounding: 1e-6 Jy is uJy."""


@dataclass(frozen=True)
class PixelUnit:
    """A unit of pixels.

    Parameters
    ----------
    name : str
        For messages.
    scale : float or None
        Value in microjansky; None where it is no flux density.
    """

    name: str
    scale: float | None

    def factor_to(self, other: "PixelUnit") -> float | None:
        """Return the factor to another unit; None if impossible."""
        if self.scale is None or other.scale is None:
            return 1.0 if self.scale is other.scale and _plain(self.name) == _plain(other.name) else None
        factor = self.scale / other.scale
        return 1.0 if abs(factor - 1) < _ALIKE else factor


@lru_cache(256)  # unusual units take astropy a millisecond, and images are many
def read(text: str | None, pixel_scale: float | None = None) -> PixelUnit | None:
    """Return the unit of a text, flux density or not; None where it is blank.

    Parameters
    ----------
    text : str or None
    pixel_scale : float, optional
        arcsec; with it a surface brightness is a flux density a pixel.

    Examples
    --------
    >>> read("nJy/pixel"), read("adu"), read("unitless")
    (PixelUnit(name='nJy', scale=0.001), PixelUnit(name='adu', scale=None), None)
    """
    if text is None or text.strip().lower() in fluxunits.BLANK:
        return None
    unit = fluxunits.read(_A_PIXEL.sub("", text)) if len(text) <= unittext.LONGEST else None
    if unit is None or unit.kind != "flux" or unit.inverse:
        return PixelUnit(text.strip(), None if pixel_scale is None else _in_pixels(text, pixel_scale))
    return PixelUnit(unit.name, unit.scale)


def _in_pixels(text: str, pixel_scale: float) -> float | None:
    """Return what a unit of surface brightness is worth in pixels of so many arcsec, microjansky; None for another."""
    area = _AREA.search(text[: unittext.LONGEST + 1])
    flux = fluxunits.read(text[: area.start()]) if area else None
    if area is None or flux is None or flux.kind != "flux" or flux.inverse:
        return None
    of_arcsec = (area["a"] or area["b"]).lower() == "arcsec"
    if of_arcsec and not re.search(r"2|sq", area[0], re.IGNORECASE):
        return None
    return flux.scale * pixel_scale**2 / (1.0 if of_arcsec else _STERADIAN)


def per_area(text: str | None) -> bool:
    """Whether a text is the unit of a surface brightness."""
    unit, sized = read(text), read(text, 1.0)
    return unit is not None and unit.scale is None and sized is not None and sized.scale is not None


def bunit(value: fitscards.Value) -> str | None:
    """Return the value of BUNIT as text; None where it is blank."""
    text = "" if value is None else str(value).strip()
    return None if text.lower() in fluxunits.BLANK else text


def of(cards: Iterable[bytes]) -> str | None:
    """Return BUNIT from the cards of an image; None where it is absent or blank."""
    return bunit(next((fitscards.value(card) for card in cards if card.startswith(b"BUNIT   ")), None))


def alike(one: str | None, two: str | None) -> bool:
    """Whether two texts are the same unit, or both none."""
    first, second = read(one), read(two)
    if first is None or second is None:
        return first is second
    return first.factor_to(second) == 1.0


def multiply(pixels: NDArray[Any], factor: float) -> None:
    """Multiply pixels in place; nothing is done for a factor of 1."""
    if factor != 1.0:
        with np.errstate(over="ignore", invalid="ignore"):
            pixels *= np.float32(factor)


def card_texts(units: Units, bands: Sequence[str]) -> dict[str, str | None]:
    """Return the unit cards of stamps whose pixels are not converted.

    BUNIT where all bands have one unit, else BUNITS: the units in the order of the bands, separated by commas,
    ``none`` without a unit and ``mixed units`` where a band's images differ.
    """
    texts = [_one(list(units.get(band, {None: ""}))) for band in bands]
    if all(alike(text, texts[0]) for text in texts):
        return {"BUNIT": texts[0]}
    return {"BUNIT": None, "BUNITS": ", ".join((text or "none").replace(",", " ") for text in texts)}


def by_band(header: Mapping[str, fitscards.Value], bands: Sequence[str]) -> dict[str, str | None]:
    """Return the unit of each band from BUNITS, else that of all from BUNIT."""
    texts = str(header.get("BUNITS") or "").split(",")
    several = texts if len(texts) == len(bands) and header.get("BUNITS") else [header.get("BUNIT")] * len(bands)
    return {band: bunit(text) for band, text in zip(bands, several, strict=True)}


def _one(texts: Sequence[str | None]) -> str | None:
    if not texts:
        return None
    return texts[0] if all(alike(text, texts[0]) for text in texts) else "mixed units"


def _plain(name: str) -> str:
    """Return a unit's name without case, blanks and plural s."""
    return re.sub(r"(?<=[a-z]{2})s\b", "", re.sub(r"\s", "", name.casefold()))


@dataclass(frozen=True)
class Conversion:
    """The conversion of stamps to the pixel unit of a network.

    Parameters
    ----------
    target : str
        The unit after conversion.
    given : mapping of str to str
        The user's units by band; ``*`` for all.
    notes : tuple of str
        What was assumed and done, a line each.
    changed : mapping of str to str
        Band to the former unit, where pixels are converted.
    pixel_scale : float, optional
        arcsec, of pixels that may be in a surface brightness.
    """

    target: str = MICROJANSKY
    given: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    changed: Mapping[str, str] = field(default_factory=dict)
    pixel_scale: float | None = None

    def named(self, band: str) -> str | None:
        """Return the user's unit for a band."""
        return self.given.get(band, self.given.get("*"))

    def factor(self, band: str, text: str | None) -> float | None:
        """Return the factor for pixels of an image with this BUNIT; None if impossible."""
        unit, target = (read(one, self.pixel_scale) for one in (self.named(band) or text, self.target))
        return 1.0 if unit is None or target is None else unit.factor_to(target)


def plan(
    units: Units,
    bands: Sequence[str],
    given: Mapping[str, str],
    target: str | None = None,
    owner: str = "the network",
    pixel_scale: float | None = None,
) -> Conversion:
    """Return the conversion of some bands to the pixel unit of a network.

    Parameters
    ----------
    units : Units
        Of the images.
    bands : sequence of str
        The bands needed.
    given : mapping of str to str
        The user's units by band, which overrule the images'; ``*`` for all.
    target : str, optional
        The unit that the network was trained in; default microjansky, or the unit of all images where that is no
        flux density.
    owner : str
        Names the network in messages.
    pixel_scale : float, optional
        arcsec, where all pixels have that size, and so a surface brightness can be converted.

    Raises
    ------
    InputError
        When a unit cannot be converted to the target, or is missing for some images of a band.
    """
    unknown = [band for band in given if band != "*" and band not in units]
    if unknown:
        raise InputError("--pixel-unit names a band without images", value=unknown[0], expected=" ".join(units))
    by_user = Conversion(given=given)
    images: dict[str, Mapping[str | None, str]] = {
        band: units[band] if (text := by_user.named(band)) is None else {text: "--pixel-unit"}
        for band in bands
        if band in units
    }
    for band, texts in images.items():
        _check_complete(band, texts)
    entries = [
        (band, read(text, pixel_scale), label) for band, texts in images.items() for text, label in texts.items()
    ]
    common = target or _common(entries)
    needed = PixelUnit(common, None) if (unit := read(common, pixel_scale)) is None else unit
    silent: list[str] = []
    scaled: dict[tuple[str, float], list[str]] = {}
    for band, unit, label in entries:
        factor = 1.0 if unit is None else unit.factor_to(needed)
        if unit is None:
            silent.append(band)
        elif factor is None:
            what = f"pixels of {band} are in {unit.name} ({label}); {owner} was trained on {_word(common)}"
            raise InputError(what, hint=_hint(band, needed))
        elif factor != 1.0:
            scaled.setdefault((unit.name, factor), []).append(band)
    notes = []
    if scaled:
        parts = (f"{' '.join(held)} from {name} (x {factor:.6g})" for (name, factor), held in scaled.items())
        notes.append(f"pixels brought to {_word(common)}: {', '.join(parts)}")
    if silent:
        notes.append(f"warning: pixels of {' '.join(silent)}: no BUNIT, taken as {_word(common)}")
    if needed.scale is None and target is None:
        notes.append(f"pixels in {common}, no flux density: the model will ask for the same")
    changed: dict[str, str] = {}
    for (name, _), held in scaled.items():
        changed |= {band: f"{changed[band]}, {name}" if band in changed else name for band in held}
    return Conversion(common, given, tuple(notes), changed, pixel_scale)


def _check_complete(band: str, texts: Mapping[str | None, str]) -> None:
    """Refuse a band of which only some images have a unit."""
    if None in texts and len(texts) > 1:
        text, label = next((text, label) for text, label in texts.items() if text is not None)
        what = f"pixels of {band} are in {text} ({label}), and {texts[None]} has no BUNIT"
        raise InputError(what, hint=f"--pixel-unit {band}=UNIT tells it of all.")


def _common(entries: Sequence[tuple[str, PixelUnit | None, str]]) -> str:
    """Return the unit to train in: microjansky, or the common unit where that is no flux density."""
    band, first, label = next((entry for entry in entries if entry[1] and entry[1].scale is None), ("", None, ""))
    if first is None:
        return MICROJANSKY
    for other, unit, where in entries:
        if unit is None or unit.factor_to(first) is None:
            difference = f"those of {other} in {unit.name} ({where})" if unit else f"{where} has no BUNIT"
            raise InputError(
                f"pixels of {band} are in {first.name} ({label}), and {difference}",
                expected="flux densities, or one unit for all bands",
                hint=_hint(band, PixelUnit(MICROJANSKY, 1.0)),
            )
    return first.name


def _hint(band: str, needed: PixelUnit) -> str:
    if needed.scale is None:
        return f"Give it images in {needed.name}; --pixel-unit {needed.name} says that these are."
    return f"Say what one unit is worth: --pixel-unit {band}=UNIT, e.g. {_SPELLINGS}."


def _word(name: str) -> str:
    return "microjansky" if name == MICROJANSKY else name
