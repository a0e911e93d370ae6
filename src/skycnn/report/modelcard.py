"""ModelCard: what a model is and how it was trained, as sections of a page."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from skycnn.errors import counted
from skycnn.network.card import Card
from skycnn.report import pageblocks
from skycnn.report.chart import Axis, Chart, legend
from skycnn.report.chartbox import box, boxes, span
from skycnn.report.markup import Markup, join, tag

LONGEST = 160
"""Letters of an entry of a card that are shown."""

ASIDE = ("learning_curve", "tensors", "scores", "ranges")
"""Fields that are drawn, or have a table of their own."""


def draw(card: Card, command: str) -> Markup:
    """Return a model's learning curve, its own scores, its trained ranges and the rest of its card."""
    parts = [boxes(*curves) if (curves := _curves(card, command)) else _no_curve(card)]
    name = f"{card.name} ({card.sha256[:8]})"
    entries = flat({name: getattr(card, name) for name in card.__dataclass_fields__ if name not in ASIDE})
    entries["tensors"] = f"{len(card.tensors)}"
    shown = {name: _short(value) for name, value in entries.items()}
    rows = [(name, value) for name, value in shown.items() if value]
    more = [pageblocks.table(("field", "value"), rows, f"Card of {name}", words=2)]
    if card.scores:
        told = [(name, _short(value)) for name, value in flat(card.scores).items()]
        caption = f"Scores of the test rows of {name}, as its card has them; intervals of 95%"
        more.append(pageblocks.table(("score", "value"), told, caption, words=2))
    if card.ranges:
        ends = [(name, f"{low:.4g}", f"{high:.4g}") for name, (low, high) in card.ranges.items()]
        more.append(
            pageblocks.table(("quantity", "from", "to"), ends, f"Trained ranges of {name}; rows outside are flagged")
        )
    folded = [
        tag("details", tag("summary", summary), table, open=k == 0)
        for k, (summary, table) in enumerate(zip(("card", "scores in the card", "trained ranges"), more, strict=False))
    ]
    return join([*parts, *folded])


def flat(content: Mapping[str, Any], stem: str = "") -> dict[str, Any]:
    """Return nested mappings as one: ``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= flat(value, f"{stem}{key}.") if isinstance(value, Mapping) and value else {f"{stem}{key}": value}
    return found


def _short(value: Any) -> str:
    if value in ("", None) or (isinstance(value, Mapping | list | tuple) and not value):
        return ""
    if isinstance(value, list | tuple) and all(isinstance(part, str | int | float) for part in value):
        text = " ".join(map(str, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _curves(card: Card, command: str) -> list[Markup]:
    """Draw the validation loss an epoch, of each network that was trained."""
    curves = [curve for curve in map(_losses, card.learning_curve) if curve is not None]
    if not curves:
        return []
    longest = max(map(len, curves))
    y = span(np.concatenate(curves), "validation loss")
    chart = Chart(Axis("epoch", 1, max(longest, 2)), y, f"learning curve of {card.name}")
    for k, curve in enumerate(curves):
        chart.line(np.arange(1, len(curve) + 1), curve, "one" if k < len(curves) - 1 or len(curves) == 1 else "two")
    best = [float(np.nanmin(curve)) for curve in curves]
    entries = [("one", "the network")] if len(curves) == 1 else []
    if len(curves) > 1:
        entries = [("two", "the last, which answers"), ("one", f"{counted(len(curves) - 1, 'network')} before it")]
    rows = card.sample.get("rows")
    known = rows if isinstance(rows, Mapping) else {}
    parts = [(words, known.get(side)) for words, side in (("trained on", "train"), ("validated on", "valid"))]
    told = ", ".join(f"{words} {n:,} rows" for words, n in parts if isinstance(n, int))
    lowest = ", ".join(f"{value:.4g}" for value in best)
    notes = [
        f"{counted(len(curves), 'network')} of {card.name}, seed {card.seed}" + (f", {told}." if told else "."),
        f"Mean loss of the validation rows, without a unit; lowest of each: {lowest}. No interval: the card has none.",
    ]
    return [box("Learning curve", [chart.svg(), legend(*entries)], notes, command)]


def _losses(curve: Any) -> np.ndarray | None:
    """Return the losses of one training; None for what is none."""
    try:
        values = np.asarray(curve, np.float64)
    except (TypeError, ValueError):
        return None
    return values if values.ndim == 1 and np.isfinite(values).any() else None


def _no_curve(card: Card) -> Markup:
    return pageblocks.paragraphs(f"The card of {card.name} has no learning curve.")
