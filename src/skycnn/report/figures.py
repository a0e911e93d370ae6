"""Figures: predicted against true, how the posteriors met the truth, and who did better."""

import io
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import metrics
from skycnn.errors import InputError
from skycnn.scoring.scoretable import Entry, Predictor

Array = NDArray[Any]

FORMATS = ("png", "pdf", "svg")
INK, SOFT, FAINT, ACCENT, WARM = "#22303c", "#66757f", "#9aa7b1", "#1f6f9f", "#c8553d"
FEW = 1500
"""Rows up to which each is a dot; above, cells are coloured by their number."""

LONE = 4.0
"""A predictor whose score is more than this many times that of the one shown is told as a number at the edge."""

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "mathtext.fontset": "dejavusans",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "legend.frameon": False,
    "svg.hashsalt": "skycnn",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


def check(path: str, option: str = "--plot") -> str:
    """Return the format of a figure's file name, which ``option`` gave.

    Raises
    ------
    InputError
        When it is none that can be drawn, or matplotlib is missing.
    """
    kind = Path(path).suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise InputError(f"{option} {path} has no known ending", expected=", ".join(f".{name}" for name in FORMATS))
    if find_spec("matplotlib") is None:
        raise InputError(f"matplotlib is not installed; {option} needs it", hint="pip install 'skycnn[plots]'")
    return kind


