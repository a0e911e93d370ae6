"""Facts about a source of stamps: header cards, time to cut, checks of outputs and field."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images import pixelunit
from skycnn.images.imageheader import ImageHeader
from skycnn.stamps.mosaic.binnedmosaic import BinnedMosaic
from skycnn.stamps.mosaic.mosaic import Mosaic
from skycnn.stamps.rowimages.rowimages import RowImages
from skycnn.stamps.stamps import Census, Stamps

RATE, PACKED_RATE = 200e6, 10e6
"""Bytes a second cut from plain images, and from archives or tiles: two cores, local files."""

BINNED_RATE = 2e9
"""Bytes a second of pixels that are binned."""

ANSWER = 1.0
"""Seconds a server takes to send an image."""


def check_spared(stamps: Stamps, paths: Sequence[str | None]) -> None:
    """Check that no output file is one of the images.

    Parameters
    ----------
    stamps : Stamps
        Where the stamps come from.
    paths : sequence of str or None
        Output files.

    Raises
    ------
    InputError
        When one is.
    """
    if not isinstance(stamps, Mosaic):
        return
    taken = {image.fingerprint[2:] for image in _images(stamps)}
    for path in paths:
        if path is not None and os.path.exists(path):
            stat = os.stat(path)
            if (stat.st_ino, stat.st_dev) in taken:
                raise InputError(f"{path} would be replaced, and is one of the images", hint="Name another file.")


def _images(stamps: Mosaic) -> Iterator[ImageHeader]:
    """Yield the headers of all images, masks and weights."""
    for footprints in stamps.footprints.values():
        for headers in (footprints.images, footprints.masks, footprints.weights):
            yield from (header for header in headers if header is not None)


def astray(catalogue: Catalogue, stamps: Stamps, census: Census, first: int) -> str:
    """Return the message that no row lies on any image, with an example of where they are.

    Parameters
    ----------
    catalogue : Catalogue
    stamps : Stamps
    census : Census
        Of these two.
    first : int
        Number of the first row.
    """
    if census.unplaced == census.rows:
        columns = " ".join(stamps.columns)
        return f"no row of {census.rows} has a position: {columns} hold no finite numbers"
    if not isinstance(stamps, Mosaic):
        return f"no row of {census.rows} lies on any image"
    a, b = (float(axis[0]) for axis in stamps.positions.of(catalogue.read(stamps.columns, (first, first + 1))))
    footprints = next(iter(stamps.footprints.values()))
    if stamps.positions.kind == "sky":
        lon, lat = footprints.wcs(0).centre
        where = f"the first image lies about RA {lon:.4f}, Dec {lat:.4f}, the first row at RA {a:.4f}, Dec {b:.4f}"
    else:
        ny, nx = footprints.images[0].shape
        where = f"the image has {nx} x {ny} pixels, the first row lies at {a + 1:.1f}, {b + 1:.1f}"
    return f"no row of {census.rows} lies on any image: {where}. Is it the right field and WCS?"


def seconds(stamps: Stamps, census: Census, written: int, concurrency: int) -> float:
    """Return a rough estimate of the time to cut, to a factor of a few.

    Parameters
    ----------
    stamps : Stamps
    census : Census
        Of them.
    written : int
        Bytes of the stamp file.
    concurrency : int
        Images fetched at the same time.
    """
    total = written / RATE + written * (times(stamps) or 0) ** 2 / BINNED_RATE
    if isinstance(stamps, Mosaic):
        packed = {image.spec.path: image for image in _images(stamps) if image.compression or image.kind == "tiled"}
        total += sum(image.fingerprint[0] for image in packed.values() if image.label in census.images) / PACKED_RATE
    elif isinstance(stamps, RowImages):
        total += census.rows * len(stamps.bands) * ANSWER / concurrency
    return total


def times(stamps: Stamps) -> int | None:
    """Return how many of the images' pixels lie along the edge of one of the stamps'; None for one."""
    found = stamps.times if isinstance(stamps, BinnedMosaic | RowImages) else 1
    return found if found > 1 else None


def cards(stamps: Stamps) -> dict[str, Any]:
    """Return the header cards that describe the pixels."""
    cards: dict[str, Any] = {
        "PIXSCALE": stamps.pixel_scale,
        "BINNING": times(stamps),
        **pixelunit.card_texts(stamps.units(), stamps.bands),
    }
    if isinstance(stamps, Mosaic):
        headers = [image.header for band in stamps.footprints.values() for image in band.images]
        values = {header.get("SURVEY") for header in headers}
        cards["SURVEY"] = values.pop() if len(values) == 1 else None
        if stamps.resampled:
            cards["RESAMPLE"] = "flux-conserving; the noise of neighbouring pixels is correlated"
    return cards
