"""Cards: header cards as bytes, so that those not changed stay as they are."""

import os
import re
from collections.abc import Iterable, Mapping
from math import isfinite

from skycnn.errors import InputError

BLOCK = 2880
CARD = 80
MOST_BLOCKS = 4096
"""Blocks after which a header without END is given up."""
MOST = 2**63 - 1
"""The largest integer of a card that counts something: offsets in files go no further."""
Value = str | int | float | bool | None

_STRING = re.compile(r"\s*'((?:[^']|'')*)'")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([EDed][+-]?\d+)?$")  # FITS wants capitals; some writers do not


def padded(size: int) -> int:
    """Return ``size`` rounded up to whole FITS blocks of 2880 bytes."""
    return -(-size // BLOCK) * BLOCK


def read_header(fd: int, offset: int, label: str) -> tuple[list[bytes], int]:
    """Read the cards before END of the header at ``offset``.

    Parameters
    ----------
    fd : int
        Descriptor of plain FITS bytes.
    offset : int
        Where the header begins.
    label : str
        Names the header unit in messages.

    Returns
    -------
    cards : list of bytes
        80 bytes each.
    end : int
        Where the data begins.

    Raises
    ------
    InputError
        When the file ends before END.
    """
    cards: list[bytes] = []
    for number in range(MOST_BLOCKS):
        block = os.pread(fd, BLOCK, offset + number * BLOCK)
        if len(block) < BLOCK:
            break
        for at in range(0, BLOCK, CARD):
            card = block[at : at + CARD]
            if card == b"END".ljust(CARD):
                return cards, offset + (number + 1) * BLOCK
            cards.append(card)
    raise InputError(
        f"{label}: the header has no END card", hint="The file is truncated or no FITS; verify it with fitsverify."
    )


def keyword(card: bytes) -> str:
    """Return a card's keyword of up to eight characters."""
    return card[:8].decode("latin-1").rstrip()


def value(card: bytes) -> Value:
    """Return a card's value, None where it is absent or unreadable."""
    text = card[10:].decode("latin-1")
    string = _STRING.match(text)
    if string:
        return string[1].replace("''", "'").rstrip()
    word = text.split("/")[0].strip()
    if word in ("T", "F"):
        return word == "T"
    number = _NUMBER.match(word)
    if number is None:
        return None
    return float(word.upper().replace("D", "E")) if "." in word or number[2] else int(word)


def values(cards: Iterable[bytes]) -> dict[str, Value]:
    """Return keyword to value: the first of duplicates, long strings (CONTINUE) joined."""
    header: dict[str, Value] = {}
    long: dict[str, list[str]] = {}  # joined at the end: a header may hold 100,000 pieces of one string
    open_key: str | None = None
    for card in cards:
        name = keyword(card)
        if name == "CONTINUE" and open_key is not None:
            held, more = header[open_key], _STRING.match(card[8:].decode("latin-1"))
            if isinstance(held, str) and more:
                pieces = long.setdefault(open_key, [held])
                if pieces[-1].endswith("&"):
                    pieces[-1] = pieces[-1][:-1]
                    pieces.append(more[1].replace("''", "'").rstrip())
            continue
        open_key = None
        if card[8:10] == b"= " and name not in header:
            header[name] = value(card)
            open_key = name
    return header | {name: "".join(pieces) for name, pieces in long.items()}


def capital(card: bytes) -> bytes:
    """Return a card with its keyword in capitals, as FITS has them; some programs read others, some do not."""
    return card[:8].upper() + card[8:] if card[8:9] == b"=" and not card[:8].isupper() else card


def check_clear(cards: Iterable[bytes], names: re.Pattern[bytes], label: str) -> None:
    """Refuse cards that programs read differently: the first of two values or the last, or none without ``= ``.

    Parameters
    ----------
    cards : iterable of bytes
    names : pattern
        Of the keywords to look at.
    label : str
        Names the header in messages.

    Raises
    ------
    InputError
        Naming the card.
    """
    first: dict[bytes, Value] = {}
    for card in cards:
        name = card[:8].rstrip()
        if names.fullmatch(name) is None:
            continue
        shown = name.decode("latin-1")
        if card[8:10] != b"= ":
            what = f"{label}: the card {shown} has no value"
            raise InputError(what, value=card.decode("latin-1").strip(), expected="'= ' in its columns 9 and 10")
        content = value(card)
        if first.setdefault(name, content) != content:
            what = f"{label}: {shown} stands twice, with two values"
            raise InputError(what, value=f"{first[name]} and {content}", expected="one of them")


def _text(string: str) -> str:
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in string)  # all that FITS allows
    return "'" + plain.replace("'", "''").ljust(8) + "'"


