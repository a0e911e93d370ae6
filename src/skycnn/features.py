"""Features: what the baselines see in a row; for fluxes asinh magnitudes, colours and errors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Inputs = Mapping[str, Array]
"""Arrays (n, ...) by the names that networks take them by: ``flux`` and ``error`` (n, band), ``image``, ..."""

SOFTENING = 0.5
"""b over a band's median error; of 0.1, 0.3, 0.5 and 1 the best compromise for neighbours and trees on validation."""

LARGEST_ERROR = 10.0
"""Magnitude errors are cut here: above it a band says nothing (and negative fluxes would give infinity)."""


class FeatureTable(Protocol):
    """Features learned from training rows; a task makes its own with ``features(inputs)``, see `task.Task`.

    The callable has ``inputs``, the kinds of input that it looks at, as `Network.inputs` names them, first the one that
    it cannot do without. There may also be ``near(inputs)``, the coordinates (n, k) in which nearest neighbours are
    looked for; default is `Scaled`. It may have ``methods``, the names of the baselines that suit it, which run where
    the user names none.

    Where ``image`` is among the inputs, the callable has a static ``measure(inputs)`` too, which makes numbers (n,) by
    name (each begins with ``image``) of stamps (n, band, y, x) and of the columns (n,) that are among the inputs, a row
    by itself. Stamps are measured once, a part of the rows at a time, and learned from and tabulated are these numbers
    and columns; sets with the same ``measure`` share the numbers.
    """

    def table(self, inputs: Inputs) -> Array:
        """Return what trees split on, float32 (n, features)."""


class Near(FeatureTable, Protocol):
    """Features with coordinates for nearest neighbours."""

    def near(self, inputs: Inputs) -> Array:
        """Return coordinates (n, k)."""


Make = Callable[[Inputs], FeatureTable]
"""Learns features from training rows."""


def sets(features: Make | Mapping[str, Make] | None) -> Mapping[str, Make]:
    """Return the sets of features of a task by name: the only one has none, and default is `Features`."""
    return features if isinstance(features, Mapping) else {"": features or Features}


def kinds(make: object) -> tuple[str, ...]:
    """Return the kinds of input that features, or a baseline of a task's own, need."""
    found: tuple[str, ...] = getattr(make, "inputs", Features.inputs)
    return found


def words(kind: str) -> str:
    """Return a kind of input in words."""
    return "photometry" if kind == "flux" else kind


def of_kinds(inputs: Inputs, kinds: Sequence[str]) -> dict[str, Array]:
    """Return the inputs that are of some kinds."""
    known = {*kinds, "error"} if "flux" in kinds else {*kinds}
    return {name: values for name, values in inputs.items() if name.split()[0] in known}


class Scaled:
    """The table as coordinates: each column about its median, over half its 16-84 % width, 0 where it is NaN.

    Parameters
    ----------
    features : FeatureTable
    inputs : mapping of str to array
        Of the training rows.
    """

    def __init__(self, features: FeatureTable, inputs: Inputs) -> None:
        self._features, self.table = features, features.table
        columns = np.asarray(features.table(inputs), np.float64).T
        self._middle = np.array([_median(column, 0.0) for column in columns])
        widths = [np.quantile(known, (0.16, 0.84)) if len(known := c[np.isfinite(c)]) else (0, 0) for c in columns]
        self._width = np.array([(high - low) / 2.0 if high - low > 1e-9 else 1.0 for low, high in widths])

    def near(self, inputs: Inputs) -> Array:
        """Return the scaled table (n, features)."""
        scaled = (np.asarray(self.table(inputs), np.float64) - self._middle) / self._width
        return np.where(np.isfinite(scaled), scaled, 0.0)


def learn(make: Callable[[Inputs], Any], inputs: Inputs) -> Near:
    """Return features learned from training rows, with coordinates for neighbours."""
    features = make(inputs)
    found: Near = features if hasattr(features, "near") else Scaled(features, inputs)
    return found


class Features:
    """Magnitudes, colours and errors of fluxes, with absent bands filled in; learned from a training sample.

    ``m = -2.5/ln(10) (asinh(f / 2b) + ln(b))``, b half a band's median error (Lupton, Gunn & Szalay 1999, AJ 118,
    1406): the usual magnitude for a bright source, finite for a negative flux. A missing band is filled with the
    trained median colours at the row's own brightness, and its error with ``LARGEST_ERROR``.

    Parameters
    ----------
    inputs : mapping of str to array
        ``flux`` and ``error`` (n, band) of the training sample, microjansky, NaN where absent.
    """

    inputs = ("flux",)

    def __init__(self, inputs: Inputs) -> None:
        flux, error = (np.asarray(inputs[name], np.float64) for name in ("flux", "error"))
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

    def near(self, inputs: Inputs) -> Array:
        """Return where neighbours are looked for: colours and the best-measured magnitude, each over its spread."""
        result: Array = self._near(self._fill(self._magnitudes(inputs["flux"], inputs["error"])[0])) / self.spread
        return result

    def table(self, inputs: Inputs) -> Array:
        """Return what trees split on: magnitudes, the colours of all pairs of bands, magnitude errors; float32."""
        magnitude, noise = self._magnitudes(inputs["flux"], inputs["error"])
        filled = self._fill(magnitude)
        noise = np.where(np.isfinite(noise), noise, LARGEST_ERROR)
        blue, red = np.triu_indices(filled.shape[1], 1)
        return np.column_stack([filled, filled[:, blue] - filled[:, red], noise]).astype(np.float32)


def _median(values: Array, default: float) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else default
