"""RowImages: stamps from an image a row, on the disk or at the other end of a URL; a failure costs its row alone."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import ChangedError, InputError, counted
from skycnn.fits.catalogue import Catalogue
from skycnn.images import pixelunit
from skycnn.images.pixelgrid import SCALE
from skycnn.images.positions.positions import Positions
from skycnn.remote.fetch import RemoteOptions
from skycnn.remote.fetchpool import ordered
from skycnn.remote.urltemplate import SKY, UrlTemplate
from skycnn.schema import Flag
from skycnn.stamps.rowimages import rowcut
from skycnn.stamps.rowimages.rowcut import Place
from skycnn.stamps.rowimages.rowfiles import MissingError, RowFiles
from skycnn.stamps.rowimages.rowunits import RowUnits
from skycnn.stamps.stamps import Batch, Census, Stamps, batch_rows, pixel_flags

Array = NDArray[Any]

TOLD = 100
"""Rows that failed are named one by one so far; beyond it they are counted by their reason."""

GRACE = 1.0
"""Seconds beyond a row's time after which its thread is given up: the resolver of host names knows no time."""


@dataclass
class _Row:
    """One row's stamps as a thread cuts them."""

    pixels: Array  # (band, side, side)
    rests: Array  # (band, 2)
    outside: Array  # (band,)
    on: bool = False
    found: bool = False
    nowhere: bool = False
    missing: tuple[tuple[str, MissingError], ...] = ()


