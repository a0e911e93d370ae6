"""Layer: one band's images, and stamps cut from them about placed rows."""

import threading
from collections.abc import Sequence
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
from skycnn.stamps.mosaic.losses import Losses
from skycnn.stamps.mosaic.openimages import OpenImages
from skycnn.stamps.mosaic.placement import Filler, Placement
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
        self._named: str | None = None

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
        layer._named = conversion.named(band)
        return layer

    def surface_brightness(self, image: int) -> bool:
        """Whether an image's pixels are in a surface brightness, of which many make no sum but a mean."""
        return pixelunit.per_area(self._named or pixelunit.of(self.footprints.images[image].cards))

    def cut(
        self,
        place: Placement,
        side: int,
        out: Array,
        losses: Losses | None = None,
        beyond: Array | None = None,
        shared: float = placement.SHARED,
    ) -> tuple[Array, Array]:
        """Fill stamps about rows placed in one image.

        Parameters
        ----------
        place : Placement
            Of n rows.
        side : int
        out : array (n, side, side)
            float32; NaN where undefined.
        losses : Losses, optional
            Of the stamps that these are pieces of; whoever gives it counts them.
        beyond : array (n, side, side), optional
            bool, set where a pixel lies on no image; False else.
        shared : float
            Pixels by which the grid of a neighbour that fills a stamp may be off.

        Returns
        -------
        outside : array (n,)
            Pixels of each stamp on no image.
        broken : array (n,)
            Stamps with pixels that could not be read.
        """
        image = int(place.image[0])
        x0, y0 = corner(place.x, side), corner(place.y, side)
        noted = Losses.none(len(out)) if losses is None else losses
        broken = self.read(image, x0, y0, side, out, noted)
        shape = self.footprints.images[image].shape
        outside = side * side - covered(x0, shape[1], side) * covered(y0, shape[0], side)
        edge = np.flatnonzero(outside > 0)
        if beyond is not None:
            for row in edge:
                beyond[row] = ~_on_image(x0[row], y0[row], shape, side)
        if edge.size and self._has_neighbours(image, side):
            fillers = placement.fillers(self.footprints, place, edge, side, shared)
            self._fill(place, fillers, side, (x0, y0), (out, outside, broken, beyond), noted)
        if losses is None:
            self.count(noted)
        return outside, broken

    def _has_neighbours(self, image: int, side: int) -> bool:
        reach = 2 * side * float(self.footprints.scales[image]) / 3600
        return len(self.footprints.images) > 1 and not self.footprints.alone(image, reach)

    def _fill(
        self,
        place: Placement,
        fillers: Sequence[Filler],
        side: int,
        first: tuple[Array, Array],
        results: tuple[Array, Array, Array, Array | None],
        losses: Losses,
    ) -> None:
        """Fill pixels beyond an image's edge from neighbours on its pixel grid."""
        out, outside, broken, beyond = results
        filled: dict[int, Array] = {}
        patch = np.empty((1, side, side), out.dtype)
        for row, image, dx, dy in fillers:
            shape = self.footprints.images[int(place.image[row])].shape
            x0, y0 = first[0][row], first[1][row]
            known = filled.setdefault(row, _on_image(x0, y0, shape, side))
            other = _on_image(x0 + dx, y0 + dy, self.footprints.images[image].shape, side) & ~known
            if not other.any():
                continue
            begin = np.array([x0 + dx]), np.array([y0 + dy])
            bad = self.read(image, *begin, side, patch, losses.take(np.array([row])))[0]
            out[row][other] = patch[0][other]
            broken[row] |= bad and np.isnan(patch[0][other]).any()  # where images overlap nothing is lost
            known |= other
            outside[row] = side * side - np.count_nonzero(known)
            if beyond is not None:
                beyond[row] = ~known

    def read(self, image: int, x0: Array, y0: Array, side: int, out: Array, losses: Losses) -> Array:
        """Fill stamps from one image, masked pixels NaN; return which have unreadable pixels, bool (n,)."""
        header = self.footprints.images[image]
        self.used.add(image)
        broken = self._pixels(header, x0, y0, side, out, losses)
        if self._factors is not None:
            pixelunit.multiply(out, self._factors[image])
        mask, weight = self.footprints.masks[image], self.footprints.weights[image]
        for plane, name in ((mask, "mask"), (weight, "weight")):
            if plane is None:
                continue
            values = np.empty(out.shape, np.float32)
            unread = self._pixels(plane, x0, y0, side, values, losses)
            before = shown(out[:, None])[:, 0] & ~unread
            out[(values != 0) if name == "mask" else ~(values > 0)] = np.nan
            losses.hide(name, before, shown(out[:, None])[:, 0])
            broken |= unread
        return broken

    def _pixels(self, header: ImageHeader, x0: Array, y0: Array, side: int, out: Array, losses: Losses) -> Array:
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
                with self._lock:  # overrules lost tiles
                    entry = self.lost.setdefault(header.label, ["", 0, True])
                    entry[0], entry[2] = str(error), True
        losses.miss(header.label, reason, broken)
        return broken

    def count(self, losses: Losses) -> None:
        """Add what is missing in stamps whose pixels are all read."""
        with self._lock:
            for label, (reason, stamps) in losses.images.items():
                self.lost.setdefault(label, [reason, 0, False])[1] += int(stamps.sum())
            for plane, (had, has) in losses.planes.items():
                self.hidden[plane][0] += int(had.sum())
                self.hidden[plane][1] += int((had & ~has).sum())

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
    """One image of a layer as `Pixels`, masked ones NaN.

    Parameters
    ----------
    layer : Layer
    image : int
    losses : Losses
        Of the stamp that the pixels are for, a piece at a time.
    """

    def __init__(self, layer: Layer, image: int, losses: Losses) -> None:
        super().__init__(layer.footprints.images[image])
        self.layer, self.image, self.losses = layer, image, losses

    def cut(self, x0: Array, y0: Array, side: int, out: Array) -> Array:
        """Fill stamps; see `Pixels.cut`."""
        return self.layer.read(self.image, x0, y0, side, out, self.losses)


def _on_image(x0: int, y0: int, shape: tuple[int, int], side: int) -> Array:
    """Return which pixels of a stamp lie on an image, bool (side, side)."""
    x, y = x0 + np.arange(side), y0 + np.arange(side)
    inside_x, inside_y = (x >= 0) & (x < shape[1]), (y >= 0) & (y < shape[0])
    result: Array = inside_y[:, None] & inside_x[None, :]
    return result
