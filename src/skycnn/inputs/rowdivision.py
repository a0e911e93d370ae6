"""RowDivision: by which columns rows are divided into sides, and what is said of it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.labelled import Labelled
from skycnn.network import groups
from skycnn.network.division import RANDOM, Division, divide

GROUP = "GROUP"
"""The column that names groups in mocks; it is taken where ``--group`` names none."""
Say = Callable[[str], None]


def columns(catalogue: Catalogue, group: str | None, split: str | None, say: Say) -> tuple[str | None, str | None]:
    """Return the columns that name groups and sides.

    Parameters
    ----------
    catalogue : Catalogue
    group : str or None
        The one requested; None: `GROUP` where there is one; empty: none.
    split : str or None
        The one requested, or ``random``.
    say : callable
        Is told of a column that was not requested.
    """
    if group is None and (column := catalogue.has(GROUP)) is not None and column.single:
        group = column.name
        if split != RANDOM:
            say(f"rows of one {group} stay on one side; --group '' lets them go")
    return group or None, split


def divided(
    found: Labelled, known: np.ndarray, group: str | None, split: str | None, say: Say
) -> tuple[Division, dict[str, Any]]:
    """Return the rows on their sides, and what the card says of that beyond `facts`.

    Parameters
    ----------
    found : Labelled
    known : array (n,)
        Which rows have a truth, bool.
    group, split : str or None
        As `columns` returns them.
    say : callable
        Receives warnings.
    """
    grouped = None if found.group is None else (str(group), found.group)
    own, note = groups.row_hashes(*found.inputs.values()), {}
    if split == RANDOM:
        whole = divide(own, found.number, None, None)
        if found.group is not None and (astride := whole.astride(found.group)):
            note["split"] = f"8:1:1 by a hash of the row; {astride} groups of {group} stand on several sides"
            what = f"{astride} groups of {group} have rows on several sides of a random split"
            say(f"WARNING: {what}: the scores are too good for rows of other groups")
    else:
        whole = divide(own, found.number, grouped, None if found.split is None else (str(split), found.split))
    division = whole.merged(known)
    if division is not whole:
        say("too few rows to calibrate apart: the validation rows calibrate too")
        note["calibration"] = "validation rows"
    return division, note


def facts(group: str | None, split: str | None) -> dict[str, str]:
    """Return how rows are divided, for a model's card."""
    if split == RANDOM:
        return {"split": "8:1:1 by a hash of the row", "group": "a row and its copies"}
    return {
        "split": f"column {split}" if split else "8:1:1 by a hash of the group",
        "group": f"column {group}" if group else "a row and its copies",
    }
