"""Catalogue: rows of a table as chunks."""

import gc

import numpy as np
import pytest
from astropy.io import fits

import hardcase
import rawfits
from skycnn.errors import ChangedError, InputError
from skycnn.fits import catalogue
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.provenance import Record

NAMES = ["ID", "u", "err_z", "VECTOR", "NAME", "UID", "EMPTY"]


@pytest.fixture
def cat(hard):
    with Catalogue.open(f"{hard}[OBJECTS]") as opened:
        yield opened


def joined(opened, names, rows=None, size=None):
    parts = [chunk for _, chunk in opened.chunks(names, rows, size)]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def same(one, two):
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])
        assert one[name].dtype.kind == two[name].dtype.kind, name


def test_what_it_says_of_itself(cat, hard):
    assert cat.label == f"{hard}[OBJECTS]"
    assert cat.rows == 50
    assert cat.names == tuple(name for name, _, _ in hardcase.FIELDS)
    assert cat.header["SEEING"] == 1.25
    assert cat.primary["OBJECT"] == "field 7"
    assert cat.encoding == "table"
    cat.check_extensible()


def test_a_table_without_a_name_is_called_by_its_number(tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(hardcase.make(named=False))
    with Catalogue.open(str(path), "3") as opened:
        assert opened.label == f"{path}[3]"


@pytest.mark.parametrize("size", [1, 7, 49, 50, 51])
@pytest.mark.parametrize("step", [1, 700, 4 << 20])
@pytest.mark.parametrize("wide", [False, True])
def test_values_do_not_depend_on_the_chunks(tmp_path, monkeypatch, size, step, wide):
    path = tmp_path / "cat.fits"
    path.write_bytes(hardcase.make(wide=wide))
    with Catalogue.open(str(path), "OBJECTS") as opened:
        whole = opened.read(NAMES)
        monkeypatch.setattr(catalogue, "READ_BYTES", step)
        same(joined(opened, NAMES, None, size), whole)
        assert len(whole["u"]) == 50
        firsts = [first for first, _ in opened.chunks(NAMES, None, size)]
        assert firsts == list(range(0, 50, size))


@pytest.mark.parametrize("rows", [(0, 50), (13, 29), (7, 14), (49, 50), (20, 20), (40, 99)])
def test_some_rows(cat, rows):
    whole = cat.read(NAMES)
    same(cat.read(NAMES, rows), {name: values[rows[0] : rows[1]] for name, values in whole.items()})
    firsts = [first for first, _ in cat.chunks(NAMES, rows, 7)]
    assert all(first % 7 == 0 for first in firsts[1:])
    assert firsts[:1] == ([rows[0]] if rows[0] < rows[1] else [])


def test_values_are_astropys(cat, hard):
    found = cat.read(["u", "g", "r", "i", "z", "err_z"])
    with fits.open(hard) as units:
        for name, values in found.items():
            np.testing.assert_allclose(values, units["OBJECTS"].data[name], rtol=1e-15)


def test_packed_columns_are_the_stored_bytes(cat, hard):
    unit = rawfits.units(hard.read_bytes())[0][hardcase.NUMBER]
    names = ["err_z", "ID", "NAME"]
    columns = cat.packing(names)
    packed = np.concatenate([rows for _, rows in cat.packed_chunks(names, size=9)])
    assert [column.offset for column in columns] == [0, 2, 10]
    for i, row in enumerate(unit.rows):
        wanted = b"".join(row[cat.column(n).offset :][: cat.column(n).width] for n in names)
        assert packed[i].tobytes() == wanted


def test_no_rows(tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(hardcase.make(rows=0))
    with Catalogue.open(str(path), "OBJECTS") as opened:
        assert opened.rows == 0
        assert list(opened.chunks(NAMES)) == []
        assert {name: values.shape for name, values in opened.read(NAMES).items()} == {
            name: (0, 5) if name == "VECTOR" else (0,) for name in NAMES
        }
        opened.check_extensible()


def test_names_are_found_exactly_else_without_case(tmp_path):
    cards = [rawfits.card("XTENSION", "BINTABLE"), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 2)]
    cards += [
        rawfits.card("NAXIS1", 16),
        rawfits.card("NAXIS2", 0),
        rawfits.card("PCOUNT", 0),
        rawfits.card("GCOUNT", 1),
    ]
    cards += [rawfits.card("TFIELDS", 4)]
    for i, name in enumerate(["Flux", "FLUX", "Mag", "FLUX"], 1):
        cards += [rawfits.card(f"TTYPE{i}", name), rawfits.card(f"TFORM{i}", "J")]
    path = tmp_path / "cat.fits"
    primary = rawfits.hdu([rawfits.card("SIMPLE", True), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)])
    path.write_bytes(primary + rawfits.hdu(cards))
    with Catalogue.open(str(path)) as opened:
        assert opened.column("Flux").offset == 0
        assert opened.column("FLUX").offset == 4
        assert opened.column("flux").offset == 0
        assert opened.column("MAG").offset == 8
        assert opened.has("none") is None


