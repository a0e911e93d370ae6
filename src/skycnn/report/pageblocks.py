"""PageBlocks: what stands in the sections of a page: figures, tables, lists of facts, commands."""

import base64
from collections.abc import Mapping, Sequence

from skycnn.report.markup import Markup, join, tag

KINDS = {b"\x89PNG": "image/png", b"<?xm": "image/svg+xml", b"<svg": "image/svg+xml"}
"""Of a picture's first bytes."""


def source(picture: bytes) -> str:
    """Return a PNG or SVG picture as a data URI."""
    return f"data:{KINDS[picture[:4]]};base64,{base64.b64encode(picture).decode('ascii')}"


def image(picture: bytes, alt: str, *, width: int, height: int, class_: str | None = None) -> Markup:
    """Return a picture that lies in the page itself.

    Parameters
    ----------
    picture : bytes
        A PNG or SVG file.
    alt : str
        What is seen, for those who do not see it.
    width, height : int
        CSS pixels; the page shrinks what is too wide for it.
    class_ : str, optional
    """
    return tag("img", src=source(picture), alt=alt, width=width, height=height, class_=class_)


def figure(picture: bytes, alt: str, caption: str, *, width: int, height: int) -> Markup:
    """Return a picture with its caption, which can be enlarged; see `image`."""
    shown = image(picture, alt, width=width, height=height)
    return tag("figure", shown, tag("figcaption", caption), class_="plate zoomable", data_label=alt)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str, *, words: int = 1) -> Markup:
    """Return a table, which scrolls by itself where the screen is narrow.

    Parameters
    ----------
    head : sequence of str
    rows : sequence of sequences of str
        As long as ``head``; the first cell of each is its heading.
    caption : str
    words : int
        So many columns at the left hold words, and those behind them numbers, which stand at the right.
    """
    kinds = [None if i < words else "number" for i in range(len(head))]
    top = tag("tr", *(tag("th", cell, scope="col", class_=kind) for cell, kind in zip(head, kinds, strict=True)))
    lines = [
        tag(
            "tr",
            *(
                tag("td", cell, class_=kind) if i else tag("th", cell, scope="row", class_=kind)
                for i, (cell, kind) in enumerate(zip(row, kinds, strict=True))
            ),
        )
        for row in rows
    ]
    whole = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *lines))
    return tag("div", whole, class_="wide", tabindex=0, role="region", aria_label=caption)


def facts(values: Mapping[str, str]) -> Markup:
    """Return names and what is said of each."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in values.items()), class_="facts")


def command(text: str) -> Markup:
    """Return what was typed, to be copied."""
    return tag("pre", tag("code", text), class_="command", tabindex=0, aria_label="command")


def paragraphs(*texts: str) -> Markup:
    """Return texts, a paragraph each."""
    return join([tag("p", text) for text in texts])