def make(name: str, content: Value, comment: str = "") -> bytes:
    """Return one fixed-format card.

    Raises
    ------
    ValueError
        When a string does not fit one card.
    """
    if isinstance(content, bool):
        body = ("T" if content else "F").rjust(20)
    elif isinstance(content, str):
        body = _text(content).ljust(20)
    else:
        body = str(content).upper().rjust(20)  # FITS wants 1E-07
    if len(body) > CARD - 10:
        raise ValueError(f"{name} does not fit a card: {content!r}")
    card = f"{name:8}= {body}"
    if comment and len(card) + 3 < CARD:
        card += f" / {comment}"
    return card[:CARD].ljust(CARD).encode("ascii", "replace")


def entry(name: str, content: Value) -> list[bytes]:
    """Return a card, or several where a text is long (FITS 4.0, section 4.2.1.2)."""
    if not isinstance(content, str) or len(content.replace("'", "''")) <= 68:
        return [make(name, content)]
    step = 32 if "'" in content else 65
    parts = [content[at : at + step] for at in range(0, len(content), step)]
    parts = [f"{part}&" for part in parts[:-1]] + parts[-1:]
    rest = [b"CONTINUE  " + make("X", part)[10:] for part in parts[1:]]
    return [make(name, parts[0]), *rest]


def replaced(card: bytes, content: Value) -> bytes:
    """Return ``card`` with another value and the same comment."""
    text = card[10:].decode("latin-1")
    string = _STRING.match(text)
    rest = text[string.end() :] if string else text
    comment = rest.partition("/")[2].strip() if "/" in rest else ""
    return make(keyword(card), content, comment)


def history(lines: Iterable[str]) -> list[bytes]:
    """Return HISTORY cards, one a line of at most 72 ASCII characters."""
    return [f"HISTORY {line}"[:CARD].ljust(CARD).encode("ascii", "replace") for line in lines]


def find(cards: list[bytes], name: str) -> int | None:
    """Return the index of the first card with this keyword and a value."""
    wanted = name.ljust(8).encode() + b"= "
    return next((i for i, card in enumerate(cards) if card.startswith(wanted)), None)


def assemble(cards: Iterable[bytes]) -> bytes:
    """Return header bytes: the cards, END, and blanks to a whole block."""
    body = b"".join(cards) + b"END".ljust(CARD)
    return body.ljust(padded(len(body)))


def primary() -> bytes:
    """Return the header of a primary without data."""
    return assemble([make("SIMPLE", True), make("BITPIX", 8), make("NAXIS", 0), make("EXTEND", True)])


def table(row_bytes: int, rows: int, fields: int) -> list[bytes]:
    """Return the cards that a binary table without heap begins with."""
    return [
        make("XTENSION", "BINTABLE", "binary table"),
        make("BITPIX", 8),
        make("NAXIS", 2),
        make("NAXIS1", row_bytes, "bytes a row"),
        make("NAXIS2", rows, "rows"),
        make("PCOUNT", 0),
        make("GCOUNT", 1),
        make("TFIELDS", fields, "columns"),
    ]


def integer(header: Mapping[str, Value], name: str, label: str, default: int | None = None) -> int:
    """Return an integer of a header, 0 or more and at most `MOST`.

    Raises
    ------
    InputError
        When it is absent (and has no default), no integer, negative, or beyond any file.
    """
    content = header.get(name, default)
    if not isinstance(content, int) or isinstance(content, bool) or content < 0:
        raise InputError(f"{label}: {name} is unreadable", value=content, expected="an integer, 0 or more")
    if content > MOST:
        raise InputError(f"{label}: {name} is beyond any file", value=content, expected=f"at most {MOST}")
    return content


def number(header: Mapping[str, Value], name: str, label: str, default: float) -> float:
    """Return a number of a header, by default where it is absent or empty.

    Raises
    ------
    InputError
        When it is text, a logical, or infinite.
    """
    content = header.get(name)
    if content is None:
        return default
    if isinstance(content, bool) or not isinstance(content, int | float) or not isfinite(content):
        raise InputError(f"{label}: {name} is unreadable", value=content, expected="a number")
    return content
