"""ColumnNames: columns by name, and by number where a name stands in the table more than once: ``umag#7``."""

import re
from collections.abc import Sequence

from skycnn.errors import InputError
from skycnn.fits.tablecolumn import TableColumn

_NUMBERED = re.compile(r"(.+)#(\d+)")


def plain(name: str) -> str:
    """Return a column's TTYPE: its name without the number of one that stands twice."""
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else name


def twins(columns: Sequence[TableColumn], name: str) -> list[TableColumn]:
    """Return the columns of this TTYPE, in the order of the table."""
    return [column for column in columns if plain(column.name) == name]


def numbered(columns: Sequence[TableColumn], column: TableColumn) -> str:
    """Return a column's name, with its number where the name stands twice."""
    name = plain(column.name)
    return f"{name}#{columns.index(column) + 1}" if len(twins(columns, name)) > 1 else column.name


def resolved(columns: Sequence[TableColumn], name: str, label: str, typed: str) -> str:
    """Return the name by which a column that a user names is read; as it is if there is none.

    Parameters
    ----------
    columns : sequence of TableColumn
        All of the table, in order.
    name : str
        As typed: ``umag``, or ``umag#7``, the table's column 7.
    label : str
        Names the table in messages: ``cat.fits[1]``.
    typed : str
        The option, for the hint: ``--band u=COLUMN``.

    Raises
    ------
    InputError
        When the name stands twice, and no number is given.
    """
    match = _NUMBERED.fullmatch(name)
    place = int(match[2]) if match else 0
    if match and 0 < place <= len(columns) and plain(columns[place - 1].name) == match[1]:
        return columns[place - 1].name
    alike = twins(columns, name)
    if len(alike) > 1:
        names = [numbered(columns, column) for column in alike]
        raise InputError(
            f"{label} has the column '{name}' more than once: {' and '.join(names)}",
            hint=f"Choose by the number in the table: {typed.replace('COLUMN', names[0])}",
        )
    return name
