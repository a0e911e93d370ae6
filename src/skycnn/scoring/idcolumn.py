"""IdColumn: the column of a catalogue that names its objects."""

from collections.abc import Sequence

from skycnn.fits.tablecolumn import TableColumn

UCD = {"meta.id", "meta.main"}
"""What the IVOA calls it, perhaps with more words."""

NAMES = (
    *("id", "objid", "object_id", "objectid", "source_id", "sourceid", "targetid", "coadd_object_id", "thing_id"),
    *("ls_id", "galaxy_id", "obj_id", "ident", "name", "designation", "specobjid", "number", "recno", "seq"),
    *("object", "iauname", "objno"),
)
"""Of catalogues, what is unique in more than one table before what counts rows."""


def find(columns: Sequence[TableColumn]) -> TableColumn | None:
    """Return the column that names objects: by its UCD, else by its name; None without one."""
    there = [column for column in columns if column.single and column.code in "ABIJK"]
    for column in there:
        if {*(column.ucd or "").lower().split(";")} >= UCD:
            return column
    by_name = {column.name.lower(): column for column in reversed(there)}
    return next((by_name[name] for name in NAMES if name in by_name), None)
