"""ExhibitImages: the stamps and maps of exhibits as small PNG pictures, all in one stretch."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.report import mapcolour, pixelpng
from skycnn.report.colourimage import channels, colour
from skycnn.report.exhibit import Exhibit

Array = NDArray[Any]

SIDE, BANDSIDE = 96, 48
"""Pixels at most of a stamp or map, and of one band's map: larger ones are binned, so that a page stays small."""

NOTHING = np.array([50, 79, 109]) / 255
"""Colour of pixels without a value in any band."""


class ExhibitImages:
    """The pictures of exhibits, by their places in the sequence.

    Parameters
    ----------
    exhibits : sequence of Exhibit
        Their stamps are of one shape.
    bands : sequence of str
    """

    def __init__(self, exhibits: Sequence[Exhibit], bands: Sequence[str]) -> None:
        self.bands = tuple(bands)
        self._exhibits = exhibits
        given = [(k, e.pixels) for k, e in enumerate(exhibits) if e.pixels is not None]
        self._place = {k: i for i, (k, _) in enumerate(given)}
        self._stamps = np.stack([pixels for _, pixels in given]) if given else None  # (n, band, y, x)
        maps = [exhibit.maps for exhibit in exhibits if exhibit.maps is not None]
        self._full = [None if exhibit.maps is None else _full(exhibit.maps) for exhibit in exhibits]
        self.two_sided = any(mapcolour.signed(values) for values in maps)
        self.scale = mapcolour.scale(self.two_sided)

    @cached_property
    def _colours(self) -> Array:
        """Colours of the stamps, (n, y, x, 3)."""
        assert self._stamps is not None  # noqa: S101
        return colour(self._stamps, self.bands)

    @cached_property
    def _greys(self) -> Array:
        """Each band of the stamps in grey, (n, band, y, x)."""
        assert self._stamps is not None  # noqa: S101
        single = [colour(self._stamps[:, [i]], [band])[..., 0] for i, band in enumerate(self.bands)]
        return np.stack(single, axis=1)

    @property
    def composition(self) -> str:
        """Which bands make which colour, in words."""
        groups = channels(self.bands)
        if len(groups) == 1:
            return f"{self.bands[0]} in grey"
        names = ("red", "green", "blue")
        return ", ".join(f"{name} {'+'.join(self.bands[i] for i in g)}" for name, g in zip(names, groups, strict=True))

    def stamp(self, k: int) -> bytes | None:
        """Return the picture of a stamp; None where there is none."""
        if k not in self._place:
            return None
        pixels = self._colours[self._place[k]]
        shown = binned(np.where(np.isnan(pixels), NOTHING, pixels), SIDE)
        return pixelpng.colours(shown[::-1])

    def full(self, k: int) -> float | None:
        """Return the value of the full colour in an exhibit's maps; None without maps."""
        return self._full[k]

    def overlay(self, k: int) -> bytes | None:
        """Return the picture of a map, or the sum of all bands' maps, over the stamp in grey; None without a map."""
        maps = self._exhibits[k].maps
        if maps is None:
            return None
        values = maps if maps.ndim == 2 else np.nansum(maps, axis=0)
        grey = self._colours[self._place[k]].mean(axis=-1) if k in self._place else np.zeros(values.shape)
        return self._over(k, grey, values, SIDE)

    def bandmaps(self, k: int) -> list[tuple[str, bytes, float]]:
        """Return each band's name, its map over its stamp, and the map's sum; nothing where maps are of all bands."""
        maps = self._exhibits[k].maps
        if maps is None or maps.ndim == 2:
            return []
        greys = self._greys[self._place[k]] if k in self._place else np.zeros(maps.shape)
        return [
            (band, self._over(k, grey, values, BANDSIDE), float(np.nansum(values)))
            for band, grey, values in zip(self.bands, greys, maps, strict=True)
        ]

    def _over(self, k: int, grey: Array, values: Array, side: int) -> bytes:
        full = self._full[k] or 1.0
        return mapcolour.overlay(binned(grey, side), binned(values, side), full, self.two_sided)


def _full(maps: Array) -> float:
    """Return one value of the full colour for the maps of all bands and for their sum."""
    return mapcolour.reach(maps if maps.ndim == 2 else np.concatenate([maps, np.nansum(maps, 0)[None]]))


def binned(image: Array, side: int) -> Array:
    """Return an image (y, x, ...) whose pixels are means of so many that no side is longer than ``side``."""
    factor = -(-max(image.shape[:2]) // side)
    if factor == 1:
        return image
    missing = [(0, -n % factor) for n in image.shape[:2]]
    whole = np.pad(image, [*missing, *[(0, 0)] * (image.ndim - 2)], mode="edge")
    y, x = (n // factor for n in whole.shape[:2])
    return np.asarray(whole.reshape(y, factor, x, factor, *image.shape[2:]).mean(axis=(1, 3)))
