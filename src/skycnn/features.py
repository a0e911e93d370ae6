"""Features: asinh magnitudes, colours and errors of fluxes, as the baselines see them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SOFTENING = 0.5
"""b over a band's median error; of 0.1, 0.3, 0.5 and 1 the best compromise for neighbours and trees on validation."""

LARGEST_ERROR = 10.0
"""Magnitude errors are cut here: above it a band says nothing (and negative fluxes would give infinity)."""


class Features:
    """Magnitudes, colours and errors of fluxes, with absent bands filled in; learned from a training sample.

    ``m = -2.5/ln(10) (asinh(f / 2b) + ln(b))``, b half a band's median error (Lupton, Gunn & Szalay 1999, AJ 118,
    1406): the usual magnitude for a bright source, finite for a negative flux. A missing band is filled with the
    trained median colours at the row's own brightness, and its error with ``LARGEST_ERROR``.

    Parameters
    ----------
    flux, error : array (n, band)
        Of the training sample, microjansky, NaN where absent.
    """

    def __init__(self, flux: Array, error: Array) -> None:
        flux, error = np.asarray(flux, np.float64), np.asarray(error, np.float64)
        self.softening = SOFTENING * np.array([_median(column, 1.0) for column in error.T])
        magnitude, noise = self._magnitudes(flux, error)
        self.offset = np.array([_median(column, 0.0) for column in magnitude.T])
        self.reference = int(np.argmin([_median(column, np.inf) for column in noise.T]))
        colours = self._near(self._fill(magnitude))
        low, high = np.quantile(colours, [0.16, 0.84], axis=0) if len(colours) else (np.zeros(1), np.ones(1))
        self.spread = np.where(high - low > 1e-6, (high - low) / 2.0, 1.0)

    def _magnitudes(self, flux: Array, error: Array) -> tuple[Array, Array]:
        flux, error = np.asarray(flux, np.float64), np.asarray(error, np.float64)
        scale, b = 2.5 / np.log(10.0), self.softening
        magnitude = -scale * (np.arcsinh(flux / (2.0 * b)) + np.log(b))
        noise = scale * error / np.sqrt(flux**2 + 4.0 * b**2)
        return magnitude, np.minimum(noise, LARGEST_ERROR)

    def _fill(self, magnitude: Array) -> Array:
        known = np.isfinite(magnitude)
        level = np.where(known, magnitude - self.offset, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        result: Array = np.where(known, magnitude, self.offset + level[:, None])
        return result

    def _near(self, magnitude: Array) -> Array:
        return np.column_stack([-np.diff(magnitude, axis=1), magnitude[:, self.reference]])

    def near(self, flux: Array, error: Array) -> Array:
        """Return where neighbours are looked for: colours and the best-measured magnitude, each over its spread."""
        result: Array = self._near(self._fill(self._magnitudes(flux, error)[0])) / self.spread
        return result

    def table(self, flux: Array, error: Array) -> Array:
        """Return what trees split on: magnitudes, adjacent colours, magnitude errors; float32."""
        magnitude, noise = self._magnitudes(flux, error)
        filled = self._fill(magnitude)
        noise = np.where(np.isfinite(noise), noise, LARGEST_ERROR)
        return np.column_stack([filled, -np.diff(filled, axis=1), noise]).astype(np.float32)


def _median(values: Array, default: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else default
