"""Sip: the polynomial distortion of an image, forwards and backwards (Shupe et al. 2005, ASP Conf. 347, 491)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval2d
from numpy.typing import NDArray

from skycnn.errors import InputError

Array = NDArray[Any]

STEPS = 20
"""Most Newton steps: three do within an image; without convergence the polynomial folds."""

TOLERANCE = 1e-9
"""px; a step shorter than this, or than 1e-12 of the position, is the last."""

HIGHEST = 9
"""Highest order of the convention."""


@dataclass(frozen=True)
class Sip:
    """The shift of a pixel's position before the linear part of the WCS.

    Parameters
    ----------
    a, b : array (order + 1, order + 1)
        Coefficients A_p_q and B_p_q of u**p v**q.
    crpix : tuple of float
        0-based position where u = v = 0.
    """

    a: Array
    b: Array
    crpix: tuple[float, float]

    def forward(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return the undistorted positions of pixels, 0-based, (n,)."""
        u, v = x - self.crpix[0], y - self.crpix[1]
        return x + polyval2d(u, v, self.a), y + polyval2d(u, v, self.b)

    def inverse(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return the pixels of undistorted positions, by Newton's method; NaN where it does not converge.

        AP and BP are not used: they are accurate to about 0.1 px, this to `TOLERANCE`.
        """
        out = np.full((2, len(x)), np.nan)
        wanted = np.stack([x, y]) - np.array(self.crpix)[:, None]
        left = np.flatnonzero(np.isfinite(wanted).all(axis=0))
        u, v = wanted[:, left]
        ax, ay, bx, by = (
            polyder(self.a, axis=0),
            polyder(self.a, axis=1),
            polyder(self.b, axis=0),
            polyder(self.b, axis=1),
        )
        with np.errstate(all="ignore"):  # overflow far from the image gives NaN
            for _ in range(STEPS):
                if not len(left):
                    break
                du = u + polyval2d(u, v, self.a) - wanted[0, left]
                dv = v + polyval2d(u, v, self.b) - wanted[1, left]
                xx, xy = 1 + polyval2d(u, v, ax), polyval2d(u, v, ay)
                yx, yy = polyval2d(u, v, bx), 1 + polyval2d(u, v, by)
                det = xx * yy - xy * yx
                su, sv = (yy * du - xy * dv) / det, (xx * dv - yx * du) / det
                u, v = u - su, v - sv
                done = np.maximum(abs(su), abs(sv)) <= TOLERANCE + 1e-12 * np.maximum(abs(u), abs(v))
                out[:, left[done]] = u[done], v[done]
                on = ~done & np.isfinite(u) & np.isfinite(v)
                left, u, v = left[on], u[on], v[on]
        return out[0] + self.crpix[0], out[1] + self.crpix[1]


def read(header: Mapping[str, object], label: str) -> Sip | None:
    """Return the distortion of a header, None without one.

    Raises
    ------
    InputError
        When only one axis has it, or a coefficient is no number.
    """
    orders = [header.get(f"{letter}_ORDER") for letter in "AB"]
    numbers = [float(order) for order in orders if isinstance(order, (int, float)) and order > 1]
    if not numbers:
        return None
    if len(numbers) < 2 or max(numbers) > HIGHEST or not all(map(float.is_integer, numbers)):
        shown = " and ".join(f"{order:g}" if isinstance(order, float) else str(order) for order in orders)
        raise InputError(
            f"{label}: its SIP distortion is unreadable: A_ORDER and B_ORDER are {shown}",
            expected=f"2 to {HIGHEST} both",
        )
    a, b = (_matrix(header, letter, int(order), label) for letter, order in zip("AB", numbers, strict=True))
    crpix = tuple(header.get(f"CRPIX{i}") for i in (1, 2))
    if not all(isinstance(c, (int, float)) for c in crpix):
        raise InputError(f"{label} has a SIP distortion but no CRPIX to count it from", value=crpix)
    return Sip(a, b, (float(crpix[0]) - 1, float(crpix[1]) - 1))  # type: ignore[arg-type]


def _matrix(header: Mapping[str, object], letter: str, order: int, label: str) -> Array:
    matrix = np.zeros((order + 1, order + 1))
    for p in range(order + 1):
        for q in range(order + 1 - p):
            name = f"{letter}_{p}_{q}"
            value = header.get(name, 0.0)
            if not isinstance(value, (int, float)) or not np.isfinite(value):
                raise InputError(f"{label}: {name} is unreadable", value=value, expected="a number")
            matrix[p, q] = value
    return matrix
