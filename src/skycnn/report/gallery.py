"""Gallery: exhibits as cards of a page, to be sorted, filtered, enlarged and printed."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.report import drawing, page, pageblocks
from skycnn.report.exhibit import Exhibit, brief, signed
from skycnn.report.exhibitimages import ExhibitImages
from skycnn.report.markup import Markup, join, tag

Array = NDArray[Any]

FEW = 6
"""Columns of the catalogue up to which they are shown at once; more are unfolded by a click."""

ACROSS = 5
"""Maps of bands side by side."""

SIDE, BANDSIDE = 160, 80
"""CSS pixels of a stamp and of a band's map, before the page fits them into a card."""


def write(
    path: str,
    exhibits: Sequence[Exhibit],
    bands: Sequence[str],
    *,
    title: str,
    command: str,
    facts: Mapping[str, str],
    overwrite: bool,
    quantity: str = "answer",
    method: str = "attribution",
) -> None:
    """Write a page of one gallery.

    Parameters
    ----------
    path : str
        It ends in .html.
    exhibits : sequence of Exhibit
    bands : sequence of str
        Of the stamps and the maps.
    title : str
    command : str
        What was typed.
    facts : mapping of str to str
        The model, the method and the like; the number of objects is added.
    overwrite : bool
        Whether a file of that name may be replaced.
    quantity : str
        What is answered, such as a column's name.
    method : str
        What the maps are, such as "integrated gradients".

    Raises
    ------
    InputError
        When the file exists or cannot be written.
    """
    page.check(path, overwrite=overwrite)
    made = page.Page(title, command, {"objects": f"{len(exhibits):,}", **facts})
    made.section("Objects", cards(exhibits, bands, quantity=quantity, method=method))
    made.write(path)


def cards(
    exhibits: Sequence[Exhibit],
    bands: Sequence[str],
    *,
    quantity: str = "answer",
    method: str = "attribution",
    first: str = "as asked for",
) -> Markup:
    """Return exhibits as cards, with what sorts and filters them, for a section of a page; see `write`.

    ``first`` says in which order they stand.
    """
    if not exhibits:
        return pageblocks.paragraphs("No object was asked for.")
    flags = sorted({flag for exhibit in exhibits for flag in exhibit.flags})
    images = ExhibitImages(exhibits, bands)
    ends = _ends(exhibits)
    shown = [
        _card(k, exhibit, images, quantity=quantity, method=method, ends=ends, flags=flags)
        for k, exhibit in enumerate(exhibits)
    ]
    return join(
        [
            _legend(exhibits, images, quantity, method),
            _tools(exhibits, flags, first),
            tag("div", *shown, class_="cards"),
        ]
    )


def _legend(exhibits: Sequence[Exhibit], images: ExhibitImages, quantity: str, method: str) -> Markup:
    """Return how the cards are read."""
    says = []
    if any(exhibit.pixels is not None for exhibit in exhibits):
        says.append(f"Stamps: {images.composition}; one stretch for all.")
    if any(exhibit.maps is not None for exhibit in exhibits):
        both = ", where blue they lower it" if images.two_sided else ""
        says.append(
            f"Maps ({method}): where red, the pixels raise {quantity}{both}. Each object has its own scale: what "
            "one pixel adds."
        )
    if any(exhibit.curve is not None for exhibit in exhibits):
        says.append("Curve: the posterior; shaded is the 68 % interval, the upright line is the answer.")
    if any(math.isfinite(exhibit.truth) for exhibit in exhibits):
        says.append("Dashed: the truth.")
    return pageblocks.paragraphs(" ".join(says)) if says else Markup()


def _tools(exhibits: Sequence[Exhibit], flags: Sequence[str], first: str) -> Markup:
    """Return what sorts and filters; it is hidden until the script shows it."""
    orders = {first: "order up", "row": "row up", "answer, highest first": "answer down"}
    orders["answer, lowest first"] = "answer up"
    if any(math.isfinite(exhibit.error) for exhibit in exhibits):
        orders["error, largest first"] = "error down"
    orders["interval, widest first"] = "width down"
    if any(exhibit.explained for exhibit in exhibits):
        orders["residual, largest first"] = "residual down"
    orders["flags, most first"] = "flagged down"
    chosen = {"all": "all", "any flag": "any", "no flag": "none", **{flag: f"{k}" for k, flag in enumerate(flags)}}
    return tag(
        "div",
        tag("label", "Sort by", _select("sort", orders)),
        tag("label", "Flags", _select("flag", chosen)),
        tag("label", "Text in a card", tag("input", type="search", name="text", autocomplete="off")),
        tag("output", f"{len(exhibits)} shown"),
        class_="tools",
        role="group",
        aria_label="Sort and filter",
        hidden=True,
    )


def _select(name: str, options: Mapping[str, str]) -> Markup:
    return tag("select", *(tag("option", text, value=value) for text, value in options.items()), name=name)


def _card(
    k: int,
    exhibit: Exhibit,
    images: ExhibitImages,
    *,
    quantity: str,
    method: str,
    ends: tuple[float, float],
    flags: Sequence[str],
) -> Markup:
    head = tag(
        "header",
        tag("h3", tag("bdi", exhibit.heading)),
        tag("span", f"row {exhibit.row}", class_="row"),
    )
    curve = drawing.posterior(exhibit, quantity)
    sorting = {
        "data_order": k,
        "data_row": exhibit.row,
        "data_answer": _number(exhibit.answer[0]),
        "data_error": _number(abs(exhibit.error)),
        "data_width": _number(exhibit.width),
        "data_residual": _number(abs(exhibit.explained[2])) if exhibit.explained else None,
        "data_flagged": len(exhibit.flags),
        "data_flags": json.dumps([flags.index(flag) for flag in exhibit.flags]),
    }
    return tag(
        "article",
        head,
        _answer(exhibit),
        _images(k, exhibit, images, method),
        curve or drawing.interval(exhibit, quantity, ends),
        _explained(exhibit),
        _bars(exhibit, quantity),
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
        full = f"{images.full(k):.2g}"
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
    """Return a table of what each band adds, and of the answer without it."""
    bars, without = exhibit.bars or {}, exhibit.without or {}
    names = list(dict.fromkeys([*bars, *without]))
    if not names:
        return Markup()
    full = max((abs(value) for value in bars.values() if math.isfinite(value)), default=0.0)
    head = [tag("th", "band", scope="col")]
    if bars:
        head.append(tag("th", "adds", scope="col", colspan=2))
    if without:
        head.append(tag("th", f"{quantity} without it", scope="col", class_="number"))
    lines = []
    added = signed([bars.get(name, math.nan) for name in names])
    for name, text in zip(names, added, strict=True):
        cells = [tag("th", name, scope="row")]
        if bars:
            value = bars.get(name, math.nan)
            cells += [tag("td", text, class_="number"), tag("td", drawing.bar(value, full), class_="bar")]
        if without:
            cells.append(tag("td", exhibit.text(without.get(name, math.nan)), class_="number"))
        lines.append(tag("tr", *cells))
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


def _ends(exhibits: Sequence[Exhibit]) -> tuple[float, float]:
    """Return the ends of the axis that answers without a curve share: 0 and 1 of probabilities."""
    numbers = np.array([(*exhibit.answer[:3], exhibit.truth) for exhibit in exhibits], dtype=np.float64)
    known = numbers[np.isfinite(numbers)]
    if not len(known) or (known.min() >= 0 and known.max() <= 1 and not exhibits[0].unit):
        return 0.0, 1.0
    margin = 0.05 * float(np.ptp(known)) or 1.0
    return float(known.min()) - margin, float(known.max()) + margin
