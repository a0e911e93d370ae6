"""idcolumn: what names the objects of a catalogue."""

from skycnn.fits.tablecolumn import TableColumn
from skycnn.scoring import idcolumn


def column(name, code="K", ucd=None, repeat=1):
    return TableColumn(name, code, code, repeat, 0, 8, ucd=ucd)


def test_the_ucd_comes_first_and_then_names_that_are_unique_in_more_than_one_table():
    assert idcolumn.find([column("objid"), column("NAME", ucd="meta.id;meta.main")]).name == "NAME"
    assert idcolumn.find([column("RECNO"), column("SOURCE_ID")]).name == "SOURCE_ID"
    assert idcolumn.find([column("ID"), column("id")]).name == "ID"
    assert idcolumn.find([column("name", "A", repeat=9)]).name == "name"


def test_numbers_with_a_point_and_vectors_name_nothing():
    assert idcolumn.find([column("ID", "D"), column("OBJID", repeat=3), column("Z")]) is None
