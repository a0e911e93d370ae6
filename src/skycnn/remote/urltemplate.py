"""UrlTemplate: the address of each row's image: a URL or file name with {ra}, {size_px} or columns."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite, isnan
from urllib.parse import quote, urlsplit

from skycnn.errors import InputError

SKY = ("ra", "dec")
ANGLES = ("size_arcsec", "size_deg")
BUILTIN = (*SKY, "size_px", *ANGLES, "band")
"""Fields filled without a column of that name; case matters: ``{RA}`` is a column."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_URL = re.compile(r"https?://", re.I)
_UNIT = re.compile(r"(.+?)(?:\[([^\[\]{}]+)\]|#([^#{}/]+))", re.S)
_LITERAL = "%/:?#[]@!$&'()*+,;=~"
"""Characters of a URL that are not quoted."""

EXACT = 2**53
"""From here on float64 skips integers."""


class UnfitError(ValueError):
    """A row's value does not fit into an address."""


@dataclass(frozen=True)
class UrlTemplate:
    """An address with fields.

    Parameters
    ----------
    text : str
        With ``{field}``, without the HDU.
    extension : str or None
        HDU of the image, from ``...fits[SCI]`` or ``...fits#SCI``.
    columns : mapping of str to str
        Field to catalogue column, see `bound`.
    """

    text: str
    extension: str | None
    columns: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "UrlTemplate":
        """Parse a template.

        Raises
        ------
        InputError
            When braces do not pair, a field is empty, the protocol is not HTTP, or the host is a column.
        """
        unit = _UNIT.fullmatch(text)
        plain, extension = (unit[1], unit[2] or unit[3]) if unit else (text, None)
        bare = _FIELD.sub("", plain)
        if "{" in bare or "}" in bare:
            raise InputError("a brace without its partner", value=text, expected="{ra}, {dec}, {size_px} or {COLUMN}")
        names = [name.strip() for name in _FIELD.findall(plain)]
        if "" in names:
            raise InputError("a field without a name", value=text, expected="{ra}, {dec}, {size_px} or {COLUMN}")
        if "\0" in plain or not plain:
            raise InputError("an empty or broken address", value=text)
        if _URL.match(plain):
            _check_host(plain, text)
        elif re.match(r"[a-z][a-z0-9+.-]*://", plain, re.I):
            raise InputError("images are fetched by http and https only", value=text)
        return cls(plain, extension, {name: name for name in names if name not in BUILTIN})

    @property
    def remote(self) -> bool:
        """Whether it is a URL."""
        return _URL.match(self.text) is not None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names in the braces, each once."""
        return tuple(dict.fromkeys(name.strip() for name in _FIELD.findall(self.text)))

    def bound(self, column: Callable[[str], str]) -> "UrlTemplate":
        """Return the template with catalogue columns: ``column(field)``, which may raise InputError."""
        return replace(self, columns={name: column(name) for name in self.columns})

    def fill(self, values: Mapping[str, object]) -> str:
        """Return the address of one row.

        Parameters
        ----------
        values : mapping
            Text or number of each of `columns`, None where it is null, and of the `BUILTIN` fields used.

        Raises
        ------
        UnfitError
            When a value is empty, null, inexact, or would leave the folder (in a URL it is quoted).
        """
        parts = _FIELD.split(self.text)  # literal, field, literal, ...
        for i in range(1, len(parts), 2):
            name = parts[i].strip()
            value = text_of(values[self.columns.get(name, name)], name)
            parts[i] = _quoted(value) if self.remote else _file_part(value, name)
        if self.remote:
            parts[::2] = [quote(part, safe=_LITERAL) for part in parts[::2]]
        return "".join(parts)


def text_of(value: object, name: str) -> str:
    """Return a table's value as text for an address.

    Integers have no point; angles have 8 digits, below 0.1 mas for degrees.

    Raises
    ------
    UnfitError
        When it is empty, null, not finite, an array, or a float beyond `EXACT`.
    """
    item = getattr(value, "item", None)
    plain = item() if item is not None and getattr(value, "ndim", 0) == 0 else value
    if plain is None:
        raise UnfitError(f"{name} is null")
    if isinstance(plain, bool):
        return "T" if plain else "F"
    if isinstance(plain, float):
        if not isfinite(plain):
            raise UnfitError(f"{name} is {'null' if isnan(plain) else 'infinite'}")
        if plain.is_integer():
            if abs(plain) >= EXACT:
                raise UnfitError(f"{name} is too large to be exact: its column holds floating-point numbers")
            return str(int(plain))
        fixed = f"{plain:.8f}"
        return fixed.rstrip("0") if name in BUILTIN else repr(plain)
    if isinstance(plain, int):
        return str(plain)
    if not isinstance(plain, str):
        raise UnfitError(f"{name} is no single value")
    text = plain.strip()
    if not text:
        raise UnfitError(f"{name} is empty")
    return text


def _quoted(value: str) -> str:
    """Return a value quoted for a URL, also dots that would leave a folder."""
    plain = quote(value, safe="")
    return plain.replace(".", "%2E") if ".." in plain or plain == "." else plain


def _file_part(value: str, name: str) -> str:
    if "/" in value or "\0" in value or ".." in value or value == ".":
        raise UnfitError(f"{name} is {value!r}, which would leave the folder")
    return value


def _check_host(plain: str, text: str) -> None:
    try:
        parts = urlsplit(plain)
        host = parts.netloc
        _ = parts.port if "{" not in host else None
    except ValueError as error:
        raise InputError("an address that is no URL", value=text, expected=str(error)) from None
    if not host or host.endswith("@"):
        raise InputError("a URL without a host", value=text)
    if any(name.strip() != "band" for name in _FIELD.findall(host)):
        raise InputError("the host of a URL comes from a column", value=text, hint="Write the host out.")
