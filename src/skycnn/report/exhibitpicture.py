"""ExhibitPicture: an exhibit as a PNG picture for a talk or a letter: stamp, map, posterior and bands side by side."""

import io
import math
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np

from skycnn.errors import InputError
from skycnn.files.regular import check_output
from skycnn.report import plotfile, style
from skycnn.report.exhibit import Exhibit, brief, signed
from skycnn.report.exhibitimages import ExhibitImages

Progress = Callable[[int, int], None]

DPI = 200
SIDE, CURVE, BARS, SMALL = 1.75, 2.6, 2.4, 0.9
"""Inches: a stamp or map, how wide posterior and bands are, and a band's map."""

BOLD: dict[str, Any] = {"fontsize": 9, "fontweight": "bold", "parse_math": False}

GAP, LINE, AXIS, NAMES = 0.15, 0.22, 0.4, 0.85
"""Inches: between panels, a line of text, the numbers and name of an axis, and the names of bands."""


def name(row: int) -> str:
    """Return what the picture of a row is called."""
    return f"row{row:06d}.png"


def check(folder: str, rows: Sequence[int], option: str = "--png", *, overwrite: bool = False) -> None:
    """See that pictures of rows can be written into a folder, which is made if it is not there.

    Raises
    ------
    InputError
        When matplotlib is missing, the folder can neither be made nor written to, or a picture exists.
    """
    if os.path.isdir(folder):
        for row in rows:
            plotfile.check(os.path.join(folder, name(row)), option, overwrite=overwrite)
        return
    around = os.path.dirname(os.path.normpath(folder))
    plotfile.check(os.path.join(around, name(0)), option, overwrite=True)
    if check_output(folder, f"{option} {folder}") is not None or os.path.lexists(folder):
        raise InputError(f"{option} {folder} is a file", expected="a folder")


