"""ForeignWords: what other languages write in conditions, and what to write here."""

import re

NULLS = "A null differs from itself: COLUMN != COLUMN holds on it, COLUMN == COLUMN on all others."
LIST = "A list stands in round brackets: COLUMN in (1, 2)."
_CALCULATED = "Numbers are calculated with + - * / alone; a bit is written as its number: 8 for 1 << 3, 2**3 or 2^3."
_BETWEEN = "Write 1 <= COLUMN <= 2 for what lies between 1 and 2."

_SIGNS: tuple[tuple[str, str], ...] = (
    (r"is\s+(?:not\s+)?(?:null|none|nan)\b", NULLS),
    (r"(is\s+not)\b", "Write != for {}."),
    (r"(is)\b", "Write == for {}."),
    (r"(?:not\s+)?between\b(?!\s*\()", _BETWEEN),
    (r"(?:not\s+)?(?:i?like|glob|regexp|matches)\b|=~|~~", "Text is compared whole: COLUMN in ('PSF', 'REX')."),
    (r"(===|\.?eq\b\.?)", "Write == for {}."),
    (r"(!==|<>|[~^]=|\.?ne\b\.?)", "Write != for {}."),
    (r"(=>|\.?ge\b\.?)", "Write >= for {}."),
    (r"(=<|\.?le\b\.?)", "Write <= for {}."),
    (r"(\.gt\.|gt\b)", "Write > for {}."),
    (r"(\.lt\.|lt\b)", "Write < for {}."),
    (r"(\.(?:and|or|not)\.)", "Write and, or, not without points."),
    (r"(=)(?!=)", "Write == for {}."),
    (r"\*\*|//|<<|>>|[%^]", _CALCULATED),
    (r"[\[{]", LIST),
    (r"[;,]", "Conditions are joined by and, or; numbers have a point: 18.5."),
    (r"~", "Write not for ~."),
)
"""Signs and words, and the hint; the sign stands in its place. The first that fits counts."""

_FUNCTIONS: tuple[tuple[str, str], ...] = (
    (r"(?:is_?(?:nan|null|na|none|missing|masked)|(?:not|non)_?(?:null|na|nan))", NULLS),
    (r"is_?finite", "-inf < COLUMN < inf holds on finite numbers."),
    (r"is_?inf", "COLUMN == inf or COLUMN == -inf holds on infinite numbers."),
    (r"f?abs", "Write COLUMN > 5 or COLUMN < -5 for abs(COLUMN) > 5."),
    (r"between", _BETWEEN),
    (r"(?:bit_?(?:wise_?)?and|logical_?and)", "Bits are tested as COLUMN & 2."),
)
"""Names of functions, and what to write in their place."""


def sign(text: str, at: int) -> str | None:
    """Return the hint for a sign or word of another language that stands at ``at`` or ends there, None for none.

    Examples
    --------
    >>> sign("A <> 0", 2)
    'Write != for <>.'
    """
    if text[at : at + 1] == "=" and text[:at].rstrip()[-1:] in ("<", ">", "=", "!"):
        return "Signs such as >= are written in one, without a blank."
    doubled = at > 0 and text[at - 1] in "*/<>" and text[at : at + 1] == text[at - 1]
    for pattern, hint in _SIGNS:
        match = re.compile(pattern, re.I).match(text, at - 1 if doubled else at)
        if match is not None:
            return hint.format(match[1].strip(".") if match.groups() else "")
    return None


def operand(text: str, at: int) -> str | None:
    """Return the hint for what stands in the place of a column and is none: a function or an element of an array.

    Examples
    --------
    >>> operand("isnan(MAG)", 0)
    'Conditions have no functions. A null differs from itself: MAG != MAG holds on it, MAG == MAG on all others.'
    """
    if text.startswith("~", at):
        return "Write not for ~."
    element = re.compile(r"\w+\[\s*['\"]([^'\"]+)['\"]\s*\]").match(text, at)
    if element is not None:
        return f"Write the column alone: {element[1]}."
    called = re.compile(r"(?:(\w+)\.)?(\w+)\(\s*([A-Za-z_]\w*)?").match(text, at)
    if called is None:
        return None
    owner, name, argument = called.groups()
    hint = next((h for pattern, h in _FUNCTIONS if re.fullmatch(pattern, name, re.I)), "See CONDITIONS in skycnn(1).")
    column = argument or (owner if text.startswith("()", called.end() - 1) else None) or "COLUMN"
    return f"Conditions have no functions. {hint.replace('COLUMN', column)}"
