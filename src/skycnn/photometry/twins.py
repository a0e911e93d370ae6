"""Twins: columns of one name, and which of them are meant."""

from skycnn.errors import InputError
from skycnn.fits.columnnames import numbered, plain, twins
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
    errors = twins(fields.columns, plain(error.column.name))
    if len(errors) < 2 or error.index is not None:
        return error
    values = twins(fields.columns, plain(value.column.name))
    if len(values) == len(errors):
        return Field(errors[values.index(value.column)])
    names = [numbered(fields.columns, column) for column in errors]
    raise InputError(
        f"{fields.label} has the error of {band} more than once: {' and '.join(names)}",
        hint=f"Choose with --error {band}={names[0]}. NAME#7 is the table's column 7.",
    )
