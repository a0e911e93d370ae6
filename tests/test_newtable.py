import numpy as np
import pytest
from astropy.io import fits

from skycnn.fits.newtable import NewTable
from skycnn.fits.splice import write_primary
from skycnn.schema import Column

COLUMNS = (
    Column("ID", "i4", "", "meta.id", "a number", "I10"),
    Column("Z", "f4", "", "src.redshift", "a redshift", "F8.5"),
    Column("RA", "f8", "deg", "pos.eq.ra", "right ascension", "F12.7"),
)
VALUES = {"ID": np.arange(7), "Z": np.linspace(0, 1, 7), "RA": np.linspace(149, 151, 7)}


def write(path, table, parts):
    with open(path, "wb") as file:
        start = write_primary(file.fileno())
        file.seek(start + table.head_bytes)
        for part in parts:
            file.write(table.pack({name: value[part] for name, value in VALUES.items()}, len(VALUES["ID"][part])))
        file.truncate(start + table.head_bytes + table.data_bytes)
        file.seek(start)
        file.write(table.head())


def test_others_read_it(tmp_path):
    table = NewTable(COLUMNS, 7, "CATALOGUE", {"SEED": 3, "NOTHING": None, "SURVEY": "csst"}, ["a line"], "2026-01-01")
    table.tell("SEED", 4)
    write(tmp_path / "a.fits", table, [slice(0, 3), slice(3, 7)])
    with fits.open(tmp_path / "a.fits", checksum=True) as units:
        units.verify("exception")
        found, header = units[1].data, units[1].header
        assert units[1].name == "CATALOGUE"
        assert {name: header[name] for name in ("SEED", "SURVEY", "NAXIS2")} == {
            "SEED": 4,
            "SURVEY": "csst",
            "NAXIS2": 7,
        }
        assert "NOTHING" not in header
        assert list(header["HISTORY"]) == ["a line"]
        assert {"CHECKSUM", "DATASUM"} <= set(header)
        for i, column in enumerate(COLUMNS, 1):
            assert np.allclose(found[column.name], VALUES[column.name])
            told = [header.get(f"{key}{i}", "") for key in ("TUNIT", "TUCD", "TCOMM", "TDISP")]
            assert told == [column.unit, column.ucd, column.meaning, column.display]


def test_how_rows_come_does_not_matter(tmp_path):
    for name, parts in (("a", [slice(0, 7)]), ("b", [slice(0, 1), slice(1, 6), slice(6, 7)])):
        write(tmp_path / name, NewTable(COLUMNS, 7, "T", {}), parts)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_only_what_is_told_can_be_told_anew():
    with pytest.raises(KeyError):
        NewTable(COLUMNS, 7, "T", {}).tell("SEED", 4)


def test_rows_of_an_earlier_run_count_and_can_be_read_back():
    whole, rest = NewTable(COLUMNS, 7, "T", {}), NewTable(COLUMNS, 7, "T", {})
    rows = whole.pack(VALUES, 7)
    rest.add(rows)
    assert rest.head() == whole.head()
    for name, values in rest.unpack(rows).items():
        assert np.allclose(values, VALUES[name])
        assert values.dtype.isnative
