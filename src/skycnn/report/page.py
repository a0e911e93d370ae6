"""Page: a report as one HTML file that needs no other, no network and no script; for screens, phones and paper."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from skycnn.errors import InputError
from skycnn.report import pageblocks, plotfile
from skycnn.report.markup import Markup, join, tag

ENDINGS = (".html", ".htm")


def check(
    path: str, option: str = "--html", *, overwrite: bool = False, spared: Mapping[str, str] | None = None
) -> None:
    """See that a page can be written to a file of this name.

    Parameters
    ----------
    path : str
    option : str
        That gave it.
    overwrite : bool
        Whether a file of that name may be replaced.
    spared : mapping of str to str, optional
        See `plotfile.check`.

    Raises
    ------
    InputError
        When it has another ending, the file exists or is one to be spared, or its folder cannot be written to.
    """
    if Path(path).suffix.lower() not in ENDINGS:
        raise InputError(f"{option} {path} has no known ending", expected=", ".join(ENDINGS))
    plotfile.check_place(path, option, overwrite=overwrite, spared=spared)


class Page:
    """A report in sections.

    Parameters
    ----------
    title : str
    command : str
        What was typed to make it.
    facts : mapping of str to str
        What a reader must know first, such as the model, the number of objects and the data.
    styles : sequence of str
        Style sheets in this folder that come after the one of all pages.
    """

    def __init__(self, title: str, command: str, facts: Mapping[str, str], styles: Sequence[str] = ()) -> None:
        self.title, self._styles = title, ("page.css", *styles)
        self._head = join([tag("h1", title), pageblocks.facts(facts), pageblocks.command(command)])
        self._sections: list[tuple[str, Markup]] = []

    def section(self, heading: str, *parts: str) -> None:
        """Add a section; its parts are `Markup`, whose headings begin with h3, or text, which is escaped."""
        self._sections.append((heading, join(parts)))

    def html(self) -> bytes:
        """Return the file."""
        style, script = join([_part(name) for name in self._styles]), _part("page.js")
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="generator", content="skycnn"),
            tag("title", self.title),
            tag("style", style),
        )
        body = tag("body", tag("header", self._head), self._contents(), tag("main", *self._bodies()), _script(script))
        return b"<!DOCTYPE html>\n" + tag("html", head, body, lang="en").encode("utf-8") + b"\n"

    def write(self, path: str) -> None:
        """Write the file as a whole; a file of that name is replaced."""
        plotfile.write(path, self.html())

    def _contents(self) -> Markup:
        """Return links to the sections, where there are some to choose from."""
        if len(self._sections) < 3:
            return Markup()
        links = [tag("li", tag("a", heading, href=f"#s{k}")) for k, (heading, _) in enumerate(self._sections, 1)]
        return tag("nav", tag("ul", *links), aria_label="Contents")

    def _bodies(self) -> list[Markup]:
        return [
            tag("section", tag("h2", heading, id=f"s{k}"), body, aria_labelledby=f"s{k}")
            for k, (heading, body) in enumerate(self._sections, 1)
        ]


@cache
def _part(name: str) -> Markup:
    """Return a style sheet or the script."""
    return Markup((resources.files("skycnn.report") / name).read_text("utf-8"))


def _script(script: Markup) -> Markup:
    return tag("script", script)


def _policy(style: str, script: str) -> str:
    """Return what a browser may do with the page: draw it, and run its one script. Nothing is loaded from anywhere."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
