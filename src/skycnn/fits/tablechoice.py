"""TableChoice: the table of a file to read - by number or name, or the only one with the columns needed."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shlex import quote

from skycnn.errors import InputError, counted
from skycnn.fits.cards import Value
from skycnn.fits.source import Source
from skycnn.fits.tablebytes import Hdu
from skycnn.fits.tablecolumn import TableColumn, layout

_LAST = re.compile(r"(\d+)\s*\)\s*$")
"""The slowest axis of TDIM."""
TABLES = ("table", "ascii", "compressed table")
Holds = Callable[[tuple[TableColumn, ...], Mapping[str, Value]], int]
"""Returns 0 or False for a table that has not the columns needed; of the others those with the most count."""


def listing(names: Sequence[str]) -> str:
    """Return names in one line, at most forty of them."""
    shown = ", ".join(name or "(no name)" for name in names[:40])
    return shown + (f", ... ({len(names)} in all)" if len(names) > 40 else "")


def choose(units: list[Hdu], source: Source, holds: Holds | None) -> Hdu:
    """Return the table named, else the only one that ``holds`` the columns needed.

    Raises
    ------
    InputError
        When there is no such table, or several; the hint lists the HDUs. When it is column-oriented.
    """
    unit = _chosen(units, source, holds)
    if unit.kind == "table" and unit.rows == 1:
        _check_rows(unit, source.label)
    return unit


def _check_rows(unit: Hdu, label: str) -> None:
    """See that a table of one row is not column-oriented, as TOPCAT's colfits is: N numbers a column (SUN/252)."""
    columns = layout(unit.header, label)
    lengths = {int(match[1]) if (match := _LAST.search(c.dim or "")) else c.repeat for c in columns}
    if len(columns) > 1 and len(lengths) == 1 and (rows := lengths.pop()) > 1:
        out = quote(f"{Path(label).name.split('.')[0]}-rows.fits")
        raise InputError(
            f"{label}[{unit.name or unit.number}] is column-oriented: one row holds {rows} values of each column",
            hint=f"Make rows of them: stilts tcopy in={quote(f'{label}#{unit.number}')} out={out} ofmt=fits-basic",
        )


def _chosen(units: list[Hdu], source: Source, holds: Holds | None) -> Hdu:
    tables = [unit for unit in units if unit.kind in TABLES]
    if source.spec.extension is not None:
        return _named(units, tables, source.spec.extension, source.label)
    if not tables:
        raise InputError(f"{source.label} has no table", hint=f"It has: {_contents(units)}")
    fit = tables
    if holds is not None and len(tables) > 1:
        places = {unit.number: _holds(unit, source.label, holds) for unit in tables if unit.kind == "table"}
        best = max(places.values(), default=0)
        fit = [unit for unit in tables if unit.kind != "table" or 0 < places[unit.number] == best]
        plain = [unit for unit in fit if unit.kind == "table"]
        fit = plain or fit
    if len(fit) == 1:
        return fit[0]
    kind = "several tables with the columns needed" if fit else "several tables, none with the columns needed"
    choices = _contents(fit or tables)
    longest = max(fit or tables, key=lambda unit: unit.rows)  # SExtractor's first table holds an image header
    alone = [unit.name.casefold() for unit in units].count(longest.name.casefold()) == 1
    name = longest.name if longest.name and alone else longest.number
    raise InputError(f"{source.label} has {kind}: {choices}", hint=f"Name one: '{source.label}[{name}]'")


def _holds(unit: Hdu, label: str, holds: Holds) -> int:
    try:
        return holds(layout(unit.header, label), unit.header)
    except InputError:  # unreadable; another may be meant
        return 0


def _named(units: list[Hdu], tables: list[Hdu], extension: str, label: str) -> Hdu:
    name, _, version = extension.partition(",")
    if name.strip().isdigit():
        fit = [unit for unit in units if unit.number == int(name)]
    else:
        fit = [unit for unit in units if unit.name.casefold() == name.strip().casefold()]
        if version.strip().isdigit():
            fit = [unit for unit in fit if unit.header.get("EXTVER", 1) == int(version)]
    if not fit:
        raise InputError(f"{label} has no HDU {extension!r}", hint=f"It has: {_contents(units)}")
    if len(fit) > 1:
        raise InputError(f"{label} has {len(fit)} HDUs named {extension!r}", hint=f"Use its number: {_contents(fit)}")
    if fit[0] not in tables:
        kind = f"a{'n' if fit[0].kind[0] in 'aio' else ''} {fit[0].kind}"
        raise InputError(f"{label}[{extension}] is {kind}, no table", hint=f"It has: {_contents(units)}")
    return fit[0]


def _contents(units: list[Hdu]) -> str:
    def size(unit: Hdu) -> str:
        return f", {counted(unit.rows, 'row')}" if unit.kind in TABLES else ""

    return ", ".join(f"{unit.number} {unit.name or '(no name)'} ({unit.kind}{size(unit)})" for unit in units)
