"""Frame: a celestial system, to and from ICRS."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError

Array = NDArray[Any]

FIRST_FK5 = 1984.0
"""Without RADESYS, an EQUINOX below means FK4, above FK5 (FITS 4.0, section 8.3)."""

NAMES = {"ICRS": "ICRS", "ICRF": "ICRS", "FK5": "FK5", "FK4": "FK4", "FK4-NO-E": "FK4-NO-E", "GALACTIC": "GALACTIC"}
"""Spellings of RADESYS; ICRF2 and ICRF3 count as ICRF."""


@dataclass(frozen=True)
class Frame:
    """A celestial system.

    Parameters
    ----------
    name : str
        ``ICRS``, ``FK5``, ``FK4``, ``FK4-NO-E`` or ``GALACTIC``.
    equinox : float
        Julian year for FK5, Besselian for FK4; 0 for others.
    """

    name: str = "ICRS"
    equinox: float = 0.0

    def __str__(self) -> str:
        if not self.equinox:
            return self.name if self.name != "GALACTIC" else "Galactic"
        return f"{self.name} {'J' if self.name == 'FK5' else 'B'}{self.equinox:g}"

    def to_icrs(self, lon: Array, lat: Array) -> tuple[Array, Array]:
        """Return ICRS longitudes in [0, 360) and latitudes, deg; NaN stays NaN."""
        if self.name == "ICRS":
            return lon, lat
        if self.name == "FK4":  # E-terms of aberration are no rotation
            return _by_astropy(self, lon, lat, inverse=False)
        return _turned(_matrix(self), lon, lat)

    def from_icrs(self, lon: Array, lat: Array) -> tuple[Array, Array]:
        """Return longitudes in [0, 360) and latitudes in this frame, deg; NaN stays NaN."""
        if self.name == "ICRS":
            return lon, lat
        if self.name == "FK4":
            return _by_astropy(self, lon, lat, inverse=True)
        return _turned(_matrix(self).T, lon, lat)


def read(radesys: object, equinox: object, label: str, names: tuple[str, str] = ("RADESYS", "EQUINOX")) -> Frame:
    """Return the frame of RADESYS and EQUINOX, or what these cards are called; ICRS where both are absent.

    Raises
    ------
    InputError
        When RADESYS is unknown, or EQUINOX no year.
    """
    word = str(radesys or "").strip().upper()
    word = "ICRF" if word.startswith("ICRF") else word
    letter = equinox.strip()[:1].upper() if isinstance(equinox, str) else ""
    if isinstance(equinox, str) and letter in ("J", "B"):
        equinox = equinox.strip()[1:]
    try:
        year = float(equinox) if equinox not in (None, "") else None  # type: ignore[arg-type]
    except (TypeError, ValueError):
        year = 0.0
    year = None if year is not None and np.isnan(year) else year
    old = letter == "B" or (letter != "J" and year is not None and year < FIRST_FK5)
    name = NAMES.get(word) if word else ("ICRS" if year is None else "FK4" if old else "FK5")
    if name is None:
        raise InputError(f"{label}: its {names[0]} is not known", value=radesys, expected="ICRS, FK5, FK4 or FK4-NO-E")
    if name in ("ICRS", "GALACTIC"):
        return Frame(name)
    year = year if year is not None else (2000.0 if name == "FK5" else 1950.0)
    if not 1700 <= year <= 2200:
        raise InputError(f"{label}: its {names[1]} is unreadable", value=equinox, expected="a year, such as 2000.0")
    return Frame(name, year)


def vectors(lon: Array, lat: Array) -> NDArray[np.float64]:
    """Return unit vectors (3, n) of longitudes and latitudes in deg."""
    a, d = np.radians(np.asarray(lon, np.float64)), np.radians(np.asarray(lat, np.float64))
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def _turned(matrix: Array, lon: Array, lat: Array) -> tuple[Array, Array]:
    a, b, c = vectors(lon, lat)
    # no matrix product: its rounding depends on the number of rows
    x, y, z = (row[0] * a + row[1] * b + row[2] * c for row in matrix)
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


@lru_cache(maxsize=64)
def _matrix(frame: Frame) -> NDArray[np.float64]:
    """Return the rotation to ICRS: the three axes by astropy."""
    lon, lat = _by_astropy(frame, np.array([0.0, 90.0, 0.0]), np.array([0.0, 0.0, 90.0]), inverse=False)
    return vectors(lon, lat)


def _by_astropy(frame: Frame, lon: Array, lat: Array, *, inverse: bool) -> tuple[Array, Array]:
    from astropy import coordinates, units
    from astropy.time import Time

    system = {
        "FK5": lambda: coordinates.FK5(equinox=Time(frame.equinox, format="jyear")),
        "FK4": lambda: coordinates.FK4(equinox=Time(frame.equinox, format="byear")),
        "FK4-NO-E": lambda: coordinates.FK4NoETerms(equinox=Time(frame.equinox, format="byear")),
        "GALACTIC": coordinates.Galactic,
    }[frame.name]()
    source, target = (coordinates.ICRS(), system) if inverse else (system, coordinates.ICRS())
    place = coordinates.UnitSphericalRepresentation(lon * units.deg, lat * units.deg)
    out = source.realize_frame(place).transform_to(target).spherical
    return np.asarray(out.lon.deg), np.asarray(out.lat.deg)
