"""PreviousRun: what an earlier run left in a file - its record, its columns, its stamps."""

import hashlib
import json
from collections.abc import Mapping

from skycnn.errors import InputError
from skycnn.fits.catalogue import READ_BYTES, Catalogue
from skycnn.fits.provenance import Record, changes
from skycnn.fits.tablecolumn import TableColumn, meaning
from skycnn.schema import Column


def records(catalogue: Catalogue, existing: Mapping[str, TableColumn]) -> list[Record]:
    """Return the records of columns of the table, oldest first."""
    return [old for old in catalogue.records() if set(existing) <= set(old.columns)]


def agreeing(catalogue: Catalogue, existing: Mapping[str, TableColumn], record: Record) -> Record:
    """Return the last record of columns of the table, which must have been written as ``record`` would write them.

    Parameters
    ----------
    catalogue : Catalogue
        The table.
    existing : mapping of str to TableColumn
        The record's columns that the table has.
    record : Record
        Of the run to come.

    Raises
    ------
    InputError
        When another program wrote the columns, or a run with other settings, the last over all rows or one since.
    """
    label, names = catalogue.label, [column.name for column in existing.values()]
    earlier = records(catalogue, existing)
    if not earlier:
        raise InputError(
            f"{label} has a column {names[0]!r} already, and no record that skycnn wrote it",
            hint="--overwrite replaces it, --suffix _NEW writes beside it.",
        )
    missing = [name for name in record.columns if name not in existing]
    if missing:
        raise InputError(
            f"{label} holds {', '.join(names)} of an earlier run, but no {', '.join(missing)}",
            hint="--overwrite answers anew and adds what is missing, --suffix _NEW writes beside it.",
        )
    whole = max((i for i, old in enumerate(earlier) if not old.options.get("rows")), default=0)
    for old in earlier[whole:]:
        differences = changes(old, record)
        if differences:
            raise InputError(
                f"{label} holds other answers: {'; '.join(differences)}",
                hint="--overwrite answers anew, --suffix _NEW writes beside them.",
            )
    return earlier[-1]


def stamps_record(path: str, verb: str = "cutout") -> Record:
    """Return the record of the run of a command that made the stamps of a file.

    Raises
    ------
    InputError
        When the file is anything else.
    """
    try:
        with Catalogue.open(path, "CATALOGUE") as catalogue:
            records = [record for record in catalogue.records() if record.verb == verb]
    except InputError:
        records = []
    if not records:
        raise InputError(f"{path} exists, and was not written by skycnn {verb}", hint="--overwrite replaces it.")
    return records[-1]


def check_same_stamps(last: Record, record: Record, label: str, words: str = "stamps") -> None:
    """See that a file's stamps, made by ``last``, are those that ``record`` would make; ``words`` call them.

    Raises
    ------
    InputError
        When they are not; it names what has changed.
    """
    differences = changes(last, record)
    if last.input_sha256 != record.input_sha256:
        before, after = (json.dumps(run.options.get("rows")).replace("null", "all") for run in (last, record))
        differences.append("the catalogue has changed" if before == after else f"rows {before} then, {after} now")
    if differences:
        raise InputError(
            f"{label} exists and holds other {words}: {'; '.join(differences)}", hint="--overwrite replaces it."
        )


def rows_sha256(catalogue: Catalogue, rows: tuple[int, int]) -> str:
    """Return the SHA-256 of whole rows, half open, and of the columns' names, forms, scales, zeros and nulls."""
    names = list(dict.fromkeys(filter(None, catalogue.names)))
    total = hashlib.sha256(json.dumps([(column.name, column.form) for column in catalogue.columns]).encode())
    total.update(meaning(catalogue.columns))
    for _, packed in catalogue.packed_chunks(names, rows, max(1, READ_BYTES // max(1, catalogue.row_bytes))):
        total.update(packed.data)
    return total.hexdigest()


def check_type(catalogue: Catalogue, column: Column) -> None:
    """See that a column of this name, if the table has one, has the same type and shape.

    Raises
    ------
    InputError
        When it does not.
    """
    old = catalogue.has(column.name)
    if old is None:
        return
    dim = (old.dim or "").replace(" ", "")
    plain = old.scale == 1 and old.zero == 0 and ("" if dim == f"({old.repeat})" else dim) == column.dim  # astropy's
    if f"{old.repeat if old.repeat != 1 else ''}{old.code}" != column.form or not plain:
        shape = f"{old.form} TDIM {old.dim}" if old.dim else old.form
        raise InputError(
            f"{catalogue.label}: column {old.name!r} is {shape}",
            expected=f"{column.form}, as skycnn writes it",
            hint="--suffix _NEW writes beside it.",
        )
