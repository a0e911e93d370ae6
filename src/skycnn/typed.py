"""Typed: values that came as JSON, seen against the type hints of what takes them."""

import inspect
import math
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

_PLAIN: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    type(None): "null",
}
_LISTS = (list, tuple, Sequence)


class Misfit(NamedTuple):
    """A value that is not of its type: where it stands, itself, and what was expected."""

    place: str
    value: object
    expected: str

    def __str__(self) -> str:
        return f"{self.place} is {shown(self.value)} (expected {self.expected})"


def shown(value: object) -> str:
    """Return a value as JSON writes it, cut short."""
    plain = {None: "null", True: "true", False: "false"}
    text = plain[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def misfit(value: object, hint: Any, place: str) -> Misfit | None:
    """Return what does not fit a type hint, or None.

    Parameters
    ----------
    value : object
        As ``json.loads`` returns it, or as a constructor was given it: a list does for a tuple, a whole number for a
        number, true and false do for neither.
    hint : type hint
        Of plain types, lists, mappings and unions of them; anything else takes any value.
    place : str
        Where the value stands, e.g. ``ranges``.
    """
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        tried = [misfit(value, option, place) for option in get_args(hint)]
        if None in tried:
            return None
        deeper = next((each for each in tried if each and each.place != place), None)  # it had the right kind
        return deeper or Misfit(place, value, words(hint))
    if hint in _PLAIN:
        return None if _is(value, hint) else Misfit(place, value, words(hint))
    if origin in _LISTS:
        if not isinstance(value, list | tuple):
            return Misfit(place, value, words(hint))
        kinds = [kind for kind in get_args(hint) if kind is not Ellipsis]
        each = kinds * len(value) if len(kinds) == 1 else kinds
        if len(each) != len(value):
            return Misfit(place, value, words(hint))
        parts = [(f"{place}[{i}]", part, kind) for i, (part, kind) in enumerate(zip(value, each, strict=True))]
    elif origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            return Misfit(place, value, words(hint))
        parts = [(f"{place}.{key}", part, get_args(hint)[1]) for key, part in value.items()]
    else:
        return None
    return next((found for at, part, kind in parts if (found := misfit(part, kind, at))), None)


def misfits(content: Mapping[str, Any], taker: Callable[..., Any], place: str = "") -> Iterator[Misfit]:
    """Yield which named values a dataclass, a class or a function cannot take: unknown ones and those of another type.

    Parameters
    ----------
    content : mapping
        Argument to value; arguments may be missing.
    taker : callable
        Those of its parameters that have no hint take any value.
    place : str
        Put before the names, e.g. ``settings.``.
    """
    try:
        known = inspect.signature(taker).parameters
        hints = get_type_hints(taker.__init__ if inspect.isclass(taker) and not is_dataclass(taker) else taker)
    except (TypeError, ValueError, NameError):  # of another package, and not to be understood
        return
    free = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    for name, value in content.items():
        if name not in known and not free:
            yield Misfit(f"{place}{name}", value, f"one of {', '.join(known)}")
        elif name in hints and (found := misfit(value, hints[name], f"{place}{name}")):
            yield found


def check_fields(made: Any) -> None:
    """See that the fields of a dataclass are of their types.

    Raises
    ------
    ValueError
        Which one is not.
    """
    content = {field.name: getattr(made, field.name) for field in fields(made)}
    for found in misfits(content, type(made)):
        raise ValueError(str(found))


def words(hint: Any) -> str:
    """Return what a type hint expects, in words."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin in (Union, types.UnionType):
        return " or ".join(words(option) for option in args)
    if origin in _LISTS:
        kinds = [kind for kind in args if kind is not Ellipsis]
        if len(kinds) > 1:
            return f"a list of {len(kinds)}: {', '.join(words(kind) for kind in kinds)}"
        return "a list" if Any in kinds else f"a list, each {words(kinds[0])}"
    if origin in (dict, Mapping):
        return "a table" if args[1] is Any else f"a table, each {words(args[1])}"
    return "a value"


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is float and isinstance(value, int | float):
        try:
            return math.isfinite(value)
        except OverflowError:  # an integer of hundreds of digits
            return False
    return isinstance(value, kind)
