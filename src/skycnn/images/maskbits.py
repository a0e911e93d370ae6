"""MaskBits: which bits of a mask image hide a pixel, as in ``--mask r=m.fits:0x20``, by value or by name."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.images import imagelist
from skycnn.images.archive import plain, units
from skycnn.images.imageheader import ImageHeader, ImageSpec

WIDEST = 64
"""Bits of a pixel at most."""

_BITS = re.compile(r"(.+):([\w|,+ -]+)")
_VALUE = re.compile(r"\d+|0x[0-9a-f]+", re.IGNORECASE)
_PLANE = re.compile(r"(?:HIERARCH\s+)?MP_(\w+)\s*=\s*(\d+)")
_NAME, _WORTH = re.compile(r"MSKNAM(\w+)"), "MSKVAL"
_FORM = "values or names of bits, with commas: 32, 0x20, SAT,CR"


def expand(band: str, sources: Sequence[str]) -> list[ImageSpec]:
    """Return the masks of a band, sorted by name, each with the bits that follow it.

    Parameters
    ----------
    band : str
        Names the band in messages.
    sources : sequence of str
        As in `imagelist.expand`, each with or without ``:BITS``; a file so named wins.

    Raises
    ------
    InputError
        When a file does not exist.
    """
    specs: dict[ImageSpec, ImageSpec] = {}  # without bits, to itself with bits
    for source in sources:
        match = None if os.path.exists(source) else _BITS.fullmatch(source)
        name, bits = (match[1], match[2]) if match else (source, None)
        for spec in imagelist.expand(band, (name,)):
            before = specs[spec].bits if spec in specs else ""
            specs[spec] = replace(spec, bits=None if None in (before, bits) else f"{before},{bits}".lstrip(","))
    return sorted(specs.values(), key=lambda spec: (spec.path, spec.extension or ""))


def of(text: str, mask: ImageHeader) -> int:
    """Return the bits of a mask that count.

    Parameters
    ----------
    text : str
        Values, ``32`` or ``0x20``, and names, separated by ``,``, ``|`` or ``+``: any of these bits counts.
    mask : ImageHeader
        Its header tells names: MP_NAME = number of the bit (Rubin, Subaru), or MSKNAMnn and MSKVALnn (Pan-STARRS).

    Raises
    ------
    InputError
        When a name is unknown, or no pixel of the mask can have one of the bits.
    """
    bits = 0
    names: dict[str, int] | None = None
    for word in re.split(r"[,|+]", text):
        if _VALUE.fullmatch(word.strip()):
            bits |= int(word, 16 if "x" in word.lower() else 10)
            continue
        names = _names(mask) if names is None else names
        value = names.get(word.strip().upper())
        if value is None:
            hint = f"It names {', '.join(sorted(names))}." if names else "Its header names none: give their value."
            raise InputError(f"{mask.label}: no bit of the mask is called so", value=word, expected=_FORM, hint=hint)
        bits |= value
    width = mask.bitpix if mask.bitpix > 0 else WIDEST
    if not 0 < bits < 1 << WIDEST or not bits & ((1 << width) - 1):
        raise InputError(f"{mask.label}: a pixel of {width} bits has none of these", value=text, expected=_FORM)
    return bits


def _names(mask: ImageHeader) -> dict[str, int]:
    """Return the values of the bits that a mask's header names, by name in capitals."""
    with open(mask.spec.path, "rb") as file, plain(file, mask.compression, mask.spec.path) as stream:
        cards = next(unit.cards for unit in units(stream, mask.spec.path) if unit.number == mask.number)
    values = fitscards.values(cards)
    names = {}
    for card in cards:
        match = _PLANE.match(card.decode("latin-1"))
        if match and int(match[2]) < WIDEST:
            names[match[1].upper()] = 1 << int(match[2])
    for keyword, name in values.items():
        match = _NAME.fullmatch(keyword)
        worth = values.get(f"{_WORTH}{match[1]}") if match else None
        if isinstance(name, str) and isinstance(worth, int) and 0 < worth < 1 << WIDEST:
            names[name.upper()] = worth
    return names
