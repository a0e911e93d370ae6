"""CubeWcs: the world coordinates in the header of stamps, for stamps cut out of them."""

import re
from collections.abc import Mapping

import numpy as np

from skycnn.fits.cards import Value
from skycnn.stamps.stamps import corner

_CARD = re.compile(
    r"(CTYPE|CRVAL|CRPIX|CDELT|CUNIT|CROTA)[12]|(CD|PC)[12]_[12]|PV[12]_\d+|[AB]P?_(\d_\d|ORDER)|LONPOLE|LATPOLE"
    r"|RADESYS|EQUINOX"
)
"""Of the two axes of the sky; those of bands and rows are no world coordinates."""
_CENTRE = re.compile(r"CRPIX[12]")


def of(header: Mapping[str, Value], stored: int, side: int) -> dict[str, Value]:
    """Return the cards for stamps of ``side`` pixels from the middle of those of ``stored``; none without CTYPE1.

    Parameters
    ----------
    header : mapping of str to value
        Of the stamps.
    stored, side : int
        Pixels along an edge.
    """
    if not header.get("CTYPE1"):
        return {}
    shift = int(corner(np.asarray((stored - 1) / 2), side))
    found: dict[str, Value] = {}
    for name, value in header.items():
        if _CARD.fullmatch(name) and value is not None:
            moved = _CENTRE.fullmatch(name) is not None
            found[name] = value - shift if moved and isinstance(value, int | float) else value
    return found