def draw(
    scores: str, predictor: Predictor, truth: Array, entries: Sequence[Entry], truth_name: str, title: str, kind: str
) -> bytes:
    """Return a figure of one predictor, with the others' scores beside it.

    Parameters
    ----------
    scores : str
        ``redshift`` or ``class``: which figure.
    predictor : Predictor
        The one shown.
    truth : array (n,)
    entries : sequence of Entry
        The table; the first is the predictor's own.
    truth_name : str
        Column of the truth.
    title : str
    kind : str
        One of ``FORMATS``.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10.0, 7.4), dpi=200, layout="constrained")
        FigureCanvasAgg(figure)
        painter = PAINTERS[scores]
        painter(figure, predictor, truth, entries, truth_name)
        figure.suptitle(title, x=0.008, ha="left", fontsize=11, fontweight="bold")
        return encode(figure, kind)


def encode(figure: Any, kind: str) -> bytes:
    """Return a matplotlib figure as the bytes of a file; they tell no date, so the same figure is the same file."""
    page = io.BytesIO()
    metadata = {"png": {"Software": "skycnn"}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    figure.savefig(page, format=kind, metadata=metadata)
    return page.getvalue()


def _redshift(figure: Any, predictor: Predictor, truth: Array, entries: Sequence[Entry], truth_name: str) -> None:
    judged = predictor.judged
    z = judged.value if judged is not None else np.full(len(truth), np.nan)
    pit = judged.pit if judged is not None else None
    known = np.isfinite(z)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.3, 1.0), height_ratios=(2.6, 1.0))
    main = figure.add_subplot(grid[0, 0])
    below = figure.add_subplot(grid[1, 0], sharex=main)
    right = grid[:, 1].subgridspec(2, 1, height_ratios=(1.0, 1.0))
    true = r"z_\mathrm{spec}" if "spec" in truth_name.lower() else r"z_\mathrm{true}"
    high = 1.05 * max((float(np.quantile(v, 0.999)) for v in (truth, z[known]) if len(v)), default=1.0)
    _diagonal(main, figure, truth[known], z[known], high, entries[0], len(truth) - int(known.sum()))
    _residual(below, truth[known], z[known], entries[0])
    main.tick_params(labelbottom=False)
    below.set_xlabel(f"${true}$")
    main.set_ylabel(r"$z_\mathrm{phot}$")
    below.set_ylabel(rf"$(z_\mathrm{{phot}} - {true})\,/\,(1 + {true})$", fontsize=8)
    _pit(figure.add_subplot(right[0]), pit)
    _rivals(
        figure, right[1], entries, (("sigma_nmad", r"$\sigma_\mathrm{NMAD}$", 1.0), ("outliers", "outliers [%]", 100.0))
    )


def _diagonal(axes: Any, figure: Any, truth: Array, z: Array, high: float, entry: Entry, silent: int) -> None:
    line = np.array([0.0, high])
    _density(axes, figure, truth, z, (0.0, high), (0.0, high))
    axes.plot(line, line, color=INK, lw=0.9)
    for sign in (-1, 1):
        axes.plot(line, line + sign * metrics.OUTLIER * (1 + line), color=WARM, lw=0.9, ls=(0, (5, 3)))
    axes.set(xlim=(0, high), ylim=(0, high))
    sigma, outliers, bias = (entry.scores[key] for key in ("sigma_nmad", "outliers", "bias"))
    beyond = int(np.count_nonzero((truth > high) | (z > high) | (z < 0)))
    asides = [f"{silent:,} unanswered"] * bool(silent) + [f"{beyond:,} beyond the axes"] * bool(beyond)
    lines = [
        rf"$\sigma_\mathrm{{NMAD}}$ = {sigma.value:.4f}  [{sigma.low:.4f}, {sigma.high:.4f}]",
        rf"outliers = {100 * outliers.value:.2f}%  [{100 * outliers.low:.2f}, {100 * outliers.high:.2f}]",
        f"bias = {bias.value:+.4f}  [{bias.low:+.4f}, {bias.high:+.4f}]".replace("-", "\N{MINUS SIGN}"),
        f"N = {len(truth) + silent:,}" + (f" ({', '.join(asides)})" if asides else ""),
    ]
    plate = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 3}
    axes.text(0.03, 0.97, "\n".join(lines), transform=axes.transAxes, va="top", linespacing=1.55, bbox=plate)


def _density(axes: Any, figure: Any, x: Array, y: Array, across: tuple[float, float], up: tuple[float, float]) -> None:
    """Draw points: one by one if they are few, else as counts in cells on a logarithmic scale."""
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    if len(x) <= FEW:
        axes.plot(x, y, ".", ms=4, mew=0, alpha=0.45, color=ACCENT, rasterized=True)
        return
    sky = LinearSegmentedColormap.from_list("sky", ("#dbe9f2", "#7fb2d0", "#1f6f9f", "#123a5c", "#0a1a2f"))
    cells = 160 if len(x) > 20_000 else 100
    counts, *edges = np.histogram2d(x, y, bins=cells, range=(across, up))
    counts = np.where(counts > 0, counts, np.nan)
    mesh = axes.pcolormesh(*edges, counts.T, cmap=sky, norm=LogNorm(1, max(np.nanmax(counts), 2)), rasterized=True)
    inset = axes.inset_axes((0.60, 0.075, 0.36, 0.020))
    figure.colorbar(mesh, cax=inset, orientation="horizontal", format="{x:g}")
    inset.tick_params(labelsize=7, length=2, direction="out", top=False)
    inset.tick_params(which="minor", length=0)
    inset.set_title("galaxies per cell", fontsize=7, pad=3, loc="center")


def _residual(axes: Any, truth: Array, z: Array, entry: Entry) -> None:
    scaled = metrics.scaled_error(z, truth)
    few = len(truth) <= FEW
    axes.plot(
        truth, scaled, ".", ms=4 if few else 1.6, mew=0, alpha=0.35 if few else 0.2, color=ACCENT, rasterized=True
    )
    axes.axhline(0, color=INK, lw=0.9)
    for sign in (-1, 1):
        axes.axhline(sign * metrics.OUTLIER, color=WARM, lw=0.9, ls=(0, (5, 3)))
    count = int(np.clip(len(truth) // 60, 3, 25))
    if len(truth) >= 30:
        edges = np.unique(np.quantile(truth, np.linspace(0, 1, count + 1)))
        place = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, len(edges) - 2)
        groups = [place == k for k in range(len(edges) - 1)]
        centre = np.array([np.median(truth[g]) for g in groups])
        low, middle, high = np.array([np.quantile(scaled[g], (0.16, 0.5, 0.84)) for g in groups]).T
        axes.fill_between(centre, low, high, color="#123a5c", alpha=0.22, lw=0, label="68% of the galaxies")
        axes.plot(centre, middle, color="#0a1a2f", lw=1.4, label="running median")
        axes.legend(loc="lower right", ncols=2, fontsize=7.5, handlelength=1.4, borderaxespad=0.2)
    reach = max(1.5 * metrics.OUTLIER, 6 * entry.scores["sigma_nmad"].value)
    axes.set_ylim(-reach, reach)


def _pit(axes: Any, pit: Array | None) -> None:
    axes.set_title("PIT: where the truth fell in each posterior")
    axes.set(xlabel="cumulative probability at the truth", ylabel="share, relative to uniform", xlim=(0, 1))
    known = np.zeros(0) if pit is None else pit[np.isfinite(pit)]
    if not len(known):
        axes.text(0.5, 0.5, "no posterior", transform=axes.transAxes, ha="center", color=FAINT)
        return
    bins = 20 if len(known) > 400 else 10
    height = np.histogram(known, bins, (0, 1))[0] * bins / len(known)
    noise = 1.96 * np.sqrt((bins - 1) / len(known))
    axes.axhspan(1 - noise, 1 + noise, color=FAINT, alpha=0.3, lw=0, label="95% range if uniform")
    axes.stairs(height, np.linspace(0, 1, bins + 1), fill=True, color=ACCENT, alpha=0.35)
    axes.stairs(height, np.linspace(0, 1, bins + 1), color=ACCENT, lw=1.2)
    axes.axhline(1, color=INK, lw=0.9)
    axes.set_ylim(0, max(1.75, 1.25 * float(height.max())))
    text = (
        f"mean {known.mean():.3f} (0.5)\nwidth {metrics.pit_width(known):.3f} (1)\nKS {metrics.ks_uniform(known):.3f}"
    )
    axes.text(0.04, 0.95, text, transform=axes.transAxes, va="top", fontsize=8, linespacing=1.4)
    axes.legend(loc="upper right", fontsize=7.5, borderaxespad=0.4)


def _rivals(figure: Any, place: Any, entries: Sequence[Entry], shown: Sequence[tuple[str, str, float]]) -> None:
    """Draw each predictor's scores with their intervals, one panel a score, one line a predictor."""
    ran = [entry for entry in entries if entry.scores]
    lines = np.arange(len(ran))[::-1]
    panels = place.subgridspec(1, len(shown), wspace=0.06).subplots(sharey=True)
    for axes, (key, label, scale) in zip(np.atleast_1d(panels), shown, strict=True):
        found = [[scale * x for x in (e.scores[key].value, e.scores[key].low, e.scores[key].high)] for e in ran]
        near = [f for f in found if f[0] <= LONE * max(found[0][0], 1e-9)]
        low, high = min((f[1] for f in near), default=0.0), max((f[2] for f in near), default=1.0)
        margin = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
        for y, (value, start, end) in zip(lines, found, strict=True):
            own = y == lines[0]
            if np.isfinite(value) and value > high + margin:  # far off: its number at the edge
                text = f"{value:.3g} $\\blacktriangleright$"
                place_at = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
                axes.text(
                    0.97, y, text, color=SOFT, bbox={"facecolor": "white", "edgecolor": "none", "pad": 2}, **place_at
                )
                continue
            colour = ACCENT if own else SOFT
            axes.plot((start, end), (y, y), color=colour, lw=2.4, solid_capstyle="round", alpha=0.45)
            axes.plot(value, y, "o", ms=6, color=colour, mec="white", mew=0.8)
        axes.axvline(found[0][0], color=ACCENT, lw=0.8, ls=":", zorder=0)
        axes.set(xlabel=label, xlim=(low - margin, high + margin), ylim=(-0.6, len(ran) - 0.4))
        axes.locator_params(axis="x", nbins=3)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=FAINT, alpha=0.25, lw=0.6)
    first = np.atleast_1d(panels)[0]
    first.set_yticks(lines, [entry.name for entry in ran])
    first.set_title("beside the baselines, with 95% intervals")


