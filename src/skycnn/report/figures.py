"""Figures: predicted against true, how the posteriors met the truth, and who did better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn import metrics
from skycnn.report.style import ACCENT, FAINT, INK, SOFT, STYLE, WARM, encode
from skycnn.scoring.scoretable import Entry, Predictor
from skycnn.scoring.target import Target

Array = NDArray[Any]

FEW = 1500
"""Rows up to which each is a dot; above, cells are coloured by their number."""

PAGE = (7.1, 5.6)
"""Inches: as wide as the two columns of a journal, so that no letter is set smaller than 7 points."""

LONE = 4.0
"""A predictor whose score is more than this many times that of the one shown is written as a number at the edge."""


def draw(target: Target, predictor: Predictor, truth: Array, entries: Sequence[Entry], title: str, kind: str) -> bytes:
    """Return a figure of one predictor, with the others' scores beside it.

    Parameters
    ----------
    target : Target
        What was judged; its kind decides which figure.
    predictor : Predictor
        The one shown.
    truth : array (n,)
    entries : sequence of Entry
        The table; the first is the predictor's own.
    title : str
    kind : str
        One of `plotfile.FORMATS`.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**STYLE, "font.size": 8, "axes.titlesize": 8}):
        figure = Figure(figsize=PAGE, dpi=300, layout="constrained")
        FigureCanvasAgg(figure)
        value = predictor.judged.value if predictor.judged is not None else np.full(len(truth), np.nan)
        pit = predictor.judged.pit if predictor.judged is not None else None
        if target.kind == "class":
            _class(figure, value, truth, entries, target.truth)
        else:
            _value(figure, value, truth, pit, entries, _look(target, value, truth))
        figure.suptitle(title, x=0.008, ha="left", fontsize=9, fontweight="bold")
        return encode(figure, kind)


@dataclass(frozen=True)
class _Look:
    """How a redshift, or a value in its own unit, is drawn.

    ``shown`` are the scores in the main panel, as (key, name, factor, format); ``compared`` those beside the
    baselines', as (key, name, factor); ``limit`` is the error, in units of ``1 + grows truth``, at which outliers
    begin, 0 where there are none; ``ends`` those of the axes.
    """

    ends: tuple[float, float]
    x: str
    y: str
    error: str
    shown: Sequence[tuple[str, str, float, str]]
    compared: Sequence[tuple[str, str, float]]
    grows: float = 0.0
    limit: float = 0.0


def _look(target: Target, value: Array, truth: Array) -> _Look:
    known = [values[np.isfinite(values)] for values in (truth, value)]
    known = [values for values in known if len(values)] or [np.array([0.0, 1.0])]
    if target.kind == "redshift":
        true = r"z_\mathrm{spec}" if "spec" in target.truth.lower() else r"z_\mathrm{true}"
        return _Look(
            (0.0, 1.05 * max(float(np.quantile(values, 0.999)) for values in known)),
            f"${true}$",
            r"$z_\mathrm{phot}$",
            rf"$(z_\mathrm{{phot}} - {true})\,/\,(1 + {true})$",
            (
                ("sigma_nmad", r"$\sigma_\mathrm{NMAD}$", 1.0, "{:.4f}"),
                ("outliers", "outliers", 100.0, "{:.2f}%"),
                ("bias", "bias", 1.0, "{:+.4f}"),
            ),
            (("sigma_nmad", r"$\sigma_\mathrm{NMAD}$", 1.0), ("outliers", "outliers [%]", 100.0)),
            1.0,
            metrics.OUTLIER,
        )
    low, high = (f([float(np.quantile(v, q)) for v in known]) for f, q in ((min, 0.001), (max, 0.999)))
    margin = 0.05 * (high - low) or 1.0
    shown = (("mae", "MAE"), ("half_width", "half of 16-84%"), ("bias", "bias"))
    return _Look(
        (low - margin, high + margin),
        target.truth,
        f"{target.value} [{target.unit}]" if target.unit else target.value,
        f"{target.value} - {target.truth}",
        [(key, name, 1.0, "{:+.3g}" if key == "bias" else "{:.3g}") for key, name in shown],
        [(key, name, 1.0) for key, name in shown[:2]],
    )


