"""RowSource: the `RowImages` of templates: fields bound to columns, scale and bands from a first image."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images import pixelunit
from skycnn.images.imageheader import ImageHeader
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.planes import Planes
from skycnn.images.positions import positionhabits, positions
from skycnn.images.positions.positions import Positions
from skycnn.remote.fetch import RemoteOptions
from skycnn.remote.fetchpool import ordered
from skycnn.remote.urltemplate import ANGLES, SKY, UrlTemplate
from skycnn.stamps.rowimages.rowcut import has_wcs
from skycnn.stamps.rowimages.rowfiles import MissingError
from skycnn.stamps.rowimages.rowimages import GRACE, RowImages
from skycnn.stamps.rowimages.rowunits import RowUnits

PROBED = 20
"""Rows, evenly spread, tried before the work until one has an image."""

SILENT = 3
"""Rows after which a server that never answered counts as unreachable."""

SIDE, ARCSEC = 64, 60.0
"""Size of the first image requested, where that of the stamps is unknown: pixels, arcsec."""

Images = dict[str, Planes | MissingError]


def find(
    catalogue: Catalogue,
    images: Mapping[str, Sequence[str]],
    stamps: str | None = None,
    *,
    sky: tuple[str, str] | None = None,
    xy: tuple[str, str] | None = None,
    remote: RemoteOptions | None = None,
    resample: bool = False,
    rows: tuple[int, int] | None = None,
) -> RowImages:
    """Return the stamps of templates; pixel scale, and bands of one file, come from the first image.

    Parameters
    ----------
    catalogue : Catalogue
        Its columns fill the fields.
    images : mapping of str to sequence of str
        Band to its one template.
    stamps : str, optional
        Instead: the template of one file of all bands, the object at its centre.
    sky, xy : tuple of str, optional
        Columns of the position.
    remote : RemoteOptions, optional
        How to fetch.
    resample : bool
        Bring bands on other pixel grids to the first band's.
    rows : tuple of int, optional
        First and end of the rows to cut.

    Raises
    ------
    InputError
        When a template is invalid or its columns are absent or no scalars, or no server answers.
    """
    texts = {"": (stamps,)} if stamps is not None else dict(images)
    templates: dict[str, UrlTemplate] = {}
    for band, sources in texts.items():
        if len(sources) != 1:
            raise InputError(f"band {band} has {len(sources)} sources, one of them a template", expected="one template")
        template = UrlTemplate.parse(sources[0])
        if band and not (template.fields or template.remote):
            what = f"band {band} is a file, another band a template with an image a row"
            raise InputError(what, value=sources[0], expected="all bands of one sort")
        if not band and "band" in template.fields:
            raise InputError("--stamps names files with all bands", hint="Give --images BAND=TEMPLATE for each band.")
        templates[band] = template.bound(lambda field: _column(catalogue, field))
    where = None if stamps is not None else _positions(catalogue, sky, xy)
    for template in templates.values():
        angles = [field for field in template.fields if field in SKY]
        if angles and (where is None or where.kind != "sky"):
            kind = "--stamps" if stamps is not None else "--xy" if xy else "no position"
            raise InputError(f"{{{angles[0]}}} needs positions on the sky, with {kind} there are none")
    source = RowImages(templates, tuple(images), where, remote=remote, resample=resample)
    try:
        look(source, catalogue, rows or (0, catalogue.rows))
    except BaseException:
        source.close()
        raise
    return source


def look(source: RowImages, catalogue: Catalogue, rows: tuple[int, int]) -> None:
    """Set pixel scale, bands and notes from the first row that has images.

    Raises
    ------
    InputError
        When no server answers, or the bands remain unknown.
    """
    spread = np.linspace(rows[0], rows[1] - 1, PROBED) if rows[1] > rows[0] else np.empty(0)
    some = [int(row) for row in np.unique(spread.astype(np.int64))]
    failures: list[MissingError] = []

    def work(row: int) -> Images:
        deadline = time.monotonic() + source.files.options.row
        _, values = next(catalogue.chunks(source.columns, (row, row + 1)))
        where = source.positions.of(values) if source.positions else None
        fields = source.row_values(source.named(values), where, 0, SIDE)
        if fields["place"] is not None and not np.isfinite(fields["place"]).all():
            return {}
        fields.update(size_arcsec=ARCSEC, size_deg=ARCSEC / 3600)
        images: Images = {}
        for band in source.files.templates:
            try:
                images[band] = source.files.open(band, {**fields, "band": band}, deadline)
            except MissingError as error:
                images[band] = error
        return images

    def late(row: int) -> Images:
        return {"": MissingError("", "the row's time is over", unreachable=True)}

    limit = source.files.options.row + GRACE
    for images in ordered(work, some, late, threads=1, ahead=0, limit=limit):
        failures += [image for image in images.values() if isinstance(image, MissingError)]
        planes = {band: image for band, image in images.items() if isinstance(image, Planes)}
        if planes:
            _learn(source, planes)
            break
        if len(failures) >= SILENT and all(failure.unreachable for failure in failures):
            break
    else:
        planes = {}
    if failures and not planes and all(failure.unreachable for failure in failures):
        raise InputError(str(failures[0]), hint="Check the host's name, the network and the proxy.")
    reason = f": {failures[0]}" if failures else ""
    if not source.bands and rows[1] > rows[0]:
        raise InputError(f"none of the rows looked at has a stamp{reason}")
    angles = {name for template in source.files.templates.values() for name in template.fields} & set(ANGLES)
    if angles and source.pixel_scale is None and rows[1] > rows[0]:
        what = f"{{{min(angles)}}} needs the images' pixel scale, which is not known"
        raise InputError(what + (reason or ": they have no WCS"), hint="Use {size_px}, or write the number out.")


def _learn(source: RowImages, images: Mapping[str, Planes]) -> None:
    first = next(iter(images.values()))
    if not source.bands:
        source.bands = first.names or tuple(str(i + 1) for i in range(len(first.headers)))
        source.notes += (f"bands {' '.join(source.bands)}" + ("" if first.names else ", which the files do not name"),)
    source.native = source.pixel_scale = next(filter(None, map(_scale, (p.headers[0] for p in images.values()))), None)
    source.row_units = _units(source, images)
    bare = [band for band, planes in images.items() if band and not has_wcs(planes.headers[0])]
    if bare and source.positions is not None and source.positions.kind == "sky":
        source.notes += (f"images of {' '.join(bare)} have no WCS: objects are taken to lie at their centres",)


def _units(source: RowImages, images: Mapping[str, Planes]) -> RowUnits:
    files = images if "" not in images else dict.fromkeys(source.bands, images[""])
    return RowUnits({band: pixelunit.of(planes.headers[0].cards) for band, planes in files.items()})


def _scale(header: ImageHeader) -> float | None:
    if has_wcs(header):
        with suppress(InputError):
            return ImageWcs(header.text, header.shape, header.label).grid.scale
    return None


def _column(catalogue: Catalogue, field: str) -> str:
    column = catalogue.column(field)
    if not (column.numeric or column.code == "A" or (column.code == "L" and column.repeat == 1)):
        what = f"{catalogue.label}: column {column.name!r} is {column.form}"
        raise InputError(what, expected="one number or text a row")
    return column.name


def _positions(catalogue: Catalogue, sky: tuple[str, str] | None, xy: tuple[str, str] | None) -> Positions | None:
    if sky is None and xy is None and not positionhabits.pairs(catalogue.columns):
        return None
    return positions.find(catalogue.columns, catalogue.header, sky=sky, xy=xy, label=catalogue.label)
