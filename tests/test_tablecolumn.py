"""TableColumn: values as astropy and fitsio read them."""

import io

import fitsio
import numpy as np
import pytest
from astropy.io import fits

import hardcase
import rawfits
from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.tablecolumn import layout


def opened(octets, number=hardcase.NUMBER):
    """Return a table's columns by name and its rows, uint8 (n, row bytes)."""
    unit = rawfits.units(octets)[0][number]
    wide, rows = unit.value("NAXIS1"), unit.value("NAXIS2")
    content = np.frombuffer(unit.data, np.uint8)[: wide * rows].reshape(rows, wide)
    return {column.name: column for column in layout(fitscards.values(unit.cards), "cat[1]")}, content


@pytest.fixture(scope="module")
def octets():
    return hardcase.make(rows=300)


NUMBERS = ["u", "z", "err_z", "SIGNED", "UNSIGNED16", "UNSIGNED32", "SCALED", "VECTOR", "MATRIX", "COMPLEX", "COMPLEX2"]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_astropys(octets, name):
    columns, rows = opened(octets)
    with fits.open(io.BytesIO(octets)) as units:
        theirs = np.asarray(units[hardcase.NUMBER].data[name])
    ours = columns[name].values(rows)
    np.testing.assert_allclose(ours, theirs.reshape(ours.shape), rtol=1e-15)


