"""Leaves of TOML, as far as survey files have it: a key and a value a line, under headings."""

import re

from .values import FLOATS, INTEGERS, pick

LEAVES = (
    *map(str, INTEGERS), *FLOATS, "inf", "-inf", "nan", "true", "false", '""', '"x"', '"é"', '"a\\u0000b"', '"%s"',
    "[]", "[1]", '["u"]', '["u", "u"]', '["a b", "c"]', "[[]]", "{}", "{a = 1}", "1979-05-27", '"""x\ny"""', "",
    "[1e400]", "[nan, nan]", '["' + "g" * 3000 + '"]', "[" * 500,
)  # fmt: skip
_LINE = re.compile(r"\s*(\[[^\]]+\]|[\w\"-]+\s*=)")


def keys(text):
    """Return the numbers of the lines that hold a key or a heading."""
    return [number for number, line in enumerate(text.splitlines()) if _LINE.match(line)]


def apply(octets, changes):
    """Return a file's bytes after changes ``["leaf", line, what, text]``; what is value, key, line or drop."""
    lines = octets.decode().splitlines()
    gone = set()
    for _, number, what, text in changes:
        if number >= len(lines):
            continue
        key, equals, _ = lines[number].partition("=")
        match what:
            case "value" if equals:
                lines[number] = f"{key}= {text}"
            case "key":
                lines[number] = f"{text} ={lines[number].partition('=')[2]}" if equals else f"[{text}]"
            case "line":
                lines[number] += "\n" + text
            case "drop":
                gone.add(number)
    return ("\n".join(line for number, line in enumerate(lines) if number not in gone) + "\n").encode()


def some_leaf(rng, octets):
    """Return a mutation of a survey file."""
    text = octets.decode()
    number = pick(rng, keys(text))
    what = pick(rng, ["value", "key", "line", "drop"], p=[0.7, 0.1, 0.1, 0.1])
    names = ["u", "x", '"a b"', "nan", "name", "references", "psf", "depth", "new", "a.b", '""', "1"]
    lines = ["u = 1", "[extra]", "[psf]", "r = nan", "z = -1", "= 1", "x", "[references.psf]", "[[psf]]", "r.x = 1"]
    return ["leaf", number, what, pick(rng, {"value": LEAVES, "key": names, "line": lines}.get(what, [""]))]
