"""Cube: the stamps in a stamp file, one for each row of its catalogue."""

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self
from zlib import crc32

import numpy as np

from skycnn.errors import InputError, counted
from skycnn.fits import cards as fitscards
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.fitsfile import open_fits
from skycnn.fits.source import Source, parse
from skycnn.fits.stamplayout.compressedcube import CompressedPlanes
from skycnn.fits.stamplayout.stampplanes import PlainPlanes, StampPlanes
from skycnn.fits.tablebytes import Hdu, read_into
from skycnn.images import pixelunit
from skycnn.schema import Flag
from skycnn.stamps.stampfile import cubechoice, cubescale, cubewcs, stampcolumns
from skycnn.stamps.stamps import Array, Batch, Stamps, batch_rows, corner, pixel_flags

OF_PIXELS = Flag.EDGE | Flag.NAN_PIXELS
SAMPLES = 64
"""Places at which pixels are sampled for `Cube.facts`."""
MEANING = (
    *("BITPIX", "BSCALE", "BZERO", "BLANK", "BUNIT", "BUNITS", "PIXSCALE"),
    *("ZBITPIX", "ZCMPTYPE", "ZQUANTIZ", "ZDITHER0"),
)
"""Cards that determine the pixels' values."""
PIECE = 1 << 20
"""Bytes of pixels a CRC-32 in the digest: fast, against changes, not forgeries."""
ROWS = 1 << 16


