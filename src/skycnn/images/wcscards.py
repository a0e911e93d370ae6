"""WcsCards: the cards of an image's celestial WCS, each of the type it must have, written anew for wcslib.

wcslib takes 0 for what it cannot read, crashes on some texts, and lets leftovers of other conventions (plates, spectra,
dates, tables) move a sound WCS. It gets two axes, and what is known here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value
from skycnn.images import platecards, watcards

NO_WCS = "Without a WCS objects are found by pixel columns: --xy X,Y (1-based)."

UNITS = {
    **dict.fromkeys(("deg", "degree", "degrees"), "deg"),
    **dict.fromkeys(("arcmin", "arcmins", "arcminute", "arcminutes"), "arcmin"),
    **dict.fromkeys(("arcsec", "arcsecs", "arcsecond", "arcseconds"), "arcsec"),
    **dict.fromkeys(("mas", "milliarcsec"), "mas"),
    **dict.fromkeys(("rad", "radian", "radians"), "rad"),
}
"""Spellings of CUNIT in any case, and the standard's."""

TURN = 360.0
"""deg; angles beyond are no angles."""

ALIKE = 1e-5
"""Relative difference of two matrices that are the same but for their digits."""

NO_POLE = 999.0
"""LATPOLE of no preference, as some programs write it."""

LARGEST = 1e15
"""Numbers beyond are none of a WCS: float64 would count pixels no more."""

MENTIONED = 6
"""Cards that a message lists."""

MOST_TERMS = 39
"""Highest number of a PV card in a polynomial (TPV)."""

_LON = re.compile(r"(RA|[A-Z]LON|[A-Z]{2}LN)(-.*)?")
_LAT = re.compile(r"(DEC|[A-Z]LAT|[A-Z]{2}LT)(-.*)?")
_TYPE = re.compile(r"[A-Z]{2,4}(-+[A-Z0-9]{3}(-SIP)?)?")
_MATRIX = re.compile(r"(CD|PC)(?:(\d)_(\d)|00(\d)00(\d))")
_ALONG = re.compile(r"(CRVAL|CRPIX|CDELT|CROTA)(\d)")
_TERM = re.compile(r"PV(\d)_(\d{1,2})")
_FREE = re.compile(r"LONPOLE|LATPOLE|PROJP\d|[AB]_(?:ORDER|\d_\d)")
_SIP = ("A_", "B_")
_SHAPING = re.compile(r"CDELT\d|CROTA\d|(CD|PC)\d_\d|PV\d_\d+|[AB]_\d_\d|[XY]PIXELSZ|AMD[XY]\d")
_OTHER = ("CPDIS", "CQDIS", "D2IMDIS")


@dataclass(frozen=True)
class WcsCards:
    """The WCS of an image, of two axes.

    Parameters
    ----------
    values : dict
        Keyword to value, of wcslib and of `sip`; axes are counted as 1 and 2.
    polynomial : bool
        Whether the SIP polynomial is to be used.
    notes : tuple of str
        What was decided, where a header says two things.
    """

    values: dict[str, Value]
    polynomial: bool
    notes: tuple[str, ...] = ()

    @property
    def shaping(self) -> str:
        """Some keywords of what makes a pixel's shape, for messages."""
        names = [name for name in self.values if _SHAPING.fullmatch(name)]
        return " ".join(names[:MENTIONED]) + (" ..." if len(names) > MENTIONED else "")

    @property
    def text(self) -> bytes:
        """The cards for wcslib, which has no part in SIP."""
        cards = {"NAXIS": 2, **{name: value for name, value in self.values.items() if not name.startswith(_SIP)}}
        return b"".join(fitscards.make(name, value) for name, value in cards.items())


def read(header: Mapping[str, Value], shape: tuple[int, int], label: str) -> WcsCards:
    """Return the celestial WCS of a header.

    Parameters
    ----------
    header : mapping
        Keyword to value.
    shape : tuple of int
        (ny, nx) of the image.
    label : str
        Names the image in messages.

    Raises
    ------
    InputError
        When there is none, or one that wcslib would misread; naming the card, where there is one.
    """
    plate = platecards.whole(header)
    if plate is not None:
        return WcsCards(plate, polynomial=False)
    axes = _axes(header, label)
    _check_axes(header, axes, shape, label)
    _check_distortion(header, label)
    values = _numbers(header, axes, label)
    for number, axis in enumerate(axes, 1):
        values |= {f"CTYPE{number}": header[f"CTYPE{axis}"], **_unit(header, axis, number, label)}
    _check_scale(values, label)
    kind = str(values["CTYPE1"])[-3:]
    if kind in watcards.KINDS:
        values |= watcards.rebuilt(header, axes, kind, label)
    chosen = _one_distortion(values, label)
    if platecards.begun(header):
        what = f"its plate solution is not whole ({platecards.fault(header)}): the WCS of CTYPE{axes[0]} is used"
        chosen = WcsCards(chosen.values, chosen.polynomial, (*chosen.notes, what))
    return chosen


