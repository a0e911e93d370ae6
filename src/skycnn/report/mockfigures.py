"""MockFigures: what mocks are and look like, on one page: truths, colours along a truth, stamps."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.report import plotfile, style
from skycnn.report.colourimage import colour
from skycnn.stamps.stampfile.mockfile import TRUE
from skycnn.stamps.stampfile.stampcolumns import words

Array = NDArray[Any]

ROWS, STAMPS = 20_000, 60
"""Rows and stamps that a page shows: the first ones, for mocks come in no order."""

ACROSS = 15
"""Stamps side by side."""

TRUTHS, COLOURS = 3, 8
"""Panels at most."""

SEEN = 5.0
"""Signal to noise in both bands from which a colour is drawn."""


class PreviewRows:
    """The first rows of a run's mocks.

    Parameters
    ----------
    bands : sequence of str
    """

    def __init__(self, bands: Sequence[str]) -> None:
        self.bands = tuple(bands)
        self._parts: list[dict[str, Array]] = []
        self._stamps: list[Array] = []
        self._rows = self._shown = 0

    def add(self, values: Mapping[str, Array], pixels: Array | None) -> None:
        """Take of a block what is still wanted: values (n,) by column, stamps (n, band, y, x)."""
        n = len(next(iter(values.values())))
        if self._rows < ROWS:
            self._parts.append({name: value[: ROWS - self._rows] for name, value in values.items()})
            self._rows += n
        if pixels is not None and self._shown < STAMPS:
            self._stamps.append(pixels[: STAMPS - self._shown].copy())
            self._shown += n

    @property
    def measured(self) -> bool:
        """Whether fluxes are measured, beside the true ones."""
        return f"FLUXERR_{words(self.bands)[0]}" in self._parts[0]

    def column(self, name: str) -> Array:
        """Return the values of a column."""
        return np.concatenate([part[name] for part in self._parts])

    @property
    def stamps(self) -> Array | None:
        """Stamps (n, band, y, x)."""
        return np.concatenate(self._stamps) if self._stamps else None


def check(path: str, overwrite: bool, spared: str | None = None) -> str:
    """Return the format of a page's file name.

    Parameters
    ----------
    path : str
    overwrite : bool
        Whether a file of that name may be replaced.
    spared : str, optional
        A file that the page must not replace, there or not.

    Raises
    ------
    InputError
        When it is none that can be drawn, the file exists or is the one to be spared, or its folder cannot be written
        to.
    """
    spare = {} if spared is None else {spared: "the file of the mocks themselves"}
    return plotfile.check(path, "--preview", overwrite=overwrite, spared=spare)


def draw(path: str, sample: PreviewRows, shown: Sequence[str], pixel_scale: float, title: str) -> None:
    """Write the page; a file of that name is replaced.

    Parameters
    ----------
    path : str
        Its ending is the format.
    sample : PreviewRows
    shown : sequence of str
        Truths, by their names without ``_TRUE``; colours are drawn against the first, and stamps are sorted by it.
    pixel_scale : float
        arcsec.
    title : str
    """
    plotfile.write(path, picture(check(path, True), sample, shown, pixel_scale, title))


def picture(kind: str, sample: PreviewRows, shown: Sequence[str], pixel_scale: float, title: str) -> bytes:
    """Return the page in one of `plotfile.FORMATS`; the parameters are those of `draw`."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    stamps = sample.stamps
    lines = 0 if stamps is None else -(-len(stamps) // ACROSS)
    tracks = min(COLOURS, len(sample.bands) - 1) if shown and sample.measured else 0
    across = 3 if tracks in (3, 5, 6) else 4
    height = -(-tracks // across)
    top = [2.2] if shown or sample.measured else []
    heights = [*top, *([1.9] * height), *([0.72 * lines] if lines else [])]
    with matplotlib.rc_context({**style.STYLE, "font.size": 8}):
        figure = Figure(figsize=(10.5, sum(heights) + 0.5), dpi=180, layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        if top:
            _truths(figure, grid[0], sample, shown[:TRUTHS])
        if tracks:
            _tracks(figure, grid[1 : 1 + height, 0].subgridspec(height, min(across, tracks)), sample, shown[0], tracks)
        if stamps is not None:
            labels = sample.column(f"{shown[0]}{TRUE}")[: len(stamps)] if shown else np.full(len(stamps), np.nan)
            order = np.argsort(labels, kind="stable")  # NaN goes last
            axes, name = figure.add_subplot(grid[-1]), shown[0] if shown else ""
            _sheet(axes, sample.bands, stamps[order], labels[order], name, pixel_scale)
        figure.suptitle(f"{title} ({len(sample.column('ID')):,} shown)", x=0.01, ha="left", fontweight="bold")
        return style.encode(figure, kind)


def _truths(figure: Any, place: Any, sample: PreviewRows, shown: Sequence[str]) -> None:
    """Draw how the truths are distributed, and, of measured mocks, the signal to noise in the best band."""
    panels = np.ravel(place.subgridspec(1, len(shown) + sample.measured).subplots(squeeze=False))
    for axes, name in zip(panels, shown, strict=False):
        values = sample.column(f"{name}{TRUE}").astype(np.float64)
        values = values[np.isfinite(values)]
        axes.hist(values, 50, range=_span(values), color=style.ACCENT, alpha=0.75)
        axes.axvline(np.median(values) if len(values) else 0.0, color=style.WARM, lw=1)
        axes.set_title(f"{name}: median {np.median(values):.3g}" if len(values) else name)
    if sample.measured:
        flux, error = _fluxes(sample)
        with np.errstate(invalid="ignore"):
            best = np.nanmax(np.where(error > 0, flux / error, np.nan), axis=1, initial=1.0)
        panels[-1].hist(np.log10(np.maximum(best, 1)), 50, range=(0, 3.5), color=style.SOFT, alpha=0.75)
        panels[-1].set_title(f"log10 S/N, best band: median {np.log10(np.median(best)):.2f}")
    for axes in panels:
        axes.tick_params(labelleft=False)


def _span(values: Array) -> tuple[float, float]:
    """Return where a histogram begins and ends; about a single value, a tenth of it to either side."""
    low, high = np.quantile(values, (0.0005, 0.9995)).tolist() if len(values) else (0.0, 1.0)
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        width = 0.1 * abs(low) or 0.5
        low, high = low - width, high + width
    return low, high


def _tracks(figure: Any, grid: Any, sample: PreviewRows, name: str, tracks: int) -> None:
    """Draw adjacent colours against a truth, with the running median and 68 % of the rows."""
    flux, error = _fluxes(sample)
    truth = sample.column(f"{name}{TRUE}").astype(np.float64)
    panels = np.ravel(grid.subplots(sharex=True, squeeze=False))
    high = float(np.nanquantile(truth, 0.998))
    for axes, i in zip(panels, range(tracks), strict=False):
        with np.errstate(invalid="ignore", divide="ignore"):
            colours = -2.5 * np.log10(flux[:, i] / flux[:, i + 1])
            seen = (flux[:, i] > SEEN * error[:, i]) & (flux[:, i + 1] > SEEN * error[:, i + 1]) & (truth <= high)
        x, y = truth[seen], colours[seen]
        size = min(max(1.5, 60 / np.sqrt(max(len(x), 1))), 6)  # points; few are drawn large
        axes.plot(x, y, ".", ms=size, mew=0, alpha=min(1, size / 6), color=style.ACCENT, rasterized=True)
        if len(x) >= 100:
            edges = np.quantile(x, np.linspace(0, 1, int(np.clip(len(x) // 50, 4, 25)) + 1))
            groups = [(x >= a) & (x <= b) for a, b in itertools.pairwise(edges)]
            centre = [np.median(x[g]) for g in groups]
            below, middle, above = np.transpose([np.quantile(y[g], (0.16, 0.5, 0.84)) for g in groups])
            axes.fill_between(centre, below, above, color=style.INK, alpha=0.2, lw=0)
            axes.plot(centre, middle, color=style.INK, lw=1.2)
            spread = max(1.0, float(np.ptp(np.quantile(y, (0.01, 0.99)))))
            axes.set_ylim(np.median(y) - spread, np.median(y) + spread)
        axes.set_title(f"{sample.bands[i]} - {sample.bands[i + 1]}, {len(x):,} at S/N > {SEEN:g}")
    for axes in panels[tracks:]:
        axes.set_axis_off()
    for axes in panels[max(0, tracks - grid.ncols) : tracks]:
        axes.set_xlabel(name)


def _sheet(axes: Any, bands: Sequence[str], stamps: Array, labels: Array, name: str, pixel_scale: float) -> None:
    """Draw stamps in colour, side by side, y upwards, in the order of a truth."""
    side = stamps.shape[-1]
    gap, lines = max(1, side // 16), -(-len(stamps) // ACROSS)
    step = side + gap
    canvas = np.ones((lines * step, ACROSS * step, 3))
    for k, stamp in enumerate(colour(stamps, bands)[:, ::-1]):
        y, x = k // ACROSS * step, k % ACROSS * step
        canvas[y : y + side, x : x + side] = np.nan_to_num(stamp)
    axes.imshow(canvas, interpolation="nearest")
    for k, label in enumerate(labels.tolist() if name else []):
        axes.text(
            k % ACROSS * step + 1,
            k // ACROSS * step + 1,
            f"{label:.3g}" if np.isfinite(label) else "-",
            va="top",
            fontsize=5,
            color="w",
        )
    axes.set_axis_off()
    what = f", sorted by {name}" if name else ""
    axes.set_title(f"the first {len(stamps)}, each {side * pixel_scale:.3g} arcsec wide{what}; one stretch for all")


def _fluxes(sample: PreviewRows) -> tuple[Array, Array]:
    """Return fluxes and errors (n, band)."""
    stems = words(sample.bands)
    flux, error = (np.stack([sample.column(f"{kind}_{stem}") for stem in stems], 1) for kind in ("FLUX", "FLUXERR"))
    return flux, error