class Cube(Stamps):
    """A stamp file, open for reading.

    Parameters
    ----------
    source : Source
        The open file.
    units : list of Hdu
        All its HDUs.
    owner : bool
        Whether `close` closes the file. A catalogue's file may be extended in place, which changes its mtime and
        length: `facts` leaves them out.

    Attributes
    ----------
    rows : int
        Stamps, as many as the catalogue has rows.
    label : str
        Its name in messages.

    Raises
    ------
    InputError
        When there are no stamps, or not as many as rows in the file's table.
    """

    chunk = 4096
    """Rows between two entries of a journal: seconds for a network of images."""

    def __init__(self, source: Source, units: list[Hdu], *, owner: bool = False) -> None:
        unit = cubechoice.find(units, source.label, source.spec.extension if owner else None)
        if unit is None:
            raise cubechoice.none(units, source.label)
        self._source, self._unit, self._owner = source, unit, owner
        self.label = f"{source.label}[{unit.name or unit.number}]"
        make = PlainPlanes if unit.kind == "image" else CompressedPlanes
        self._planes: StampPlanes = make(source.fd, unit, self.label)
        self.rows, self.side = self._planes.rows, self._planes.side
        self._table = self._find_table(units)
        self.bands = self._band_names()
        self.pixel_scale = cubescale.of(unit.header)
        if self.pixel_scale is None and self._table is not None:
            self.pixel_scale = cubescale.of({"PIXSCALE": self._table.header.get("PIXSCALE")})
        self.notes = () if self._table else (f"{self.label} has no table: objects are taken to lie at the centres",)

    @property
    def unit_scale(self) -> float | None:
        """The pixel scale: these pixels are never resampled."""
        return self.pixel_scale

    @classmethod
    def open(cls, text: str, scratch: str | None = None) -> Self:
        """Open the stamps of a file.

        Raises
        ------
        InputError
            When it is no FITS, or holds no valid stamps.
        """
        source, units = open_fits(parse(text), scratch)
        try:
            return cls(source, units, owner=True)
        except BaseException:
            source.file.close()
            raise

    def _band_names(self) -> tuple[str, ...]:
        """Return the names in BANDS, else numbers from 1."""
        headers = [self._unit.header, self._table.header if self._table else {}]
        named = next((str(header["BANDS"]).split() for header in headers if header.get("BANDS")), [])
        names = tuple(named or [str(i) for i in range(1, self._planes.bands + 1)])
        if len(names) != self._planes.bands:
            raise InputError(
                f"{self.label} has {self._planes.bands} bands, and {len(names)} names of bands", value=names
            )
        return names

    def _card(self, name: str) -> fitscards.Value:
        """Return the value of a card of the stamps, or of their table where the stamps' header is not ours to write."""
        found = self._unit.header.get(name)
        return found if found is not None or self._table is None else self._table.header.get(name)

    def _find_table(self, units: list[Hdu]) -> Catalogue | None:
        tables = [unit for unit in units if unit.kind == "table"]
        chosen = [unit for unit in tables if unit.name.upper() == "CATALOGUE"] or tables
        if len(chosen) != 1:
            return None
        table = Catalogue(self._source, units, chosen[0])
        self.check(table)
        return table

    def check(self, catalogue: Catalogue) -> None:
        """Check that there is a stamp for each row of a catalogue.

        Raises
        ------
        InputError
            When not.
        """
        if catalogue.rows != self.rows:
            stamps = counted(self.rows, "stamp")
            raise InputError(
                f"{catalogue.label} has {counted(catalogue.rows, 'row')} and {self.label} {stamps}",
                expected="a stamp for each row",
                hint="skycnn cutout writes both.",
            )

    def _check_side(self, side: int) -> None:
        if side > self._planes.side:
            held = f"{self.label} holds stamps of {self._planes.side} pixels"
            raise InputError(f"{held}; {side} are needed", hint=f"Cut them anew: skycnn cutout ... --size {side}")

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
        """Yield the stamps of a chunk's rows, in the file's order; see `Stamps.batches`."""
        self._check_side(side)
        if first + len(wanted) > self.rows:
            raise InputError(
                f"{self.label} holds {counted(self.rows, 'stamp')}; there is none of row {first + len(wanted) - 1}"
            )
        step = batch_rows(self._planes.bands, self._planes.side)
        for at in range(0, len(wanted), step):
            rows = at + np.flatnonzero(wanted[at : at + step])
            if len(rows):
                yield self._batch(first, rows, bands, side, dtype)

    def _batch(self, first: int, rows: Array, bands: Sequence[str], side: int, dtype: str) -> Batch:
        begin, end = int(rows[0]), int(rows[-1]) + 1
        stored, broken = self._planes.read(first + begin, first + end)
        rests, flags = np.zeros((end - begin, len(self.bands), 2)), np.zeros(end - begin, np.int32)
        if self._table is not None:
            rests, flags = stampcolumns.read(self._table, self.bands, first + begin, first + end)
        chosen = rows - begin
        rests, flags = rests[chosen], flags[chosen]
        whole = (
            len(rows) == end - begin and tuple(bands) == self.bands and not _starts(rests, stored.shape[-1], side).any()
        )
        if whole and side == stored.shape[-1]:  # nothing selected, moved or cropped
            pixels = stored.astype(dtype)
            self._convert(pixels, bands)
            flags[broken] |= Flag.UNREADABLE
            return Batch(rows, pixels, rests, _flags(flags, pixels))
        pixels = np.full((len(rows), len(bands), side, side), np.nan, dtype)
        moved = np.full((len(rows), len(bands), 2), np.nan)
        for i, band in enumerate(bands):
            if band in self.bands:
                j = self.bands.index(band)
                moved[:, i] = _cut(stored[:, j], chosen, rests[:, j], pixels[:, i])
        self._convert(pixels, bands)
        flags[broken[chosen]] |= Flag.UNREADABLE
        return Batch(rows, pixels, moved, _flags(flags, pixels))

    def units(self) -> pixelunit.Units:
        """Return each band's unit from BUNITS, else BUNIT."""
        header = self._unit.header
        if not (header.get("BUNIT") or header.get("BUNITS")):
            header = {"BUNITS": self._card("BUNITS")}  # a table may have no BUNIT (FITS 4.0, section 4.4.2.5)
        texts = pixelunit.by_band(header, self.bands)
        return {band: {text: self.label} for band, text in texts.items()}

    def _convert(self, pixels: Array, bands: Sequence[str]) -> None:
        """Convert stamps (n, band, y, x) to the unit of the network, in place."""
        if self.conversion is None:
            return
        for band, texts in self.units().items():
            factors = [self.conversion.factor(band, text) for text in texts]
            if band in bands and factors[0] is not None:
                pixelunit.multiply(pixels[:, list(bands).index(band)], factors[0])

    def rescaled(self, scale: float, owner: str) -> Self:
        """Refuse: stamps once cut are not resampled; see `Stamps.rescaled`."""
        what = f"{owner} was trained on pixels of {scale:.4g} arcsec; these have {self.pixel_scale:.4g} arcsec"
        raise InputError(what, hint="Give the images in their place: --images BAND=FILE --resample.")

    def facts(self) -> dict[str, Any]:
        """Return the shape of a stamp; of a separate file also a hash of its header, mtime, size and sampled pixels.

        Stamps in the catalogue's file have a `digest` instead.
        """
        shape = [self._planes.bands, self._planes.side]
        if not self._owner:
            return {"shape": shape}
        total = hashlib.sha256(b"".join(self._unit.cards))
        begin, size = self._unit.data, self._unit.size
        for i in range(SAMPLES):
            total.update(os.pread(self._source.fd, 4096, begin + (size - 1) * i // SAMPLES))
        total.update(repr(self.state).encode())
        return {"shape": [self.rows, *shape], "sha256": total.hexdigest()}

    def wcs(self, side: int) -> dict[str, Any]:
        """Return the world coordinates of the stamps' header; see `Stamps.wcs`."""
        return cubewcs.of(self._unit.header, self._planes.side, side)

    def digest(self, stop: threading.Event) -> bytes:
        """Return a hash of all pixels, their cards, rests and flags; empty for a separate file, see `facts`."""
        if self._owner:
            return b""
        cards = {name: self._unit.header.get(name) for name in MEANING}
        cards |= {"BUNITS": self._card("BUNITS"), "PIXSCALE": self.pixel_scale}
        total = hashlib.sha256(json.dumps([self.bands, cards], default=str).encode())
        room = memoryview(bytearray(PIECE))
        for at in range(0, self._unit.size, PIECE):
            if stop.is_set():
                return b""
            piece = room[: min(PIECE, self._unit.size - at)]
            read_into(self._source.fd, np.frombuffer(piece, np.uint8), self._unit.data + at, self.label)
            total.update(crc32(piece).to_bytes(4, "little"))
        if self._table is not None:
            for first in range(0, self.rows, ROWS):
                rests, flags = stampcolumns.read(self._table, self.bands, first, min(first + ROWS, self.rows))
                total.update(rests.tobytes() + flags.tobytes())
        return total.digest()

    @property
    def state(self) -> list[int] | None:
        """Size and mtime of the file, the present time for a stream; see `Stamps.state`."""
        stat = self._source.stat
        return [0, time.time_ns()] if stat is None else [stat.st_size, stat.st_mtime_ns]

    def check_unchanged(self) -> None:
        """Check the file; see `Stamps.check_unchanged`."""
        self._source.check_unchanged()

    def close(self) -> None:
        """Close the file unless it is a catalogue's."""
        if self._owner:
            self._source.file.close()


def _cut(stored: Array, chosen: Array, rests: Array, out: Array) -> Array:
    """Fill out (n, side, side) with the pixels about the objects; return their new rests, (n, 2).

    Parameters
    ----------
    stored : array (m, y, x)
    chosen : array (n,)
        Which of them.
    rests : array (n, 2)
        DX, DY in the stored stamps; NaN means the centre.
    out : array
        float32, prefilled with NaN.
    """
    size, side = stored.shape[-1], out.shape[-1]
    starts = _starts(rests, size, side)
    for x, y in np.unique(starts, axis=0).tolist():
        rows = np.flatnonzero((starts == (x, y)).all(axis=1))
        x0, x1, y0, y1 = max(x, 0), min(x + side, size), max(y, 0), min(y + side, size)
        if x0 < x1 and y0 < y1:
            out[rows, y0 - y : y1 - y, x0 - x : x1 - x] = stored[chosen[rows], y0:y1, x0:x1]
    shift = (size - side) / 2 - starts  # exact; zero without cropping
    return np.asarray(rests + shift)


def _starts(rests: Array, size: int, side: int) -> Array:
    """Return the first pixels in the stored stamps of stamps of ``side`` about the objects."""
    return corner((size - 1) / 2 + np.clip(np.nan_to_num(rests), -size, size), side)


def _flags(stored: Array, pixels: Array) -> Array:
    """Return the flags of cropped stamps, from the stored flags and the pixels left.

    Only the stored flags know whether NaN is the edge of an image.
    """
    seen = pixel_flags(pixels)
    known = stored & OF_PIXELS
    holes = (seen & Flag.NAN_PIXELS) != 0
    return np.where(holes, np.where(known, known, Flag.NAN_PIXELS), 0) | (
        (stored & ~(OF_PIXELS | Flag.MISSING_BAND)) | (seen & Flag.MISSING_BAND)
    ).astype(np.int32)