def _axes(header: Mapping[str, Value], label: str) -> tuple[int, int]:
    """Return the numbers of the celestial axes, in order."""
    types = {i: header[f"CTYPE{i}"] for i in range(1, 10) if header.get(f"CTYPE{i}") not in (None, "")}
    lon, lat = ([i for i, kind in types.items() if form.fullmatch(str(kind))] for form in (_LON, _LAT))
    if len(lon) == len(lat) == 1:
        for axis in (lon[0], lat[0]):
            kind = str(types[axis])
            if "-TAB" in kind:
                what = f"{label}: its WCS is a table of coordinates (CTYPE{axis} -TAB), which is not supported"
                raise InputError(what, hint=NO_WCS)
            if not _TYPE.fullmatch(kind):
                raise InputError(f"{label}: CTYPE{axis} is not understood", value=kind[:80], hint=NO_WCS)
        return min(lon[0], lat[0]), max(lon[0], lat[0])
    if lon or lat:
        shown = ", ".join(f"CTYPE{i} {str(header.get(f'CTYPE{i}'))[:40]!r}" for i in sorted({1, 2, *lon, *lat}))
        raise InputError(
            f"{label}: its WCS makes no sense: {shown} are not one longitude and one latitude", hint=NO_WCS
        )
    if platecards.begun(header):
        what = f"{label}: {platecards.fault(header)} of its plate solution is absent or unreadable"
        raise InputError(what, value=header.get(platecards.fault(header) or ""), hint=NO_WCS)
    raise InputError(f"{label} has no celestial WCS", hint=NO_WCS)


def _check_axes(header: Mapping[str, Value], axes: tuple[int, int], shape: tuple[int, int], label: str) -> None:
    """Refuse an image whose pixels run along something else than its celestial axes, such as a frequency."""
    sizes = [header.get(f"NAXIS{axis}", size) for axis, size in zip(axes, shape[::-1], strict=True)]
    if sizes != [*shape[::-1]]:
        what = f"{label} is {shape[1]} x {shape[0]}, and its celestial axes, {axes[0]} and {axes[1]}, are not these"
        raise InputError(what, value=" x ".join(map(str, sizes)), hint=NO_WCS)


def _check_distortion(header: Mapping[str, Value], label: str) -> None:
    for name, value in header.items():
        if not name.startswith(_OTHER) or value in ("", None):
            continue
        if str(value).strip().upper() == "LOOKUP":
            raise InputError(
                f"{label}: its WCS has a lookup table of distortion ({name}), which is not supported",
                hint="Use the drizzled image, or give pixel columns: --xy X,Y (1-based).",
            )
        what = f"{label}: its WCS has a distortion ({name}) that is not supported"
        raise InputError(what, value=str(value)[:80], hint=NO_WCS)


def _numbers(header: Mapping[str, Value], axes: tuple[int, int], label: str) -> dict[str, Value]:
    """Return the numbers of the celestial axes, by their keywords with axes counted as 1 and 2."""
    values: dict[str, Value] = {}
    for name, value in header.items():
        target = _target(name, axes)
        if target is None:
            continue
        if isinstance(value, str | bool) or value is None or not abs(value) < LARGEST:
            shown = value[:80] if isinstance(value, str) else value
            raise InputError(f"{label}: {name} is unreadable", value=shown, expected="a number", hint=NO_WCS)
        if target:
            if values.setdefault(target, float(value)) != value:
                what = f"{label}: its WCS makes no sense: {target} stands in two spellings, with two values"
                raise InputError(what, value=f"{values[target]} and {value}", hint=NO_WCS)
        elif value != 0:
            what = f"{label}: its WCS makes no sense: {name} mixes RA and Dec with another axis"
            raise InputError(what, value=value, hint=NO_WCS)
    for name, most in (("LONPOLE", TURN), ("LATPOLE", 90.0)):
        angle = values.get(name)
        if isinstance(angle, float) and not (abs(angle) <= most or angle == NO_POLE):
            raise InputError(f"{label}: {name} is unreadable", value=angle, expected=f"-{most:g} to {most:g} deg")
    return values


