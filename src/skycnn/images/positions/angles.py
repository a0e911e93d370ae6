"""AngleColumn: a column of angles, in any unit or sexagesimal text, as degrees."""

import re
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import unittext
from skycnn.fits.tablecolumn import TableColumn

Array = NDArray[Any]

ABSENT, FARTHEST = -99.0, 720.0
"""deg; the one null mark that could be an angle, and the limit above which values are null marks (-999, 9999, 1e20)."""

UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("deg", "degs", "degree", "degrees", "degr", "d", "°"), ("deg", 1.0)),
    **dict.fromkeys(("rad", "radian", "radians"), ("rad", 180 / pi)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "hourangle"), ("hour", 15.0)),
    **dict.fromkeys(("arcmin", "arcminute", "arcminutes"), ("arcmin", 1 / 60)),
    **dict.fromkeys(("arcsec", "arcsecs", "arcsecond", "arcseconds"), ("arcsec", 1 / 3600)),
    **dict.fromkeys(("mas", "milliarcsec", "milliarcsecond"), ("mas", 1 / 3.6e6)),
}
"""Spellings of TUNIT, lower case without blanks; name and degrees a unit."""

NAMED = {
    "hour": re.compile(r"(^|_)RA_?(H|HR|HRS|HOUR|HOURS)$|^AL2000$", re.I),
    "rad": re.compile(r"_RAD(IANS?)?$", re.I),
}
"""Units by column name where TUNIT is blank; AL2000 is HyperLEDA's."""

TEXT = re.compile(
    r"\s*(?P<sign>[+-]?)\s*(?P<whole>\d{1,3})(?:(?P<mark>[\s:hd°])\s*(?P<minutes>\d{1,2}(?:\.\d*)?)"
    r"(?:[\s:m'′]\s*(?P<seconds>\d{1,2}(?:\.\d*)?)?\s*(?:s|\"|″|'')?)?|(?P<part>\.\d*)?\s*(?P<unit>[hd°])?)\s*",
    re.I,
)
"""``12:34:56.7``, ``12 34 56.7``, ``12h34m56.7s``, ``-12d34m``, ``188.73``."""


@dataclass(frozen=True)
class AngleColumn:
    """One coordinate of a catalogue.

    Parameters
    ----------
    name : str
        The column's.
    unit : str
        ``deg``, ``rad``, ``hour``, ``arcmin``, ``arcsec``, ``mas``, or ``text``.
    factor : float
        Degrees a unit; for text, of its leading number.
    shown : str
        The unit in messages.
    """

    name: str
    unit: str
    factor: float
    shown: str

    def degrees(self, values: Array) -> Array:
        """Return values (n,) as float64 degrees; NaN for invalid angles and null marks."""
        values = np.asarray(values)
        if self.unit == "text":
            return np.array([_parse(str(text), self.factor) for text in values], np.float64)
        plain = values.astype(np.float64) * self.factor
        plain[~(abs(plain) <= FARTHEST) | ((plain == ABSENT) & (self.unit == "deg"))] = np.nan
        return plain


def angle(column: TableColumn, longitude: bool, label: str, unit: str | None = None) -> AngleColumn:
    """Return a column's angles with their unit by TUNIT, else by name, else degrees.

    Parameters
    ----------
    column : TableColumn
        Numbers, or text.
    longitude : bool
        A right ascension: sexagesimal text is in hours, unless its unit says degrees.
    label : str
        Names the table in messages.
    unit : str, optional
        Instead of a blank TUNIT: that of the other coordinate.

    Raises
    ------
    InputError
        When the column holds neither numbers nor text, or its unit is no angle.
    """
    if column.code == "A":
        hours = longitude and not re.match(r"\W*d", (column.unit or "").lower())
        return AngleColumn(column.name, "text", 15.0 if hours else 1.0, "text, " + ("h m s" if hours else "d m s"))
    if not column.numeric:
        raise InputError(f"{label}: column {column.name!r} is {column.form}", expected="one number or a text a row")
    if not column.unit:
        named = next((name for name, pattern in NAMED.items() if pattern.search(column.name)), None)
        unit = named or unit or "deg"
        return AngleColumn(column.name, unit, UNITS[unit][1], f"{unit} (it has no unit)")
    read = UNITS.get(re.sub(r"[\s_'\"\[\]()]", "", column.unit).lower()) or _other(column.unit)
    if read is None or (read[0] == "hour" and not longitude):
        raise InputError(
            f"{label}: the unit of {column.name} is no unit of a position",
            value=column.unit,
            expected="deg, rad, hour, arcmin, arcsec or mas",
        )
    return AngleColumn(column.name, *read, read[0])


def _other(text: str) -> tuple[str, float] | None:
    scale = unittext.factor(text, "deg")
    return None if scale is None else (text.strip(), scale)


def _parse(text: str, factor: float) -> float:
    match = TEXT.fullmatch(text)
    if match is None:
        return float("nan")
    sign = -1.0 if match["sign"] == "-" else 1.0
    mark = (match["mark"] or match["unit"] or "").lower()
    if match["mark"] is None:  # a plain number is in degrees
        factor = 15.0 if mark == "h" else 1.0
        return sign * float(match["whole"] + (match["part"] or "")) * factor
    minutes, seconds = float(match["minutes"]), float(match["seconds"] or 0)
    if minutes > 60 or seconds > 60:
        return float("nan")
    factor = {"h": 15.0, "d": 1.0, "°": 1.0}.get(mark, factor)
    return sign * (float(match["whole"]) + minutes / 60 + seconds / 3600) * factor