def write(
    folder: str,
    exhibits: Sequence[Exhibit],
    bands: Sequence[str],
    *,
    quantity: str = "answer",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Write a picture of each exhibit into a folder.

    Parameters
    ----------
    folder : str
    exhibits : sequence of Exhibit
    bands : sequence of str
    quantity : str
        What is answered.
    overwrite : bool
        Whether pictures that are there may be replaced.
    progress : callable, optional
        Is given how many pictures are done, and of how many.

    Raises
    ------
    InputError
        As `check`.
    """
    check(folder, [exhibit.row for exhibit in exhibits], overwrite=overwrite)
    os.makedirs(folder, exist_ok=True)
    images = ExhibitImages(exhibits, bands)
    for k, exhibit in enumerate(exhibits):
        plotfile.write(os.path.join(folder, name(exhibit.row)), picture(k, exhibit, images, quantity))
        if progress is not None:
            progress(k + 1, len(exhibits))


def picture(k: int, exhibit: Exhibit, images: ExhibitImages, quantity: str) -> bytes:
    """Return the picture of the ``k``-th exhibit as a PNG file."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    maps = images.bandmaps(k)
    squares = [(text, shown) for text, shown in (("stamp", images.stamp(k)), ("map", images.overlay(k))) if shown]
    bars = bool(exhibit.bars or exhibit.without)
    wide = len(squares) * (SIDE + GAP) + CURVE + bars * (GAP + BARS)
    width = 2 * GAP + max(wide, len(maps) * (SMALL + GAP) - GAP)
    height = 2 * LINE + GAP + SIDE + AXIS + bool(maps) * (LINE + SMALL + GAP) + LINE
    with matplotlib.rc_context({**style.STYLE, "font.size": 8, "axes.titlesize": 8}), _unknown_letters():
        figure = Figure(figsize=(width, height), dpi=DPI)
        FigureCanvasAgg(figure)

        def panel(left: float, top: float, across: float, high: float) -> Any:
            """Return axes, in inches from the left and upper edges."""
            return figure.add_axes((left / width, 1 - (top + high) / height, across / width, high / height))

        left, top = GAP, 2 * LINE + GAP
        for text, shown in squares:
            full = images.full(k) if text == "map" else None
            about = "" if full is None else f", full colour {chr(0xB1) if images.two_sided else ''}{brief(full, 2)}"
            _image(panel(left, top, SIDE, SIDE), shown, text + about)
            left += SIDE + GAP
        _posterior(panel(left, top, CURVE, SIDE), exhibit, quantity)
        if bars:
            _bars(panel(left + CURVE + NAMES, top, BARS - NAMES + GAP, SIDE), exhibit, quantity)
        totals = signed([total for _, _, total in maps])
        for i, ((band, shown, _), total) in enumerate(zip(maps, totals, strict=True)):
            place = panel(GAP + i * (SMALL + GAP), top + SIDE + AXIS + LINE, SMALL, SMALL)
            _image(place, shown, f"{band} {total}")
        room = (width - 2 * GAP) * DPI
        _fit(figure.text(GAP / width, 1 - LINE / height, _headline(exhibit, quantity), va="center", **BOLD), room)
        flags = "; ".join(exhibit.flags)
        _fit(
            figure.text(GAP / width, 0.7 * LINE / height, flags, color=style.WARM, va="center", parse_math=False), room
        )
        return style.encode(figure, "png")


def _fit(text: Any, room: float) -> None:
    """Make the letters of a line smaller where it is longer than so many pixels; hinted ones do not scale exactly."""
    renderer = text.figure.canvas.get_renderer()
    while (long := text.get_window_extent(renderer).width) > room and text.get_fontsize() > 1:
        text.set_fontsize(text.get_fontsize() * min(0.97, room / long))


@contextmanager
def _unknown_letters() -> Any:
    """Draw letters that the font lacks as boxes, without a word: a catalogue's names may hold any."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def _headline(exhibit: Exhibit, quantity: str) -> str:
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in exhibit.name)
    name = f"{shown}, " if shown.strip() else ""
    return f"{name}row {exhibit.row}: {quantity} {exhibit.sentence}{f' {exhibit.unit}' if exhibit.unit else ''}"


def _image(axes: Any, png: bytes, title: str) -> None:
    from matplotlib.image import imread

    axes.imshow(imread(io.BytesIO(png)), interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, parse_math=False)


def _posterior(axes: Any, exhibit: Exhibit, quantity: str) -> None:
    """Draw the posterior, or the interval alone, with the value and the truth."""
    value, low, high, _ = exhibit.answer
    finite = math.isfinite(low) and math.isfinite(high)
    shown = exhibit.posterior()
    if shown is not None:
        axes.plot(*shown, color=style.ACCENT, lw=1.2)
        axes.set(xlim=(shown[0][0], shown[0][-1]), ylim=(0, None))
        if finite:
            inside = (shown[0] >= low) & (shown[0] <= high)
            axes.fill_between(shown[0], shown[1], where=inside, color=style.ACCENT, alpha=0.25, lw=0)
        axes.axvline(value, color=style.ACCENT, lw=1.2)
    else:
        if finite:
            axes.plot([low, high], [0, 0], color=style.ACCENT, lw=2.5)
        axes.plot([value], [0], "o", color=style.ACCENT)
        axes.set_ylim(-1, 1)
        if not exhibit.unit and 0 <= value <= 1:
            axes.set_xlim(-0.02, 1.02)
    if math.isfinite(exhibit.truth):
        axes.axvline(exhibit.truth, color=style.WARM, ls=(0, (4, 3)), lw=1.2, label="truth")
        axes.legend(loc="upper right", fontsize=7)
    axes.set_yticks([])
    axes.set_xlabel(f"{quantity} ({exhibit.unit})" if exhibit.unit else quantity, parse_math=False)


def _bars(axes: Any, exhibit: Exhibit, quantity: str) -> None:
    """Draw what each band adds or changes, with the answer without it in numbers."""
    what, bars = exhibit.by_band()
    without = exhibit.without or {}
    names = list(dict.fromkeys(chain(bars, without)))
    values = [bars.get(band, math.nan) for band in names]
    colours = [style.ACCENT if value < 0 else style.WARM for value in values]
    axes.barh(range(len(names)), np.nan_to_num(values), color=colours, height=0.6)
    axes.axvline(0, color=style.INK, lw=0.8)
    labels = [f"{band}: {exhibit.text(without[band])}" if band in without else band for band in names]
    axes.set_yticks(range(len(names)), labels, parse_math=False)
    axes.invert_yaxis()
    axes.set_title(f"{quantity} without each band" if without else "bands", parse_math=False)
    axes.set_xlabel(what)
