"""RowDivision: what names the groups of a catalogue's rows and their sides, and the rows divided by it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images.positions import skycells
from skycnn.inputs.labelled import Labelled
from skycnn.network import groups
from skycnn.network.division import RANDOM, Division, divide
from skycnn.network.overlap import Overlap

Array = NDArray[Any]

GROUP = "GROUP"
"""The column that names groups in mocks; it is taken where ``--group`` names none."""
CARD = "GROUPCOL"
"""Card of a table: the column that names groups, which the table may lack."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class RowDivision:
    """What names groups and sides.

    Parameters
    ----------
    group : str or None
        The column or the file that names groups, or ``sky:DEG``.
    split : str or None
        The column that names sides, or ``random``.
    names : array (rows,) or None
        The names of all rows' groups where no column of the catalogue holds them.
    source : str
        ``column``, ``file`` or ``cells``: what names groups.
    """

    group: str | None
    split: str | None
    names: Array | None = None
    source: str = "column"

    @classmethod
    def find(
        cls,
        catalogue: Catalogue,
        group: str | None,
        split: str | None,
        say: Say,
        radec: tuple[str, str] | None = None,
    ) -> "RowDivision":
        """Return what is requested, else what the catalogue has.

        Parameters
        ----------
        catalogue : Catalogue
        group : str or None
            A column, the file of an array, or ``FILE:COLUMN`` of another table, with a number or a name for each row;
            ``sky`` or ``sky:DEG``: cells of the sky; None: the column that the catalogue says, or `GROUP`; empty: none.
        split : str or None
            A column, or ``random``.
        say : callable
            Is told of a column that was not requested, and of one that is missing.
        radec : tuple of str, optional
            The columns of the position, for cells of the sky.

        Raises
        ------
        InputError
            When the file has not one number or name for each row, or the rows have no position on the sky.
        """
        if group and catalogue.has(group) is None and (names := _from_file(group, catalogue.rows)) is not None:
            return cls(os.path.basename(group), split, names, "file")
        if group and catalogue.has(group) is None and (size := skycells.size_of(group)) is not None:
            names, notes = skycells.of(catalogue, size, radec)
            some = len(np.unique(names[names != ""]))
            say("; ".join((f"rows of one cell of the sky stay on one side: {some} cells of {size:g} deg", *notes)))
            return cls(f"sky:{size:g}", split, names, "cells")
        said = catalogue.header.get(CARD)
        if group and said and catalogue.has(group) is None and group.casefold() == str(said).casefold():
            raise InputError(f"no numbers of {said} lie beside {catalogue.label}", hint=_WHERE)
        if group is None:
            usual = (catalogue.has(str(name)) for name in (said or GROUP, GROUP))
            column = next((column for column in usual if column is not None and column.single), None)
            if column is not None:
                group = column.name
                if split != RANDOM:
                    say(f"rows of one {group} stay on one side; --group '' lets them go")
            elif said:
                what = f"several rows of {catalogue.label} show one object, and nothing says which"
                say(f"WARNING: {what}: the scores are too good for other objects. {_WHERE}")
        return cls(group or None, split)

    @property
    def columns(self) -> tuple[str | None, str | None]:
        """The columns of groups and sides to be read; None for none."""
        return (None if self.names is not None else self.group), (None if self.split == RANDOM else self.split)

    def divided(self, found: Labelled, known: Array, say: Say) -> tuple[Division, dict[str, Any]]:
        """Return the rows on their sides, and what the card says of that beyond `facts`.

        Parameters
        ----------
        found : Labelled
        known : array (n,)
            Which rows have a truth, bool.
        say : callable
            Receives warnings.
        """
        names = found.group if self.names is None else self.names[found.number]
        own, note = groups.row_hashes(*found.inputs.values()), {}
        if self.split == RANDOM:
            whole = divide(own, found.number, None, None)
            overlap = None if names is None else Overlap.of(whole.side, names)
            if overlap is not None and overlap.groups:
                what = f"{overlap.share:.1%} of the test rows have a {self.group} that is trained on too"
                text = f"{what}, {overlap.groups} groups have rows on several sides"
                note["split"] = f"8:1:1 by a hash of the row; {text}"
                say(f"WARNING: --split random: {text}: the scores are too good for rows of other groups")
        else:
            grouped = None if names is None else (str(self.group), names)
            split = None if found.split is None else (str(self.split), found.split)
            stamps = found.inputs.get("image")
            picture = None if stamps is None else groups.picture_hashes(stamps)
            whole = divide(own, found.number, grouped, split, picture)
        division = whole.merged(known)
        if division is not whole:
            say("too few rows to calibrate apart: the validation rows calibrate too")
            note["calibration"] = "validation rows"
        return division, note

    def facts(self) -> dict[str, str]:
        """Return how rows are divided, for a model's card."""
        if self.split == RANDOM:
            return {"split": "8:1:1 by a hash of the row", "group": "a row and its copies"}
        return {
            "split": f"column {self.split}" if self.split else "8:1:1 by a hash of the group",
            "group": f"{self.source} {self.group}" if self.group else "a row and its copies",
        }


def _from_file(text: str, rows: int) -> Array | None:
    """Return the names (rows,) of groups in an array's file or in ``FILE:COLUMN``; None where there is no such file.

    Raises
    ------
    InputError
        When it has not one for each row.
    """
    if os.path.isfile(text):
        from skycnn.fits.stamplayout.deepmergefiles import read_ids

        ids = read_ids(text, rows)
        return np.char.decode(ids, "utf-8", "replace") if ids.dtype.kind == "S" else ids
    file, _, name = text.rpartition(":")
    if not os.path.isfile(file):
        return None
    with Catalogue.open(
        file, holds=lambda columns, _: any(c.name.casefold() == name.casefold() for c in columns)
    ) as table:
        if table.rows != rows:
            raise InputError(f"{table.label} has {table.rows} rows", expected=f"{rows}, as many as the catalogue")
        wanted = [table.single(name).name]
        (column,) = table.packing(wanted)
        parts = [column.names(packed) for _, packed in table.packed_chunks(wanted, (0, rows))]
    return np.concatenate(parts)


_WHERE = "Put subsamples_ID.npy beside it, or name an array of a number for each row: --group FILE.npy."
