"""Markup: HTML and SVG as text in which nothing from a catalogue can become an element, an attribute or a script."""

import html
import re
from typing import Self

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that HTML forbids, and halves of characters, which no file can hold."""

EMPTY = frozenset({"br", "col", "hr", "img", "input", "meta"})
"""Elements without an end."""


class Markup(str):
    """Text that is markup already and is taken as it is; every other string is escaped.

    Only `tag`, `join` and the page's own style and script make it.
    """

    __slots__ = ()

    def __add__(self, other: str) -> Self:
        """Return this with more of it behind, escaped unless it is markup."""
        return type(self)(str.__add__(self, escape(other)))


def escape(text: str) -> Markup:
    """Return text that is shown as it is, in an element and in an attribute in quotes; markup is left as it is."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(CONTROL.sub("\ufffd", text), quote=True))


def join(parts: "list[str] | tuple[str, ...]", between: str = "") -> Markup:
    """Return texts as one, each escaped unless it is markup."""
    return Markup(str(escape(between)).join(escape(part) for part in parts))


def tag(element: str, /, *children: str, **attributes: str | float | bool | None) -> Markup:
    """Return an element.

    Parameters
    ----------
    element : str
        Its name.
    *children : str
        Escaped unless they are `Markup`.
    **attributes : str, float, bool or None
        An underscore stands for a hyphen, and is dropped at the end (``class_``). True writes the name alone, False and
        None write nothing.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in EMPTY:
        return Markup(f"<{element}{given}>")
    return Markup(f"<{element}{given}>{join(children)}</{element}>")


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(f"{value}")}"'
