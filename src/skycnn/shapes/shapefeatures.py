"""ShapeFeatures: the shapes of stamps as what a baseline sees of a row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.features import Inputs
from skycnn.shapes import measured

Array = NDArray[Any]


class Extended:
    """All that is measured of a stamp: shapes, ellipticity, signal to noise, profiles, colours.

    Parameters
    ----------
    inputs : mapping of str to array (n,)
        What ``measure`` returned of the training rows.
    """

    inputs = ("image",)

    def __init__(self, inputs: Inputs) -> None:
        self.names = [name for name in inputs if name.startswith("image ") and self.shows(name.split()[1])]

    @staticmethod
    def measure(inputs: Inputs) -> dict[str, Array]:
        """Return `measured.measure` of ``image`` (n, band, y, x), microjansky a pixel."""
        return measured.measure(inputs["image"])

    @staticmethod
    def shows(quantity: str) -> bool:
        """Return whether a quantity that is measured is among the features."""
        return True

    def table(self, inputs: Inputs) -> Array:
        """Return the features, float32 (n, features), NaN where they could not be measured."""
        table = np.column_stack([inputs[name] for name in self.names]).astype(np.float32)
        table[~np.isfinite(table)] = np.nan
        return table


class Shapes(Extended):
    """Concentration, asymmetry, Gini and M20 of each band (Conselice 2003; Lotz et al. 2004)."""

    @staticmethod
    def shows(quantity: str) -> bool:
        """Return whether it is one of the four."""
        return quantity in ("concentration", "asymmetry", "gini", "m20")
