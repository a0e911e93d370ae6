"""SceneFile: a file of a scene - a band's image with world coordinates, or the catalogue of what is on them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.fits import cards as fitscards
from skycnn.fits.bytecopy import write_all
from skycnn.fits.newtable import NewTable
from skycnn.fits.provenance import Record
from skycnn.fits.splice import write_primary
from skycnn.schema import Column

Array = NDArray[Any]

CENTRE = (150.1163, 2.2058)
"""RA and Dec of a scene's middle, degrees: that of the COSMOS field (Scoville et al. 2007, ApJS 172, 1)."""

STRIP = 16 << 20
"""Bytes of an image that are brought to FITS's order at once."""


def projection(shape: tuple[int, int], scale: float) -> dict[str, fitscards.Value]:
    """Return the cards of a gnomonic projection: width and height in pixels, arcsec a pixel, north up, east left."""
    return {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        "CRPIX1": (shape[0] + 1) / 2,
        "CRPIX2": (shape[1] + 1) / 2,
        "CRVAL1": CENTRE[0],
        "CRVAL2": CENTRE[1],
        "CD1_1": -scale / 3600,
        "CD1_2": 0.0,
        "CD2_1": 0.0,
        "CD2_2": scale / 3600,
        "RADESYS": "ICRS",
    }


def sky(place: Array, shape: tuple[int, int], scale: float) -> Array:
    """Return RA and Dec (n, 2), degrees, of x and y (n, 2), pixels from 0."""
    from astropy.wcs import WCS

    known = WCS(dict(projection(shape, scale)))
    return np.asarray(known.all_pix2world(place, 0)) if len(place) else np.empty((0, 2))


class ImageFile:
    """One band's image.

    Parameters
    ----------
    shape : (int, int)
        Width and height, pixels.
    facts : mapping of str to value
        Cards of the header; None is left out.
    record : Record

    Attributes
    ----------
    size : int
        Bytes of the file.
    """

    def __init__(self, shape: tuple[int, int], facts: Mapping[str, fitscards.Value], record: Record) -> None:
        cards = [
            fitscards.make("SIMPLE", True, "a simulated field, made by skycnn"),
            fitscards.make("BITPIX", -32),
            fitscards.make("NAXIS", 2),
            fitscards.make("NAXIS1", shape[0]),
            fitscards.make("NAXIS2", shape[1]),
            *(card for name, value in facts.items() if value is not None for card in fitscards.entry(name, value)),
            *fitscards.history(record.lines()),
        ]
        self._head = fitscards.assemble(cards)
        self._end = len(self._head) + 4 * math.prod(shape)
        self.size = len(self._head) + fitscards.padded(4 * math.prod(shape))

    def write(self, fd: int, image: Array) -> None:
        """Write it, of pixels (height, width) that become float32, to an empty file."""
        write_all(fd, self._head, 0)
        row = 4 * image.shape[1]
        step = max(1, STRIP // row)
        for y in range(0, len(image), step):
            write_all(fd, image[y : y + step].astype(">f4").data, len(self._head) + row * y)
        write_all(fd, bytes(self.size - self._end), self._end)


class CatalogueFile:
    """The catalogue; of so many rows, or of that many at most where only its `size` is asked for.

    Parameters
    ----------
    rows : int
    columns : sequence of Column
    facts : mapping of str to value
        Cards of the table; None is left out.
    record : Record

    Attributes
    ----------
    size : int
        Bytes of the file.
    """

    def __init__(
        self, rows: int, columns: Sequence[Column], facts: Mapping[str, fitscards.Value], record: Record
    ) -> None:
        self._table = NewTable(columns, rows, "CATALOGUE", facts, record.lines(), record.time.rstrip("Z"))
        self.size = fitscards.BLOCK + self._table.head_bytes + self._table.data_bytes

    def write(self, fd: int, values: Mapping[str, Array]) -> None:
        """Write it, of values (n,) by column, to an empty file."""
        table = self._table
        start = write_primary(fd)
        rows = table.pack(values, table.rows)
        write_all(fd, table.head(), start)
        write_all(fd, rows.tobytes().ljust(table.data_bytes, b"\0"), start + table.head_bytes)


def columns_of(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns of a scene's catalogue: those of mocks without stamps, with places and neighbours."""
    east, north = "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"
    return (
        columns[0],
        Column("RA", "f8", "deg", east, "right ascension, as measured", "F12.7"),
        Column("DEC", "f8", "deg", north, "declination, as measured", "F12.7"),
        Column("X_IMAGE", "f8", "pixel", "pos.cartesian.x", "x as measured, from 1", "F10.4"),
        Column("Y_IMAGE", "f8", "pixel", "pos.cartesian.y", "y as measured, from 1", "F10.4"),
        *columns[1:],
        Column("X_TRUE", "f8", "pixel", "pos.cartesian.x", "true x, from 1", "F10.4"),
        Column("Y_TRUE", "f8", "pixel", "pos.cartesian.y", "true y, from 1", "F10.4"),
        Column("NEAREST", "f4", "arcsec", "pos.angDistance", "to the nearest other detection", "F9.3"),
        Column("ISOLATED", "i4", "", "meta.code", "1: no other galaxy that is seen lies on the stamp", "I4"),
    )
