"""ExhibitCard: an exhibit as an element of a page, with the numbers by which it is sorted."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from skycnn.report import drawing, pageblocks
from skycnn.report.exhibit import Exhibit, brief, signed
from skycnn.report.exhibitimages import ExhibitImages
from skycnn.report.markup import Markup, join, tag

FEW = 6
"""Columns of the catalogue up to which they are shown at once; more are unfolded by a click."""

ACROSS = 5
"""Maps of bands side by side."""

SIDE, BANDSIDE = 160, 80
"""CSS pixels of a stamp and of a band's map, before the page fits them into a card."""


@dataclass(frozen=True)
class Look:
    """What the cards of a gallery share.

    Parameters
    ----------
    images : ExhibitImages
    quantity : str
        What is answered.
    method : str
        What the maps are.
    ends : tuple of float, float
        Of the axis of answers without a curve.
    flags : sequence of str
        Every flag once; a card names its own by their places.
    """

    images: ExhibitImages
    quantity: str
    method: str
    ends: tuple[float, float]
    flags: Sequence[str]


def card(k: int, exhibit: Exhibit, look: Look) -> Markup:
    """Return the card of the ``k``-th exhibit."""
    head = tag("header", tag("h3", tag("bdi", exhibit.heading)), tag("span", f"row {exhibit.row}", class_="row"))
    sorting = {
        "data_order": k,
        "data_row": exhibit.row,
        "data_answer": _number(exhibit.answer[0]),
        "data_error": _number(abs(exhibit.error)),
        "data_width": _number(exhibit.width),
        "data_residual": _number(abs(exhibit.explained[2])) if exhibit.explained else None,
        "data_flagged": len(exhibit.flags),
        "data_flags": json.dumps([look.flags.index(flag) for flag in exhibit.flags]),
    }
    return tag(
        "article",
        head,
        _answer(exhibit),
        _images(k, exhibit, look.images, look.method),
        drawing.posterior(exhibit, look.quantity) or drawing.interval(exhibit, look.quantity, look.ends),
        _explained(exhibit),
        _bars(exhibit, look.quantity),
        _flags(exhibit),
        _columns(exhibit),
        class_="card zoomable",
        data_label=exhibit.heading,
        aria_label=exhibit.heading,
        **sorting,
    )


def _number(value: float) -> str | None:
    return f"{value:.9g}" if math.isfinite(value) else None


def _answer(exhibit: Exhibit) -> Markup:
    value, low, high, _ = exhibit.answer
    if not math.isfinite(value):
        return tag("p", "no answer", class_="answer")
    parts: list[str] = [tag("b", exhibit.text(value)), f" {exhibit.unit}" if exhibit.unit else ""]
    if math.isfinite(exhibit.width):
        parts.append(f" [{exhibit.text(low)}, {exhibit.text(high)}] ")
    if math.isfinite(exhibit.truth):
        parts.append(tag("span", f" truth {exhibit.truth_text}", class_="truth"))
    return tag("p", *parts, class_="answer")


def _images(k: int, exhibit: Exhibit, images: ExhibitImages, method: str) -> Markup:
    """Return the stamp, the map over it, their scale, and the maps of the bands."""
    pair, rest = [], []
    stamp = images.stamp(k)
    if stamp is not None:
        pair.append(_figure(stamp, f"stamp of {exhibit.heading}", "stamp", SIDE))
    overlay = images.overlay(k)
    if overlay is not None:
        caption = "map, all bands" if exhibit.maps is not None and exhibit.maps.ndim == 3 else "map"
        pair.append(_figure(overlay, f"{caption}, of {exhibit.heading}: {method}", caption, SIDE))
        full = brief(images.full(k) or 0.0, 2)
        low = f"\N{MINUS SIGN}{full}" if images.two_sided else "0"
        strip = pageblocks.image(images.scale, f"scale of the maps from {low} to {full}", width=SIDE, height=9)
        rest.append(tag("div", tag("span", low), strip, tag("span", full), class_="scale"))
    maps = images.bandmaps(k)
    if maps:
        totals = signed([total for _, _, total in maps])
        small = [
            _figure(picture, f"map of {exhibit.heading} in {band}", f"{band} {total}", BANDSIDE)
            for (band, picture, _), total in zip(maps, totals, strict=True)
        ]
        across = len(small) if len(small) <= ACROSS else min(-(-len(small) // 2), ACROSS)
        rest.append(tag("div", *small, class_=f"bandmaps of{across}"))
    return join([tag("div", *pair, class_="pair"), *rest]) if pair else Markup()


def _figure(picture: bytes, alt: str, caption: str, side: int) -> Markup:
    shown = pageblocks.image(picture, alt, width=side, height=side)
    return tag("figure", shown, tag("figcaption", caption))


def _explained(exhibit: Exhibit) -> Markup:
    if exhibit.explained is None:
        return Markup()
    value, reference, residual = exhibit.explained
    text = f"explained {brief(value)}, at the baseline {brief(reference)}, residual {brief(residual, 1)}"
    return tag("p", text, class_="explained")


def _bars(exhibit: Exhibit, quantity: str) -> Markup:
    """Return a table of what each band adds or changes, and of the answer without it."""
    what, bars = exhibit.by_band()
    without = exhibit.without or {}
    names = list(dict.fromkeys([*bars, *without]))
    if not names:
        return Markup()
    full = max((abs(value) for value in bars.values() if math.isfinite(value)), default=0.0)
    head = [tag("th", "band", scope="col"), tag("th", what, scope="col", colspan=2)]
    if without:
        head.append(tag("th", f"{quantity} without it", scope="col", class_="number"))
    lines = []
    values = [bars.get(name, math.nan) for name in names]
    for name, value, text in zip(names, values, signed(values), strict=True):
        cells = [tag("td", text, class_="number"), tag("td", drawing.bar(value, full), class_="bar")]
        if without:
            cells.append(tag("td", exhibit.text(without.get(name, math.nan)), class_="number"))
        lines.append(tag("tr", tag("th", name, scope="row"), *cells))
    return tag("table", tag("thead", tag("tr", *head)), tag("tbody", *lines), class_="bars")


def _flags(exhibit: Exhibit) -> Markup:
    if not exhibit.flags:
        return tag("ul", tag("li", "no flag", class_="clean"), class_="flags")
    return tag("ul", *(tag("li", flag) for flag in exhibit.flags), class_="flags")


def _columns(exhibit: Exhibit) -> Markup:
    if not exhibit.columns:
        return Markup()
    lines = [
        tag("tr", tag("th", name, scope="row"), tag("td", value, class_="number"))
        for name, value in exhibit.columns.items()
    ]
    n = len(lines)
    return tag(
        "details",
        tag("summary", f"catalogue, {n} column{'s' if n > 1 else ''}"),
        tag("table", tag("tbody", *lines)),
        open=n <= FEW,
    )
