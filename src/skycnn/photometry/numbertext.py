"""NumberText: a number as a user or a catalogue writes it: whole ones stay whole, of any size."""

import re
from decimal import Decimal

PATTERN = r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
"""A number without a sign: hexadecimal, octal and binary ones are whole."""

_SIGNED = re.compile(rf"([+-]?)({PATTERN}|inf(?:inity)?)", re.I)

DIGITS = 400
"""Letters of a number at most: the largest float64 has 309 digits."""


def read(text: str) -> int | float | None:
    """Return a number; None for what is none, and for NaN.

    Parameters
    ----------
    text : str
        ``-12``, ``0x1F``, ``1e3`` and ``5.0``, which are whole and returned as int, ``1.5``, ``inf``.
    """
    match = _SIGNED.fullmatch(text) if len(text) <= DIGITS else None
    if match is None:
        return None
    number = _unsigned(match[2].replace("_", "").lower())
    return -number if match[1] == "-" else number


def _unsigned(text: str) -> int | float:
    if text[:2] in ("0x", "0o", "0b"):
        number = int(text, 0)
        return number if number < 2**1000 else float("inf")
    approximate = float(text)
    if not approximate.is_integer():  # also infinite
        return approximate
    exact = Decimal(text)  # 9007199254740993.0 is whole, and no float64
    return int(exact) if exact == exact.to_integral_value() else approximate
