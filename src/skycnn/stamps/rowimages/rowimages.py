"""RowImages: stamps from an image a row, local or fetched; a failure costs its row alone."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import ChangedError, InputError, counted
from skycnn.fits import columnvalues
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.exactvalues import ExactValues
from skycnn.images import binning, pixelunit
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

LISTED = 100
"""Failed rows listed one by one; further ones are counted by reason."""

GRACE = 1.0
"""Seconds past a row's deadline after which its thread is abandoned: name resolution has no time-out."""


@dataclass
class _Row:
    """One row's stamps."""

    pixels: Array  # (band, side, side)
    rests: Array  # (band, 2)
    outside: Array  # (band,)
    on: bool = False
    opened: bool = False
    unplaced: bool = False
    missing: tuple[tuple[str, MissingError], ...] = ()


class RowImages(Stamps):
    """Images of one row's object each.

    Stamps are cut about the row's position, without a WCS about the image's centre.

    Parameters
    ----------
    templates : mapping of str to UrlTemplate
        By band, bound to the catalogue's columns; by an empty string for one file of all bands, the object at its
        centre.
    bands : sequence of str
        Of the templates.
    positions : Positions or None
        Where the rows are; None for the centres of their images.
    remote : RemoteOptions
        How images are fetched.
    resample : bool
        Bring bands on other pixel grids to the first band's, at `pixel_scale`.

    Attributes
    ----------
    times : int
        Pixels of the images along the edge of one of the stamps'.
    """

    times = 1

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
        self._named = tuple(
            dict.fromkeys(name for template in templates.values() for name in template.columns.values())
        )
        self.columns = tuple(dict.fromkeys([*(positions.columns if positions else ()), *self._named]))
        self.notes = positions.notes if positions else ("objects are taken to lie at the centres of their images",)
        self.native: float | None = None
        """Pixel scale of the images, arcsec; set by `rowsource.look`."""
        self.row_units = RowUnits()
        self._lines: list[str] = []
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
        named = self.named(values)

        def work(row: int) -> _Row:
            return self._cut(self.row_values(named, where, row, side), bands, side, dtype)

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

    def named(self, values: Mapping[str, Array]) -> dict[str, ExactValues]:
        """Return a chunk's columns that fill the templates, without loss: a rounded id names another row's image."""
        return {name: columnvalues.exact(values, name) for name in self._named}

    def row_values(
        self, named: Mapping[str, ExactValues], where: tuple[Array, Array] | None, row: int, side: int
    ) -> dict[str, Any]:
        """Return a row's values for the templates' fields, and its position as ``place``."""
        fields: dict[str, Any] = {name: held.item(row) for name, held in named.items()}
        place = None if where is None else (float(where[0][row]), float(where[1][row]))
        if place is not None and self.positions is not None and self.positions.kind == "sky":
            fields.update(zip(SKY, place, strict=True))
        arcsec = side * self.pixel_scale if self.pixel_scale else np.nan
        if self.times > 1:
            side *= self.times
        elif self.native and self.pixel_scale and abs(self.native / self.pixel_scale - 1) > SCALE:
            side = int(np.ceil(arcsec / self.native)) + 2  # to be resampled
        return fields | {"place": place, "size_px": side, "size_arcsec": arcsec, "size_deg": arcsec / 3600}

    def _cut(self, values: Mapping[str, Any], bands: Sequence[str], side: int, dtype: str) -> _Row:
        """Return one row's stamps."""
        deadline = time.monotonic() + self.files.options.row
        row = _blank(bands, side, dtype)
        if values["place"] is not None and not np.isfinite(values["place"]).all():
            row.unplaced = True
            return row
        reference: Place | None = None
        for i, band in enumerate(bands):
            if band not in self.bands:
                continue
            try:
                place = self._place(band, values, deadline)
                reference = reference or place
                fine = self.pixel_scale / self.times if self.pixel_scale else None
                difference = None if self.resample else rowcut.mismatch(place, reference, fine)
                if difference is not None:
                    raise MissingError("", f"another pixel grid: {difference}")
                factor = self.row_units.factor(band, place.header, self.conversion)
                if self.resample:
                    cut = rowcut.cut_resampled(place, reference, self.pixel_scale, side, row.pixels[i])
                elif self.times > 1:
                    cut = rowcut.cut_binned(place, self.times, side, row.pixels[i])
                else:
                    cut = rowcut.cut(place, side, row.pixels[i])
                if self.row_units.per_area(band, place.header, self.conversion):
                    factor /= cut.area
                pixelunit.multiply(row.pixels[i], factor)
                row.opened, row.on = True, row.on or place.on
                row.outside[i], row.rests[i] = cut.outside, (cut.dx, cut.dy)
                if cut.broken:
                    raise MissingError("", "pixels that cannot be decoded")
            except (InputError, ChangedError) as error:
                row.missing += ((band, MissingError("", error.what)),)
            except MissingError as error:
                row.missing += ((band, error),)
        return row

    def _place(self, band: str, values: Mapping[str, Any], deadline: float) -> Place:
        """Return the object's place in one band's image of a row."""
        one_file = "" in self.files.templates
        planes = self.files.open("" if one_file else band, {**values, "band": band}, deadline)
        header = planes.band(band, self.bands.index(band) if one_file else None)
        in_pixels = self.positions is not None and self.positions.kind == "pixel"
        return rowcut.locate(header, values["place"], in_pixels=in_pixels)

    def _batch(self, first: int, rows: Array, done: Sequence[_Row]) -> Batch:
        pixels = np.empty((len(done), *done[0].pixels.shape), done[0].pixels.dtype)  # np.stack loses the byte order
        for i, row in enumerate(done):
            pixels[i] = row.pixels
        flags = pixel_flags(pixels, np.stack([row.outside for row in done]))
        for i, row in enumerate(done):
            flags[i] |= Flag.NO_POSITION if row.unplaced else 0
            flags[i] |= Flag.OFF_IMAGE if row.opened and not row.on else 0
            if row.missing:
                flags[i] |= Flag.UNREADABLE
                self._note(first + int(rows[i]), row.missing)
        return Batch(rows, pixels, np.stack([row.rests for row in done]), flags)

    def _note(self, row: int, missing: Sequence[tuple[str, MissingError]]) -> None:
        if len(self._lines) < LISTED:
            parts = [f"{band} {error}".strip() for band, error in missing]
            self._lines.append(f"row {row}: {'; '.join(parts)}")
        else:
            self._more[missing[0][1].kind] += 1

    def census(self, catalogue: Catalogue, rows: tuple[int, int], side: int) -> Census:
        """Count rows, and those without a position; the images are unknown before they are fetched."""
        unplaced = 0
        if self.positions is not None:
            for _, values in catalogue.chunks(self.positions.columns, rows):
                a, b = self.positions.of(values)
                unplaced += int((~(np.isfinite(a) & np.isfinite(b))).sum())
        return Census(rows[1] - rows[0], unplaced=unplaced)

    def units(self) -> pixelunit.Units:
        """Return by band the unit of the first image, empty without an image."""
        return self.row_units.units(self.bands)

    def binned(self, times: int) -> Self:
        """Return these stamps in blocks of pixels; see `Stamps.binned`."""
        images = copy(self)
        images.times = 1 if self.resample else times
        images.pixel_scale = None if self.native is None else self.native * times
        return images

    def rescaled(self, scale: float, owner: str) -> Stamps:
        """Return these stamps in pixels of another scale, binned where it is a whole multiple; see `Stamps.rescaled`.

        Raises
        ------
        InputError
            When they would have to be resampled to pixels that are not coarse, and may not.
        """
        fine = self.native or np.nan
        if not (self.resample or binning.coarser(scale, fine)):
            return super().rescaled(scale, owner)
        times = 0 if self.resample else binning.ratio(scale, fine)
        if times:
            return self.binned(times)
        images = copy(self)
        images.times, images.pixel_scale, images.resample = 1, scale, True
        return images

    def facts(self) -> dict[str, Any]:
        """Return hashes of the templates: they may hold passwords."""
        addresses = {
            band: hashlib.sha256(
                f"{template.text}[{template.extension}]".encode("utf-8", "surrogateescape")
            ).hexdigest()
            for band, template in self.files.templates.items()
        }
        centre = self.positions is None
        resample = {"resample": self.resample and (self.pixel_scale or True)}
        return {"addresses": addresses, "centre": centre, **resample, **({"bin": self.times} if self.times > 1 else {})}

    def warnings(self) -> list[str]:
        """Return a line for each of the first `LISTED` rows that miss an image, then one a reason."""
        return self._lines + [f"{counted(count, 'more row')}: {kind}" for kind, count in self._more.most_common(LISTED)]

    def hurry(self) -> None:
        """Stop waiting fetches; their rows get no image."""
        self.files.fetcher.stop()

    def close(self) -> None:
        """Stop fetches and whoever waits for them; remove a temporary cache."""
        self.files.close()


def _blank(bands: Sequence[str], side: int, dtype: str) -> _Row:
    n = len(bands)
    pixels = np.full((n, side, side), np.nan, dtype)
    return _Row(pixels, np.full((n, 2), np.nan), np.full(n, side * side))
