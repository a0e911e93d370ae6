"""Tile-compressed tables."""
from typing import IO

from skycnn.errors import InputError
from skycnn.fits.tablebytes import Hdu


def binary_from_compressed(fd: int, unit: Hdu, label: str) -> IO[bytes]:
    raise InputError(f"{label} is a tile-compressed table", hint="funpack it first.")
