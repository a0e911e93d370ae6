"""Footprints: where one band's images lie on the sky, so that of 10,000 files only those needed are opened."""

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.images.imageheader import ImageHeader, ImageSpec, read_headers
from skycnn.fits.images.imagewcs import ImageWcs

Array = NDArray[Any]

HELD = 2048
"""World coordinate systems held ready; others are built again from their header when they are needed."""
FEW = 16
"""Up to so many images each position is held against each of them; beyond, a tree finds the near ones."""
WIDE = 30.0
"""Degrees: images of a larger radius are held against each position."""
_SLACK = 1e-6  # degrees; rounding at the edge of a cap must not lose a row


@dataclass(frozen=True)
class _Found:
    """An image with what is kept of its world coordinates, which themselves are too large to keep for all."""

    image: ImageHeader
    mask: ImageHeader | None
    weight: ImageHeader | None
    centre: tuple[float, float] = (np.nan, np.nan)
    radius: float = 0.0
    scale: float = np.nan


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
    masks, weights : list of ImageHeader or None
        Beside each image.
    unreadable : dict of str to str
        Name of a file that cannot be used to the reason.
    centres : array (image, 3)
        Unit vectors.
    radii : array (image,)
        Degrees from the centre within which the whole image lies.
    scales : array (image,)
        Longer side of a pixel at the centre, arcsec.

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
                raise InputError(what, expected="one for each image, in the order of their names")
        self.unreadable: dict[str, str] = {}
        found = self._read(specs, masks, weights, threads)
        self.images = [entry.image for entry in found]
        self.masks, self.weights = [entry.mask for entry in found], [entry.weight for entry in found]
        if not sky and len(found) > 1:
            what = f"positions in pixels need one image a band; band {band} has {len(found)}"
            raise InputError(what, hint="Name one image, and one HDU of it: 'FILE[EXT]'.")
        self._wcs: OrderedDict[int, ImageWcs] = OrderedDict()
        self._lock = threading.Lock()
        centres = np.array([entry.centre for entry in found])
        self.centres = unit_vectors(centres[:, 0], centres[:, 1])
        self.radii = np.array([entry.radius for entry in found])
        self.scales = np.array([entry.scale for entry in found])

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
            except InputError as error:
                return error

        with ThreadPoolExecutor(max(1, threads)) as pool:
            for spec, result in zip(specs, pool.map(read, range(len(specs))), strict=True):
                if isinstance(result, InputError):
                    errors.append(result)
                    self.unreadable[spec.label] = str(result)
                else:
                    found += result
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
        known = [(entry, _wcs(entry.image)) for entry in found]
        return [
            replace(entry, centre=wcs.centre, radius=wcs.radius, scale=wcs.grid.scale * wcs.grid.aspect**0.5)
            for entry, wcs in known
        ]

    def _planes(
        self, spec: ImageSpec, images: list[ImageHeader], plane: ImageSpec | None, name: str
    ) -> Sequence[ImageHeader | None]:
        """Return the masks or weights of a file's images."""
        if plane is None:
            return [None] * len(images)
        planes = read_headers(plane, self.scratch)
        if len(planes) != len(images):
            what = f"{plane.label}, the {name} of {spec.label}, holds {len(planes)} images, not {len(images)}"
            raise InputError(what, hint="Name the HDU: 'FILE[EXT]'.")
        for image, found in zip(images, planes, strict=True):
            if found.shape != image.shape:
                shapes = [f"{shape[1]} x {shape[0]}" for shape in (found.shape, image.shape)]
                what = f"{found.label}, the {name} of {image.label}, has {shapes[0]} pixels"
                raise InputError(what, expected=shapes[1])
        return planes

    def wcs(self, image: int) -> ImageWcs:
        """Return an image's world coordinates; several threads may ask."""
        with self._lock:
            held = self._wcs.get(image)
            if held is not None:
                self._wcs.move_to_end(image)
                return held
        made = _wcs(self.images[image])
        with self._lock:
            self._wcs[image] = made
            while len(self._wcs) > HELD:
                self._wcs.popitem(last=False)
        return made

    def facts(self) -> dict[str, Any]:
        """Return how many files there are and a hash over their names, sizes and times."""
        headers = [header for kind in (self.images, self.masks, self.weights) for header in kind if header is not None]
        known = [[header.label, *header.identity[:2]] for header in headers]
        text = json.dumps([*known, *sorted(self.unreadable)])
        files = {os.path.abspath(header.spec.path) for header in headers}
        return {
            "files": len(files) + len(self.unreadable),
            "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
        }

    def candidates(self, lon: Array, lat: Array, margin: Array | float) -> tuple[Array, Array]:
        """Return which positions lie near which images.

        Parameters
        ----------
        lon, lat : array (n,)
            ICRS degrees; finite.
        margin : float or array (image,)
            Degrees beyond an image's cap that still count.

        Returns
        -------
        row, image : arrays (pair,)
            Numbers, int64, by image and then by row. Whether a pair is among them depends on nothing but the two.
        """
        points = unit_vectors(lon, lat)
        reach = np.minimum(self.radii + margin + _SLACK, 180.0)
        chord = 2 * np.sin(np.deg2rad(reach) / 2)
        each = np.arange(len(reach)) if len(reach) <= FEW else np.flatnonzero(reach > WIDE)
        rows: list[Array] = [np.zeros(0, np.int64)]
        images: list[Array] = [np.zeros(0, np.int64)]
        for one in each:
            rows.append(np.flatnonzero(_distance2(points, self.centres[one]) <= chord[one] ** 2))
            images.append(np.full(len(rows[-1]), one))
        if len(each) < len(reach) and len(points):
            pairs = self._tree_pairs(points, np.setdiff1d(np.arange(len(reach)), each), chord)
            rows.append(pairs[0])
            images.append(pairs[1])
        row, image = np.concatenate(rows), np.concatenate(images)
        order = np.lexsort((row, image))
        return row[order], image[order]

    def _tree_pairs(self, points: Array, images: Array, chord: Array) -> tuple[Array, Array]:
        """Return pairs of points and of those images, by one tree for all images of a size."""
        from scipy.spatial import cKDTree

        tree = cKDTree(points, balanced_tree=False, compact_nodes=False)
        rows, found = [], []
        size = np.floor(np.log2(chord[images]))
        for one in np.unique(size):
            some = images[size == one]
            largest = float(chord[some].max()) * (1 + 1e-12)
            pairs = cKDTree(self.centres[some]).sparse_distance_matrix(tree, largest, output_type="ndarray")
            row, image = pairs["j"].astype(np.int64), some[pairs["i"]]
            near = _distance2(points[row], self.centres[image]) <= chord[image] ** 2
            rows.append(row[near])
            found.append(image[near])
        return np.concatenate(rows), np.concatenate(found)


def unit_vectors(lon: Array, lat: Array) -> Array:
    """Return directions (n, 3) of positions in degrees."""
    lam, phi = np.deg2rad(np.asarray(lon, np.float64)), np.deg2rad(np.asarray(lat, np.float64))
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def _distance2(points: Array, centre: Array) -> Array:
    """Return squared chords, one by one: a matrix product's rounding would depend on the number of rows."""
    x, y, z = (points[..., axis] - centre[..., axis] for axis in range(3))
    result: Array = x * x + y * y + z * z
    return result


def _wcs(image: ImageHeader) -> ImageWcs:
    return ImageWcs(image.text, image.shape, image.label)