class RowImages(Stamps):
    """Images of which each shows one row's object.

    An image with a WCS is cut about the row's position, one without about its centre.

    Parameters
    ----------
    templates : mapping of str to UrlTemplate
        By band, bound to the catalogue's columns; by an empty string for all bands in one file, which shows the
        object at its centre.
    bands : sequence of str
        What the templates give.
    positions : Positions or None
        Where the rows are; None for the centre of their images.
    remote : RemoteOptions
        How images are fetched.
    resample : bool
        Bring bands on other pixel grids to the first one's, at `pixel_scale`.
    """

    def __init__(
        self,
        templates: Mapping[str, UrlTemplate],
        bands: Sequence[str],
        positions: Positions | None,
        *,
        remote: RemoteOptions | None = None,
        resample: bool = False,
    ) -> None:
        self.files = RowFiles(templates, remote or RemoteOptions())
        self.bands, self.positions, self.resample = tuple(bands), positions, resample
        asked = [column for template in templates.values() for column in template.columns.values()]
        self.columns = tuple(dict.fromkeys([*(positions.columns if positions else ()), *asked]))
        self.notes = positions.notes if positions else ("objects are taken to lie at the centres of their images",)
        self.native: float | None = None
        """arcsec; the images' own pixel scale, as `rowsource.look` found it."""
        self.row_units = RowUnits()
        self._told: list[str] = []
        self._more: Counter[str] = Counter()

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
        """Yield the stamps of a chunk's rows, in order; see `Stamps.batches`."""
        rows = np.flatnonzero(wanted)
        size = batch_rows(len(bands), side)
        where = self.positions.of(values) if self.positions else None

        def work(row: int) -> _Row:
            return self._cut(self.row_values(values, where, row, side), bands, side, dtype)

        def late(row: int) -> _Row:
            blank = _blank(bands, side, dtype)
            blank.missing = (("", MissingError("", "the row's time is over")),)
            return blank

        options = self.files.options
        done = ordered(
            work,
            rows.tolist(),
            late,
            threads=options.concurrency,
            ahead=size + 2 * options.concurrency,
            limit=options.row + GRACE,
            stop=self.files.fetcher.stopped,
        )
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            yield self._batch(first, some, list(islice(done, len(some))))

    def row_values(
        self, values: Mapping[str, Array], where: tuple[Array, Array] | None, row: int, side: int
    ) -> dict[str, Any]:
        """Return what one row gives to templates, and under ``place`` its position."""
        found: dict[str, Any] = {name: values[name][row] for name in self.columns}
        place = None if where is None else (float(where[0][row]), float(where[1][row]))
        if place is not None and self.positions is not None and self.positions.kind == "sky":
            found.update(zip(SKY, place, strict=True))
        arcsec = side * self.pixel_scale if self.pixel_scale else np.nan
        if self.native and self.pixel_scale and abs(self.native / self.pixel_scale - 1) > SCALE:
            side = int(np.ceil(arcsec / self.native)) + 2  # to be resampled
        return found | {"place": place, "size_px": side, "size_arcsec": arcsec, "size_deg": arcsec / 3600}

    def _cut(self, values: Mapping[str, Any], bands: Sequence[str], side: int, dtype: str) -> _Row:
        """Return one row's stamps."""
        deadline = time.monotonic() + self.files.options.row
        row = _blank(bands, side, dtype)
        if values["place"] is not None and not np.isfinite(values["place"]).all():
            row.nowhere = True
            return row
        reference: Place | None = None
        for i, band in enumerate(bands):
            if band not in self.bands:
                continue
            try:
                place = self._place(band, values, deadline)
                reference = reference or place
                difference = None if self.resample else rowcut.mismatch(place, reference, self.pixel_scale)
                if difference is not None:
                    raise MissingError("", f"another pixel grid: {difference}")
                factor = self.row_units.factor(band, place.header, self.conversion)
                if self.resample:
                    cut = rowcut.cut_resampled(place, reference, self.pixel_scale, side, row.pixels[i])
                else:
                    cut = rowcut.cut(place, side, row.pixels[i])
                pixelunit.multiply(row.pixels[i], factor)
                row.found, row.on = True, row.on or place.on
                row.outside[i], row.rests[i] = cut.outside, (cut.dx, cut.dy)
                if cut.broken:
                    raise MissingError("", "pixels that cannot be decoded")
            except (InputError, ChangedError) as error:
                row.missing += ((band, MissingError("", error.what)),)
            except MissingError as error:
                row.missing += ((band, error),)
        return row

    def _place(self, band: str, values: Mapping[str, Any], deadline: float) -> Place:
        """Return one band's image of a row, and where in it the object lies."""
        one = "" in self.files.templates
        planes = self.files.open("" if one else band, {**values, "band": band}, deadline)
        header = planes.band(band, self.bands.index(band) if one else None)
        in_pixels = self.positions is not None and self.positions.kind == "pixel"
        return rowcut.locate(header, values["place"], in_pixels=in_pixels)

    def _batch(self, first: int, rows: Array, done: Sequence[_Row]) -> Batch:
        pixels = np.empty((len(done), *done[0].pixels.shape), done[0].pixels.dtype)  # np.stack loses the byte order
        for i, row in enumerate(done):
            pixels[i] = row.pixels
        flags = pixel_flags(pixels, np.stack([row.outside for row in done]))
        for i, row in enumerate(done):
            flags[i] |= Flag.NO_POSITION if row.nowhere else 0
            flags[i] |= Flag.OFF_IMAGE if row.found and not row.on else 0
            if row.missing:
                flags[i] |= Flag.UNREADABLE
                self._tell(first + int(rows[i]), row.missing)
        return Batch(rows, pixels, np.stack([row.rests for row in done]), flags)

    def _tell(self, row: int, missing: Sequence[tuple[str, MissingError]]) -> None:
        if len(self._told) < TOLD:
            parts = [f"{band} {error}".strip() for band, error in missing]
            self._told.append(f"row {row}: {'; '.join(parts)}")
        else:
            self._more[missing[0][1].kind] += 1

    def census(self, catalogue: Catalogue, rows: tuple[int, int], side: int) -> Census:
        """Count rows, and those without a position; what images there are is not known before they are fetched."""
        nowhere = 0
        if self.positions is not None:
            for _, values in catalogue.chunks(self.positions.columns, rows):
                a, b = self.positions.of(values)
                nowhere += int((~(np.isfinite(a) & np.isfinite(b))).sum())
        return Census(rows[1] - rows[0], unplaced=nowhere)

    def units(self) -> pixelunit.Stated:
        """Return by band the unit of the first image found; nothing of a band where none was."""
        return self.row_units.stated(self.bands)

    def rescaled(self, scale: float, owner: str) -> Self:
        """Return these stamps in pixels of another scale; see `Stamps.rescaled`."""
        if not self.resample:
            return super().rescaled(scale, owner)
        self.pixel_scale = scale
        return self

    def facts(self) -> dict[str, Any]:
        """Return the templates' hashes: they may hold what is nobody's business."""
        addresses = {
            band: hashlib.sha256(f"{template.text}[{template.extension}]".encode()).hexdigest()
            for band, template in self.files.templates.items()
        }
        centre = self.positions is None
        return {"addresses": addresses, "centre": centre, "resample": self.resample and (self.pixel_scale or True)}

    def warnings(self) -> list[str]:
        """Return a line for each of the first rows that miss an image, then one for each reason."""
        return self._told + [f"{counted(count, 'more row')}: {kind}" for kind, count in self._more.most_common(TOLD)]

    def hurry(self) -> None:
        """End fetches; their rows come back without an image."""
        self.files.fetcher.stop()

    def close(self) -> None:
        """End fetches, also for a thread that waits for their stamps, and remove a temporary folder of images."""
        self.files.close()


def _blank(bands: Sequence[str], side: int, dtype: str) -> _Row:
    n = len(bands)
    pixels = np.full((n, side, side), np.nan, dtype)
    return _Row(pixels, np.full((n, 2), np.nan), np.full(n, side * side))
