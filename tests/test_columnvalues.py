"""ColumnValues: columns of some rows, read when they are asked for."""

import numpy as np
import pytest

from conditiontable import made
from skycnn.fits import columnvalues

IDS = np.array([2**53 + 1, -1])


def test_values_and_exact_ones():
    _, values = made(2, {"ID": IDS, "NAME": ["a ", "b"], "R": [1.5, 2.5]}, ID_TNULL=-1)
    assert list(values) == ["ID", "NAME", "R"] and len(values) == 3
    assert values["ID"].dtype == np.float64 and np.isnan(values["ID"][1])
    assert values["ID"] is values["ID"]
    held = columnvalues.exact(values, "ID")
    assert (held.item(0), held.item(1)) == (2**53 + 1, None)
    assert columnvalues.exact(values, "ID") is held
    assert columnvalues.exact(values, "NAME").values.tolist() == [b"a", b"b"]
    assert columnvalues.exact(values, "R").values is values["R"]
    with pytest.raises(KeyError):
        values["Z"]


def test_a_plain_mapping_is_exact_as_it_is():
    assert columnvalues.exact({"A": IDS}, "A").values.tolist() == IDS.tolist()
