"""UnitText: the unit that a text of a file names, as astropy reads it, within bounds.

A short text can name a number too large for memory, such as ``m^999999999``, and astropy works it out.
"""

import re
import warnings
from math import inf, prod

LONGEST = 120
"""Letters; longer than any unit."""

POWER = 1000.0
"""Largest product of all numbers but a leading factor; 1e-29 erg s^-1 cm^-2 Hz^-1 has 58."""

DIGITS = 20
"""Of a number; float64 has 17."""

_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_TOWER = re.compile(r"(\*\*|\^)[(+\s-]*[\d.]+[)\s]*(\*\*|\^)")  # 9^9^9


def factor(text: str, target: str) -> float | None:
    """Return the value of a unit in another one; None where the text names no unit of that kind, or none in bounds.

    Parameters
    ----------
    text : str
        A unit.
    target : str
        The other one, in astropy's spelling.
    """
    if not _bounded(text):
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


def _bounded(text: str) -> bool:
    numbers = _NUMBER.findall(text[: LONGEST + 1])
    powers = numbers[_NUMBER.match(text.lstrip()) is not None :]
    if len(text) > LONGEST or _TOWER.search(text) or max(map(len, numbers), default=0) > DIGITS:
        return False
    return prod(max(1.0, float(number)) for number in powers) <= POWER
