"""Footprints: where one band's images lie on the sky; of 10,000 files only those needed are opened."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skycnn.errors import InputError
from skycnn.images import maskbits
from skycnn.images.imageheader import ImageHeader, ImageSpec, read_headers
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.keptcards import WCS
from skycnn.stamps.mosaic.skycaps import Array, Caps

HELD = 1 << 14
"""WCS kept, 5 kB each; those of further images are parsed again on demand."""

_DISTORTION = ("A_", "B_", "PV", "WAT", "AMD", "CPDIS", "CQDIS", "D2IM")
_PLACE = ("CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2")
_PAIRS = "Images, masks and weights are paired in the order of their names."


@dataclass(frozen=True)
class _Entry:
    """An image and its place on the sky."""

    image: ImageHeader
    mask: ImageHeader | None
    weight: ImageHeader | None
    wcs: ImageWcs | None = None
    centre: tuple[float, float] = (np.nan, np.nan)
    radius: float = 0.0
    scale: float = np.nan
    notes: tuple[str, ...] = ()


class _MismatchError(InputError):
    """Masks or weights do not fit the images: an error at once, however many images there are."""


class Footprints:
    """The images of one band, in order, each in a cap of the sky.

    Parameters
    ----------
    band : str
        Names the band in messages.
    specs : sequence of ImageSpec
        Of `imagelist.expand`, sorted.
    masks, weights : sequence of ImageSpec
        Empty, or one for each of ``specs``, in that order.
    sky : bool
        False where positions are pixels: no WCS is needed, and only one image allowed.
    threads : int
        Headers read at the same time.

    Attributes
    ----------
    images : list of ImageHeader
        The usable ones.
    shapes : array (image, 2)
        ny, nx.
    masks, weights : list of ImageHeader or None
        Beside each image.
    unreadable : dict of str to str
        Unusable file to the reason.
    caps : Caps
        The circle on the sky around each image.
    scales : array (image,)
        Longer side of a pixel at the centre, arcsec.
    notes : tuple of str
        Notes for the user, one line each.

    Raises
    ------
    InputError
        When no image is usable, masks or weights do not fit, or there are several images but positions are pixels.
    """

    def __init__(
        self,
        band: str,
        specs: Sequence[ImageSpec],
        *,
        masks: Sequence[ImageSpec] = (),
        weights: Sequence[ImageSpec] = (),
        sky: bool = True,
        threads: int = 1,
    ) -> None:
        self.band, self.sky = band, sky
        for name, planes in (("masks", masks), ("weights", weights)):
            if planes and len(planes) != len(specs):
                what = f"band {band} has {len(specs)} image files and {len(planes)} files of {name}"
                raise InputError(what, expected="one for each image", hint=_PAIRS)
        self.unreadable: dict[str, str] = {}
        entries = self._read(specs, masks, weights, threads)
        self.images = [entry.image for entry in entries]
        self.shapes = np.array([image.shape for image in self.images], np.int64)
        self.masks, self.weights = [entry.mask for entry in entries], [entry.weight for entry in entries]
        if not sky and len(entries) > 1:
            what = f"positions in pixels need one image a band; band {band} has {len(entries)}"
            raise InputError(what, hint="Name one image, and one HDU of it: 'FILE[EXT]'.")
        self._wcs = [entry.wcs for entry in entries]
        centres = np.array([entry.centre for entry in entries])
        self.caps = Caps(centres[:, 0], centres[:, 1], np.array([entry.radius for entry in entries]))
        self.scales = np.array([entry.scale for entry in entries])
        self.notes = (*self._twins(), *self._asinh(), *self._decided(entries))

    def _read(
        self, specs: Sequence[ImageSpec], masks: Sequence[ImageSpec], weights: Sequence[ImageSpec], threads: int
    ) -> list[_Entry]:
        """Return the usable images; note the others with the reason."""
        errors: list[InputError] = []
        entries: list[_Entry] = []

        def read(number: int) -> list[_Entry] | InputError:
            planes = (paired[number] if paired else None for paired in (masks, weights))
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
                    room = max(0, HELD - len(entries))
                    entries += result[:room] + [replace(entry, wcs=None) for entry in result[room:]]
        if entries:
            return entries
        if len(errors) == 1:
            raise errors[0]
        first = f"; the first: {errors[0]}" if errors else ""
        raise InputError(f"none of the {len(specs)} image files of band {self.band} can be used{first}")

    def _file(self, spec: ImageSpec, mask: ImageSpec | None, weight: ImageSpec | None) -> list[_Entry]:
        images = read_headers(spec)
        masks = self._planes(spec, images, mask, "mask")
        weights = self._planes(spec, images, weight, "weight")
        entries = [_Entry(*planes) for planes in zip(images, masks, weights, strict=True)]
        return [_located(entry) for entry in entries] if self.sky else entries

    def _planes(
        self, spec: ImageSpec, images: list[ImageHeader], plane: ImageSpec | None, name: str
    ) -> Sequence[ImageHeader | None]:
        """Return the masks or weights of a file's images."""
        if plane is None:
            return [None] * len(images)
        planes = read_headers(plane)
        if len(planes) != len(images):
            what = f"{plane.label}, the {name} of {spec.label}, holds {len(planes)} images, not {len(images)}"
            raise _MismatchError(what, hint="Name the HDU: 'FILE[EXT]'.")
        for image, other in zip(images, planes, strict=True):
            if other.shape != image.shape:
                shapes = [f"{shape[1]} x {shape[0]}" for shape in (other.shape, image.shape)]
                what = f"{other.label}, the {name} of {image.label}, has {shapes[0]} pixels"
                raise _MismatchError(what, expected=shapes[1], hint=_PAIRS)
            if self.sky and not _same_place(image, other):
                what = f"{other.label}, the {name} of {image.label}, lies elsewhere on the sky"
                raise _MismatchError(what, hint=_PAIRS)
        if plane.bits is None:
            return planes
        try:
            return [replace(other, bits=maskbits.of(plane.bits, other)) for other in planes]
        except InputError as error:
            raise _MismatchError(error.what, value=error.value, expected=error.expected, hint=error.hint) from None

    def wcs(self, image: int) -> ImageWcs:
        """Return an image's WCS; thread-safe."""
        return self._wcs[image] or _wcs(self.images[image])

    def _asinh(self) -> Iterator[str]:
        """Warn of pixels on an asinh scale, as in Pan-STARRS stacks."""
        scaled = [image.label for image in self.images if any(card.startswith(b"BSOFTEN ") for card in image.cards)]
        if scaled:
            what = "pixels on an asinh scale (BSOFTEN, BOFFSET), taken as they stand: not linear in flux"
            yield f"warning: {self.band}: {what}: {_several(scaled)}"

    def _decided(self, entries: Sequence[_Entry]) -> Iterator[str]:
        """Warn of headers that say two things about the WCS."""
        labels: dict[str, list[str]] = {}
        for entry in entries:
            for note in entry.notes:
                labels.setdefault(note, []).append(entry.image.label)
        for note, images in labels.items():
            yield f"warning: {self.band}: {_several(images)}: {note}"

    def _twins(self) -> Iterator[str]:
        """Warn of images on exactly the pixels of another: mostly weight maps caught by a pattern."""
        first: dict[tuple[float, ...], str] = {}
        hidden, before = [], []
        for number, image in enumerate(self.images if self.sky else ()):
            place = *self.caps.centres[number], self.scales[number], *image.shape
            if place in first:
                hidden.append(image.label)
                before.append(first[place])
            first.setdefault(place, image.label)
        if hidden:
            what = f"the same field, pixel for pixel, as {before[0]}, and is not used: are these all images?"
            yield f"warning: {self.band}: {_several(hidden)} shows {what}"

    def facts(self) -> dict[str, Any]:
        """Return the number of files and a hash over their names, sizes and times."""
        headers = [header for kind in (self.images, self.masks, self.weights) for header in kind if header is not None]
        known = [
            [header.label, *header.fingerprint[:2], *([] if header.bits is None else [header.bits])]
            for header in headers
        ]
        text = json.dumps([*known, *sorted(self.unreadable)])
        files = {os.path.abspath(header.spec.path) for header in headers}
        return {
            "files": len(files) + len(self.unreadable),
            "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        }

    def alone(self, image: int, reach: float) -> bool:
        """Whether no other image lies within ``reach`` degrees of an image; False in doubt."""
        chord = np.sqrt(((self.caps.centres - self.caps.centres[image]) ** 2).sum(axis=1))
        apart = np.rad2deg(2 * np.arcsin(np.minimum(chord / 2, 1.0))) - self.caps.radius
        return int(np.count_nonzero(apart <= self.caps.radius[image] + reach)) <= 1

    def candidates(self, lon: Array, lat: Array, margin: Array | float) -> tuple[Array, Array]:
        """Return the pairs of position (n,) and image within ``margin`` degrees of each other; see `Caps.near`."""
        return self.caps.near(lon, lat, margin)


def _several(labels: Sequence[str]) -> str:
    return labels[0] + (f" (and {len(labels) - 1} more)" if len(labels) > 1 else "")


def _located(entry: _Entry) -> _Entry:
    wcs = _wcs(entry.image)
    longer = wcs.grid.scale * wcs.grid.aspect**0.5
    return replace(entry, wcs=wcs, centre=wcs.centre, radius=wcs.radius, scale=longer, notes=wcs.notes)


def _same_place(image: ImageHeader, plane: ImageHeader) -> bool:
    """Whether a mask or weight has the image's WCS; True where its header has none, or only lacks the distortion."""
    header, other = image.header, plane.header
    changed = {name for name in header.keys() | other.keys() if header.get(name) != other.get(name)}
    changed = {name for name in changed if WCS.fullmatch(name.encode())}
    if "CTYPE1" not in other or not changed:
        return True
    bent = any(name.startswith(_DISTORTION) for name in changed)
    if bent and changed.isdisjoint(_PLACE):
        return True
    try:
        wcs = _wcs(plane)
    except InputError:
        return True
    ny, nx = image.shape
    along, up, most = ([0.5], [0.5], 1.0) if bent else ([0.5, 0.0, 1.0, 0.0, 1.0], [0.5, 0.0, 1.0, 1.0, 0.0], 0.5)
    x, y = np.array(along) * (nx - 1), np.array(up) * (ny - 1)
    at = wcs.to_pixel(*_wcs(image).to_sky(x, y))
    return not (np.hypot(at[0] - x, at[1] - y) > most).any()


def _wcs(image: ImageHeader) -> ImageWcs:
    return ImageWcs(image.text, image.shape, image.label)