def _value(figure: Any, value: Array, truth: Array, pit: Array | None, entries: Sequence[Entry], look: _Look) -> None:
    """Draw predicted against true, the errors along the truth, the PIT and the baselines' scores."""
    known = np.isfinite(value)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.3, 1.0), height_ratios=(2.6, 1.0))
    main = figure.add_subplot(grid[0, 0])
    below = figure.add_subplot(grid[1, 0], sharex=main)
    right = grid[:, 1].subgridspec(2, 1, height_ratios=(1.0, 1.0))
    _diagonal(main, figure, truth[known], value[known], entries[0], len(truth) - int(known.sum()), look)
    _residual(below, truth[known], value[known], look)
    main.tick_params(labelbottom=False)
    below.set_xlabel(look.x, parse_math="$" in look.x)
    main.set_ylabel(look.y, parse_math="$" in look.y)
    below.set_ylabel(look.error, fontsize=7, parse_math="$" in look.error)
    _pit(figure.add_subplot(right[0]), pit)
    _rivals(figure, right[1], entries, look.compared)


def _diagonal(axes: Any, figure: Any, truth: Array, value: Array, entry: Entry, silent: int, look: _Look) -> None:
    line = np.array(look.ends)
    _density(axes, figure, truth, value, look.ends, look.ends)
    axes.plot(line, line, color=INK, lw=0.9)
    for sign in (-1, 1) if look.limit else ():
        axes.plot(line, line + sign * look.limit * (1 + look.grows * line), color=WARM, lw=0.9, ls=(0, (5, 3)))
    if not look.limit:
        _running(axes, truth, value)
    axes.set(xlim=look.ends, ylim=look.ends)
    off = [(values < look.ends[0]) | (values > look.ends[1]) for values in (truth, value)]
    beyond = int(np.count_nonzero(off[0] | off[1]))
    asides = [f"{silent:,} unanswered"] * bool(silent) + [f"{beyond:,} beyond the axes"] * bool(beyond)
    lines = []
    for key, name, factor, form in look.shown:
        found = entry.scores[key]
        numbers = [form.format(factor * x) for x in (found.value, found.low, found.high)]
        middle, low, high = (number.replace("-", "\N{MINUS SIGN}") for number in numbers)
        lines.append(f"{name} = {middle}  [{low}, {high}]")
    lines.append(f"N = {len(truth) + silent:,}" + (f" ({', '.join(asides)})" if asides else ""))
    plate = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 3}
    axes.text(0.03, 0.97, "\n".join(lines), transform=axes.transAxes, va="top", linespacing=1.55, bbox=plate)


