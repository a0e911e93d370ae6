"""StampOptions, and the source of stamps they name: a mosaic, a stamp file, an image a row."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablecolumn import TableColumn
from skycnn.remote.fetch import RemoteOptions
from skycnn.stamps.stamps import Stamps

Rows = tuple[int, int | None]

_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(px|pixels?|arcsec|arcmin|deg|\"|')?\s*")
_ARCSEC = {"arcsec": 1.0, '"': 1.0, "arcmin": 60.0, "'": 60.0, "deg": 3600.0}
LARGEST = 16384
"""Most pixels along a stamp's edge: a gigabyte a band."""


@dataclass(frozen=True)
class StampOptions:
    """The options about images and stamps.

    Parameters
    ----------
    images, mask, weight : mapping of str to tuple of str
        Band to files, patterns, lists or templates, as typed.
    stamps : str, optional
        A stamp file, or a template of one file a row.
    size : str, optional
        Side of a stamp: ``64`` pixels or ``12arcsec``.
    radec, xy : tuple of str, optional
        Columns of the position: on the sky, or in 1-based FITS pixels.
    resample : bool
        Bring bands on other pixel grids to the first band's.
    bin : int
        Pixels of the images along the edge of a stamp's pixel.
    pixel_unit : mapping of str to str
        Band to the unit of its pixels, overrules BUNIT; ``*`` for all bands.
    remote : RemoteOptions
        How images are fetched.
    threads : int
        Readers in parallel.
    """

    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mask: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weight: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stamps: str | None = None
    size: str | None = None
    radec: tuple[str, str] | None = None
    xy: tuple[str, str] | None = None
    resample: bool = False
    bin: int = 1
    pixel_unit: Mapping[str, str] = field(default_factory=dict)
    remote: RemoteOptions = field(default_factory=RemoteOptions)
    threads: int = 1

    @property
    def given(self) -> bool:
        """Whether images or stamps are named."""
        return bool(self.images) or self.stamps is not None


def find(
    catalogue: Catalogue, options: StampOptions, *, scratch: str | None = None, rows: Rows | None = None
) -> Stamps:
    """Return the source of stamps that the options name.

    Parameters
    ----------
    catalogue : Catalogue
    options : StampOptions
    scratch : str, optional
        Folder for uncompressed archives.
    rows : (int, int or None), optional
        The rows to be cut.

    Raises
    ------
    InputError
        When no image is named, or one cannot be used.
    """
    from skycnn.images import imagelist

    _check(options)
    if options.stamps is not None and not imagelist.is_template(options.stamps):
        from skycnn.stamps.stampfile.cube import Cube

        _check_not_binned(options)
        cube = Cube.open(options.stamps, scratch=scratch)
        try:
            cube.check(catalogue)
        except InputError:
            cube.close()
            raise
        return cube
    if not options.given:
        raise InputError("no images are named", hint="--images 'g=tiles/*_g.fits', once for each band.")
    by_row = options.stamps is not None or _has_templates(options)
    stamps = _row_images(catalogue, options, rows) if by_row else _mosaic(catalogue, options, scratch)
    stamps.side = side_of(options.size, stamps.pixel_scale) if options.size is not None else None
    return stamps


def offered(
    catalogue: Catalogue, options: StampOptions, *, scratch: str | None = None, rows: Rows | None = None
) -> Stamps | None:
    """Return the stamps that the options name, else those in the catalogue's file, else None.

    Raises
    ------
    InputError
        When a named one cannot be used.
    """
    stamps: Stamps | None
    if options.given:
        stamps = find(catalogue, options, scratch=scratch, rows=rows)
    else:
        from skycnn.stamps.stampfile.cube import Cube
        from skycnn.stamps.stampfile.cubechoice import is_cube

        _check(options)
        _check_not_binned(options)
        stamps = Cube(catalogue.source, catalogue.units) if is_cube(catalogue.units) else None
    if stamps is not None:
        stamps.named_units = options.pixel_unit
    elif options.pixel_unit:
        raise InputError("--pixel-unit goes with images or stamps, and there are none", hint="Leave it out.")
    return stamps


def presents(columns: Sequence[TableColumn], options: StampOptions) -> bool:
    """Whether a table can have stamps: it has positions, or is in a stamp file."""
    names = {column.name for column in columns}
    if options.stamps is not None or not options.given:
        return {"DX", "DY"} <= names or options.given
    if _has_templates(options):
        return True  # a template may need an identifier alone
    from skycnn.images.positions import positions

    try:
        positions.find(columns, {}, sky=options.radec, xy=options.xy)
    except InputError:
        return False
    return True


