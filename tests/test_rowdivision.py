"""RowDivision: what names groups - a column, a file, cells of the sky."""

import numpy as np
import pytest

from galaxies import table, write
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images.positions import skycells
from skycnn.inputs.rowdivision import RowDivision

ROWS = 40
RA, DEC = np.random.default_rng(1).uniform([[0], [-30]], [[40], [10]], (2, ROWS))


@pytest.fixture
def opened(tmp_path):
    made = []

    def call(**columns):
        made.append(Catalogue.open(write(tmp_path / f"{len(made)}.fits", table(ROWS, **columns))).__enter__())
        return made[-1]

    yield call
    for catalogue in made:
        catalogue.__exit__(None, None, None)


@pytest.mark.parametrize(("group", "size"), [("sky", 5.0), ("sky:10", 10.0), ("Sky:2.5", 2.5)])
def test_cells_of_the_sky(opened, group, size):
    said = []
    found = RowDivision.find(opened(RA=RA, DEC=DEC), group, None, said.append)
    np.testing.assert_array_equal(found.names, skycells.cells(RA, DEC, size))
    assert found.columns == (None, None)
    assert found.facts() == {"split": "8:1:1 by a hash of the group", "group": f"cells sky:{size:g}"}
    cells = len(set(found.names))
    (line,) = said
    assert line.startswith(
        f"rows of one cell of the sky stay on one side: {cells} cells of {size:g} deg; positions: RA"
    )


def test_a_column_of_that_name_comes_first(opened):
    catalogue = opened(RA=RA, DEC=DEC, SKY=np.arange(ROWS) // 4)
    found = RowDivision.find(catalogue, "sky", "random", lambda _: None)
    assert (found.names, found.source, found.columns) == (None, "column", ("sky", None))


def test_rows_without_positions_have_no_cells(opened):
    with pytest.raises(InputError, match="has no columns that are known as positions"):
        RowDivision.find(opened(), "sky", None, lambda _: None)
    with pytest.raises(InputError, match="sky:0 names no cells"):
        RowDivision.find(opened(), "sky:0", None, lambda _: None)


def test_a_file_of_a_number_a_row(opened, tmp_path):
    np.save(tmp_path / "ids.npy", np.arange(ROWS) // 5)
    found = RowDivision.find(opened(), str(tmp_path / "ids.npy"), None, lambda _: None)
    assert (found.names.tolist(), found.facts()["group"]) == ((np.arange(ROWS) // 5).tolist(), "file ids.npy")
