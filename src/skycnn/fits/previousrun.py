"""Earlier: what earlier runs of skycnn left in a file - their records, and rows that still wait for an answer."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

from skycnn.errors import InputError
from skycnn.fits.catalogue import READ_BYTES, Catalogue
from skycnn.fits.provenance import Record, changes
from skycnn.fits.tablecolumn import TableColumn
from skycnn.fits.tally import flags
from skycnn.schema import NOT_RUN, Column


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


def input_sha256(catalogue: Catalogue, used: Sequence[str], stamps: bytes = b"") -> str:
    """Return the SHA-256 of the bytes of the columns used, row by row, and of the digest of the stamps."""
    total = hashlib.sha256()
    for _, rows in catalogue.packed_chunks(used):
        total.update(rows.data)
    total.update(stamps)
    return total.hexdigest()


def waiting(answers: "np.ndarray") -> "np.ndarray":
    """Return which packed rows have no answer yet, bool (n,).

    Their flag is null, or value and interval are all exactly zero, as other tools fill the rows they append.
    """
    return np.asarray((flags(answers) == NOT_RUN) | ~answers[:, :12].any(axis=1))


def stamps_record(path: str) -> Record:
    """Return the record of the run that cut the stamps of a file.

    Raises
    ------
    InputError
        When the file is anything else.
    """
    try:
        with Catalogue.open(path, "CATALOGUE") as catalogue:
            records = [record for record in catalogue.records() if record.verb == "cutout"]
    except InputError:
        records = []
    if not records:
        raise InputError(f"{path} exists, and holds no stamps of ours", hint="--overwrite replaces it.")
    return records[-1]


def check_same_stamps(last: Record, record: Record, label: str) -> None:
    """See that the stamps that a file holds are those that another run would cut.

    Raises
    ------
    InputError
        When they are not; it says what has changed.
    """
    differences = changes(last, record)
    if last.input_sha256 != record.input_sha256:
        before, after = (json.dumps(run.options.get("rows")).replace("null", "all") for run in (last, record))
        differences.append("the catalogue has changed" if before == after else f"rows {before} then, {after} now")
    if differences:
        raise InputError(
            f"{label} exists and holds other stamps: {'; '.join(differences)}", hint="--overwrite replaces it."
        )


def rows_sha256(catalogue: Catalogue, rows: tuple[int, int]) -> str:
    """Return the SHA-256 of whole rows, half open, and of the names and forms of their columns."""
    names = list(dict.fromkeys(filter(None, catalogue.names)))
    total = hashlib.sha256(json.dumps([(column.name, column.form) for column in catalogue.columns]).encode())
    for _, packed in catalogue.packed_chunks(names, rows, max(1, READ_BYTES // max(1, catalogue.row_bytes))):
        total.update(packed.data)
    return total.hexdigest()


def check_type(catalogue: Catalogue, column: Column) -> None:
    """See that a column of this name, where the table has one, holds the same type and shape.

    Raises
    ------
    InputError
        When it does not.
    """
    found = catalogue.has(column.name)
    if found is None:
        return
    plain = found.scale == 1 and found.zero == 0 and (found.dim or "").replace(" ", "") == column.dim
    if f"{found.repeat if found.repeat != 1 else ''}{found.code}" != column.form or not plain:
        shape = f"{found.form} TDIM {found.dim}" if found.dim else found.form
        raise InputError(
            f"{catalogue.label}: column {found.name!r} is {shape}",
            expected=f"{column.form}, as skycnn writes it",
            hint="--suffix _NEW writes beside it.",
        )