def _class(figure: Any, predictor: Predictor, truth: Array, entries: Sequence[Entry], truth_name: str) -> None:
    p = predictor.judged.value if predictor.judged is not None else np.full(len(truth), np.nan)
    known = np.isfinite(p)
    p, yes = p[known], truth[known] > 0.5
    grid = figure.add_gridspec(2, 2)
    roc, reliability, spread = (
        figure.add_subplot(grid[0, 0]),
        figure.add_subplot(grid[0, 1]),
        figure.add_subplot(grid[1, 0]),
    )
    order = np.argsort(-p, kind="stable")
    hits, false = (np.concatenate([[0], np.cumsum(side[order])]) for side in (yes, ~yes))
    roc.plot(false / max(false[-1], 1), hits / max(hits[-1], 1), color=ACCENT, lw=1.6)
    roc.plot((0, 1), (0, 1), color=FAINT, lw=0.9, ls=(0, (5, 3)))
    area, brier = entries[0].scores["auc"], entries[0].scores["brier"]
    text = f"AUC = {area.value:.3f} [{area.low:.3f}, {area.high:.3f}]\nBrier = {brier.value:.3f}\nN = {len(truth):,}"
    roc.text(0.95, 0.06, text, transform=roc.transAxes, ha="right", linespacing=1.5)
    roc.set(xlabel="false-positive rate", ylabel="completeness (true-positive rate)", xlim=(0, 1), ylim=(0, 1.01))
    roc.set_title("ROC")
    place = np.clip((p * 10).astype(int), 0, 9)
    used = [k for k in range(10) if (place == k).any()]
    share = np.array([yes[place == k].mean() for k in used])
    noise = np.array(
        [np.sqrt(max(s * (1 - s), 1e-9) / np.count_nonzero(place == k)) for s, k in zip(share, used, strict=True)]
    )
    reliability.plot((0, 1), (0, 1), color=FAINT, lw=0.9, ls=(0, (5, 3)))
    centre = [p[place == k].mean() for k in used]
    reliability.errorbar(centre, share, noise, fmt="o", color=ACCENT, ms=5, mec="white", mew=0.7, elinewidth=1.4)
    reliability.set(
        xlabel="predicted probability", ylabel=f"share with {truth_name} = 1", xlim=(0, 1), ylim=(-0.02, 1.02)
    )
    reliability.set_title("reliability, with 68% intervals")
    for side, colour, label in ((~yes, FAINT, f"{truth_name} = 0"), (yes, ACCENT, f"{truth_name} = 1")):
        spread.hist(p[side], 20 if len(p) < 2000 else 40, range=(0, 1), color=colour, alpha=0.55, label=label)
    spread.set(xlabel="predicted probability", ylabel="rows", xlim=(0, 1))
    spread.legend(fontsize=8)
    _rivals(figure, grid[1, 1], entries, (("auc", "AUC", 1.0), ("brier", "Brier", 1.0)))


PAINTERS: dict[str, Callable[[Any, Predictor, Array, Sequence[Entry], str], None]] = {
    "redshift": _redshift,
    "class": _class,
}
"""The figure of each set of scores."""
