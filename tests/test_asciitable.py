"""ASCII tables, read as astropy reads them."""

import gc

import numpy as np
import pytest
from astropy.io import fits

import rawfits
from skycnn.errors import InputError
from skycnn.fits import asciitable
from skycnn.fits.catalogue import Catalogue


def table(fields, rows, **more):
    """Return a file whose ASCII table has these (name, form, first column) and lines of text."""
    cards = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": len(rows[0]) if rows else 20, "NAXIS2": len(rows), "PCOUNT": 0}
    cards |= {"GCOUNT": 1, "TFIELDS": len(fields)}
    for i, (name, form, start) in enumerate(fields, 1):
        cards |= {f"TTYPE{i}": name, f"TFORM{i}": form, f"TBCOL{i}": start}
    cards |= more
    head = [rawfits.card("XTENSION", "TABLE"), *(rawfits.card(key, value) for key, value in cards.items())]
    primary = [rawfits.card("SIMPLE", True), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)]
    return rawfits.hdu(primary) + rawfits.header(head) + rawfits.padded("".join(rows).encode("latin-1"), b" ")


@pytest.fixture
def read(tmp_path):
    """A function that writes a file and returns its columns."""

    def reader(octets):
        path = tmp_path / "cat.fits"
        path.write_bytes(octets)
        with Catalogue.open(str(path)) as opened:
            return opened.read(opened.names)

    return reader


FIELDS = [("N", "I5", 1), ("NAME", "A6", 7), ("X", "F8.3", 13), ("Y", "E12.4", 21), ("Z", "D12.4", 33)]
ROWS = [
    "   12 ab c     1.500  1.2500E+01  2.5000D-03",
    "   -3 x       -2.250 -1.2500E-01 -2.5000D+03",
    "      yy                                    ",
]


@pytest.mark.parametrize("step", [1, 2, 100])
def test_values_are_astropys(read, tmp_path, monkeypatch, step):
    monkeypatch.setattr(asciitable, "_STEP", step)
    found = read(table(FIELDS, ROWS))
    assert found["N"][:2].tolist() == [12, -3]
    assert found["X"][:2].tolist() == [1.5, -2.25]
    assert found["Y"][:2].tolist() == [12.5, -0.125]
    assert found["Z"][:2].tolist() == [0.0025, -2500.0]
    assert found["NAME"].tolist() == ["ab c", "x", "yy"]
    assert all(np.isnan(found[name][2]) for name in "NXYZ")
    with fits.open(tmp_path / "cat.fits") as units:
        for name in ("X", "Y", "Z"):
            np.testing.assert_array_equal(found[name][:2], units[1].data[name][:2])


def test_many_rows_made_by_astropy(read, tmp_path):
    rng = np.random.default_rng(3)
    columns = [
        fits.Column("ID", "I10", array=rng.integers(-(10**8), 10**8, 500)),
        fits.Column("MAG", "F9.4", array=rng.uniform(10, 30, 500).round(4)),
        fits.Column("WORD", "A5", array=rng.choice(["one", "two", "three"], 500)),
    ]
    made = tmp_path / "made.fits"
    fits.TableHDU.from_columns(columns).writeto(made)
    found = read(made.read_bytes())
    with fits.open(made) as units:
        np.testing.assert_array_equal(found["ID"], units[1].data["ID"])
        np.testing.assert_array_equal(found["MAG"], units[1].data["MAG"])
        assert found["WORD"].tolist() == [word.rstrip() for word in units[1].data["WORD"]]


def test_nulls_and_scales(read):
    found = read(table(FIELDS, ROWS, TNULL1="-3", TSCAL3=2.0, TZERO3=1.0, TUNIT3="mag"))
    assert np.isnan(found["N"]).tolist() == [False, True, True]
    assert found["X"][:2].tolist() == [4.0, -3.5]


def test_no_rows(read):
    assert {name: len(values) for name, values in read(table(FIELDS, [], NAXIS1=44)).items()} == dict.fromkeys(
        ["N", "NAME", "X", "Y", "Z"], 0
    )


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (table([("A", "I5", 1)], ["  1 2"]), "holds a number that cannot be read"),
        (table([("A", "I5", 1)], [" 1\xe9  "]), "holds a number that cannot be read"),
        (table([("A", "F5.1", 1)], ["no   "]), "holds a number that cannot be read"),
        (table([("A", "Q5", 1)], ["    1"]), "no readable TFORM1: 'Q5'"),
        (table([("A", "I0", 1)], ["    1"]), "no readable TFORM1: 'I0'"),
        (table([("A", "I5", 0)], ["    1"]), "TBCOL1 and TFORM1 lie outside the rows: 0"),
        (table([("A", "I5", 2)], ["    1"]), "TBCOL1 and TFORM1 lie outside the rows: 2"),
        (table([("A", "I5", "x")], ["    1"]), "TBCOL1 is unreadable"),
        (table([("A", "I5", 1)], ["    1"], TFIELDS=2), "no readable TFORM2"),
        (
            table([(f"A{i}", "A5", 1) for i in range(9)], ["    1"]),
            "lie upon each other: they take 45 bytes",
        ),
    ],
)
def test_tables_that_lie_are_refused(read, octets, message):
    with pytest.raises(InputError, match=message):
        read(octets)
    gc.collect()  # a temporary file left open would be a warning, and so an error


def test_wide_rows_are_read_a_few_at_a_time(read, monkeypatch):
    monkeypatch.setattr(asciitable, "_STEP_BYTES", 200)
    found = read(table(FIELDS, ROWS * 5))
    assert found["NAME"].tolist() == read(table(FIELDS, ROWS))["NAME"].tolist() * 5


def test_a_row_larger_than_memory(read, monkeypatch):
    monkeypatch.setattr(asciitable.memory, "_requested", asciitable.memory.LEAST)
    with pytest.raises(InputError, match=r"a row of 9000000 bytes takes .* of memory"):
        read(table([("A", "A9000000", 1)], [" " * 9_000_000]))
    gc.collect()
