"""ApertureFeatures: aperture photometry of stamps as what a baseline sees of a row."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.features import Inputs
from skycnn.shapes import aperturelight
from skycnn.shapes.aperturelight import RADII, Apertures

Array = NDArray[Any]

COLOUR = 3
"""Which of the radii colours are told in, beside the largest."""


def numbers(seen: Apertures) -> dict[str, Array]:
    """Return what was measured, float32 (n,) by name: ``image flux 4 0`` is of radius 4 in the first band.

    ``half`` is the radius that holds half of the light within the largest circle, pixels, by the curve of growth.
    """
    found = {}
    for band in range(seen.flux.shape[1]):
        for k, radius in enumerate(RADII):
            found[f"image flux {radius:g} {band}"] = seen.flux[:, band, k]
            found[f"image error {radius:g} {band}"] = seen.error[:, band, k]
        found[f"image half {band}"] = half_light(seen.flux[:, band])
    return {name: values.astype(np.float32) for name, values in found.items()}


def half_light(flux: Array) -> Array:
    """Return the radius (n,) of the circle, pixels, that holds half of the light (n, radius) of the largest; or NaN.

    Between two radii light grows as the area does.
    """
    area = np.concatenate([[0.0], np.square(RADII)])
    light = np.concatenate([np.zeros((len(flux), 1)), flux], axis=1)
    wanted = light[:, -1:] / 2
    with np.errstate(invalid="ignore"):
        reached = light >= wanted
        known = (light[:, -1] > 0) & np.isfinite(light).all(axis=1)
    rows, after = np.arange(len(flux)), np.maximum(reached.argmax(axis=1), 1)
    low, high = light[rows, after - 1], light[rows, after]
    rise = np.where(known & (high > low), high - low, 1.0)
    share = np.where(known, np.clip((wanted[:, 0] - low) / rise, 0, 1), np.nan)
    half: Array = np.sqrt(area[after - 1] + share * (area[after] - area[after - 1]))
    return half


class ApertureFeatures:
    """Magnitudes, colours and concentrations in apertures, radii of half the light, and errors.

    Magnitudes are asinh magnitudes (Lupton, Gunn & Szalay 1999, AJ 118, 1406) whose softening is the median error of
    the training rows in that aperture and band.

    Parameters
    ----------
    inputs : mapping of str to array (n,)
        What ``measure`` returned of the training rows.
    """

    inputs = ("image",)

    def __init__(self, inputs: Inputs) -> None:
        self.bands = sum(name.startswith("image half ") for name in inputs)
        _, error = self._photometry(inputs)
        known = np.isfinite(error).any(axis=0)
        typical = np.ones(error.shape[1:])
        typical[known] = np.nanmedian(error[:, known], axis=0)
        self.softening = np.maximum(typical, 1e-30)

    @staticmethod
    def measure(inputs: Inputs) -> dict[str, Array]:
        """Return `numbers` of ``image`` (n, band, y, x), microjansky a pixel."""
        return numbers(aperturelight.measure(inputs["image"]))

    def _photometry(self, inputs: Inputs) -> tuple[Array, Array]:
        """Return fluxes and errors (n, band, radius)."""
        flux, error = (
            np.stack(
                [
                    np.stack([inputs[f"image {kind} {radius:g} {band}"] for radius in RADII], axis=-1)
                    for band in range(self.bands)
                ],
                axis=1,
            ).astype(np.float64)
            for kind in ("flux", "error")
        )
        return flux, error

    def table(self, inputs: Inputs) -> Array:
        """Return the features, float32 (n, features), NaN where they could not be measured."""
        flux, error = self._photometry(inputs)
        scale, soft = 2.5 / np.log(10.0), self.softening
        magnitude = -scale * (np.arcsinh(flux / (2 * soft)) + np.log(soft))
        noise = scale * error / np.hypot(flux, 2 * soft)
        parts = [magnitude.reshape(len(flux), -1), -np.diff(magnitude, axis=2).reshape(len(flux), -1)]
        for one, two in combinations(range(self.bands), 2):
            parts.append((magnitude[:, one] - magnitude[:, two])[:, [COLOUR, -1]])
        parts += [noise[:, :, COLOUR], *(inputs[f"image half {band}"][:, None] for band in range(self.bands))]
        table = np.concatenate(parts, axis=1).astype(np.float32)
        table[~np.isfinite(table)] = np.nan
        return table
