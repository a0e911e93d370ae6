"""Correlation: how the noise of neighbouring pixels goes together, from an image of its correlation function."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError

Array = NDArray[np.float64]

NEGATIVE = 0.01
"""Share of the power that may be below zero, where a function measured on the sky ends; it is left out."""


@dataclass(frozen=True)
class Correlation:
    """Correlation of noise as a function of the lag, 1 at lag 0.

    Parameters
    ----------
    values : array (2 h + 1, 2 h + 1)
        Lag 0 in the middle, (y, x) in pixels; beyond h there is none. Made by `of`.
    """

    values: Array
    _filters: dict[int, Array] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, image: NDArray[np.generic]) -> "Correlation":
        """Return the correlation of an image of the covariance, or correlation, function of noise.

        Parameters
        ----------
        image : array (side, side)
            Side odd, lag 0 in the middle; in any unit.

        Raises
        ------
        InputError
            When it is no such image, or of no noise that can be.
        """
        values = np.asarray(image, np.float64)
        if values.ndim != 2 or values.shape[0] != values.shape[1] or values.shape[0] % 2 == 0:
            what = "no image of a correlation function"
            raise InputError(what, value=values.shape, expected="a square with an odd number of pixels a side")
        middle = values[values.shape[0] // 2, values.shape[1] // 2]
        if not (np.isfinite(values).all() and middle > 0 and middle >= np.abs(values).max()):
            raise InputError("a correlation function is greatest at lag 0, in the middle of its image", value=middle)
        values = (values + values[::-1, ::-1]) / 2 / middle
        found = cls(values)
        power = found._power(2 * len(values))
        if -power[power < 0].sum() > NEGATIVE * np.abs(power).sum():
            raise InputError("no noise has this correlation function: its power spectrum falls below zero")
        return found

    @property
    def reach(self) -> int:
        """Greatest lag in x or y, pixels."""
        return len(self.values) // 2

    def lags(self, reach: float) -> list[tuple[int, int, float]]:
        """Return (dy, dx, correlation) of all lags up to ``reach`` pixels in x and in y."""
        h = min(self.reach, int(reach))
        steps = range(-h, h + 1)
        return [(dy, dx, float(self.values[self.reach + dy, self.reach + dx])) for dy in steps for dx in steps]

    def field(self, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Return noise (band, y, x) of unit variance, float32, each band independent of the others.

        White noise is filtered in a field that is wider by the function's reach, so that the far edges of what is cut
        out are not neighbours. The transforms are made one by one: their bits do not depend on how many there are.
        """
        side = max(max(shape[1:]) + self.reach, len(self.values))
        out = np.empty(shape, np.float32)
        for b in range(shape[0]):
            white = np.fft.rfft2(generator.standard_normal((side, side)))
            out[b] = np.fft.irfft2(white * self._filter(side), (side, side))[: shape[1], : shape[2]]
        return out

    def _power(self, side: int) -> Array:
        wide = np.zeros((side, side))
        wide[: len(self.values), : len(self.values)] = self.values
        return np.fft.rfft2(np.roll(wide, (-self.reach, -self.reach), (0, 1))).real

    def _filter(self, side: int) -> Array:
        if side not in self._filters:
            power = np.maximum(self._power(side), 0)
            wide = np.fft.irfft2(power, (side, side))  # without what lay below zero it is above 1
            self._filters[side] = np.sqrt(power / wide[0, 0])
        return self._filters[side]
