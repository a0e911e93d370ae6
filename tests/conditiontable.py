"""A table to try conditions on: bytes as a file has them, so that the integers are those of FITS."""

import numpy as np
import pytest

from columns import column
from skycnn.errors import InputError
from skycnn.fits.columnvalues import ColumnValues
from skycnn.fits.tablecolumn import layout
from skycnn.photometry.conditions import parse
from skycnn.photometry.fields import Fields

CARDS = ("TNULL", "TSCAL", "TZERO")
FORMS = {"b": "L", "u1": "B", "i2": "I", "i4": "J", "i8": "K", "f4": "E", "f8": "D"}


def made(n, columns, **cards):
    """Return columns and rows of a table of stored arrays; a card is ``NAME_TNULL=...``."""
    header, parts, number = {}, [], 0
    for number, (name, content) in enumerate(columns.items(), 1):
        form, stored = content if isinstance(content, tuple) else (None, np.asarray(content))
        stored = np.asarray(stored)
        if form is None and stored.dtype.kind in "US":
            stored = stored.astype("S")
            form = f"{stored.dtype.itemsize}A"
        elif form is None:
            wide = stored.dtype.newbyteorder(">")
            stored = np.where(stored, b"T", b"F") if stored.dtype == bool else stored.astype(wide)
            key = "b" if stored.dtype.kind == "S" else wide.str[1:]
            form = f"{stored.size // n if n else 1}{FORMS[key]}"
        header |= {f"TTYPE{number}": name, f"TFORM{number}": form}
        header |= {
            f"{key}{number}": cards[f"{name}_{key}"] for key in ("TNULL", "TSCAL", "TZERO") if f"{name}_{key}" in cards
        }
        parts.append(np.ascontiguousarray(stored).view(np.uint8).reshape(n, -1))
    rows = np.concatenate(parts, axis=1)
    found = layout({"NAXIS1": rows.shape[1], "TFIELDS": number, **header}, "cat.fits[1]")
    return found, ColumnValues([column.name for column in found], found, rows)


def holds(text, option="--bad", bits=None, n=None, **columns):
    """Return on which rows of a table a condition holds."""
    cards = {name: value for name, value in columns.items() if name.split("_")[-1] in CARDS}
    rest = {name: value for name, value in columns.items() if name not in cards}
    first = next(iter(rest.values()))
    count = len(first[1] if isinstance(first, tuple) else first) if n is None else n
    found, values = made(count, rest, **cards)
    return parse(text, Fields(found, "cat.fits[1]", "--bad needs it"), option, bits).holds(values).tolist()


def where(text, **table):
    """Return the numbers of the rows on which a condition holds."""
    return np.flatnonzero(holds(text, **table)).tolist()


def refused(text, *names, option="--bad", bits=None):
    some = [column(name) for name in names or ("A", "B", "FLAGS")]
    """Return the message with which a condition on a table of these columns, KIND and N is refused."""
    found = Fields([*some, column("KIND", "8A"), column("N", "K")], "t", "needs")
    with pytest.raises(InputError) as error:
        parse(text, found, option, bits)
    assert error.value.exit_code == 2
    assert len(str(error.value)) < 400
    return str(error.value)
