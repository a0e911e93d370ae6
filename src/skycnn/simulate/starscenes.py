"""StarScenes: what stands at the centres of stamps, in the disc of a galaxy, star by star."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate import draws, impostors, stargrid
from skycnn.simulate.light import Light
from skycnn.simulate.render import Renderer
from skycnn.simulate.starfield import StarField

Array = NDArray[Any]

RAYS = 0.15
"""Share of the stamps that cosmic rays left something in."""

Points = tuple[Array, Array]
"""Places (k, 2), arcsec, and fluxes (k, band)."""


@dataclass(frozen=True)
class StarScenes(Light):
    """What stands at the centres of stamps, and the disc about it, drawn where a stamp is.

    Parameters
    ----------
    centre : sequence of Points
        What stands there, perhaps nothing.
    fields : sequence of StarField or None
        None where a frame of the user's is what it stands on.
    sky : array (band,)
        Standard deviation of a pixel, microjansky.
    seed : int
    row : array (n,)
    """

    centre: Sequence[Points]
    fields: Sequence[StarField | None]
    sky: Array
    seed: int
    row: Array

    def take(self, rows: Array) -> "StarScenes":
        """Return some objects' light."""
        places = np.arange(len(self.row))[rows].tolist()
        return replace(
            self, centre=[self.centre[k] for k in places], fields=[self.fields[k] for k in places], row=self.row[rows]
        )

    def total(self) -> Array:
        """Return the flux of what stands at the centres, float32 (n, band)."""
        sums = [flux.sum(axis=0, dtype=np.float64) for _, flux in self.centre]
        return np.array(sums, np.float32).reshape(-1, len(self.sky))

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32."""
        n, side, scale = len(self.row), renderer.side, renderer.pixel_scale
        offset = np.zeros((n, 2)) if offset is None else offset
        grid = stargrid.of(renderer)
        stamps = np.empty((n, len(self.sky), side, side), np.float32)
        for k, (number, (place, flux), field) in enumerate(
            zip(self.row.tolist(), self.centre, self.fields, strict=True)
        ):
            random = draws.generator(self.seed, number, "starcluster/field")
            light: Any = 0.0
            if field is not None:
                around = field.stars((side / 2 + stargrid.MARGIN) * scale, random)
                light = field.light(side, scale, offset[k], random)
                place, flux = (np.concatenate(parts) for parts in zip((place, flux), around, strict=True))
                if random.random() < RAYS:
                    light = light + impostors.rays(stamps.shape[1:], self.sky, random)
            stamps[k] = grid.stamp(place / scale + offset[k], flux) + light
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from a stamp's centre stars of the object lie, pixels."""
        return np.array([np.hypot(*place.T).max(initial=0.0) for place, _ in self.centre]) / pixel_scale
