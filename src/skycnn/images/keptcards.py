"""KeptCards: the cards of an image header kept in memory, of 10,000 images at once."""

import re
from collections.abc import Iterator

from skycnn.fits.tablebytes import Hdu

WCS = re.compile(
    rb"NAXIS\d?|(CTYPE|CRVAL|CRPIX|CDELT|CUNIT|CROTA|CPDIS|CQDIS|D2IMDIS)\d|(CD|PC)\d_\d|(CD|PC)00\d00\d|PV\d_\d+"
    rb"|[AB]_(\d_\d|ORDER)|WAT\d_\d+|LONPOLE|LATPOLE|RADE(CSY|SY)S|EQUINOX|EPOCH|PROJP\d"
    rb"|PLTRA[HMS]|PLTDEC(SN|[DMS])|[XY]PIXELSZ|PPO[36]|AMD[XY]\d+|CNPIX[12]"
)
"""Cards of the WCS that `wcscards` understands; no alternate WCS."""

_OTHER = re.compile(rb"BUNIT|BSOFTEN|SURVEY|FILTER\d?|BAND")

_COMMON = (b"SURVEY", b"FILTER")
_INHERITED = (b"BUNIT", b"RADESYS", b"RADECSYS", b"EQUINOX", b"EPOCH", b"BAND")


def kept(unit: Hdu, primary: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the cards to keep, the first of duplicates; of the WCS a second one too, where it differs.

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
    names: dict[bytes, bytes] = {}
    doubled: set[bytes] = set()
    inside = False  # a string that may go on
    for number, card in enumerate((*cards, *others)):
        name = card[:8].rstrip()
        if name == b"CONTINUE":
            if inside:
                yield card
            continue
        marked = card[8:10] == b"= "
        wcs = WCS.fullmatch(name) is not None
        inside = marked and name not in names and (wcs or _OTHER.fullmatch(name) is not None)
        if inside:
            names[name] = card
            yield card
        elif wcs and number < len(cards) and name not in doubled and card != names.get(name):
            doubled.add(name)  # `ImageWcs` refuses it
            yield card
