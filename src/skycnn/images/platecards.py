"""PlateCards: the plate solution of a scanned photographic plate (Digitized Sky Survey), which counts only whole."""

from collections.abc import Mapping
from math import isfinite

from skycnn.fits.cards import Value

TERMS = 13
"""Terms of the polynomial along either axis; headers may list more, always 0 (Lasker et al. 1990, AJ 99, 2019)."""

NUMBERS = (
    *("PLTRAH", "PLTRAM", "PLTRAS", "PLTDECD", "PLTDECM", "PLTDECS", "PPO3", "PPO6", "XPIXELSZ", "YPIXELSZ"),
    *("CNPIX1", "CNPIX2"),
    *(f"AMD{axis}{term}" for axis in "XY" for term in range(1, TERMS + 1)),
)
SIGNS = ("+", "-")
"""PLTDECSN, the sign of the plate's declination."""

SOLVED = ("PLTRAH", "AMDX", "AMDY")
"""How cards begin that only plates have; cameras write the sizes and corners of pixels too."""


def whole(header: Mapping[str, Value]) -> dict[str, Value] | None:
    """Return the cards of the plate solution; None where one is absent or unreadable."""
    if fault(header) is not None:
        return None
    numbers = {name: value for name in NUMBERS if isinstance(value := header[name], int | float)}
    return {name: float(value) for name, value in numbers.items()} | {"PLTDECSN": header["PLTDECSN"]}


def begun(header: Mapping[str, Value]) -> bool:
    """Whether a header has a part of a plate solution that no other image has."""
    return any(name.startswith(SOLVED) for name in header)


def fault(header: Mapping[str, Value]) -> str | None:
    """Return the first card of a plate solution that is absent or unreadable; None where it is whole."""
    if header.get("PLTRAH") is None:  # nearly every image
        return "PLTRAH"
    for name in NUMBERS:
        value = header.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return name
    return None if header.get("PLTDECSN") in SIGNS else "PLTDECSN"
