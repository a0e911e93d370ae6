"""PixelUnit: the unit that BUNIT or ``--pixel-unit`` names, and how pixels become what a network eats."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits import fluxunits

MICROJANSKY = "uJy"
"""What pixels are in for a network whose card does not say it."""

Stated = Mapping[str, Mapping[str | None, str]]
"""By band the units that its images state, None where one states none, each with the name of an image that does."""

_A_PIXEL = re.compile(r"(\s*(/|\bper\s)\s*pix(el)?s?|[\s.*]pix(el)?s?\s*(\^|\*\*)?\s*\(?-1\)?)\s*$", re.IGNORECASE)
_SPELLINGS = "nmgy, nJy, zp27.5 (AB magnitude of one unit), '0.3 uJy'"
_ALIKE = 1e-9
"""Of two factors: 1e-6 Jy is uJy, whatever the arithmetic says."""


@dataclass(frozen=True)
class PixelUnit:
    """A unit of pixels.

    Parameters
    ----------
    name : str
        As told to the user.
    scale : float or None
        Microjansky a unit; None where it is no flux density.
    """

    name: str
    scale: float | None

    def factor_to(self, other: "PixelUnit") -> float | None:
        """Return what pixels are to be multiplied by to be in another unit; None where it is of another kind."""
        if self.scale is None or other.scale is None:
            return 1.0 if self.scale is other.scale and _plain(self.name) == _plain(other.name) else None
        factor = self.scale / other.scale
        return 1.0 if abs(factor - 1) < _ALIKE else factor


@lru_cache(256)  # astropy takes a millisecond for an odd one, and images are many
def read(text: str | None) -> PixelUnit | None:
    """Return the unit that a text names, flux density or not; None where it says nothing.

    Examples
    --------
    >>> read("nJy/pixel"), read("adu"), read("unitless")
    (PixelUnit(name='nJy', scale=0.001), PixelUnit(name='adu', scale=None), None)
    """
    if text is None or text.strip().lower() in fluxunits.BLANK:
        return None
    found = fluxunits.read(_A_PIXEL.sub("", text))
    if found is None or found.kind != "flux" or found.inverse:
        return PixelUnit(text.strip(), None)
    return PixelUnit(found.name, found.scale)


def stated(value: fitscards.Value) -> str | None:
    """Return the value of BUNIT as text; None where it says nothing."""
    text = "" if value is None else str(value).strip()
    return None if text.lower() in fluxunits.BLANK else text


def of(cards: Iterable[bytes]) -> str | None:
    """Return the text of BUNIT among the cards of an image; None where there is none, or it says nothing."""
    return stated(next((fitscards.value(card) for card in cards if card.startswith(b"BUNIT   ")), None))


def alike(one: str | None, two: str | None) -> bool:
    """Return whether two texts mean the same unit, or both none."""
    first, second = read(one), read(two)
    if first is None or second is None:
        return first is second
    return first.factor_to(second) == 1.0


def multiply(pixels: NDArray[Any], factor: float) -> None:
    """Multiply pixels in place; a factor of 1 leaves every bit as it is."""
    if factor != 1.0:
        with np.errstate(over="ignore", invalid="ignore"):
            pixels *= np.float32(factor)


def card_texts(found: Stated, bands: Sequence[str]) -> dict[str, str | None]:
    """Return the cards that tell the unit of stamps whose pixels stay as they are.

    That is BUNIT where it is one for all bands, else BUNITS: a unit for each of them, in their order and separated by
    commas, ``none`` where there is none and ``mixed units`` where a band's images differ.
    """
    texts = [_one(list(found.get(band, {None: ""}))) for band in bands]
    if all(alike(text, texts[0]) for text in texts):
        return {"BUNIT": texts[0]}
    return {"BUNIT": None, "BUNITS": ", ".join((text or "none").replace(",", " ") for text in texts)}


def by_band(header: Mapping[str, fitscards.Value], bands: Sequence[str]) -> dict[str, str | None]:
    """Return the unit of each band from BUNITS, else that of all from BUNIT."""
    texts = str(header.get("BUNITS") or "").split(",")
    several = texts if len(texts) == len(bands) and header.get("BUNITS") else [header.get("BUNIT")] * len(bands)
    return {band: stated(text) for band, text in zip(bands, several, strict=True)}


def _one(texts: Sequence[str | None]) -> str | None:
    if not texts:
        return None
    return texts[0] if all(alike(text, texts[0]) for text in texts) else "mixed units"


def _plain(name: str) -> str:
    """Return a unit's name without what spellings differ in: case, blanks, the plural's s."""
    return re.sub(r"(?<=[a-z]{2})s\b", "", re.sub(r"\s", "", name.casefold()))


@dataclass(frozen=True)
class Conversion:
    """How the pixels of stamps become what a network eats.

    Parameters
    ----------
    target : str
        The unit that they are brought to, or that they have to be in.
    given : mapping of str to str
        Band to the unit that the user names; ``*`` for all.
    notes : tuple of str
        What was found, assumed and done, a line each.
    changed : mapping of str to str
        Band to the unit, where pixels are not taken as they stand.
    """

    target: str = MICROJANSKY
    given: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    changed: Mapping[str, str] = field(default_factory=dict)

    def named(self, band: str) -> str | None:
        """Return the unit that the user names for a band."""
        return self.given.get(band, self.given.get("*"))

    def factor(self, band: str, told: str | None) -> float | None:
        """Return what to multiply the pixels of an image by that states a unit; None where there is no such number."""
        unit, target = read(self.named(band) or told), read(self.target)
        return 1.0 if unit is None or target is None else unit.factor_to(target)


def plan(
    found: Stated, bands: Sequence[str], given: Mapping[str, str], target: str | None = None, owner: str = "the network"
) -> Conversion:
    """Return how the pixels of some bands become what a network eats.

    Parameters
    ----------
    found : Stated
        What the images say.
    bands : sequence of str
        Those that are needed.
    given : mapping of str to str
        Band to the unit that the user names, which overrules the images; ``*`` for all.
    target : str, optional
        The unit that the network was trained in; left out, microjansky, or the one unit of all images where that is
        no flux density.
    owner : str
        Names the network in messages.

    Raises
    ------
    InputError
        When a unit cannot be brought to the one needed, or is told of some images of a band alone.
    """
    strange = [band for band in given if band != "*" and band not in found]
    if strange:
        there = " ".join(found)
        raise InputError("--pixel-unit names a band without images", value=strange[0], expected=there)
    by_user = Conversion(given=given)
    images: dict[str, Mapping[str | None, str]] = {
        band: found[band] if (text := by_user.named(band)) is None else {text: "--pixel-unit"}
        for band in bands
        if band in found
    }
    for band, texts in images.items():
        _check_told(band, texts)
    entries = [(band, read(text), label) for band, texts in images.items() for text, label in texts.items()]
    common = target or _common(entries)
    needed = PixelUnit(common, None) if (unit := read(common)) is None else unit
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
    return Conversion(common, given, tuple(notes), changed)


def _check_told(band: str, texts: Mapping[str | None, str]) -> None:
    """See that all images of a band state a unit, or none does: what the others mean is anybody's guess."""
    if None in texts and len(texts) > 1:
        text, label = next((text, label) for text, label in texts.items() if text is not None)
        what = f"pixels of {band} are in {text} ({label}), and {texts[None]} has no BUNIT"
        raise InputError(what, hint=f"--pixel-unit {band}=UNIT tells it of all.")


def _common(entries: Sequence[tuple[str, PixelUnit | None, str]]) -> str:
    """Return the unit to train in: microjansky, or what all pixels are in where that is no flux density."""
    band, first, label = next((entry for entry in entries if entry[1] and entry[1].scale is None), ("", None, ""))
    if first is None:
        return MICROJANSKY
    for other, unit, where in entries:
        if unit is None or unit.factor_to(first) is None:
            told = f"those of {other} in {unit.name} ({where})" if unit else f"{where} has no BUNIT"
            raise InputError(
                f"pixels of {band} are in {first.name} ({label}), and {told}",
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
