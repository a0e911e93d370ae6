"""WatCards: the distortion that IRAF keeps in WAT cards (TNX, ZPX), read and written anew for wcslib.

wcslib reads the text with no bound on its words and counts, and for a plain -TAN too.
"""

import re
from collections.abc import Iterator, Mapping

from skycnn.errors import InputError
from skycnn.fits.cards import Value

KINDS = ("TNX", "ZPX")
"""Projections that come with such a distortion."""

WIDTH = 68
"""Letters a card: a text goes on in the next one, blanks at the end of a card included."""

HIGHEST = 20
"""Highest number of terms along an axis; IRAF's fits have 2 to 7."""

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?"
_TYPE = re.compile(r"wtype\s*=\s*(\w+)")
_AXIS = re.compile(r"axtype\s*=\s*(\w+)")
_TERMS = re.compile(r"(lng|lat)cor\s*=\s*\"([^\"]*)\"")
_PARAMETER = re.compile(rf"projp(\d)\s*=\s*\"?({_NUMBER})")


def rebuilt(header: Mapping[str, Value], axes: tuple[int, int], kind: str, label: str) -> dict[str, Value]:
    """Return the WAT cards of two axes, to be counted as 1 and 2.

    Parameters
    ----------
    header : mapping
        Keyword to value.
    axes : tuple of int
        The celestial axes.
    kind : str
        ``TNX`` or ``ZPX``.
    label : str
        Names the image in messages.

    Raises
    ------
    InputError
        Naming the card, when one is absent or does not hold what it must.
    """
    values: dict[str, Value] = {}
    for number, axis in enumerate(axes, 1):
        name = f"WAT{axis}_001"
        text = _canonical("".join(_parts(header, axis, label)), kind)
        if text is None:
            what = f"{label}: its WCS makes no sense: {name} and what follows hold no distortion of {kind}"
            raise InputError(what, value=header.get(name))
        pieces = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
        values |= {f"WAT{number}_{i:03d}": piece for i, piece in enumerate(pieces, 1)}
    return values


def _parts(header: Mapping[str, Value], axis: int, label: str) -> Iterator[str]:
    for number in range(1, 1000):
        name = f"WAT{axis}_{number:03d}"
        if name not in header:
            return
        text = header[name]
        if not isinstance(text, str):
            raise InputError(f"{label}: {name} is unreadable", value=text, expected="text")
        yield text.ljust(WIDTH)


def _canonical(text: str, kind: str) -> str | None:
    """Return the text of one axis with checked counts; None where it is none."""
    type_, axis, terms = _TYPE.search(text), _AXIS.search(text), _TERMS.search(text)
    if type_ is None or axis is None or terms is None or type_[1].upper() != kind or len(axis[1]) > 8:
        return None
    words = terms[2].split()
    if len(words) < 8 or not all(re.fullmatch(_NUMBER, word) for word in words):
        return None
    numbers = [float(word.upper().replace("D", "E")) for word in words]
    function, across, along, cross = numbers[:4]
    if function not in (1, 2, 3) or cross not in (0, 1, 2):
        return None
    if not all(order.is_integer() and 1 <= order <= HIGHEST for order in (across, along)):
        return None
    if len(numbers) != 8 + _count(int(across), int(along), int(cross)):
        return None
    parameters = [f"projp{number}={float(value)!r}" for number, value in _PARAMETER.findall(text)]
    orders, rest = [str(int(number)) for number in numbers[:4]], [repr(number) for number in numbers[4:]]
    orders[0] = f'{terms[1]}cor="{orders[0]}'
    return _line([f"wtype={kind.lower()}", f"axtype={axis[1]}", *parameters, *orders, *rest]) + '"'


def _line(words: list[str]) -> str:
    """Return words, each with one blank behind it that ends no card: wcslib takes such a blank for the text's end."""
    line = ""
    for word in words:
        if (len(line) + len(word) + 1) % WIDTH == 0:
            word = re.sub(r"\d+(\.\d*)?(e[+-]?\d+)?$", r"0\g<0>", word)
        line += word + " "
    return line


def _count(across: int, along: int, cross: int) -> int:
    """Return the number of coefficients, with no, all or half of the cross terms."""
    if cross == 0:
        return across + along - 1
    least = min(across, along)
    return across * along - (least * (least - 1) // 2 if cross == 2 else 0)
