"""Layer: one band's images, and stamps cut from them about placed rows."""

import threading
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError, counted
from skycnn.images import pixelunit
from skycnn.images.imageheader import ImageHeader
from skycnn.images.pixels import Pixels
from skycnn.stamps.mosaic import placement
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.openimages import OpenImages
from skycnn.stamps.mosaic.placement import Placement
from skycnn.stamps.stamps import corner, covered, shown

Array = NDArray[Any]


class Layer:
    """One band's images.

    Parameters
    ----------
    footprints : Footprints
        Where they lie, with their masks and weights.
    images : OpenImages
        Shared by all bands.
    """

    def __init__(self, footprints: Footprints, images: OpenImages) -> None:
        self.footprints, self.images = footprints, images
        self.lost: dict[str, list[Any]] = {}
        """Unreadable image to [reason, stamps that miss it, whether the whole image is lost]."""
        self.used: set[int] = set()
        self.hidden: dict[str, list[int]] = {name: [0, 0] for name in ("mask", "weight")}
        """Stamps read with a mask or weight, and those of them of which it hides every pixel."""
        self._lock = threading.Lock()
        self._factors: list[float] | None = None

    def units(self) -> dict[str | None, str]:
        """Return the units in the images' headers, see `pixelunit.Units`."""
        units: dict[str | None, str] = {}
        for image in self.footprints.images:
            units.setdefault(pixelunit.of(image.cards), image.label)
        return units

    def converted(self, conversion: pixelunit.Conversion) -> Self:
        """Return the same images with pixels in the unit of a network."""
        layer, band = copy(self), self.footprints.band
        factors = [conversion.factor(band, pixelunit.of(image.cards)) for image in self.footprints.images]
        layer._factors = [1.0 if factor is None else factor for factor in factors]
        return layer

    def cut(self, place: Placement, side: int, out: Array) -> tuple[Array, Array]:
        """Fill stamps about rows placed in one image.

        Parameters
        ----------
        place : Placement
            Of n rows.
        side : int
        out : array (n, side, side)
            float32; NaN where undefined.

        Returns
        -------
        outside : array (n,)
            Pixels of each stamp on no image.
        broken : array (n,)
            Stamps with pixels that could not be read.
        """
        image = int(place.image[0])
        x0, y0 = corner(place.x, side), corner(place.y, side)
        broken = self.read(image, x0, y0, side, out)
        shape = self.footprints.images[image].shape
        outside = side * side - covered(x0, shape[1], side) * covered(y0, shape[0], side)
        edge = np.flatnonzero(outside > 0)
        if edge.size and self._has_neighbours(image, side):
            self._fill(place, edge, side, (x0, y0), out, outside, broken)
        return outside, broken

    def _has_neighbours(self, image: int, side: int) -> bool:
        reach = 2 * side * float(self.footprints.scales[image]) / 3600
        return len(self.footprints.images) > 1 and not self.footprints.alone(image, reach)

    def _fill(
        self,
        place: Placement,
        edge: Array,
        side: int,
        first: tuple[Array, Array],
        out: Array,
        outside: Array,
        broken: Array,
    ) -> None:
        """Fill pixels beyond an image's edge from neighbours on its pixel grid."""
        filled: dict[int, Array] = {}
        patch = np.empty((1, side, side), out.dtype)
        for row, image, dx, dy in placement.fillers(self.footprints, place, edge, side):
            shape = self.footprints.images[int(place.image[row])].shape
            x0, y0 = first[0][row], first[1][row]
            known = filled.setdefault(row, _on_image(x0, y0, shape, side))
            other = _on_image(x0 + dx, y0 + dy, self.footprints.images[image].shape, side) & ~known
            if not other.any():
                continue
            bad = self.read(image, np.array([x0 + dx]), np.array([y0 + dy]), side, patch)[0]
            out[row][other] = patch[0][other]
            broken[row] |= bad and np.isnan(patch[0][other]).any()  # where images overlap nothing is lost
            known |= other
            outside[row] = side * side - np.count_nonzero(known)

    def read(self, image: int, x0: Array, y0: Array, side: int, out: Array) -> Array:
        """Fill stamps from one image, masked pixels NaN; return which have unreadable pixels, bool (n,)."""
        header = self.footprints.images[image]
        self.used.add(image)
        broken = self._pixels(header, x0, y0, side, out)
        if self._factors is not None:
            pixelunit.multiply(out, self._factors[image])
        mask, weight = self.footprints.masks[image], self.footprints.weights[image]
        for plane, name in ((mask, "mask"), (weight, "weight")):
            if plane is None:
                continue
            values = np.empty(out.shape, np.float32)
            unread = self._pixels(plane, x0, y0, side, values)
            before = shown(out[:, None])[:, 0] & ~unread
            out[(values != 0) if name == "mask" else ~(values > 0)] = np.nan
            with self._lock:
                self.hidden[name][0] += int(before.sum())
                self.hidden[name][1] += int((before & ~shown(out[:, None])[:, 0]).sum())
            broken |= unread
        return broken

    def _pixels(self, header: ImageHeader, x0: Array, y0: Array, side: int, out: Array) -> Array:
        broken = np.ones(len(x0), bool)
        reason = "holds tiles that cannot be decoded"
        if header.label in self.lost and self.lost[header.label][2]:
            out[...] = np.nan
        else:
            try:
                with self.images.borrowed(header) as pixels:
                    broken = pixels.cut(x0, y0, side, out)
            except (InputError, OSError) as error:
                out[...] = np.nan
                reason = str(error)
                self._lose(header.label, reason, 0, whole=True)
        if broken.any():
            self._lose(header.label, reason, int(broken.sum()))
        return broken

    def _lose(self, label: str, reason: str, stamps: int, whole: bool = False) -> None:
        with self._lock:
            entry = self.lost.setdefault(label, [reason, 0, False])
            entry[1] += stamps
            if whole:  # overrules lost tiles
                entry[0], entry[2] = reason, True

    def warnings(self) -> list[str]:
        """Return a line for each image that could not be read."""
        lines = [f"{label} cannot be read: {why}" for label, why in self.footprints.unreadable.items()]
        return lines + [
            (reason if whole else f"{label} {reason}") + f": missing in {counted(stamps, 'stamp')}"
            for label, (reason, stamps, whole) in sorted(self.lost.items())
        ]

    def hiding(self) -> list[str]:
        """Return a line for a mask or weight that hides every pixel of all stamps."""
        lines = []
        for name, (stamps, gone) in self.hidden.items():
            if not 0 < stamps == gone:
                continue
            planes = self.footprints.masks if name == "mask" else self.footprints.weights
            label = next(plane.label for plane in planes if plane is not None)
            asked = "are all bits bad? --mask BAND=FILE:BITS lets some count" if name == "mask" else "is it 0 there?"
            lines.append(f"the {name} hides every pixel of {counted(stamps, 'stamp')} ({label}): {asked}")
        return lines


class LayerImage(Pixels):
    """One image of a layer as `Pixels`, masked ones NaN."""

    def __init__(self, layer: Layer, image: int) -> None:
        super().__init__(layer.footprints.images[image])
        self.layer, self.image = layer, image

    def cut(self, x0: Array, y0: Array, side: int, out: Array) -> Array:
        """Fill stamps; see `Pixels.cut`."""
        return self.layer.read(self.image, x0, y0, side, out)


def _on_image(x0: int, y0: int, shape: tuple[int, int], side: int) -> Array:
    """Return which pixels of a stamp lie on an image, bool (side, side)."""
    x, y = x0 + np.arange(side), y0 + np.arange(side)
    inside_x, inside_y = (x >= 0) & (x < shape[1]), (y >= 0) & (y < shape[0])
    result: Array = inside_y[:, None] & inside_x[None, :]
    return result
