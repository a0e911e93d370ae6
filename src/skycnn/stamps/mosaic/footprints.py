"""Footprints: where one band's images lie on the sky, so that of 10,000 files only those needed are opened."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skycnn.errors import InputError
from skycnn.images.imageheader import ImageHeader, ImageSpec, read_headers
from skycnn.images.imagewcs import ImageWcs
from skycnn.stamps.mosaic.skycaps import Array, Caps

HELD = 1 << 14
"""World coordinate systems held ready, 5 kB each; those of further images are built again when they are needed."""


_PLACE = ("CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2")
_PAIRS = "Images, masks and weights are paired in the order of their names."


@dataclass(frozen=True)
class _Found:
    """An image and what is kept of its world coordinates."""

    image: ImageHeader
    mask: ImageHeader | None
    weight: ImageHeader | None
    wcs: ImageWcs | None = None
    centre: tuple[float, float] = (np.nan, np.nan)
    radius: float = 0.0
    scale: float = np.nan


class _MismatchError(InputError):
    """Masks or weights that are not those of the images: told at once, however many images there are."""


class Footprints:
    """The images of one band, in order, each with the cap of the sky that holds it.

    Parameters
    ----------
    band : str
        Names the band in messages.
    specs : sequence of ImageSpec
        Sorted, as `imagelist.expand` returns them.
    masks, weights : sequence of ImageSpec
        None at all, or one for each of ``specs``, in the same order.
    sky : bool
        False where positions are pixels: no world coordinates are needed, and there must be one image only.
    scratch : str, optional
        Folder for what is in archives.
    threads : int
        Headers read at the same time.

    Attributes
    ----------
    images : list of ImageHeader
        Those that can be used.
    shapes : array (image, 2)
        ny, nx.
    masks, weights : list of ImageHeader or None
        Beside each image.
    unreadable : dict of str to str
        Name of a file that cannot be used to the reason.
    caps : Caps
        The part of the sky that holds each image.
    scales : array (image,)
        Longer side of a pixel at the centre, arcsec.
    notes : tuple of str
        What is to be said before the work, one line each.

    Raises
    ------
    InputError
        When no image can be used, masks or weights do not fit the images, or one of several images is needed alone.
    """

    def __init__(
        self,
        band: str,
        specs: Sequence[ImageSpec],
        *,
        masks: Sequence[ImageSpec] = (),
        weights: Sequence[ImageSpec] = (),
        sky: bool = True,
        scratch: str | None = None,
        threads: int = 1,
    ) -> None:
        self.band, self.sky, self.scratch = band, sky, scratch
        for name, planes in (("masks", masks), ("weights", weights)):
            if planes and len(planes) != len(specs):
                what = f"band {band} has {len(specs)} image files and {len(planes)} files of {name}"
                raise InputError(what, expected="one for each image", hint=_PAIRS)
        self.unreadable: dict[str, str] = {}
        found = self._read(specs, masks, weights, threads)
        self.images = [entry.image for entry in found]
        self.shapes = np.array([image.shape for image in self.images], np.int64)
        self.masks, self.weights = [entry.mask for entry in found], [entry.weight for entry in found]
        if not sky and len(found) > 1:
            what = f"positions in pixels need one image a band; band {band} has {len(found)}"
            raise InputError(what, hint="Name one image, and one HDU of it: 'FILE[EXT]'.")
        self._wcs = [entry.wcs for entry in found]
        centres = np.array([entry.centre for entry in found])
        self.caps = Caps(centres[:, 0], centres[:, 1], np.array([entry.radius for entry in found]))
        self.scales = np.array([entry.scale for entry in found])
        self.notes = (*self._twins(), *self._asinh())

    def _read(
        self, specs: Sequence[ImageSpec], masks: Sequence[ImageSpec], weights: Sequence[ImageSpec], threads: int
    ) -> list[_Found]:
        """Return all images that can be used; those that cannot are noted with the reason."""
        errors: list[InputError] = []
        found: list[_Found] = []

        def read(number: int) -> list[_Found] | InputError:
            planes = (known[number] if known else None for known in (masks, weights))
            try:
                return self._file(specs[number], *planes)
            except _MismatchError:
                raise
            except InputError as error:
                return error

        with ThreadPoolExecutor(max(1, threads)) as pool:
            for spec, result in zip(specs, pool.map(read, range(len(specs))), strict=True):
                if isinstance(result, InputError):
                    errors.append(result)
                    self.unreadable[spec.label] = str(result)
                else:
                    room = HELD - len(found)
                    found += result[: max(0, room)] + [replace(entry, wcs=None) for entry in result[max(0, room) :]]
        if found:
            return found
        if len(errors) == 1:
            raise errors[0]
        first = f"; the first: {errors[0]}" if errors else ""
        raise InputError(f"none of the {len(specs)} image files of band {self.band} can be used{first}")

    def _file(self, spec: ImageSpec, mask: ImageSpec | None, weight: ImageSpec | None) -> list[_Found]:
        images = read_headers(spec, self.scratch)
        masks = self._planes(spec, images, mask, "mask")
        weights = self._planes(spec, images, weight, "weight")
        found = [_Found(*planes) for planes in zip(images, masks, weights, strict=True)]
        if not self.sky:
            return found
        return [_located(entry) for entry in found]

    def _planes(
        self, spec: ImageSpec, images: list[ImageHeader], plane: ImageSpec | None, name: str
    ) -> Sequence[ImageHeader | None]:
        """Return the masks or weights of a file's images."""
        if plane is None:
            return [None] * len(images)
        planes = read_headers(plane, self.scratch)
        if len(planes) != len(images):
            what = f"{plane.label}, the {name} of {spec.label}, holds {len(planes)} images, not {len(images)}"
            raise _MismatchError(what, hint="Name the HDU: 'FILE[EXT]'.")
        for image, found in zip(images, planes, strict=True):
            if found.shape != image.shape:
                shapes = [f"{shape[1]} x {shape[0]}" for shape in (found.shape, image.shape)]
                what = f"{found.label}, the {name} of {image.label}, has {shapes[0]} pixels"
                raise _MismatchError(what, expected=shapes[1], hint=_PAIRS)
            if self.sky and not _same_place(image, found):
                what = f"{found.label}, the {name} of {image.label}, lies elsewhere on the sky"
                raise _MismatchError(what, hint=_PAIRS)
        return planes

    def wcs(self, image: int) -> ImageWcs:
        """Return an image's world coordinates; several threads may ask."""
        held = self._wcs[image]
        return _wcs(self.images[image]) if held is None else held

    def _asinh(self) -> Iterator[str]:
        """Tell of pixels that are inverse hyperbolic sines of fluxes, as those of Pan-STARRS stacks are."""
        scaled = [image.label for image in self.images if any(card.startswith(b"BSOFTEN ") for card in image.cards)]
        if scaled:
            told = "pixels on an asinh scale (BSOFTEN, BOFFSET), taken as they stand: not linear in flux"
            yield f"warning: {self.band}: {told}: {_several(scaled)}"

    def _twins(self) -> Iterator[str]:
        """Tell of images that show exactly what another shows: a weight map that a pattern has caught, most often."""
        first: dict[tuple[float, ...], str] = {}
        hidden, before = [], []
        for number, image in enumerate(self.images if self.sky else ()):
            place = *self.caps.centres[number], self.scales[number], *image.shape
            if place in first:
                hidden.append(image.label)
                before.append(first[place])
            first.setdefault(place, image.label)
        if hidden:
            told = f"the same field, pixel for pixel, as {before[0]}, and is not used: are these all images?"
            yield f"warning: {self.band}: {_several(hidden)} shows {told}"

    def facts(self) -> dict[str, Any]:
        """Return how many files there are and a hash over their names, sizes and times."""
        headers = [header for kind in (self.images, self.masks, self.weights) for header in kind if header is not None]
        known = [[header.label, *header.fingerprint[:2]] for header in headers]
        text = json.dumps([*known, *sorted(self.unreadable)])
        files = {os.path.abspath(header.spec.path) for header in headers}
        return {
            "files": len(files) + len(self.unreadable),
            "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        }

    def alone(self, image: int, reach: float) -> bool:
        """Return whether no other image lies within ``reach`` degrees of an image; in doubt it is not."""
        chord = np.sqrt(((self.caps.centres - self.caps.centres[image]) ** 2).sum(axis=1))
        apart = np.rad2deg(2 * np.arcsin(np.minimum(chord / 2, 1.0))) - self.caps.radius
        return int(np.count_nonzero(apart <= self.caps.radius[image] + reach)) <= 1

    def candidates(self, lon: Array, lat: Array, margin: Array | float) -> tuple[Array, Array]:
        """Return which positions (n,) lie within ``margin`` degrees of which images' caps; see `Caps.near`."""
        return self.caps.near(lon, lat, margin)


def _several(labels: Sequence[str]) -> str:
    return labels[0] + (f" (and {len(labels) - 1} more)" if len(labels) > 1 else "")


def _located(entry: _Found) -> _Found:
    wcs = _wcs(entry.image)
    longer = wcs.grid.scale * wcs.grid.aspect**0.5
    return replace(entry, wcs=wcs, centre=wcs.centre, radius=wcs.radius, scale=longer)


def _same_place(image: ImageHeader, plane: ImageHeader) -> bool:
    """Return whether a mask or weight shows the image's sky to a pixel, as far as its header tells."""
    own, other = image.header, plane.header
    if "CTYPE1" not in other or all(own.get(name) == other.get(name) for name in _PLACE):
        return True
    try:
        there = _wcs(plane)
    except InputError:
        return True
    middle = np.array([(image.shape[1] - 1) / 2]), np.array([(image.shape[0] - 1) / 2])
    x, y = there.to_pixel(*_wcs(image).to_sky(*middle))
    return not (abs(x - middle[0]) > 1 or abs(y - middle[1]) > 1)


def _wcs(image: ImageHeader) -> ImageWcs:
    return ImageWcs(image.text, image.shape, image.label)
