"""Planes: the images of a small file, one a band: two axes, or three (band, y, x)."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from skycnn.errors import InputError
from skycnn.files.regular import opened
from skycnn.fits import cards as fitscards
from skycnn.fits.cards import BLOCK, integer
from skycnn.fits.stamplayout.stampplanes import check_bands
from skycnn.fits.tablebytes import Hdu
from skycnn.images.archive import compression_of, plain, units
from skycnn.images.imagechoice import SeveralError
from skycnn.images.imageheader import ImageHeader, ImageSpec, header_of, read_headers

_TWO_AXES = b"NAXIS   =                    2"


@dataclass(frozen=True)
class Planes:
    """The images of one field in a file.

    Parameters
    ----------
    headers : tuple of ImageHeader
        All of one shape.
    names : tuple of str
        Their bands, empty where the file has no names.
    """

    headers: tuple[ImageHeader, ...]
    names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx)."""
        return self.headers[0].shape

    def band(self, band: str, place: int | None = None) -> ImageHeader:
        """Return the image of a band: the only one, else by name, else by its place among the bands.

        Raises
        ------
        InputError
            When it is ambiguous or absent.
        """
        if len(self.headers) == 1 and place in (None, 0):
            return self.headers[0]
        if band in self.names:
            return self.headers[self.names.index(band)]
        if place is not None and place < len(self.headers) and not self.names:
            return self.headers[place]
        held = f"bands {' '.join(self.names)}" if self.names else f"{len(self.headers)} planes without names"
        raise InputError(f"{self.headers[0].spec.label} holds {held}", value=band, expected="BANDS to name it")


def read_planes(path: str, extension: str | None = None) -> Planes:
    """Return the planes of an image file; reads headers only.

    Parameters
    ----------
    path : str
        FITS, also ``.gz`` or ``.bz2``.
    extension : str, optional
        Number or EXTNAME of the image; default the first that has data.

    Raises
    ------
    InputError
        When it is missing, no FITS, corrupt or truncated, or holds no such image or several.
    """
    spec = ImageSpec(path, extension)
    if os.path.isfile(path):
        cube = _cube(spec)
        if cube is not None:
            return cube
    headers = read_headers(spec)
    if len(headers) > 1:
        labels = [header.label for header in headers]
        names = [label.removesuffix("]").rpartition("[")[2] for label in labels]
        what = f"{path} holds {len(headers)} images: {', '.join(labels)}"
        raise SeveralError(what, names, f"Name one: {labels[0]}.")
    name = headers[0].header.get("FILTER", headers[0].header.get("BAND"))
    return Planes(tuple(headers), (name,) if isinstance(name, str) and name else ())


def _cube(spec: ImageSpec) -> Planes | None:
    """Return the planes of an image with three axes; None for other images."""
    try:
        with opened(spec.path, "a FITS image") as file:
            stat, compression = os.fstat(file.fileno()), compression_of(file)
            file.seek(0)
            if spec.extension is None and _TWO_AXES in file.read(BLOCK):
                return None  # the usual case, without parsing the header twice
            with plain(file, compression, spec.path) as stream:
                first = next(_chosen(units(stream, spec.path), spec.extension), None)
    except OSError as error:
        raise InputError(f"{spec.path} cannot be read: {error.strerror or error}") from None
    if first is None:
        return None
    unit, primary = first
    label = f"{spec.path}[{unit.number}]"
    prefix = "Z" if unit.kind == "compressed image" else ""
    axes = [
        integer(unit.header, f"{prefix}NAXIS{i}", label)
        for i in range(1, integer(unit.header, f"{prefix}NAXIS", label) + 1)
    ]
    while len(axes) > 3 and axes[-1] == 1:
        axes.pop()
    if len(axes) != 3 or min(axes) < 1 or axes[2] == 1:
        return None
    check_bands(axes[2], f"{label}: {prefix}NAXIS3")
    if prefix:
        raise InputError(f"{label} is a tile-compressed cube", hint=f"Uncompress it: funpack {spec.path}")
    whole = header_of(spec, unit, (axes[1], axes[0]), primary, compression, stat)
    size = unit.size // axes[2]
    planes = [replace(whole, offset=unit.data + i * size, size=size) for i in range(axes[2])]
    bands = fitscards.values(unit.cards).get("BANDS")  # unit.header lacks it
    return Planes(tuple(planes), _names(bands, axes[2]))


def _chosen(units: Iterator[Hdu], extension: str | None) -> Iterator[tuple[Hdu, tuple[bytes, ...]]]:
    """Yield the images of the extension, or those with data, and the cards of the primary header."""
    primary: tuple[bytes, ...] = ()
    for unit in units:
        primary = unit.cards if unit.number == 0 else primary
        if unit.kind not in ("image", "compressed image"):
            continue
        named = extension is not None and extension.upper() in (str(unit.number), unit.name.upper())
        if named or (extension is None and unit.size):
            yield unit, primary


def _names(bands: object, count: int) -> tuple[str, ...]:
    """Return the names in BANDS: ``g r z``, ``g,r,z`` or ``grz``."""
    text = bands if isinstance(bands, str) else ""
    for names in (text.replace(",", " ").split(), list(text.strip())):
        if len(names) == count == len(set(names)):
            return tuple(names)
    return ()
