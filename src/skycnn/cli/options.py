"""Options that several verbs share, and the readers of their values.

A verb's command takes them by annotation, e.g. ``def command(catalogue: options.Catalogue, hdu: options.Hdu = None)``.
``-q``, ``--traceback`` and ``--max-memory`` act by their callbacks: a command declares them and no more.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from skycnn.cli.completion import model_names, survey_names, task_names
from skycnn.cli.console import manners
from skycnn.errors import InputError
from skycnn.files import memory

if TYPE_CHECKING:  # fluxes needs numpy
    from skycnn.photometry.fluxes import PhotometryOptions

PAIR = "BAND=COLUMN"


def pairs(values: Iterable[str] | None, option: str, form: str = PAIR, alone: str | None = None) -> dict[str, str]:
    """Read repeated ``KEY=VALUE`` options, each one pair or several separated by commas.

    Parameters
    ----------
    values : iterable of str, optional
        The option's values as typed.
    option : str
        The option's name, for messages.
    form : str
        How a value should look, for messages.
    alone : str, optional
        The key of a value without one, e.g. ``*`` for ``--unit nmgy``.

    Raises
    ------
    InputError
        When one is not of the form ``KEY=VALUE`` or a key is given twice.
    """
    result: dict[str, str] = {}
    for text in values or ():
        for part in re.split(r",(?=\s*[\w*]+\s*=)", text):
            if alone is not None and "=" not in part:
                part = f"{alone}={part}"
            key, equals, value = (piece.strip() for piece in part.partition("="))
            if not (key and equals and value):
                raise InputError(f"{option} {text} is not understood", expected=f"{option} {form}")
            if result.setdefault(key, value) != value:
                raise InputError(
                    f"{option} names {key!r} twice",
                    value=f"{result[key]}, {value}",
                    hint=f"Give one: {option} {key}={value}",
                )
    return result


def row_range(text: str | None) -> tuple[int, int | None] | None:
    """Read ``A:B``, 0-based and half open; either end may be left out.

    Raises
    ------
    InputError
        When it is no such range, or an empty one.
    """
    if text is None:
        return None
    first, colon, last = (piece.strip() for piece in text.partition(":"))
    wellformed = bool(colon) and all(not end or (end.isascii() and end.isdigit()) for end in (first, last))
    start, stop = (int(first or 0), int(last) if last else None) if wellformed else (0, 0)
    if stop is not None and stop <= start:
        raise InputError(
            f"--rows {text} is no range of rows",
            expected="A:B, 0-based, the row B not included",
            hint="Type --rows 0:100 for the first hundred rows.",
        )
    return start, stop


def _silence(value: bool) -> bool:
    manners.quiet = value
    return value


def _bound(value: str | None) -> str | None:
    memory.request(value)
    return value


def _trace(value: bool) -> bool:
    manners.traceback = value
    return value


# What to read
Catalogue = Annotated[
    str, typer.Argument(metavar="CAT", show_default=False, help="A FITS catalogue; CAT[EXT] names a table, - is stdin.")
]
Catalogues = Annotated[
    list[str],
    typer.Argument(
        metavar="CAT", show_default=False, help="FITS catalogues; CAT[EXT] names one table of a file, - is stdin."
    ),
]
Hdu = Annotated[
    str | None, typer.Option("--hdu", metavar="EXT", help="The table's HDU, by number or EXTNAME, if the file has two.")
]
Rows = Annotated[str | None, typer.Option("--rows", metavar="A:B", help="Only these rows, 0-based, B not included.")]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only these rows, e.g. \"CLASS == 'GALAXY'\"; see CONDITIONS in skycnn(1).",
    ),
]
Truth = Annotated[
    list[str] | None,
    typer.Option(
        "--truth",
        metavar="[ANSWER=]COLUMN",
        help="The column that holds the true value, e.g. Z_SPEC; of several answers e.g. LOG_AGE=AGE; repeatable.",
    ),
]

# Which column is which band
Band = Annotated[
    list[str] | None,
    typer.Option(
        "--band",
        metavar=PAIR,
        help="The column of a band's flux or magnitude; of a name that stands twice, NAME#7 is column 7; repeatable.",
    ),
]
Error = Annotated[
    list[str] | None,
    typer.Option(
        "--error", metavar=PAIR, help="A band's error or inverse variance, a column or a number; or one for all."
    ),
]
Unit = Annotated[
    list[str] | None,
    typer.Option(
        "--unit", metavar="BAND=UNIT", help="A band's unit: nmgy, uJy, mag, luptitude, ...; one UNIT for all."
    ),
]
Photometry = Annotated[
    str | None,
    typer.Option("--photometry", metavar="NAME", help="The kind of photometry to use: model, auto, psf, ..."),
]
Extinction = Annotated[
    str | None,
    typer.Option(
        "--extinction",
        metavar="none|corrected|COLUMN",
        help="The photometry's state: not corrected for Galactic dust, corrected, or to be with COLUMN's E(B-V), A or "
        "transmission.",
    ),
]
Bad = Annotated[
    list[str] | None,
    typer.Option(
        "--bad",
        metavar="CONDITION",
        help="Rows to leave out and flag, e.g. 'FLAGS & 4'; repeatable; see CONDITIONS in skycnn(1).",
    ),
]
MaskBand = Annotated[
    list[str] | None,
    typer.Option(
        "--mask-band",
        metavar=PAIR,
        help="Leave a band out where a column is not 0 or a condition holds, e.g. g='MASK & 2'.",
    ),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input", metavar="NAME=COLUMN", help="The column of a further input that the task declares; repeatable."
    ),
]
Survey = Annotated[
    str | None,
    typer.Option(
        "--survey",
        metavar="NAME|FILE",
        autocompletion=survey_names,
        help="The survey whose filters the catalogue has, or is to have; FILE.toml tells of one of your own.",
    ),
]

# Which network
TaskName = Annotated[
    str, typer.Option("--task", metavar="TASK", autocompletion=task_names, show_default=False, help="What to measure.")
]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME|FILE", autocompletion=model_names, help="The model; left out, the best match is used."
    ),
]
Device = Annotated[
    str | None, typer.Option("--device", metavar="NAME", help="cpu, cuda, cuda:1; left out, a GPU if there is one.")
]
Batch = Annotated[
    int | None, typer.Option("--batch", metavar="N", min=1, help="Rows a batch; halved where memory runs out.")
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", help="CPU threads; left out, OMP_NUM_THREADS or what the system grants."),
]

# What to write
Out = Annotated[
    str | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write here and leave the input as it is; - is stdout."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace columns of the same name, and OUT if it exists.")]
Prefix = Annotated[str, typer.Option("--prefix", metavar="TEXT", show_default=False, help="Put before column names.")]
Suffix = Annotated[str, typer.Option("--suffix", metavar="TEXT", show_default=False, help="Put after column names.")]
TableOnly = Annotated[
    bool, typer.Option("--table-only", help="Write the table alone to OUT, without the file's images or stamps.")
]
Decompress = Annotated[bool, typer.Option("--decompress", help="Write a tile-compressed table back as a plain one.")]
Detach = Annotated[
    bool, typer.Option("--detach", help="Go on where the new file cannot keep the owner or the hard links of the old.")
]
Provenance = Annotated[
    str | None,
    typer.Option("--provenance", metavar="FILE.json", help="Write the run's record and result to this file."),
]

# Manners
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be read, run and written, and what it would cost; do nothing.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with code 3 if rows were flagged.")]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, show_default=False, help="Wait for a locked file this long."),
]
MaxMemory = Annotated[
    str | None,
    typer.Option(
        "--max-memory",
        metavar="SIZE",
        callback=_bound,
        help="What a table, image or stamp may take, e.g. 8G; left out, half of what the system grants.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", callback=_silence, help="Print nothing on stderr but errors.")]
Traceback = Annotated[
    bool, typer.Option("--traceback", callback=_trace, is_eager=True, help="Show where in the program an error arose.")
]


def photometry_options(
    band: Band = None,
    error: Error = None,
    unit: Unit = None,
    photometry: Photometry = None,
    extinction: Extinction = None,
    bad: Bad = None,
    mask_band: MaskBand = None,
) -> "PhotometryOptions":
    """Return the seven options about photometry; loads numpy.

    Raises
    ------
    InputError
        When one of them cannot be read.
    """
    from skycnn.photometry.fluxes import PhotometryOptions

    return PhotometryOptions(
        band=pairs(band, "--band"),
        error=pairs(error, "--error", alone="*"),
        unit=pairs(unit, "--unit", "BAND=UNIT", alone="*"),
        photometry=photometry,
        extinction=extinction,
        bad=tuple(bad or ()),
        mask_band=pairs(mask_band, "--mask-band"),
    )
