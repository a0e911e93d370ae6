"""ColumnValues: the values of some rows by column, each column read when it is asked for."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from skycnn.fits.exactvalues import ExactValues
from skycnn.fits.tablecolumn import TableColumn


class ColumnValues(Mapping[str, np.ndarray]):
    """Physical values by name, see `TableColumn.values`; `exact` has them without loss.

    Parameters
    ----------
    names : sequence of str
    columns : sequence of TableColumn
        As laid out in the rows.
    rows : array of uint8, (n, width)
        Stored bytes.
    """

    def __init__(self, names: Sequence[str], columns: Sequence[TableColumn], rows: np.ndarray) -> None:
        self._columns, self._rows = dict(zip(names, columns, strict=True)), rows
        self._values: dict[str, np.ndarray] = {}
        self._exact: dict[str, ExactValues] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._values:
            self._values[name] = self._columns[name].values(self._rows)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def exact(self, name: str) -> ExactValues:
        """Return a column's values without loss."""
        if name not in self._exact:
            column = self._columns[name]
            self._exact[name] = column.exact(self._rows) if column.code in "ABIJK" else ExactValues(self[name])
        return self._exact[name]


def exact(values: Mapping[str, np.ndarray], name: str) -> ExactValues:
    """Return the values of a column without loss; those of a plain mapping are taken as exact."""
    return values.exact(name) if isinstance(values, ColumnValues) else ExactValues.of(values[name])
