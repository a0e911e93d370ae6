"""StampHeader: the header of a stamp file's images, and the EXTNAME of its catalogue."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards


def head(rows: int, bands: Sequence[str], side: int, facts: Mapping[str, Any]) -> bytes:
    """Return the header of the stamps.

    Raises
    ------
    InputError
        When a band's name holds a blank, or is long.
    """
    spoilt = [band for band in bands if not re.fullmatch(r"[!-~]{1,20}", band)]
    if spoilt:
        raise InputError("a band's name is one plain word of at most 20 letters", value=spoilt[0])
    cards = [
        fitscards.make("SIMPLE", True, "stamps of a catalogue's rows, made by skycnn"),
        fitscards.make("BITPIX", -32),
        fitscards.make("NAXIS", 4),
        fitscards.make("NAXIS1", side, "x"),
        fitscards.make("NAXIS2", side, "y"),
        fitscards.make("NAXIS3", len(bands), "band"),
        fitscards.make("NAXIS4", rows, "row of CATALOGUE"),
        fitscards.make("EXTEND", True),
        fitscards.make("EXTNAME", "IMAGES"),
        *fitscards.entry("BANDS", " ".join(bands)),
    ]
    for name, content in facts.items():
        if content is not None and not (isinstance(content, float) and not np.isfinite(content)):
            cards += fitscards.entry(name, content)
    if any(fitscards.keyword(card) == "CONTINUE" for card in cards):
        cards.append(fitscards.make("LONGSTRN", "OGIP 1.0", "texts over several cards"))
    return fitscards.assemble(cards)


def named(cards: list[bytes], name: str) -> list[bytes]:
    """Return a table's cards with another EXTNAME."""
    card = fitscards.make("EXTNAME", name)
    place = fitscards.find(cards, "EXTNAME")
    if place is None:
        after = (fitscards.find(cards, "TFIELDS") or 7) + 1
        return [*cards[:after], card, *cards[after:]]
    rest = cards[place + 1 :]
    while str(fitscards.value(cards[place])).endswith("&") and rest and fitscards.keyword(rest[0]) == "CONTINUE":
        rest = rest[1:]
    return [*cards[:place], card, *rest]