def test_a_wrong_column_is_an_error_that_lists_the_columns(cat):
    with pytest.raises(InputError, match=r"\[OBJECTS\] has no column 'err_x'") as told:
        cat.column("err_x")
    assert told.value.hint.startswith("Did you mean err_")
    assert "It has: ID, UID, NOTHING, u, g" in told.value.hint
    for name, form in (("NAME", "7A"), ("VECTOR", "5E"), ("GOOD", "L"), ("SPECTRUM", r"PE\(3\)"), ("NOTHING", "0E")):
        with pytest.raises(InputError, match=rf"column '{name}' is {form} \(expected one number a row\)"):
            cat.number(name)
    assert cat.number("ID").numeric


def test_a_file_truncated_meanwhile_is_no_crash(hard):
    with Catalogue.open(f"{hard}[OBJECTS]") as opened:
        hard.write_bytes(hard.read_bytes()[: opened.unit.data + 100])
        with pytest.raises(ChangedError, match="truncated while it was read"):
            opened.read(["u"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"TFORM4  = 'E       '", b"TFORM4  = 'D       '", "its columns take 228 bytes a row but NAXIS1 says 224"),
        (b"TFORM4  = 'E       '", b"TFORM4  = 'Z       '", "no readable TFORM4"),
        (
            b"NAXIS2  =                   50 / rows",
            b"NAXIS2  =                  500 / rows",
            "truncated or its header lies",
        ),
        (b"PCOUNT  =                   36", b"PCOUNT  =                   10", "THEAP lies outside"),
    ],
)
def test_headers_that_lie_are_refused(tmp_path, old, new, message):
    path = tmp_path / "cat.fits"
    octets = hardcase.make()
    assert old in octets
    path.write_bytes(octets.replace(old, new))
    with pytest.raises(InputError, match=message):
        Catalogue.open(str(path), "3")
    gc.collect()  # an open file left behind would be a warning, and so an error


def test_rows_that_the_header_hides_make_it_unfit_for_more_columns(tmp_path):
    path = tmp_path / "cat.fits"
    octets = hardcase.make(theap=False)
    path.write_bytes(octets.replace(b"NAXIS2  =                   50 / rows", b"NAXIS2  =                    3 / rows"))
    with Catalogue.open(str(path), "3") as opened, pytest.raises(InputError, match="NAXIS2 = 3 may be too small"):
        opened.check_extensible()


def test_records_are_those_of_its_history(cat, tmp_path):
    assert cat.records() == []
    runs = [
        Record("1", verb, "photoz", "2026-01-31T12:00:00Z", "", "m", "", columns, (), "", {})
        for verb, columns in (("predict", ("Z_PHOT", "Z_PHOT_FLAG")), ("cutout", ("DX",)), ("predict", ("Z_2",)))
    ]
    table = fits.BinTableHDU.from_columns([fits.Column("A", "J", array=[1, 2])])
    for line in (line for run in runs for line in run.lines()):
        table.header.add_history(line)
    table.writeto(tmp_path / "runs.fits")
    with Catalogue.open(str(tmp_path / "runs.fits")) as opened:
        assert opened.records() == runs
        assert opened.answered() == {"z_phot", "z_phot_flag", "z_2"}


def test_an_ascii_table_is_read_but_not_extended(tmp_path):
    path = tmp_path / "cat.fits"
    columns = [fits.Column("A", "I5", array=[1, 2]), fits.Column("B", "F8.3", array=[1.5, -2.5])]
    fits.TableHDU.from_columns(columns, name="LIST").writeto(path)
    with Catalogue.open(str(path)) as opened:
        assert opened.encoding == "ascii"
        assert opened.read(["A", "B"])["B"].tolist() == [1.5, -2.5]
        with pytest.raises(InputError, match=r"\[LIST\] is an ASCII table, which is read but never extended") as told:
            opened.check_extensible()
        assert "stilts tcopy" in told.value.hint


def test_a_chunk_is_not_overwritten_by_the_next(cat):
    chunks = [rows for _, rows in cat.packed_chunks(["ID"], size=10)]
    assert len({rows.tobytes() for rows in chunks}) == 5
