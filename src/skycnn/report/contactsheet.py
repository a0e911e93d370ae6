"""ContactSheet: stamps side by side on one page, with row numbers, flags and a scale bar, to be checked by eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.report import plotfile, style
from skycnn.report.colourimage import channels, colour
from skycnn.schema import NOT_RUN, Flag

Array = NDArray[Any]

MOST = 100
"""Stamps on a sheet: more are too small to be judged."""

DPI = 200
GAP, MARGIN, LINE, HEAD, FOOT = 18, 36, 19, 96, 84
"""Page pixels: between stamps, around all, a line of a caption, above and below the stamps."""

LAYOUTS = ((6, 3, 384), (30, 6, 256), (MOST, 10, 192))
"""Up to so many stamps: columns of the page, and about how many page pixels a stamp is wide."""

NARROWEST = 1000
HATCH = np.array([[22, 50, 79], [74, 134, 196]]) / 255
"""Colours of the places where no band has a value: dark, with light stripes."""


@dataclass(frozen=True)
class _Page:
    """Where things lie, in page pixels: stamps are ``tile`` wide, each of their pixels ``zoom``."""

    columns: int
    rows: int
    zoom: int
    tile: int
    caption: int

    @property
    def width(self) -> int:
        return max(NARROWEST, 2 * MARGIN + self.columns * (self.tile + GAP) - GAP)

    @property
    def height(self) -> int:
        return HEAD + self.rows * (self.tile + self.caption) + FOOT

    def place(self, k: int) -> tuple[int, int]:
        """Return the left and the upper edge of a stamp."""
        return MARGIN + k % self.columns * (self.tile + GAP), HEAD + k // self.columns * (self.tile + self.caption)


def choose(rows: int) -> Array:
    """Return the numbers of the rows that a sheet shows of so many: all, or `MOST` spread evenly; int64."""
    return np.unique(np.linspace(0, max(rows - 1, 0), min(rows, MOST)).astype(np.int64))


def draw(
    path: str,
    pixels: Array,
    bands: Sequence[str],
    numbers: Sequence[int] | Array,
    flags: Sequence[int] | Array,
    pixel_scale: float | None = None,
    *,
    title: str = "",
    total: int | None = None,
) -> None:
    """Write a contact sheet; a file of that name is replaced.

    Parameters
    ----------
    path : str
        Its ending is the format.
    pixels : array (n, band, y, x)
        Drawn with y upwards; the first `MOST` stamps are shown.
    bands : sequence of str
    numbers : sequence of int (n,)
        Row numbers in the catalogue.
    flags : sequence of int (n,)
        Bits of `Flag`.
    pixel_scale : float, optional
        arcsec; left out, the scale bar is in pixels.
    title : str
    total : int, optional
        Of how many rows these are the ones shown.

    Raises
    ------
    InputError
        When the format is unknown or matplotlib is missing.
    """
    kind = plotfile.check(path, "--preview", overwrite=True)
    plotfile.write(path, picture(kind, pixels, bands, numbers, flags, pixel_scale, title=title, total=total))


def picture(
    kind: str,
    pixels: Array,
    bands: Sequence[str],
    numbers: Sequence[int] | Array,
    flags: Sequence[int] | Array,
    pixel_scale: float | None = None,
    *,
    title: str = "",
    total: int | None = None,
) -> bytes:
    """Return a contact sheet in one of `plotfile.FORMATS`; the parameters are those of `draw`."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    side = pixels.shape[-1]
    captions = [_names(int(flag)) for flag in flags[:MOST]]
    columns, wanted = next((c, w) for most, c, w in LAYOUTS if len(captions) <= most)
    binned = -(-side // wanted)  # stamps larger than their place are binned
    pixels, side = _bin(pixels[:MOST], binned), -(-side // binned)
    zoom = max(1, round(wanted / side))
    lines = 1 + max((text.count("\n") + 1 for text in captions if text), default=0)
    page = _Page(
        columns=max(1, min(columns, len(captions))),
        rows=-(-len(captions) // columns),
        zoom=zoom,
        tile=zoom * side,
        caption=LINE * lines + GAP,
    )
    with matplotlib.rc_context(style.STYLE):
        figure = Figure(figsize=(page.width / DPI, page.height / DPI), dpi=DPI)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(_canvas(page, pixels, bands), extent=(0, page.width, page.height, 0), interpolation="none")
        axes.set(xlim=(0, page.width), ylim=(page.height, 0))
        axes.text(MARGIN, 0.5 * HEAD - 6, title, va="baseline", fontsize=9, fontweight="bold", parse_math=False)
        axes.text(MARGIN, HEAD - 22, _legend(bands), va="baseline", fontsize=6.5, color=style.SOFT, parse_math=False)
        for k, (number, names) in enumerate(zip(numbers, captions, strict=False)):
            x, y = page.place(k)
            axes.text(x, y + page.tile + 4, f"row {number}", va="top", fontsize=6)
            axes.text(x, y + page.tile + 4 + LINE, names, va="top", fontsize=5, color=style.WARM, linespacing=1.15)
        _foot(axes, page, None if pixel_scale is None else pixel_scale * binned, binned, len(captions), total)
        return style.encode(figure, kind)


def _canvas(page: _Page, pixels: Array, bands: Sequence[str]) -> Array:
    """Return the page's picture without its words, uint8 (height, width, 3)."""
    canvas = np.ones((page.height, page.width, 3))
    grid = np.indices((page.tile, page.tile)).sum(axis=0)
    stripes = HATCH[(grid % 12 < 3).astype(int)]
    rgb = colour(pixels, bands)[:, ::-1]  # y upwards
    whole = np.asarray(np.isfinite(pixels).all(axis=1))[:, ::-1]
    partly = np.isfinite(rgb[..., 0]) & ~whole
    for k, stamp in enumerate(rgb):
        large, some = (np.kron(part, np.ones((page.zoom, page.zoom, 1))) for part in (stamp, partly[k, ..., None]))
        thin = (some > 0) & (stripes == HATCH[1]).all(axis=-1, keepdims=True)  # a band lacks: stripes alone
        large = np.where(np.isnan(large) | thin, stripes, large)
        x, y = page.place(k)
        canvas[y : y + page.tile, x : x + page.tile] = large
        middle = np.arange(page.tile // 2 - 1, page.tile // 2 + 1 + page.tile % 2)  # ticks at the stamp's centre
        for outside in (slice(y - 8, y - 2), slice(y + page.tile + 2, y + page.tile + 8)):
            canvas[outside, x + middle[0] : x + middle[-1] + 1] = 0.4
        for outside in (slice(x - 8, x - 2), slice(x + page.tile + 2, x + page.tile + 8)):
            canvas[y + middle[0] : y + middle[-1] + 1, outside] = 0.4
    return np.round(255 * canvas).astype(np.uint8)


def _foot(axes: Any, page: _Page, pixel_scale: float | None, binned: int, shown: int, total: int | None) -> None:
    """Draw the scale bar, the meaning of the stripes, and how many rows are shown of how many."""
    y = page.height - 38
    length, label = _bar(page.tile * (binned if pixel_scale is None else pixel_scale) / page.zoom, pixel_scale)
    axes.plot((MARGIN, MARGIN + length * page.tile), (y, y), color=style.INK, lw=1.6, solid_capstyle="butt")
    x = MARGIN + length * page.tile + 12
    parts = [label, f"{shown} of {total:,} rows" if total is not None and total > shown else "", "striped: no value"]
    axes.text(x, y, "     ".join(part for part in parts if part), va="center", fontsize=6.5, parse_math=False)


def _bar(width: float, pixel_scale: float | None) -> tuple[float, str]:
    """Return a scale bar's share of a stamp ``width`` arcsec (or pixels) wide, and its label: a round number."""
    step = 10.0 ** np.floor(np.log10(0.5 * width))
    length = next(factor * step for factor in (5, 2, 1) if factor * step <= 0.5 * width * (1 + 1e-9))
    if pixel_scale is None:
        return length / width, f"{length:g} pixel{'s' if length != 1 else ''}"
    if length >= 60:  # then in minutes of arc, again a round number
        share, label = _bar(width / 60, 1.0)
        return share, label.replace("arcsec", "arcmin")
    return length / width, f"{length:g} arcsec"


def _legend(bands: Sequence[str]) -> str:
    groups = ["+".join(bands[i] for i in group) for group in channels(bands)]
    names = ("red", "green", "blue") if len(groups) == 3 else ("band",)
    each = ", ".join(f"{name} {group}" for name, group in zip(names, groups, strict=True))
    return f"{each}; one asinh stretch for all stamps, y upwards"


def _names(flag: int) -> str:
    if flag == NOT_RUN:
        return "not run"
    return "\n".join(str(bit.name) for bit in Flag if flag & bit)


def _bin(pixels: Array, times: int) -> Array:
    """Return stamps with squares of pixels averaged, NaN where any of a square is; the rim is filled with NaN."""
    if times == 1:
        return pixels
    rim = -pixels.shape[-1] % times
    filled = np.pad(pixels, ((0, 0), (0, 0), (0, rim), (0, rim)), constant_values=np.nan)
    side = filled.shape[-1] // times
    return np.asarray(filled.reshape(*pixels.shape[:2], side, times, side, times).mean(axis=(3, 5)))
