"""ClusterFeatures: what baselines of cluster masses see of a row - a catalogue's numbers, counts, light in circles."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.features import Inputs
from skycnn.shapes import clusterapertures
from skycnn.shapes.clusterapertures import RADII, RINGS

Array = NDArray[Any]

SOFTENING = 0.5
"""Light and counts below which their logarithm becomes linear, characteristic galaxies; of 0.2 to 5 the best for ridge
regression, cross-validated on mocks."""

WIDE = RADII[-2:]
"""Of the circles, those that hold a good part of a cluster."""


def compressed(values: Array) -> Array:
    """Return log10 of light or counts, but for a constant, where there are many; of none 0."""
    found: Array = np.arcsinh(np.asarray(values, np.float64) / (2 * SOFTENING)) / np.log(10)
    return found


def redshifts(inputs: Inputs) -> list[Array]:
    """Return a redshift and its square, about 0.2: what else a number goes with at a mass."""
    above = (np.asarray(inputs["redshift"], np.float64) - 0.2) / 0.1
    return [above, above**2]


def richness(inputs: Inputs) -> list[Array]:
    """Return log10 of the catalogue's richness, NaN where it is none."""
    found = np.asarray(inputs["richness"], np.float64)
    return [np.log10(np.where(found > 0, found, np.nan))]


def measured(inputs: Inputs, what: str, radii: tuple[int, ...] | tuple[str, ...] = ("",)) -> list[Array]:
    """Return what was measured of stamps within some radii, compressed; NaN where there are no stamps."""
    names = [f"image {what} {radius}".strip() for radius in radii]
    rows = len(next(iter(inputs.values())))
    return [compressed(inputs.get(name, np.full(rows, np.nan))) for name in names]


class Redshift:
    """The redshift alone: what a mass is where nothing of the cluster is seen."""

    inputs: tuple[str, ...] = ("redshift",)
    methods: tuple[str, ...] = ("ridge",)

    def __init__(self, inputs: Inputs) -> None:
        """Learn nothing: numbers are the same for any training sample."""

    def columns(self, inputs: Inputs) -> list[Array]:
        """Return the features (n,) one by one."""
        return redshifts(inputs)

    def table(self, inputs: Inputs) -> Array:
        """Return the features, float32 (n, features), NaN where they are not known."""
        return np.column_stack(self.columns(inputs)).astype(np.float32)


class Richness(Redshift):
    """The catalogue's richness, by the logarithm."""

    inputs = ("richness",)

    def columns(self, inputs: Inputs) -> list[Array]:
        """Return the features (n,) one by one."""
        return richness(inputs)


class Counts(Redshift):
    """Red galaxies counted on the stamp, weighted by how like the red sequence's their colours are: no catalogue's."""

    inputs: tuple[str, ...] = ("image", "redshift")

    @staticmethod
    def measure(inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Return `clusterapertures.measure` of ``image`` (n, 5, y, x) and ``redshift`` (n,)."""
        return clusterapertures.measure(inputs)

    def columns(self, inputs: Inputs) -> list[Array]:
        """Return the features (n,) one by one."""
        return [*redshifts(inputs), *measured(inputs, "count", RADII[-3:])]


class Stamp(Counts):
    """All that is measured of stamps: light in circles, red light, counts, the brightest galaxy, diffuse light."""

    def columns(self, inputs: Inputs) -> list[Array]:
        """Return the features (n,) one by one."""
        return [*_circles(inputs), *_diffuse(inputs)]


class Apertures(Counts):
    """The catalogue's richness and redshift, light and red light in fixed circles, counts, the brightest galaxy."""

    inputs = ("image", "redshift", "richness")
    methods = ("ridge", "forest")

    def columns(self, inputs: Inputs) -> list[Array]:
        """Return the features (n,) one by one."""
        return [*richness(inputs), *_circles(inputs)]


class Diffuse(Apertures):
    """The same, and the light between galaxies: medians of rings of pixels."""

    def columns(self, inputs: Inputs) -> list[Array]:
        """Return the features (n,) one by one."""
        return [*super().columns(inputs), *_diffuse(inputs)]


def _circles(inputs: Inputs) -> list[Array]:
    light = [*measured(inputs, "i", RADII), *measured(inputs, "red", (RADII[2], *WIDE))]
    return [*redshifts(inputs), *light, *measured(inputs, "count", WIDE), *measured(inputs, "brightest")]


def _diffuse(inputs: Inputs) -> list[Array]:
    return measured(inputs, "diffuse", tuple(outer for _, outer in RINGS))


SETS = {
    "redshift": Redshift,
    "richness": Richness,
    "counts": Counts,
    "stamp": Stamp,
    "apertures": Apertures,
    "diffuse": Diffuse,
}
"""By the names that ``score`` knows them by."""
