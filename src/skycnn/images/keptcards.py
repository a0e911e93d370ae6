"""KeptCards: the cards of an image header kept in memory, of 10,000 images at once."""

import re
from collections.abc import Iterator

from skycnn.fits.tablebytes import Hdu

_KEPT = re.compile(
    rb"NAXIS\d?|(CTYPE|CRVAL|CRPIX|CDELT|CUNIT|CROTA|CPDIS|CQDIS|D2IMDIS)\d|(CD|PC)\d_\d|(CD|PC)00\d00\d|PV\d_\d+"
    rb"|[AB]_(\d_\d|ORDER)|WAT\d_\d+|LONPOLE|LATPOLE|RADE(CSY|SY)S|EQUINOX|EPOCH|BUNIT|BSOFTEN|SURVEY|FILTER\d?|BAND"
    rb"|PLTRA[HMS]|PLTDEC(SN|[DMS])|[XY]PIXELSZ|PPO[36]|AMD[XY]\d+|CNPIX[12]"
)
"""Cards of the WCS that `wcscards` understands (no alternate WCS), BUNIT, SURVEY and FILTER."""

_COMMON = (b"SURVEY", b"FILTER")
_INHERITED = (b"BUNIT", b"RADESYS", b"RADECSYS", b"EQUINOX", b"EPOCH", b"BAND")


def kept(unit: Hdu, primary: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the cards to keep, the first of duplicates.

    Parameters
    ----------
    unit : Hdu
        The image; of a tile-compressed one, the cards of the uncompressed image are yielded.
    primary : tuple of bytes
        The cards of the primary header: fallback for survey and filter; with INHERIT for frame, epoch and unit too.
    """
    cards = unit.cards
    if unit.kind == "compressed image":
        cards = tuple(card for card in cards if not card.startswith(b"NAXIS"))
        cards = tuple(card[1:8] + b" " + card[8:] if card.startswith(b"ZNAXIS") else card for card in cards)
    shared = (*_COMMON, *_INHERITED) if unit.header.get("INHERIT") is True else _COMMON
    others = [card for card in primary if unit.number and card[:8].rstrip() in shared]
    names: set[bytes] = set()
    inside = False  # a string that may go on
    for card in (*cards, *others):
        name = card[:8].rstrip()
        if name == b"CONTINUE":
            if inside:
                yield card
            continue
        inside = card[8:10] == b"= " and _KEPT.fullmatch(name) is not None and name not in names
        if inside:
            yield card
            names.add(name)
