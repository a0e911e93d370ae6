"""UnitText: the unit that a text of a file names, as astropy reads it, within bounds.

A short text can name a number too large for memory, such as ``m^999999999``, and astropy works it out.
"""

import re
import warnings
from math import inf, prod

LONGEST = 120
"""Letters; longer than any unit."""

POWER = 100
"""Largest product of all powers in a text: erg^1 s^-1 cm^-2 times 10^-17 has 34."""

_POWER = re.compile(r"(?:\*\*|\^)\s*\(?\s*[+-]?\s*(\d+(?:\.\d*)?|\.\d+)|(?<=[A-Za-z)])\s*\(?[+-]?(\d+(?:\.\d*)?)")
_NUMBER = re.compile(r"\d{20,}|[eE][+-]?\d{3,}")


def factor(text: str, target: str) -> float | None:
    """Return the value of a unit in another one; None where the text names no unit of that kind, or none in bounds.

    Parameters
    ----------
    text : str
        A unit.
    target : str
        The other one, in astropy's spelling.
    """
    if len(text) > LONGEST or _NUMBER.search(text):
        return None
    if prod(max(1.0, float(a or b)) for a, b in _POWER.findall(text)) > POWER:
        return None
    from astropy import units  # slow to import and seldom needed

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # erg/s/cm2/Hz is no standard spelling
            unit = units.Unit(text)
        scale = float(unit.to(target)) if isinstance(unit, units.UnitBase) else 0.0  # dex(Jy) is no flux
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        return None
    return scale if 0 < scale < inf else None
