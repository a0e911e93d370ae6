"""Earlier: what earlier runs of skycnn left in a table - their records, and rows that still wait for an answer."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.provenance import Record, changes
from skycnn.fits.tablecolumn import TableColumn
from skycnn.fits.tally import flags
from skycnn.schema import NOT_RUN


def agreeing(catalogue: Catalogue, existing: Mapping[str, TableColumn], record: Record) -> Record:
    """Return the last record of the columns that are there, which answers all rows as ``record`` would.

    Parameters
    ----------
    catalogue : Catalogue
        The table.
    existing : mapping of str to TableColumn
        Those of the record's columns that are there.
    record : Record
        Of the run to come.

    Raises
    ------
    InputError
        When the columns are somebody else's, or a run since the last one over all rows differs.
    """
    label, found = catalogue.label, [column.name for column in existing.values()]
    mine = [old for old in catalogue.records() if set(existing) <= set(old.columns)]
    if not mine:
        raise InputError(
            f"{label} has a column {found[0]!r} already, and no record that skycnn wrote it",
            hint="--overwrite replaces it, --suffix _NEW writes beside it.",
        )
    lacking = [name for name in record.columns if name not in existing]
    if lacking:
        raise InputError(
            f"{label} holds {', '.join(found)} of an earlier run, but no {', '.join(lacking)}",
            hint="--overwrite answers anew and adds what is missing, --suffix _NEW writes beside it.",
        )
    whole = max((i for i, old in enumerate(mine) if not old.options.get("rows")), default=0)
    for old in mine[whole:]:
        differences = changes(old, record)
        if differences:
            raise InputError(
                f"{label} holds other answers: {'; '.join(differences)}",
                hint="--overwrite answers anew, --suffix _NEW writes beside them.",
            )
    return mine[-1]


def input_sha256(catalogue: Catalogue, used: Sequence[str]) -> str:
    """Return the SHA-256 of the bytes of the columns used, row by row."""
    total = hashlib.sha256()
    for _, rows in catalogue.packed_chunks(used):
        total.update(rows.data)
    return total.hexdigest()


def waiting(answers: "np.ndarray") -> "np.ndarray":
    """Return which packed rows have no answer yet, bool (n,).

    Their flag is null, or value and interval are all exactly zero, as other tools fill the rows they append.
    """
    return np.asarray((flags(answers) == NOT_RUN) | ~answers[:, :12].any(axis=1))
