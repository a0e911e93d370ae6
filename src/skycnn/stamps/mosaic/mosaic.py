"""Mosaic: stamps cut from a survey's images, about the positions of catalogue rows."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.catalogue import Catalogue
from skycnn.images.pixels import check_unchanged
from skycnn.images.pixelunit import Conversion, Units
from skycnn.images.positions.positions import Positions
from skycnn.schema import Flag
from skycnn.stamps.mosaic import gridcheck, placement
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.layer import Layer
from skycnn.stamps.mosaic.openimages import OpenImages
from skycnn.stamps.mosaic.placement import Placement
from skycnn.stamps.stamps import Batch, Census, Stamps, batch_rows, corner, pixel_flags, rest
from skycnn.workahead import work_ahead

Array = NDArray[Any]


class Mosaic(Stamps):
    """Images of a sky area, one or many a band, on pixel grids of one scale and orientation.

    Rows are visited image by image, in each by rising y: neighbours on the disk are read together. A stamp depends on
    its row alone.

    Parameters
    ----------
    footprints : mapping of str to Footprints
        By band.
    positions : Positions
        Where the rows are.
    threads : int
        Batches cut at the same time.
    scratch : str, optional
        Folder for uncompressed archives.
    """

    resampled = False

    def __init__(
        self,
        footprints: Mapping[str, Footprints],
        positions: Positions,
        *,
        threads: int = 1,
        scratch: str | None = None,
    ) -> None:
        self.bands, self.columns = tuple(footprints), positions.columns
        self.notes = (*positions.notes, *(note for one in footprints.values() for note in one.notes))
        self.positions, self.threads = positions, threads
        self.images = OpenImages(scratch)
        self.layers = {band: Layer(one, self.images) for band, one in footprints.items()}
        self.pixel_scale = gridcheck.scale(footprints[self.bands[0]]) if positions.kind == "sky" else None

    @property
    def footprints(self) -> dict[str, Footprints]:
        """The images' footprints, by band."""
        return {band: layer.footprints for band, layer in self.layers.items()}

    def batches(
        self,
        first: int,
        values: Mapping[str, Array],
        wanted: Array,
        *,
        bands: Sequence[str],
        side: int,
        dtype: str = "<f4",
    ) -> Iterator[Batch]:
        """Yield the stamps of a chunk's rows, image by image; see `Stamps.batches`."""
        positions = self.positions.of(values)
        places = self.place(positions, side)
        known = np.isfinite(positions[0]) & np.isfinite(positions[1])
        rows = _visiting_order(places, np.flatnonzero(wanted))
        size = batch_rows(len(bands), side)

        def cut(start: int) -> Batch:
            some = rows[start : start + size]
            taken = {band: place.take(some) for band, place in places.items()}
            return self._cut(taken, some, known[some], bands, np.dtype(dtype), side)

        yield from work_ahead(cut, range(0, len(rows), size), self.threads)

    def place(self, positions: tuple[Array, Array], side: int) -> dict[str, Placement]:
        """Return where positions (n,) lie in the images of each band; ``side`` in pixels of those."""
        find = placement.place if self.positions.kind == "sky" else placement.place_pixels
        return {band: find(layer.footprints, *positions, side) for band, layer in self.layers.items()}

    def _cut(
        self,
        places: Mapping[str, Placement],
        rows: Array,
        known: Array,
        bands: Sequence[str],
        dtype: "np.dtype[Any]",
        side: int,
    ) -> Batch:
        """Return the stamps of some placed rows."""
        n, planes = len(rows), len(bands)
        pixels = np.empty((n, planes, side, side), dtype)
        rests = np.full((n, planes, 2), np.nan)
        outside = np.full((n, planes), side * side)
        broken = np.zeros(n, bool)
        for plane, band in enumerate(bands):
            absent = places[band].image < 0 if band in places else np.ones(n, bool)
            pixels[absent, plane] = np.nan
            for group, cut in self._groups(places, band):
                first, end = group[0], group[-1] + 1
                contiguous = end - first == len(group)
                out = pixels[first:end, plane] if contiguous else np.empty((len(group), side, side), dtype)
                outside[group, plane], bad, rests[group, plane] = cut(side, out)
                if not contiguous:
                    pixels[group, plane] = out
                broken[group] |= bad
        flags = pixel_flags(pixels, outside)
        flags[broken] |= Flag.UNREADABLE
        on = np.zeros(n, bool)
        for place in places.values():
            on |= place.on
        flags[known & ~on] |= Flag.OFF_IMAGE
        flags[~known] |= Flag.NO_POSITION
        return Batch(rows, pixels, rests, flags)

    def _groups(self, places: Mapping[str, Placement], band: str) -> Iterator[tuple[Array, Any]]:
        """Yield rows cut from one image of a band, and the function that fills their stamps."""
        if band not in places:
            return
        for group in grouped(places[band].image):
            place = places[band].take(group)

            def cut(side: int, out: Array, place: Placement = place) -> tuple[Array, Array, Array]:
                outside, broken = self.layers[band].cut(place, side, out)
                return outside, broken, rests(place, side)

            yield group, cut

    def census(self, catalogue: Catalogue, rows: tuple[int, int], side: int) -> Census:
        """Count rows by image; refuse bands on different pixel grids; see `Stamps.census`."""
        check = None
        if self.positions.kind == "sky" and not self.resampled:
            check = gridcheck.GridCheck(self.footprints)
        by_image: Counter[str] = Counter()
        total = off = unplaced = visits = 0
        for _, values in catalogue.chunks(self.positions.columns, rows):
            where = self.positions.of(values)
            known = np.isfinite(where[0]) & np.isfinite(where[1])
            places = self.place(where, side)
            if check is not None:
                check.check(places)
            on = np.zeros(len(known), bool)
            for band, place in places.items():
                on |= place.on
                images, counts = np.unique(place.image[place.image >= 0], return_counts=True)
                visits += len(images)
                for image, n in zip(images.tolist(), counts.tolist(), strict=True):
                    by_image[self.layers[band].footprints.images[image].label] += n
            total += len(known)
            unplaced += int(np.count_nonzero(~known))
            off += int(np.count_nonzero(known & ~on))
        return Census(total, off, unplaced, dict(by_image), visits)

    def facts(self) -> dict[str, Any]:
        """Return names, sizes and times of the images, hashed by band."""
        return {"images": {band: layer.footprints.facts() for band, layer in self.layers.items()}}

    def units(self) -> Units:
        """Return the units in the headers of each band's images."""
        return {band: layer.units() for band, layer in self.layers.items()}

    def converted(self, conversion: Conversion) -> Self:
        """Return the same images with pixels in the unit of a network; the factor may differ from image to image."""
        mosaic = super().converted(conversion)
        mosaic.layers = {band: layer.converted(conversion) for band, layer in self.layers.items()}
        return mosaic

    def warnings(self) -> list[str]:
        """Return a line for each image that could not be read, and for masks and weights that hide all there is."""
        hiding: dict[str, list[str]] = {}
        for band, layer in self.layers.items():
            for line in layer.hiding():
                hiding.setdefault(line, []).append(band)
        unread = [line for layer in self.layers.values() for line in layer.warnings()]
        return unread + [f"{' '.join(bands)}: {line}" for line, bands in hiding.items()]

    def check_unchanged(self) -> None:
        """Compare the fingerprints of all images used; see `Stamps.check_unchanged`."""
        for layer in self.layers.values():
            for image in sorted(layer.used):
                check_unchanged(layer.footprints.images[image])

    def close(self) -> None:
        """Close all images."""
        self.images.close()


def rests(place: Placement, side: int) -> Array:
    """Return DX and DY of placed rows, (n, 2)."""
    return np.stack([rest(where, corner(where, side), side) for where in (place.x, place.y)], axis=1)


def grouped(number: Array) -> Iterator[Array]:
    """Yield the indices of each non-negative number, by rising number."""
    for one in np.unique(number[number >= 0]):
        yield np.flatnonzero(number == one)


def _visiting_order(places: Mapping[str, Placement], rows: Array) -> Array:
    """Return rows sorted by image and y in the first band, then in the others."""
    keys: list[Array] = []
    for place in places.values():
        image, y = place.image[rows], place.y[rows]
        keys += [np.where(image < 0, np.iinfo(np.int32).max, image), np.where(image < 0, 0, y)]
    result: Array = rows[np.lexsort(keys[::-1])]
    return result
