"""Options about images and stamps, which cutout, predict and train share, and the reader of their values.

Used like those of ``options.py``: ``def command(images: imageoptions.Images = None)``.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from skycnn.cli import options
from skycnn.cli.optiongroups import Reader
from skycnn.errors import InputError

if TYPE_CHECKING:  # they need numpy
    from skycnn.stamps.stampsource import StampOptions


def column_pair(text: str | None, form: str) -> tuple[str, str] | None:
    """Read ``X,Y``, the names of two columns.

    Parameters
    ----------
    text : str, optional
        Value of the option.
    form : str
        The option as to be typed, for messages.

    Raises
    ------
    InputError
        When these are not two names.
    """
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise InputError(f"{form.split()[0]} {text} is not understood", expected=form)
    return names[0], names[1]


Images = Annotated[
    list[str] | None,
    typer.Option(
        "--images",
        metavar="BAND=FILE",
        help="A band's images: a file, FILE[EXT], a pattern in quotes, @LIST or a URL with {ra} {dec}; repeatable. "
        "'frame-{band}.fits' names those of all bands.",
    ),
]
Mask = Annotated[
    list[str] | None,
    typer.Option(
        "--mask",
        metavar="BAND=FILE[:BITS]",
        help="Masks beside a band's images; where not 0, or one of BITS (32, 0x20, SAT,CR) is set, pixels are NaN.",
    ),
]
Weight = Annotated[
    list[str] | None,
    typer.Option("--weight", metavar="BAND=FILE", help="Weights beside a band's images; where 0, pixels are NaN."),
]
StampFile = Annotated[
    str | None,
    typer.Option("--stamps", metavar="FILE", help="A stamp file, or one FITS file a row: 'cut/{ID}.fits'."),
]
RaDec = Annotated[
    str | None, typer.Option("--radec", metavar="RA,DEC", help="The columns of the position, if they are not found.")
]
Xy = Annotated[
    str | None,
    typer.Option("--xy", metavar="X,Y", help="Columns of the position in the image, in FITS pixels (the first is 1)."),
]
Resample = Annotated[
    bool,
    typer.Option("--resample", help="Bring bands on other pixel grids to the first band's, keeping the flux."),
]
Bin = Annotated[
    int,
    typer.Option(
        "--bin",
        metavar="K",
        min=1,
        max=1024,
        help="Make each pixel of a stamp of KxK of the images, keeping the flux; a model's own scale needs no K.",
    ),
]
PixelUnit = Annotated[
    list[str] | None,
    typer.Option(
        "--pixel-unit", metavar="BAND=UNIT", help="The unit of a band's pixels, if BUNIT does not say it; UNIT for all."
    ),
]
Cache = Annotated[
    str | None, typer.Option("--cache", metavar="DIR", help="Where fetched images are kept; else ~/.cache/skycnn.")
]
Concurrency = Annotated[
    int, typer.Option("--concurrency", metavar="N", min=1, max=256, help="Images fetched at the same time.")
]
ConnectTimeout = Annotated[
    float, typer.Option("--connect-timeout", metavar="SECONDS", min=0.001, help="Until a server answers the call.")
]
ReadTimeout = Annotated[
    float, typer.Option("--read-timeout", metavar="SECONDS", min=0.001, help="Between two packets of an image.")
]
RowTimeout = Annotated[
    float,
    typer.Option("--row-timeout", metavar="SECONDS", min=0.001, help="For all images and retries of a row."),
]
Retries = Annotated[
    int, typer.Option("--retries", metavar="N", min=0, help="Further tries after a failure that may pass.")
]
Size = Annotated[
    str | None,
    typer.Option(
        "--size", metavar="N|12arcsec", help="Side of a stamp, in pixels or as an angle; left out, a stamp file's own."
    ),
]


def stamp_options(
    images: Images = None,
    mask: Mask = None,
    weight: Weight = None,
    stamps: StampFile = None,
    size: Size = None,
    radec: RaDec = None,
    xy: Xy = None,
    resample: Resample = False,
    bin: Bin = 1,
    pixel_unit: PixelUnit = None,
    cache: Cache = None,
    concurrency: Concurrency = 8,
    connect_timeout: ConnectTimeout = 10.0,
    read_timeout: ReadTimeout = 60.0,
    row_timeout: RowTimeout = 180.0,
    retries: Retries = 3,
    *,
    threads: int = 1,
) -> "StampOptions":
    """Return the options about images and stamps; loads numpy.

    Raises
    ------
    InputError
        When one is invalid, or two contradict each other.
    """
    from skycnn.images import imagelist
    from skycnn.remote.fetch import RemoteOptions
    from skycnn.stamps.stampsource import StampOptions

    if images and stamps is not None:
        raise InputError("--images and --stamps both say where the stamps come from", hint="Give one of the two.")
    if radec is not None and xy is not None:
        raise InputError("--radec and --xy both name the position", hint="Give one of the two.")
    for option, values in (("--mask", mask), ("--weight", weight)):
        if values and not images:
            raise InputError(f"{option} goes with --images", hint="Name the images with --images BAND=FILE.")
    return StampOptions(
        images=imagelist.parse(images or (), "--images"),
        mask=imagelist.parse(mask or (), "--mask"),
        weight=imagelist.parse(weight or (), "--weight"),
        stamps=stamps,
        size=size,
        radec=column_pair(radec, "--radec RA,DEC"),
        xy=column_pair(xy, "--xy X,Y"),
        resample=resample,
        bin=bin,
        pixel_unit=options.pairs(pixel_unit, "--pixel-unit", "BAND=UNIT", alone="*"),
        remote=RemoteOptions(
            concurrency=concurrency,
            connect=connect_timeout,
            read=read_timeout,
            row=row_timeout,
            retries=retries,
            cache=cache,
        ),
        threads=threads,
    )


def named(reader: Reader) -> bool:
    """Return whether anything is said of images or where to look in them: else what reads them need not be loaded."""
    typed = getattr(reader, "keywords", {})
    names = ("images", "mask", "weight", "stamps", "radec", "xy", "pixel_unit")
    return any(typed.get(name) for name in names) or typed.get("bin", 1) != 1