def _check_scale(values: Mapping[str, Value], label: str) -> None:
    """Refuse a WCS without scale, or with two: CD and PC exclude each other, and wcslib takes PC for both."""
    cd, pc = ([name for name in values if re.fullmatch(rf"{stem}\d_\d", name)] for stem in ("CD", "PC"))
    if not any(values[name] for name in cd):  # as if there were none, to wcslib
        cd = []
    if not cd and not pc and "CDELT1" not in values and "CDELT2" not in values:
        raise InputError(f"{label}: its WCS gives no scale: neither CD nor CDELT", hint=NO_WCS)
    if not cd or not pc:
        return
    one = {(i, j): _number(values, f"CD{i}_{j}", 0.0) for i, j in product((1, 2), (1, 2))}
    two = {(i, j): _number(values, f"PC{i}_{j}", float(i == j)) * _number(values, f"CDELT{i}", 1.0) for i, j in one}
    most = max(map(abs, one.values()))
    if any(abs(one[place] - two[place]) > ALIKE * most for place in one):
        what = f"{label}: its WCS makes no sense: {' '.join(cd)} and {' '.join(pc)} are two scales"
        raise InputError(what, expected="CD or PC with CDELT", hint=NO_WCS)


def _number(values: Mapping[str, Value], name: str, default: float) -> float:
    value = values.get(name)
    return value if isinstance(value, float) else default


@lru_cache(4096)  # images are many, and their keywords the same
def _target(name: str, axes: tuple[int, int]) -> str | None:
    """Return the keyword of a number for two axes, None for other cards; empty if it mixes these with others."""
    if match := _ALONG.fullmatch(name):
        return f"{match[1]}{axes.index(int(match[2])) + 1}" if int(match[2]) in axes else None
    if match := _TERM.fullmatch(name):
        return f"PV{axes.index(int(match[1])) + 1}_{int(match[2])}" if int(match[1]) in axes else None
    if match := _MATRIX.fullmatch(name):
        i, j = int(match[2] or match[4]), int(match[3] or match[5])
        if i not in axes:
            return None
        return f"{match[1]}{axes.index(i) + 1}_{axes.index(j) + 1}" if j in axes else ""
    return name if _FREE.fullmatch(name) else None


def _unit(header: Mapping[str, Value], axis: int, number: int, label: str) -> dict[str, Value]:
    """Return the card of an axis's unit, if it has one."""
    unit = header.get(f"CUNIT{axis}")
    if unit is None or unit == "":
        return {}
    known = UNITS.get(unit.strip().lower()) if isinstance(unit, str) else None
    if known is None:
        shown = unit[:80] if isinstance(unit, str) else unit
        what = f"{label}: CUNIT{axis} is no unit of an angle"
        raise InputError(what, value=shown, expected=", ".join(sorted(set(UNITS.values()))), hint=NO_WCS)
    return {f"CUNIT{number}": known}


def _one_distortion(values: dict[str, Value], label: str) -> WcsCards:
    """Return the cards with one distortion of two.

    Where a header has both SIP and SCAMP's polynomial in PV cards, -TAN-SIP means SIP, -TPV and -TAN mean PV (Shupe et
    al. 2012, Proc. SPIE 8451, section 7; astropy does the same). SIP beside a type without -SIP is used, as astropy
    does, and said.
    """
    kinds = [str(values[f"CTYPE{i}"]) for i in (1, 2)]
    tan = all(kind.endswith("-TAN") for kind in kinds)
    terms = {name: (int(m[1]), int(m[2])) for name in values if name[0] == "P" and (m := _TERM.fullmatch(name))}
    # standard -TAN has PV cards on the longitude alone, up to 4; wcslib takes a short polynomial for those
    scamp = any(term >= 5 or (tan and not _LON.fullmatch(kinds[axis - 1])) for axis, term in terms.values())
    tpv = all(kind.endswith("-TPV") for kind in kinds) or (scamp and tan)
    dropped = scamp and all(kind.endswith("-TAN-SIP") for kind in kinds)
    left = {name: value for name, value in values.items() if not (dropped and name in terms)}
    if terms or tan:  # PROJPn is the older name of PV on the latitude
        left = {name: value for name, value in left.items() if not name.startswith("PROJP")}
    if tpv:  # tells wcslib that the PV cards are a polynomial
        left |= {f"CTYPE{i}": kind.replace("-TAN", "-TPV") for i, kind in enumerate(kinds, 1)}
    for name, (_, term) in terms.items():
        if term > MOST_TERMS:
            raise InputError(f"{label}: {name} is beyond the last term", expected=f"PVi_0 to PVi_{MOST_TERMS}")
    notes: tuple[str, ...] = ()
    if not tpv and _bent(values) and not all(kind.endswith("-SIP") for kind in kinds):
        what = f"SIP coefficients (A_ORDER, B_ORDER) beside {kinds[0]} without -SIP are used, as astropy does"
        notes = (f"{what}; if they are leftovers of a rectified image, take these cards out",)
    return WcsCards(left, polynomial=not tpv, notes=notes)


def _bent(values: Mapping[str, Value]) -> bool:
    """Whether there is a SIP polynomial that shifts anything."""
    orders: Sequence[Value] = [values.get(f"{letter}_ORDER") for letter in "AB"]
    return any(isinstance(order, float) and order > 1 for order in orders)