@pytest.mark.parametrize("name", ["UID", "UNSIGNED16", "UNSIGNED32", "SIGNED", "VECTOR", "z"])
def test_numbers_are_fitsios(octets, name, tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(octets)
    columns, rows = opened(octets)
    with fitsio.FITS(str(path)) as file:
        np.testing.assert_array_equal(columns[name].values(rows), file[hardcase.NUMBER].read_column(name))


def test_unsigned_ids_are_exact(octets):
    columns, rows = opened(octets)
    ids = columns["UID"].values(rows)
    assert ids.dtype == np.uint64
    with fits.open(io.BytesIO(octets)) as units:
        assert ids.tolist() == units[hardcase.NUMBER].data["UID"].tolist()
    assert len({int(number) for number in ids} - {int(float(number)) for number in ids}) > 100  # doubles could not


def one(form, values, what="values", **more):
    """Return the physical values, or the names, of a table of one column."""
    data = np.atleast_1d(np.asarray(values)).tobytes()
    size = rawfits.width(form)
    header = {"NAXIS1": size, "TFIELDS": 1, "TTYPE1": "A", "TFORM1": form}
    header |= {f"{key}1": value for key, value in more.items()}
    (column,) = layout(header, "t")
    rows = np.frombuffer(data, np.uint8).reshape(-1, size) if size else np.empty((3, 0), np.uint8)
    return getattr(column, what)(rows)


def test_nulls_are_nan_in_numbers_and_stay_in_plain_ids():
    values = one("K", np.array([1, -99, 3], ">i8"), TNULL=-99)
    assert values.dtype == np.float64
    assert np.isnan(values).tolist() == [False, True, False]
    values = one("I", np.array([100, -1, 200], ">i2"), TNULL=-1, TSCAL=0.5, TZERO=3)
    np.testing.assert_array_equal(values, [53.0, np.nan, 103.0])
    assert one("K", np.array([2**62 + 1], ">i8")).tolist() == [2**62 + 1]


def test_a_signalling_nan_is_a_nan_without_a_word():
    values = one("E", np.array([0x7FA00001, 0x3F800000], ">u4"), TSCAL=2)
    np.testing.assert_array_equal(values, [np.nan, 2.0])


def test_names_are_exact_beside_nulls():
    ids = np.array([2**53 + 1, -99, -5], ">i8")
    assert one("K", ids, "names", TNULL=-99).tolist() == [str(2**53 + 1), "", "-5"]
    assert one("K", ids, "names", TNULL=-99, TZERO=2**63).tolist() == [str(2**63 + 2**53 + 1), "", str(2**63 - 5)]
    assert one("B", np.array([0, 255], "u1"), "names", TNULL=255, TZERO=-128).tolist() == ["-128", ""]
    assert one("K", ids, "names").tolist() == [str(2**53 + 1), "-99", "-5"]
    assert one("K", ids, "names", TSCAL=1000).tolist() == [str(1000 * (2**53 + 1)), "-99000", "-5000"]
    assert one("I", np.array([1, 3], ">i2"), "names", TNULL=1, TSCAL=0.5).tolist() == ["", "1.5"]
    assert one("E", np.array([np.nan, 3], ">f4"), "names").tolist() == ["", "3"]
    assert one("2A", np.frombuffer(b"a b ", np.uint8), "names", TNULL=1).tolist() == ["a", "b"]


def test_whole_offsets_keep_integers_whole():
    assert one("B", np.array([0, 255], "u1"), TZERO=-128).tolist() == [-128, 127]
    assert one("J", np.array([-(2**31), 2**31 - 1], ">i4"), TZERO=2147483648.0).tolist() == [0, 2**32 - 1]
    assert one("K", np.array([-(2**63), 2**63 - 1], ">i8"), TZERO=9223372036854775808).tolist() == [0, 2**64 - 1]
    assert one("J", np.array([5], ">i4"), TZERO=0.5).tolist() == [5.5]


def test_offsets_of_any_size_are_taken():
    assert one("J", np.array([1], ">i4"), TZERO=10**30).tolist() == [1e30]
    assert one("J", np.array([1, 2], ">i4"), TZERO=1e300, TSCAL=1e300, TNULL=2).tolist()[0] == 2e300
    assert one("J", np.array([1], ">i4"), TSCAL=1e308, TZERO=-1e308).tolist() == [0.0]
    assert one("D", np.array([1e200], ">f8"), TSCAL=1e200).tolist() == [np.inf]
    assert one("J", np.array([1], ">i4"), TNULL=float("inf")).tolist() == [1]
    assert one("J", np.array([1], ">i4"), "exact", TZERO=10**30).item(0) == 10**30 + 1


def test_strings_end_at_the_first_nul_and_lose_trailing_blanks():
    stored = b"abc  " + b"ab\0zz" + b"  x  " + b"\0\0\0\0\0" + b"caf\xe9 "
    values = one("5A", np.frombuffer(stored, np.uint8))
    assert values.tolist() == ["abc", "ab", "  x", "", "caf\ufffd"]
    assert values.dtype.kind == "U"


def test_strings_are_astropys(octets):
    columns, rows = opened(octets)
    with fits.open(io.BytesIO(octets)) as units:
        assert columns["NAME"].values(rows).tolist() == units[hardcase.NUMBER].data["NAME"].tolist()


def test_logicals_bits_and_descriptors(octets):
    columns, rows = opened(octets)
    with fits.open(io.BytesIO(octets)) as units:
        data = units[hardcase.NUMBER].data
        np.testing.assert_array_equal(columns["GOOD"].values(rows), data["GOOD"])
        bits = np.unpackbits(columns["MORE_BITS"].values(rows), axis=1)[:, :11]
        np.testing.assert_array_equal(bits.astype(bool), data["MORE_BITS"])
    assert one("3L", np.frombuffer(b"TF\0", np.uint8)).tolist() == [[True, False, False]]
    assert columns["SPECTRUM"].values(rows).shape == (300, 8)
    assert columns["LIGHTCURVE"].values(rows).shape == (300, 16)


@pytest.mark.parametrize("form", ["0A", "0E", "0L", "0K", "0X", "0PE", "0B"])
def test_columns_of_no_width_hold_nothing(form):
    values = one(form, [])
    assert len(values) == 3
    assert values.tolist() in ([""] * 3, [[]] * 3)


@pytest.mark.parametrize("name", [name for name, _, _ in hardcase.FIELDS])
def test_no_rows_have_values_of_the_same_kind(octets, name):
    columns, rows = opened(octets)
    none = columns[name].values(rows[:0].copy())
    some = columns[name].values(rows)
    assert none.shape == (0, *some.shape[1:])
    assert none.dtype.kind == some.dtype.kind


def test_what_columns_say_of_themselves(octets):
    columns, _ = opened(octets)
    assert (columns["ID"].ucd, columns["ID"].comment, columns["ID"].null) == (
        "meta.id;meta.main",
        "the survey's own number",
        -99,
    )
    assert (columns["u"].unit, columns["NAME"].unit) == ("mag", None)
    assert columns["MATRIX"].dim == "(3,2)"
    assert [name for name, column in columns.items() if column.numeric][:4] == ["ID", "UID", "u", "g"]
    assert not columns["VECTOR"].numeric
    assert not columns["NOTHING"].numeric
    single = {name for name, column in columns.items() if column.single}
    assert {"ID", "UID", "u", "NAME", "GOOD"} <= single
    assert not {"VECTOR", "MATRIX", "NOTHING", "MORE_BITS", "SPECTRUM", "LIGHTCURVE"} & single


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"TFORM1": None}, r"t has no readable TFORM1"),
        ({"TFORM1": "nonsense"}, "no readable TFORM1: 'nonsense'"),
        ({"TFORM1": 7}, "no readable TFORM1"),
        ({"NAXIS1": 7}, "t: its columns take 4 bytes a row but NAXIS1 says 7"),
        ({"TFIELDS": 0}, "take 0 bytes a row but NAXIS1 says 4"),
        ({"TFIELDS": 2}, "no readable TFORM2"),
    ],
)
def test_headers_that_lie_are_refused(change, message):
    header = {"NAXIS1": 4, "TFIELDS": 1, "TTYPE1": "A", "TFORM1": "J"} | change
    with pytest.raises(InputError, match=message):
        layout(header, "t")
