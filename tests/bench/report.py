"""One line a figure: what was asked, what was measured."""

from collections.abc import Sequence

Line = tuple[str, str, str, str, str]


def line(what: str, asked: str, measured: str, kept: bool, detail: str = "") -> Line:
    """Return one line of a bench table."""
    return what, asked, measured, "ok" if kept else "SHORT", detail


def table(rows: Sequence[Line]) -> None:
    """Print the lines under headings."""
    rows = [("figure", "asked", "measured", "", "medians"), *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
