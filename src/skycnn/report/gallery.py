"""Gallery: exhibits as cards of a page, to be sorted, filtered, enlarged and printed."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from skycnn.report import page, pageblocks
from skycnn.report.exhibit import Exhibit
from skycnn.report.exhibitcard import Look, card
from skycnn.report.exhibitimages import ExhibitImages
from skycnn.report.markup import Markup, join, tag


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
    look = Look(images, quantity, method, _ends(exhibits), flags)
    shown = tag("div", *(card(k, exhibit, look) for k, exhibit in enumerate(exhibits)), class_="cards")
    return join([_legend(exhibits, look), _tools(exhibits, flags, first), shown])


def _legend(exhibits: Sequence[Exhibit], look: Look) -> Markup:
    """Return how the cards are read."""
    says = []
    if any(exhibit.pixels is not None for exhibit in exhibits):
        says.append(f"Stamps: {look.images.composition}; one stretch for all.")
    if any(exhibit.maps is not None for exhibit in exhibits):
        both = ", where blue they lower it" if look.images.two_sided else ""
        says.append(
            f"Maps ({look.method}): where red, the pixels raise {look.quantity}{both}. Each object has its own scale: "
            "what one pixel adds."
        )
    if any(exhibit.curve is not None for exhibit in exhibits):
        says.append("Curve: the posterior; shaded is the 68 % interval, the upright line is the answer.")
    if any(math.isfinite(exhibit.truth) for exhibit in exhibits):
        says.append("Dashed: the truth.")
    return pageblocks.paragraphs(" ".join(says)) if says else Markup()


def _tools(exhibits: Sequence[Exhibit], flags: Sequence[str], first: str) -> Markup:
    """Return what sorts and filters; it is hidden until the script shows it."""
    orders = [(first, "order up"), ("row", "row up")]
    orders += [("answer, highest first", "answer down"), ("answer, lowest first", "answer up")]
    if any(math.isfinite(exhibit.error) for exhibit in exhibits):
        orders.append(("error, largest first", "error down"))
    orders.append(("interval, widest first", "width down"))
    if any(exhibit.explained for exhibit in exhibits):
        orders.append(("residual, largest first", "residual down"))
    orders.append(("flags, most first", "flagged down"))
    chosen = [
        ("all", "all"),
        ("any flag", "any"),
        ("no flag", "none"),
        *((flag, f"{k}") for k, flag in enumerate(flags)),
    ]
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


def _select(name: str, options: Sequence[tuple[str, str]]) -> Markup:
    return tag("select", *(tag("option", text, value=value) for text, value in options), name=name)


def _ends(exhibits: Sequence[Exhibit]) -> tuple[float, float]:
    """Return the ends of the axis that answers without a curve share: 0 and 1 of probabilities."""
    numbers = np.array([(*exhibit.answer[:3], exhibit.truth) for exhibit in exhibits], dtype=np.float64)
    known = numbers[np.isfinite(numbers)]
    if not len(known) or (known.min() >= 0 and known.max() <= 1 and not exhibits[0].unit):
        return 0.0, 1.0
    margin = 0.05 * float(np.ptp(known)) or 1.0
    return float(known.min()) - margin, float(known.max()) + margin
