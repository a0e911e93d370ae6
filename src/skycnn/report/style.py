"""Style: the colours and lettering of all figures, and how they become files."""

import io
from typing import Any

INK, SOFT, FAINT, ACCENT, WARM = "#22303c", "#66757f", "#9aa7b1", "#1f6f9f", "#c8553d"

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


def encode(figure: Any, kind: str) -> bytes:
    """Return a matplotlib figure as the bytes of a file; they tell no date, so the same figure is the same file."""
    page = io.BytesIO()
    metadata = {"png": {"Software": "skycnn"}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    figure.savefig(page, format=kind, metadata=metadata)
    return page.getvalue()