def _running(axes: Any, truth: Array, values: Array) -> None:
    """Draw median and 68 % interval of values along the truth."""
    if len(truth) < 30:
        return
    edges = np.unique(np.quantile(truth, np.linspace(0, 1, int(np.clip(len(truth) // 60, 3, 25)) + 1)))
    place = np.clip(np.searchsorted(edges, truth, side="right") - 1, 0, max(len(edges) - 2, 0))
    groups = [place == k for k in np.unique(place)]
    centre = np.array([np.median(truth[g]) for g in groups])
    low, middle, high = np.array([np.quantile(values[g], (0.16, 0.5, 0.84)) for g in groups]).T
    axes.fill_between(centre, low, high, color="#123a5c", alpha=0.22, lw=0, label="68% of the rows")
    axes.plot(centre, middle, color="#0a1a2f", lw=1.4, label="running median")
    axes.legend(loc="lower right", ncols=2, fontsize=7, handlelength=1.4, borderaxespad=0.2)


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
    inset.set_title("rows per cell", fontsize=7, pad=3, loc="center")


def _residual(axes: Any, truth: Array, value: Array, look: _Look) -> None:
    error = (value - truth) / (1 + look.grows * truth)
    few = len(truth) <= FEW
    axes.plot(truth, error, ".", ms=4 if few else 1.6, mew=0, alpha=0.35 if few else 0.2, color=ACCENT, rasterized=True)
    axes.axhline(0, color=INK, lw=0.9)
    for sign in (-1, 1) if look.limit else ():
        axes.axhline(sign * look.limit, color=WARM, lw=0.9, ls=(0, (5, 3)))
    _running(axes, truth, error)
    low, high = np.quantile(error, (0.16, 0.84)) if len(error) else (-1.0, 1.0)
    reach = max(1.5 * look.limit, 3 * float(high - low), 1e-9)
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
    axes.text(0.04, 0.95, text, transform=axes.transAxes, va="top", fontsize=7, linespacing=1.4)
    axes.legend(loc="upper right", fontsize=7, borderaxespad=0.3, handlelength=1.0, handletextpad=0.5)


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
            if np.isfinite(value) and end > high + margin:  # far off: its number at the edge
                text = f"{value:.3g} $\\blacktriangleright$"
                place_at = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
                axes.text(
                    0.95, y, text, color=SOFT, bbox={"facecolor": "white", "edgecolor": "none", "pad": 2}, **place_at
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
    first.set_yticks(lines, [_who(entry) for entry in ran])
    first.set_title("beside the baselines: 95% intervals\n(in brackets: rows learned from)")


def _who(entry: Entry) -> str:
    """Return a predictor's name, and how many rows it learned from."""
    return entry.name if entry.learned is None else f"{entry.name}\n({entry.learned:,})"


def _class(figure: Any, p: Array, truth: Array, entries: Sequence[Entry], truth_name: str) -> None:
    """Draw the ROC, the reliability diagram, the probabilities of either class, and the baselines' scores."""
    known = np.isfinite(p)
    p, yes = p[known], truth[known] > 0.5
    grid = figure.add_gridspec(2, 2)
    roc, reliability, spread = (figure.add_subplot(grid[place]) for place in ((0, 0), (0, 1), (1, 0)))
    distinct, code = np.unique(-p, return_inverse=True)  # rows of one probability are one step
    hits, false = (np.cumsum(np.bincount(code[side], minlength=len(distinct))) for side in (yes, ~yes))
    hits, false = (np.concatenate([[0], steps / max(steps[-1:].sum(), 1)]) for steps in (hits, false))
    roc.plot(false, hits, color=ACCENT, lw=1.6)
    roc.plot((0, 1), (0, 1), color=FAINT, lw=0.9, ls=(0, (5, 3)))
    area, brier = entries[0].scores["auc"], entries[0].scores["brier"]
    text = f"AUC = {area.value:.3f} [{area.low:.3f}, {area.high:.3f}]\nBrier = {brier.value:.3f}\nN = {len(truth):,}"
    roc.text(0.95, 0.06, text, transform=roc.transAxes, ha="right", linespacing=1.5)
    roc.set(xlabel="false-positive rate", ylabel="completeness (true-positive rate)", xlim=(0, 1), ylim=(0, 1.01))
    roc.set_title("ROC")
    _reliability(reliability, p, yes, truth_name, entries[0])
    for side, colour, label in ((~yes, FAINT, f"{truth_name} = 0"), (yes, ACCENT, f"{truth_name} = 1")):
        spread.hist(p[side], 20 if len(p) < 2000 else 40, range=(0, 1), color=colour, alpha=0.55, label=label)
    spread.set(xlabel="predicted probability", ylabel="rows", xlim=(0, 1))
    spread.legend(fontsize=8)
    _rivals(figure, grid[1, 1], entries, (("auc", "AUC", 1.0), ("brier", "Brier", 1.0)))


def _reliability(axes: Any, p: Array, yes: Array, truth_name: str, entry: Entry) -> None:
    """Draw the share of positives in bins of the probability, with 68 % binomial intervals (Cameron 2011, PASA 28)."""
    bins = metrics.CALIBRATION_BINS
    place = np.clip((p * bins).astype(int), 0, bins - 1)
    count, hits, total = (np.bincount(place, weight, bins) for weight in (None, yes, p))
    used = count > 0
    count, hits, centre = count[used], hits[used], (total[used] / count[used])
    share = hits / count
    from scipy.special import betaincinv  # slow to import

    low, high = (betaincinv(hits + 1, count - hits + 1, level) for level in (0.16, 0.84))
    low, high = np.minimum(low, share), np.maximum(high, share)  # none or all of a bin lies on an end
    axes.plot((0, 1), (0, 1), color=FAINT, lw=0.9, ls=(0, (5, 3)))
    axes.vlines(centre, low, high, color=ACCENT, lw=1.4)
    axes.plot(centre, share, "o", color=ACCENT, ms=5, mec="white", mew=0.7)
    axes.set(xlabel="predicted probability", ylabel=f"share with {truth_name} = 1", xlim=(0, 1), ylim=(-0.02, 1.02))
    axes.set_title("reliability, with 68% intervals")
    error, calibrated = entry.scores["ece"], entry.scores["ece_calibrated"]
    text = (
        f"ECE = {error.value:.3f}\nif calibrated {calibrated.value:.3f} [{calibrated.low:.3f}, {calibrated.high:.3f}]"
    )
    axes.text(0.04, 0.95, text, transform=axes.transAxes, va="top", fontsize=7, linespacing=1.5)
