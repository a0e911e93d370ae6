"""ConditionWords: the text of a condition, read from left to right: operators, numbers, text and columns."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from skycnn.errors import InputError
from skycnn.photometry import foreignwords, numbertext
from skycnn.photometry.conditionoperands import BITS, Bits, Column, Constant
from skycnn.photometry.fields import Field, Fields

SHOWN = 60
"""Letters of a condition shown in a message."""

_OPERATOR = re.compile(r"&&|\|\||===|!==|==|!=|<=|>=|<>|=>|=<|[=<>!&|()+\-*/,]|(?:and|or|not|in)\b", re.I)
_NUMBER = re.compile(rf"(?:{numbertext.PATTERN})(?!\w)")
_QUOTED = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"|`((?:[^`]|``)*)`")
_WORD, _ODD, _MORE = re.compile(r"\w"), re.compile(r"[.\[$#@:?]"), re.compile(r"[\w.\[$#@:?]")
"""A letter of plain names; what may go on a name that ends in another one; what may go on any name."""
_PLAIN = re.compile(r"\w+")
_ELEMENT = re.compile(r"\[\d+\]")
_BARE = re.compile(r"[^\s<>=!&|()'\"`,]+(?:\s+(?!(?:and|or|not|in)\b)[^\s<>=!&|()'\"`,+*/-][^\s<>=!&|()'\"`,]*)*", re.I)
_WORDS: Mapping[str, int | float] = {"true": 1, "false": 0, "inf": float("inf"), "infinity": float("inf")}


class ConditionWords:
    """The words of a condition.

    Parameters
    ----------
    text : str
    fields : Fields
        Of the table.
    option : str
        What stands before the condition on the command line: ``--bad``, ``--mask-band g=``.
    bits : mapping of str to mapping of str to int
        Of columns, ``*`` in their names for any letters, the numbers of bits by their names.

    Attributes
    ----------
    read : dict of Field to None
        The fields read so far, in order.
    used : dict of str to int
        The named bits read so far: ``COLUMN.NAME``.
    """

    def __init__(self, text: str, fields: Fields, option: str, bits: Mapping[str, Mapping[str, int]]) -> None:
        self.text, self.fields, self.option = text, fields, option
        self.at = 0
        self.read: dict[Field, None] = {}
        self.used: dict[str, int] = {}
        self._bits = {name.casefold(): named for name, named in bits.items()}
        self._names: dict[str, list[str]] = {}
        for column in sorted(fields.columns, key=lambda column: -len(column.name)):
            if column.name:
                self._names.setdefault(column.name[0].casefold(), []).append(column.name)

    @property
    def typed(self) -> str:
        """What to type, for hints."""
        return f"{self.option}COLUMN" if self.option.endswith("=") else f"{self.option} 'COLUMN != 0'"

    def refused(self, expected: str, hint: str | None = None) -> InputError:
        """Return the error of a text that goes on in another way than expected."""
        self._skip()
        rest = self.text[self.at :].rstrip()
        place = f" at {_short(rest)!r}" if rest else " at its end"
        example = f"For example {self.typed.replace('COLUMN', 'FLAGS')}; see CONDITIONS in skycnn(1)."
        hint = foreignwords.sign(self.text, self.at) or hint
        what = f"{self.option.rstrip('=')} cannot be read{place if self.text.strip() else ''}"
        return InputError(what, value=_short(self.text.strip()), expected=expected, hint=hint or example)

    def peek(self) -> str:
        """Return the operator that comes next, in lower case; empty where none does."""
        self._skip()
        match = _OPERATOR.match(self.text, self.at)
        return match[0].lower() if match else ""

    def take(self, *operators: str) -> str:
        """Go past the next operator and return it, if it is one of these; else return an empty text."""
        found = self.peek()
        if found not in operators:
            return ""
        self.at += len(found)
        return found

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        self._skip()
        return self.at == len(self.text)

    def operand(self) -> Constant | Column | Bits:
        """Go past the next number, text, column or named bit, and return it.

        Raises
        ------
        InputError
            When it is none, or no column of the table.
        """
        self._skip()
        quoted = _QUOTED.match(self.text, self.at)
        if quoted is not None:
            return self._quoted(quoted)
        name, number = self._known(), _NUMBER.match(self.text, self.at)
        if number is not None and len(name) <= len(number[0]):
            value = numbertext.read(number[0])
            if value is None:
                raise self.refused(f"a number of at most {numbertext.DIGITS} digits")
            self.at = number.end()
            return Constant(value)
        if name:
            self._check_clear(name)
            self.at += len(name)
            return self._column(name)
        bare = _BARE.match(self.text, self.at)
        if bare is None or self.peek():
            raise self.refused("a column, a number or text in quotes")
        return self._unknown(bare[0].strip())

    def mask(self, column: Column) -> int | None:
        """Go past the bits that ``&`` tests of a column and return them; return None, and stay, for anything else.

        Raises
        ------
        InputError
            When the column has none of the bits.
        """
        begin, mask = self.at, 0
        brackets = bool(self.take("("))
        while True:
            self._skip()
            number = _NUMBER.match(self.text, self.at)
            name = _PLAIN.match(self.text, self.at)
            value = numbertext.read(number[0]) if number else self._bit(column, name[0] if name else "")
            if not isinstance(value, int):
                self.at = begin
                return None
            end = number.end() if number else name.end() if name else self.at
            self.at, mask = end, mask | value
            if not brackets or not self.take("|"):
                break
        if brackets and not self.take(")"):
            self.at = begin
            return None
        width = column.width
        if mask >= 1 << BITS or not mask & (1 << width) - 1:
            what = f"{self.option.rstrip('=')} tests bits that column {column.field.name} has not"
            raise InputError(what, value=self.text[begin : self.at].strip(), expected=f"some of its {width} bits")
        return mask & (1 << width) - 1

    def _bit(self, column: Column, name: str) -> int | None:
        bit = self._named(column.field.column.name).get(name)
        if bit is not None and self.fields.get(name) is not None:
            what = f"{self.option.rstrip('=')}: {name} is a bit of {column.field.name} and a column"
            raise InputError(what, hint=f"Write {column.field.name}.{name} for the bit, `{name}` for the column.")
        return None if bit is None else self._used(column, name, bit)

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _known(self) -> str:
        """Return the longest name of a column, or element of one, that stands here as a word; empty for none."""
        for name in self._names.get(self.text[self.at : self.at + 1].casefold(), []):
            end = self.at + len(name)
            if self.text[self.at : end].casefold() != name.casefold():
                continue
            element = _ELEMENT.match(self.text, end)
            end = element.end() if element and self.fields.get(self.text[self.at : element.end()]) else end
            named = self.text[end : end + 1] == "." and self._named(name)
            if named or not (_MORE if _WORD.fullmatch(self.text[end - 1]) else _ODD).match(self.text, end):
                return self.text[self.at : end]
        return ""

    def _check_clear(self, name: str) -> None:
        """See that a name with an operator in it is no calculation with other columns."""
        plain = _PLAIN.match(name)
        if plain is None or self.fields.get(plain[0]) is None:
            return
        sign = re.match(r"\s*([-+*/&|<>=!])", name[plain.end() :])
        if sign:
            what = f"{self.option.rstrip('=')}: {name!r} is a column, and may be {plain[0]!r} {sign[1]} something too"
            raise InputError(what, hint=f"Write `{name}` for the column, or blanks around {sign[1]}.")

    def _column(self, name: str) -> Column | Bits:
        column = Column(self.fields.require(name, self.typed, flag=True, text=True), self.fields.label)
        self.read[column.field] = None
        named = self._named(column.field.column.name)
        if not named or self.text[self.at : self.at + 1] != ".":
            return column
        word = _PLAIN.match(self.text, self.at + 1)
        if word is None or word[0] not in named:
            what = f"{self.option.rstrip('=')}: column {column.field.name} has no bit of that name"
            raise InputError(what, value=word[0] if word else "", expected=", ".join(named))
        self.at = word.end()
        return Bits(column, self._used(column, word[0], named[word[0]]))

    def _named(self, column: str) -> Mapping[str, int]:
        """Return the names of a column's bits; none for most columns."""
        found = (named for name, named in self._bits.items() if fnmatchcase(column.casefold(), name))
        return next(found, {})

    def _used(self, column: Column, name: str, bit: int) -> int:
        self.used[f"{column.field.name}.{name}"] = bit
        return 1 << bit

    def _quoted(self, quoted: "re.Match[str]") -> Constant | Column | Bits:
        text, double, back = (
            part.replace(mark * 2, mark) if part is not None else None
            for part, mark in zip(quoted.groups(), "'\"`", strict=True)
        )
        element = _ELEMENT.match(self.text, quoted.end())
        name = (back if back is not None else double or "") + (element[0] if element else "")
        if back is not None or (double is not None and self.fields.get(name) is not None):
            self.at = element.end() if element else quoted.end()
            return self._column(name)
        self.at = quoted.end()
        return Constant((text if text is not None else double or "").rstrip(" ").encode())

    def _unknown(self, word: str) -> Constant:
        if word.lower() in _WORDS:
            self.at += len(word)
            return Constant(_WORDS[word.lower()])
        if word.lower() in ("nan", "null", "none"):
            raise self.refused("a number", foreignwords.NULLS)
        foreign = foreignwords.operand(self.text, self.at)
        if foreign is not None:
            raise self.refused("a column, a number or text in quotes", foreign)
        texts = any(column.code == "A" for column in self.fields.columns)
        try:
            self.fields.require(word, self.typed)
        except InputError as error:
            if re.search(r"[&|(]\s*$", self.text[: self.at]):
                error.hint = f"Names of bits are those that the file of --survey lists. {error.hint}"
            elif texts and self.at:
                error.hint = f"Text stands in quotes: '{word}'. {error.hint}"
            raise
        raise self.refused("a column")


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
