"""Twins: columns of one name, and which of them are meant."""

from skycnn.errors import InputError
from skycnn.fits.tablecolumn import TableColumn, plain
from skycnn.photometry.fields import Field, Fields


def beside(fields: Fields, value: Field, error: Field, band: str) -> Field:
    """Return the error that belongs to a value, where columns of their names stand in the table more than once.

    Parameters
    ----------
    fields : Fields
        Of the table.
    value, error : Field
        The error is one of the right name.
    band : str
        For the message.

    Raises
    ------
    InputError
        When there are several errors and not as many values.
    """
    errors = _all(fields, error)
    if len(errors) < 2 or error.index is not None:
        return error
    values = _all(fields, value)
    if len(values) == len(errors):
        return Field(errors[values.index(value.column)])
    names = " and ".join(column.name for column in errors)
    raise InputError(
        f"{fields.label} has the error of {band} more than once: {names}",
        hint=f"Choose with --error {band}={errors[0].name}: NAME#7 is the table's column 7.",
    )


def _all(fields: Fields, field: Field) -> list[TableColumn]:
    name = plain(field.column.name)
    return [column for column in fields.columns if plain(column.name) == name]
