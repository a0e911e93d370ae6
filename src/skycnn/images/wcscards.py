"""WcsCards: check the cards of an image's WCS, and prepare them for wcslib."""

import re
from math import isfinite

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value

NO_WCS = "Without a WCS objects are found by pixel columns: --xy X,Y (1-based)."

NUMBERS = re.compile(r"CRVAL\d|CRPIX\d|CDELT\d|CROTA\d|CD\d_\d|PC\d_\d|PV\d_\d+|LONPOLE|LATPOLE|[AB]_(ORDER|\d_\d)")
"""Cards that must be numbers: wcslib silently takes 0 for those it cannot read."""

DISTORTION = re.compile(r"[AB]P?_(ORDER|\d_\d|DMAX)")
"""SIP's cards, for `sip` and not for wcslib."""


def check(header: dict[str, Value], label: str) -> None:
    """Refuse headers without a celestial WCS, or with one that wcslib would misread.

    Raises
    ------
    InputError
        Naming the card, where there is one.
    """
    if not any(str(header.get(f"CTYPE{i}") or "").strip() for i in range(1, 10)) and "PLTRAH" not in header:
        raise InputError(f"{label} has no celestial WCS", hint=NO_WCS)
    for name, value in header.items():
        if NUMBERS.fullmatch(name) and (isinstance(value, (str, bool)) or value is None or not isfinite(value)):
            raise InputError(f"{label}: {name} is unreadable", value=value, expected="a number", hint=NO_WCS)
        if re.fullmatch(r"(CPDIS|CQDIS|D2IMDIS)\d", name) and str(value).strip().upper() == "LOOKUP":
            raise InputError(
                f"{label}: its WCS has a lookup table of distortion ({name}), which is not supported",
                hint="Use the drizzled image, or give pixel columns: --xy X,Y (1-based).",
            )
    if any("-TAB" in str(header.get(f"CTYPE{i}") or "") for i in range(1, 10)):
        raise InputError(f"{label}: its WCS is a table of coordinates (-TAB), which is not supported", hint=NO_WCS)
    if not any(re.fullmatch(r"CDELT\d|CD\d_\d|PC\d_\d|PLTRAH", name) for name in header):
        raise InputError(f"{label}: its WCS gives no scale: neither CD nor CDELT", hint=NO_WCS)


def prepared(cards: list[bytes], header: dict[str, Value]) -> tuple[list[bytes], bool]:
    """Return the cards for wcslib, and whether the header's SIP polynomial is to be used.

    Where a header has both SIP and SCAMP's polynomial in PV cards, -TAN-SIP means SIP, -TPV and -TAN mean PV (Shupe et
    al. 2012, Proc. SPIE 8451, section 7; astropy does the same).

    Parameters
    ----------
    cards : list of bytes
        80 bytes each.
    header : dict
        Their keywords to their values.
    """
    kinds = [str(header.get(f"CTYPE{i}") or "").strip().upper() for i in (1, 2)]
    tan = all(kind.endswith("-TAN") for kind in kinds)
    terms = [(int(m[1]), int(m[2])) for name in header if (m := re.fullmatch(r"PV([12])_(\d+)", name))]
    # standard -TAN has PV cards on the longitude alone, up to 4; wcslib takes a short polynomial for those
    scamp = any(term >= 5 or (tan and not kinds[axis - 1].startswith("RA")) for axis, term in terms)
    tpv = all(kind.endswith("-TPV") for kind in kinds) or (scamp and tan)
    drop_pv = scamp and all(kind.endswith("-TAN-SIP") for kind in kinds)
    left = []
    for card in cards:
        name = fitscards.keyword(card)
        if DISTORTION.fullmatch(name) or (drop_pv and re.fullmatch(r"PV[12]_\d+", name)):
            continue
        if tpv and name in ("CTYPE1", "CTYPE2"):  # tells wcslib that the PV cards are a polynomial
            card = card.replace(b"-TAN", b"-TPV", 1)
        elif NUMBERS.fullmatch(name):  # wcslib reads 1.0D-05 as 1
            number, slash, comment = card[10:].partition(b"/")
            card = card[:10] + number.upper().replace(b"D", b"E") + slash + comment
        left.append(card)
    return left, not tpv