def _check(options: StampOptions) -> None:
    if options.images and options.stamps is not None:
        raise InputError("--images and --stamps are two sources of the same stamps", hint="Give one of the two.")
    for name, planes in (("--mask", options.mask), ("--weight", options.weight)):
        unknown = [band for band in planes if band not in options.images]
        if unknown:
            raise InputError(f"{name} names a band without --images", value=unknown[0])


def _check_not_binned(options: StampOptions) -> None:
    if options.bin != 1:
        raise InputError("--bin is of images, and stamps of a file are cut already", hint="Name --images BAND=FILE.")


def _has_templates(options: StampOptions) -> bool:
    from skycnn.images import imagelist

    return any(imagelist.is_template(source) for sources in options.images.values() for source in sources)


def _mosaic(catalogue: Catalogue, options: StampOptions, scratch: str | None) -> Stamps:
    from skycnn.images import imagelist, maskbits
    from skycnn.images.positions import positions
    from skycnn.stamps.mosaic.binnedmosaic import BinnedMosaic
    from skycnn.stamps.mosaic.footprints import Footprints
    from skycnn.stamps.mosaic.resampledmosaic import ResampledMosaic

    where = positions.find(catalogue.columns, catalogue.header, sky=options.radec, xy=options.xy, label=catalogue.label)
    sky = where.kind == "sky"
    if options.resample and not sky:
        raise InputError("--resample needs positions on the sky, --xy gives pixels", hint="Leave one of them out.")
    footprints = {
        band: Footprints(
            band,
            imagelist.expand(band, sources),
            masks=maskbits.expand(band, options.mask.get(band, ())),
            weights=imagelist.expand(band, options.weight.get(band, ())),
            sky=sky,
            threads=options.threads,
        )
        for band, sources in options.images.items()
    }
    kind = ResampledMosaic if options.resample else BinnedMosaic
    return kind(footprints, where, threads=options.threads, scratch=scratch).binned(options.bin)


def _row_images(catalogue: Catalogue, options: StampOptions, rows: Rows | None) -> Stamps:
    from skycnn.stamps.rowimages import rowsource

    if options.mask or options.weight:
        name = "--mask" if options.mask else "--weight"
        raise InputError(f"{name} does not go with an image a row", hint="Leave it out, or name whole images.")
    images = rowsource.find(
        catalogue,
        options.images,
        options.stamps,
        sky=options.radec,
        xy=options.xy,
        remote=options.remote,
        resample=options.resample,
        rows=None if rows is None else (rows[0], min(rows[1] or catalogue.rows, catalogue.rows)),
    )
    return images.binned(options.bin)


def training_side(stamps: Stamps, options: StampOptions) -> int:
    """Return the pixels along the edge of stamps to train with: ``--size``, else the stamp file's.

    Raises
    ------
    InputError
        When there is neither.
    """
    if options.size is not None:
        return side_of(options.size, stamps.pixel_scale)
    if stamps.side is None:
        raise InputError("the size of the stamps is not given", hint="--size 64, in pixels, or --size 12arcsec.")
    return stamps.side


def side_of(size: str, pixel_scale: float | None) -> int:
    """Return the pixels along a stamp's edge of ``--size``.

    Parameters
    ----------
    size : str
        ``64``, ``12arcsec``, ``0.2arcmin``.
    pixel_scale : float or None
        arcsec.

    Raises
    ------
    InputError
        When it is no size, or an angle and the pixel scale is unknown.
    """
    match = _SIZE.fullmatch(size)
    unit = match[2] if match else None
    if match is None or (unit not in _ARCSEC and not float(match[1]).is_integer()):
        raise InputError("--size is not understood", value=size, expected="pixels (64) or an angle (12arcsec)")
    pixels = float(match[1])
    if unit in _ARCSEC:
        if pixel_scale is None:
            raise InputError("--size is an angle, and the images' pixel scale is not known", hint="Give it in pixels.")
        pixels = pixels * _ARCSEC[unit] / pixel_scale
        pixels = round(pixels) if math.isfinite(pixels) else pixels
    if not 1 <= pixels <= LARGEST:
        raise InputError(f"--size {size} makes stamps of {pixels:.0f} pixels", expected=f"1 to {LARGEST}")
    return int(pixels)
