"""Light: what a task's mocks are made of, before a telescope looks at it; each kind of it is a file of its own."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate.aperture import AperturePhotometry, Measured
from skycnn.simulate.render import Renderer

Array = NDArray[Any]


class Light(ABC):
    """The light of n objects in some bands, without noise; fluxes are in the unit of the stamps, microjansky."""

    @abstractmethod
    def take(self, rows: Array) -> Self:
        """Return some objects' light, by their places (m,)."""

    @abstractmethod
    def total(self) -> Array:
        """Return the flux of whole objects, float32 (n, band)."""

    @abstractmethod
    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps of the objects.

        Parameters
        ----------
        renderer : Renderer
            Of as many bands.
        offset : array (n, 2), optional
            Where each object lies, less the stamp's centre: x and y, pixels.

        Returns
        -------
        array (n, band, side, side)
            float32.
        """

    @abstractmethod
    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far from an object its light matters, before the PSF blurs it.

        Parameters
        ----------
        faint : array (band,)
            Flux of a pixel below which it does not.
        pixel_scale : float
            arcsec.

        Returns
        -------
        array (n,)
            Pixels.
        """

    def expected(self, photometry: AperturePhotometry) -> Measured | None:
        """Return what would be measured without noise, and its errors; None where only pixels can tell."""
        return None


@dataclass(frozen=True)
class Composite(Light):
    """Light of several kinds, added: e.g. resolved stars and the smooth light of all others.

    Parameters
    ----------
    parts : sequence of Light
        Each of the same objects and bands.
    """

    parts: Sequence[Light]

    def take(self, rows: Array) -> "Composite":
        """Return some objects' light."""
        return Composite([part.take(rows) for part in self.parts])

    def total(self) -> Array:
        """Return the flux of whole objects, float32 (n, band)."""
        total: Array = np.stack([part.total() for part in self.parts]).sum(axis=0)
        return total

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32."""
        first, *others = self.parts
        stamps = first.stamps(renderer, offset)
        for part in others:
            stamps += part.stamps(renderer, offset)
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from an object any part of its light matters, pixels."""
        furthest: Array = np.stack([part.extent(faint, pixel_scale) for part in self.parts]).max(axis=0)
        return furthest
