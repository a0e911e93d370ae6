"""Whether the images of a file are a camera's chips, side by side on the sky, or planes of one image."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skycnn.fits import cards as fitscards
from skycnn.fits.cards import Value
from skycnn.fits.tablebytes import Hdu
from skycnn.images.pixelgrid import tangent

APART = 0.5
"""Least distance between the centres of chips, in units of their shorter side; the centres of planes coincide."""

_NEEDED = re.compile(rb"(CTYPE|CRVAL|CRPIX|CDELT)[12] |(CD|PC)[12]_[12] ")


def are_chips(images: Sequence[tuple[Hdu, tuple[int, int]]]) -> bool:
    """Whether images, each with its shape (ny, nx), show different parts of the sky.

    They have one shape and type, a celestial WCS each, and their centres are apart: not so for an image, its mask and
    its weight, nor for one field in several bands.
    """
    alike = {(shape, unit.header.get("ZBITPIX", unit.header.get("BITPIX"))) for unit, shape in images}
    if len(images) < 2 or len(alike) > 1:
        return False
    centres, sides = [], []
    for unit, shape in images:
        placed = _centre(fitscards.values(card for card in unit.cards if _NEEDED.match(card)), shape)
        if placed is None:
            return False
        centres.append(placed[0])
        sides.append(placed[1])
    places = np.stack(centres)
    for number, place in enumerate(places[1:], 1):
        nearest = np.linalg.norm(places[:number] - place, axis=1).min()
        if not nearest > APART * max(sides):
            return False
    return True


def _centre(header: dict[str, Value], shape: tuple[int, int]) -> tuple[NDArray[np.float64], float] | None:
    """Return the unit vector of an image's centre and its shorter side in radians, taking the WCS as plain TAN."""
    kinds = [str(header.get(f"CTYPE{i}") or "")[:5].rstrip("-") for i in (1, 2)]
    names = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2")
    values = [header.get(name) for name in names]
    if kinds != ["RA", "DEC"] or not all(isinstance(value, int | float) for value in values):
        return None
    lon, lat, x, y = (float(value) for value in values)  # type: ignore[arg-type]
    matrix = _matrix(header)
    if matrix is None or not np.isfinite([lon, lat, x, y]).all():
        return None
    ny, nx = shape
    east, north = matrix @ [(nx + 1) / 2 - x, (ny + 1) / 2 - y]
    place = np.array([east, north, 1.0]) @ tangent(lon, lat)
    side = min(nx * np.linalg.norm(matrix[:, 0]), ny * np.linalg.norm(matrix[:, 1]))
    return place / np.linalg.norm(place), float(side)


def _matrix(header: dict[str, Value]) -> NDArray[np.float64] | None:
    """Return the linear part of a WCS, radians a pixel."""

    def of(stem: str, default: NDArray[np.float64]) -> NDArray[np.float64]:
        values = [[header.get(f"{stem}{i}_{j}", default[i - 1, j - 1]) for j in (1, 2)] for i in (1, 2)]
        known = [[value if isinstance(value, int | float) else np.nan for value in row] for row in values]
        return np.array(known, np.float64)

    if any(f"CD{i}_{j}" in header for i in (1, 2) for j in (1, 2)):
        matrix = of("CD", np.zeros((2, 2)))
    else:
        steps = [header.get(f"CDELT{i}") for i in (1, 2)]
        if not all(isinstance(step, int | float) for step in steps):
            return None
        matrix = of("PC", np.eye(2)) * np.array(steps, np.float64)[:, None]
    return np.radians(matrix) if np.isfinite(matrix).all() and np.linalg.det(matrix) != 0 else None
