"""Roff: the language of man pages, as far as these need it."""

import re
import textwrap
from collections.abc import Iterable, Iterator

WIDTH = 76
"""Characters a line of the source, which mandoc wants below 80."""


def text(prose: str) -> str:
    """Return prose as lines of roff, with option dashes that can be copied."""
    line = re.sub(
        r"(?<![\w\\-])--?(?=\w)", lambda dashes: dashes[0].replace("-", "\\-"), _escape(" ".join(prose.split()))
    )
    filled = textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(map(_sheltered, filled))


def code(typed: str) -> str:
    """Return text to be typed, with ASCII hyphens and quotes."""
    escaped = _escape(typed).replace("-", "\\-")
    return _sheltered(escaped.replace("'", "\\(aq").replace("`", "\\(ga"))


def _escape(raw: str) -> str:
    return raw.replace("\\", "\\e")


def _sheltered(line: str) -> str:
    return f"\\&{line}" if line.startswith((".", "'")) else line


def bold(typed: str) -> str:
    """Return text to be typed, in bold."""
    return f"\\fB{code(typed)}\\fR"


def italic(word: str) -> str:
    """Return a placeholder, in italics or underlined."""
    return f"\\fI{code(word)}\\fR"


def section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a section, nothing if it is empty."""
    held = list(lines)
    if held:
        yield f".SH {heading}"
        yield from held


def paragraphs(prose: str) -> Iterator[str]:
    """Yield paragraphs; in prose they are separated by empty lines."""
    for number, paragraph in enumerate(filter(str.strip, re.split(r"\n\s*\n", prose))):
        yield from ([".PP"] if number else [])
        yield text(paragraph)


def definitions(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a list of terms, already in roff, with their meanings in prose."""
    for term, meaning in pairs:
        yield from (".TP", term, text(meaning))


def examples(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield examples: what each does, then what to type."""
    for number, (typed, meaning) in enumerate(pairs):
        yield from ([".PP"] if number else [])
        yield from (text(meaning), ".PP", ".nf", ".RS 4", code(typed), ".RE", ".fi")
