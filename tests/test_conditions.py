"""Conditions: what they mean, on tables as FITS has them, beside Python with its whole numbers of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import column, columns
from conditiontable import holds
from skycnn.errors import InputError
from skycnn.photometry.conditions import LONGEST, PAGE, parse
from skycnn.photometry.fields import Fields

NAN = np.nan
BITS = np.arange(8, dtype="i4")
KIND = ["PSF", "REX ", "DEV", "psf", " PSF", "", "it's", "SER"]
ID = 39627788403084375


def where(text, **table):
    """Return the numbers of the rows on which a condition holds."""
    return np.flatnonzero(holds(text, **table)).tolist()


def refused(text, *names, option="--bad", bits=None):
    some = [column(name) for name in names or ("A", "B", "FLAGS")]
    found = Fields([*some, column("KIND", "8A"), column("N", "K")], "t", "needs")
    with pytest.raises(InputError) as error:
        parse(text, found, option, bits)
    assert error.value.exit_code == 2
    assert len(str(error.value)) < 400
    return str(error.value)


A = np.array([0, 1, 2, 3, -1, 5, 6, 7], "i4")
B = np.array([0, 0, 1, 1, 2, 2, NAN, NAN])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("A", [1, 2, 3, 4, 5, 6, 7]),
        ("A!=0", [1, 2, 3, 4, 5, 6, 7]),
        (" A<=-.1e1 ", [4]),
        ("A > 1 & B == 0x2", [5]),
        ("A > 1 && B", [2, 3, 5, 6, 7]),
        ("A & B", [2, 3, 4, 5, 6, 7]),
        ("A != 0 & B > 1", [4, 5]),
        ("A & B > 1", [4, 5]),
        ("A > 1 & B < 2 & A > 2", [3]),
        ("A == 1 | A == 3", [1, 3]),
        ("A == 1 || A == 3 && B == 1", [1, 3]),
        ("(A == 1 OR A == 3) And B == 1", [3]),
        ("not A > 1", [0, 1, 4]),
        ("!(A > 1)", [0, 1, 4]),
        ("not not A > 6", [7]),
        ("not A == 0 and not A > 1", [1, 4]),
        ("0 < A < 3", [1, 2]),
        ("-1 <= A < B + 1 < 4", [0, 4]),
        ("A == B == 1", []),
        ("5 > A", [0, 1, 2, 3, 4]),
        ("A in (1, 3, -1, 2.5)", [1, 3, 4]),
        ("A not in (1, 3, 1e30)", [0, 2, 4, 5, 6, 7]),
        ("B in (1, 2)", [2, 3, 4, 5]),
        ("B not in (1, 2)", [0, 1, 6, 7]),
        ("A - B > 1", [3, 5]),
        ("A-B>1", [3, 5]),
        ("A * 2 - 1 == 5", [3]),
        ("A * (2 - 1) == 5", [5]),
        ("A / B >= 2.5", [1, 3, 5]),
        ("-A > 0", [4]),
        ("A > 1 + 2 * 2", [6, 7]),
        ("A > -inf and B < infinity", [0, 1, 2, 3, 4, 5]),
        ("B != B", [6, 7]),
        ("B == B", [0, 1, 2, 3, 4, 5]),
        ("B != 0", [2, 3, 4, 5, 6, 7]),
        ("B > 0", [2, 3, 4, 5]),
        ("not B > 0", [0, 1, 6, 7]),
    ],
)
def test_numbers_and_how_tests_are_joined(text, rows):
    assert where(text, A=A, B=B) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("BITS & 2", [2, 3, 6, 7]),
        ("BITS&2", [2, 3, 6, 7]),
        ("(BITS & 2)", [2, 3, 6, 7]),
        ("BITS & 2 != 0", [2, 3, 6, 7]),
        ("BITS & 0x2 != 0", [2, 3, 6, 7]),
        ("(BITS & 2) != 0", [2, 3, 6, 7]),
        ("(BITS & 2) == 2", [2, 3, 6, 7]),
        ("BITS & 2 > 0", [2, 3, 6, 7]),
        ("0 != BITS & 2", [2, 3, 6, 7]),
        ("BITS & 0b10 == 0", [0, 1, 4, 5]),
        ("not BITS & 2", [0, 1, 4, 5]),
        ("!(BITS & 2)", [0, 1, 4, 5]),
        ("!BITS & 2", [0, 1, 4, 5]),
        ("BITS & (1 | 4)", [1, 3, 4, 5, 6, 7]),
        ("(BITS & (1|4)) == 5", [5, 7]),
        ("BITS & 6 == 6", [6, 7]),
        ("BITS & 2 & BITS & 4", [6, 7]),
        ("BITS & 2 and BITS & 4", [6, 7]),
        ("BITS & 2 | BITS & 4", [2, 3, 4, 5, 6, 7]),
        ("BITS & 1 in (0)", [0, 2, 4, 6]),
        ("(BITS & MORE) != 0", [1, 3, 5, 7]),
        ("BITS & MORE", [1, 2, 3, 4, 5, 6, 7]),
        ("BITS & MORE != 0", [1, 2, 3, 4, 5, 6, 7]),
        ("BITS & 2 != 0 & MORE > 0", [2, 3, 6, 7]),
        ("BITS.BRIGHT", [2, 3, 6, 7]),
        ("bits & BRIGHT == 0", [0, 1, 4, 5]),
        ("BITS & (BRIGHT | DEEP)", [2, 3, 4, 5, 6, 7]),
        ("BITS & (BRIGHT | 1) == 3", [3, 7]),
    ],
)
def test_bits(text, rows):
    named = {"Bits": {"BRIGHT": 1, "DEEP": 2}}
    assert where(text, bits=named, BITS=BITS, MORE=np.ones(8, "i8")) == rows


def test_bits_of_every_kind_of_column():
    high = np.array([0, 2**63, 2**63 + 5], "u8")
    stored = (high ^ np.uint64(2**63)).view("i8")
    assert holds("A & 0x8000000000000000", A=stored, A_TZERO=2**63) == [False, True, True]
    assert holds("A & 4", A=stored, A_TZERO=2**63) == [False, False, True]
    assert holds("A & 0x8000", A=np.array([-(2**15), 1, 2**14], "i2")) == [True, False, False]
    assert holds("(A & 0x8000) == 0x8000", A=np.array([-(2**15), 1], "i2")) == [True, False]
    assert holds("A & 0x8000", A=np.array([0, -1], "i2"), A_TZERO=2**15) == [True, False]
    assert holds("A & 3", A=np.array([0, 1, 2], "i4"), A_TSCAL=4, A_TZERO=1) == [True, True, True]
    assert holds("A & 2", A=[2.0, 1.0, NAN, -2.0]) == [True, False, True, True]
    assert holds("A & 2", A=["2", " 3", "", "4"]) == [True, True, True, False]
    assert holds("A & 2", A=np.array([2, 1, -1, 2], "i8"), A_TNULL=-1) == [True, False, True, True]
    assert holds("A & 2 == 0", A=np.array([2, 1, -1, 2], "i8"), A_TNULL=-1) == [False, True, False, False]
    with pytest.raises(InputError, match=r"cat.fits\[1\]: column 'A' holds a number that has no bits: 2.5"):
        holds("A & 2", A=[2.5])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("KIND == 'PSF'", [0]),
        ("KIND == 'PSF  '", [0]),
        ("KIND == ' PSF'", [4]),
        ('KIND == "PSF"', [0]),
        ("'PSF' == KIND", [0]),
        ("KIND != 'PSF'", [1, 2, 3, 4, 5, 6, 7]),
        ("kind in ('PSF', 'REX')", [0, 1]),
        ("KIND not in ('PSF', 'REX')", [2, 3, 4, 5, 6, 7]),
        ("KIND == ''", [5]),
        ("KIND == 'it''s'", [6]),
        ('KIND == "it\'s"', [6]),
        ("KIND >= 'REX' and KIND < 'TAN'", [1, 7]),
        ("KIND == OTHER", [0, 7]),
        ("not (KIND == 'PSF' or KIND == 'DEV')", [1, 3, 4, 5, 6, 7]),
        ("KIND == 'a longer text than the column'", []),
        ('"KIND" == "SER"', [7]),
    ],
)
def test_text(text, rows):
    assert where(text, KIND=KIND, OTHER=["PSF   ", *"abcdef", "SER"]) == rows


def test_text_ends_at_a_nul_and_may_be_utf_8():
    stored = np.array([b"PSF\0x", b"PSF", "é".encode(), b"\xff"])
    assert holds("A == 'PSF'", A=("5A", stored.astype("S5"))) == [True, True, False, False]
    assert holds("A == 'é'", A=stored) == [False, False, True, False]


CARDS = [{}, {"A_TNULL": -3}, {"A_TZERO": 2**63}, {"A_TSCAL": 10}, {"A_TSCAL": 7, "A_TZERO": -5, "A_TNULL": 2}]


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3) | st.integers(2**53 - 2, 2**53 + 2), min_size=1),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.integers(-(2**70), 2**70) | st.integers(-3, 3) | st.integers(2**53 - 2, 2**53 + 2),
    st.sampled_from(
        [{}, {"A_TNULL": -3}, {"A_TZERO": 2**63}, {"A_TSCAL": 10}, {"A_TSCAL": 7, "A_TZERO": -5, "A_TNULL": 2}]
    ),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_whole_numbers_compare_as_pythons(stored, sign, number, cards, near):
    scale, zero, null = (cards.get(f"A_{key}", usual) for key, usual in [("TSCAL", 1), ("TZERO", 0), ("TNULL", None)])
    meant = [None if value == null else value * scale + zero for value in stored]
    if near:
        number = next((value for value in meant if value is not None), number)
    expected = [sign == "!=" if v is None else eval(f"{v} {sign} {number}") for v in meant]
    assert holds(f"A {sign} {number}", A=np.array(stored, "i8"), **cards) == expected
    assert holds(f"A {sign} B", A=np.array(stored, "i8"), B=[str(number)] * len(stored), **cards) == expected
    listed = [v is not None and v in (number, 1) for v in meant]
    assert holds(f"A in ({number}, 1)", A=np.array(stored, "i8"), **cards) == listed
    assert holds(f"A not in ({number}, 1)", A=np.array(stored, "i8"), **cards) == [not v for v in listed]


def test_ids_of_every_kind_are_told_apart():
    ids = np.array([ID - 1, ID, ID + 1])
    for text in (f"A == {ID}", f"A == {ID}.0", f"A in ({ID}, 5)", f"A == {hex(ID)}", f"{ID - 1} < A < {ID + 1}"):
        for cards in ({}, {"A_TNULL": -1}, {"A_TNULL": ID - 1}, {"A_TSCAL": 1.0, "A_TZERO": 0.0}):
            assert holds(text, A=ids, **cards) == [False, True, False]
        assert holds(text, A=ids - 7, A_TZERO=7) == [False, True, False]
        assert holds(text, A=[str(one) for one in ids]) == [False, True, False]
        assert holds(text, A=[f" 00{one}" for one in ids]) == [False, True, False]
    unsigned = np.array([2**64 - 2, 2**64 - 1], "u8")
    assert holds(f"A == {2**64 - 1}", A=(unsigned ^ np.uint64(2**63)).view("i8"), A_TZERO=2**63) == [False, True]
    assert holds(f"A == {10**19}", A=np.array([10**18, 1]), A_TSCAL=10) == [True, False]
    assert holds(f"A == {10**21}", A=np.array([10**18, 1]), A_TSCAL=1000) == [True, False]
    assert holds("A == B", A=ids, B=(ids.view("u8") ^ np.uint64(2**63)).view("i8"), B_TZERO=2**63) == [True] * 3
    assert holds("A == 5.5", A=np.array([2, 1], "i2"), A_TSCAL=0.5, A_TZERO=4.5) == [True, False]


def test_numbers_beside_float32_are_rounded_as_it_is():
    held = np.array([99.9, -99, 21.3], "f4")
    assert holds("A == 99.9", A=held) == [True, False, False]
    assert holds("A >= 21.3 and 99.9 > A", A=held) == [False, False, True]
    assert holds("A in (99.9, -99)", A=held) == [True, True, False]
    assert holds("A not in (99.9, 1e300)", A=held) == [False, True, True]
    assert holds("A == 99.9", A=held.astype("f8")) == [False] * 3
    assert holds("A < 1e300", A=held) == [True] * 3


def test_truth_values_bits_and_elements():
    assert holds("A", A=[True, False]) == holds("A == 1", A=[True, False]) == [True, False]
    assert holds("A == true", A=[True, False]) == holds("not A == False", A=[True, False]) == [True, False]
    assert holds(f"A < {2**70}", A=[True, False]) == [True, True]
    octets = np.array([[0b10000000, 0b01000000], [0, 0b10000000]], "u1")
    assert holds("A[0]", A=("10X", octets)) == [True, False]
    assert holds("A[8] == 1", A=("10X", octets)) == [False, True]
    assert holds("A[9]", A=("10X", octets)) == [True, False]
    assert holds("A == 1", A=("1X", octets[:, :1])) == [True, False]
    assert holds("A[1]", A=np.array([[True, False], [False, True]])) == [False, True]
    assert holds("V[1] == 7", V=np.array([[0, 7], [7, 0]], "i8"), V_TNULL=0) == [True, False]


def test_columns_with_odd_names():
    table = {
        "my flag": [1, 0],
        "E(B-V)": [0.1, 0.5],
        "mag-r": [20, 10],
        "flux.r": [5, 1],
        "2MASS": [0, 1],
        "A&B": [0, 1],
    }
    table |= {"in": [1, 2], "x`y": [3, 4], "V[1]": [1, 2], "#": [1, 0]}
    for text, rows in [
        ("my flag >= 1", [0]),
        ("E(B-V) > 0.3", [1]),
        ("e(b-v)>.3 and mag-r<20", [1]),
        ("mag-r - flux.r > 10", [0]),
        ("`mag-r` > 15", [0]),
        ('"mag-r" > 15', [0]),
        ("2MASS", [1]),
        ("A&B == 1", [1]),
        ("`in` in (2)", [1]),
        ("`x``y` == 4", [1]),
        ("V[1] == 2", [1]),
        ("# == 0", [1]),
    ]:
        assert where(text, **table) == rows, text


@pytest.mark.parametrize(
    ("text", "names", "hint"),
    [
        ("mag-r > 1", ("mag-r", "mag"), "Write `mag-r` for the column, or blanks around -."),
        ("R & G > 1", ("R & G", "R", "G"), "Write `R & G` for the column"),
        ("FLAGZ > 1", ("FLAGS",), "t has no column 'FLAGZ'; needs. Did you mean FLAGS?"),
        ("my flog > 1", ("my flag",), "Did you mean my flag?"),
        ("KIND == PSF", (), "Text stands in quotes: 'PSF'."),
        ("KIND", (), "KIND holds text: write KIND == 'TEXT'."),
        (
            "A == '7'",
            (),
            "text: A holds numbers: '7'. Write numbers without quotes: A == 7.",
        ),
        ("A in (1, 'x')", (), "compares numbers with text"),
        ("'x' + A > 0", (), "Text can be compared only"),
        ("A = 0", (), "--bad cannot be read at '= 0': 'A = 0' (expected ==). Equal is ==, and not equal !=: write ==."),
        ("A <> 0", (), "write !=."),
        ("A => 0", (), "write >=."),
        ("A > nan", (), "A null differs from itself"),
        ("A == null", (), "A null differs from itself"),
        ("", (), "--bad cannot be read: '' (expected a column"),
        ("  ", (), "expected a column"),
        ("!= 0", (), "expected a column"),
        ("A !=", (), "cannot be read at its end"),
        ("A & ", (), "cannot be read at its end"),
        ("A and or B", (), "expected a column"),
        ("A B", (), "expected"),
        ("A > 1 )", (), "expected the end"),
        ("(A > 1", (), "expected a closing bracket"),
        ("A in 5", (), "expected in (VALUE, ...)"),
        ("A in ()", (), "expected a column, a number or text"),
        ("A in (1", (), "expected a comma or a closing bracket"),
        ("A in (B)", (), "expected numbers or texts in the list"),
        ("A ~ 3", (), "expected"),
        ("'open", (), "expected a column"),
        ("1", (), "expected a column in every condition"),
        ("2 & A", (), "Bits are tested as COLUMN & 2"),
        ("N & 2 | 4", (), "several as COLUMN & (2 | 4)"),
        ("N & 2 & 4", (), "Bits are tested as COLUMN & 2"),
        ("N & 2.5", (), "expected a column in every condition"),
        ("N && 2", (), "Bits are tested as COLUMN & 2"),
        ("N & 0", (), "--bad tests bits that column N has not: '0' (expected some of its 64 bits)"),
        ("N & 0x10000000000000000", (), "tests bits that column N has not"),
        ("N.BRIGHT", (), "has no column 'N.BRIGHT'"),
        ("1 < 2", (), "expected a column in every comparison"),
        ("A - B", (), "Compare it with a number"),
        ("(A > 1) == 1", (), "A condition was compared or calculated with"),
        ("A + (B > 1) > 1", (), "A condition was compared or calculated with"),
        ("A > 1 / 0", (), "no division by 0"),
        ("A > 1e300 * 1e300", (), "to calculate with"),
        ("A > " + "9" * 500, (), "a number of at most 400 digits"),
        ("__import__('os')", (), "has no column '__import__'"),
        ("A; B", (), "expected"),
        ("(" * 40 + "A" + ")" * 40, (), "at most 30 brackets within each other"),
        ("not " * 40 + "A", (), "at most 30 brackets within each other"),
        ("A > " + "-" * 40 + "1", (), "at most 30 brackets within each other"),
        ("A > 1 and " * LONGEST, (), "--bad is too long"),
        ("V[5]", ("V",), "has no column 'V[5]'"),
    ],
)
def test_what_cannot_be_read_is_told(text, names, hint):
    assert hint in refused(text, *names)


def test_vectors_and_bits_are_named_by_element():
    found = Fields([column("V", "5E"), column("X", "12X"), column("C", "1C")], "t", "needs")
    for text, message in [
        ("V > 1", r"'V' holds 5 numbers a row.*--where 'V\[0\] != 0'"),
        ("X & 2", r"'X' holds 12 bits a row.*X\[0\]"),
        ("C > 1", "'C' holds complex numbers"),
    ]:
        with pytest.raises(InputError, match=message):
            parse(text, found, "--where")


def test_the_message_names_the_option_and_the_band():
    assert refused("A =", option="--mask-band g=").startswith("--mask-band g cannot be read at '='")
    assert "--mask-band g=FLAGS" in refused("A >", option="--mask-band g=")


def test_bits_of_a_survey_are_not_mistaken():
    named = {"N": {"BRIGHT": 1, "A": 2}}
    assert "N.A for the bit, `A` for the column" in refused("N & A", bits=named)
    assert "N has no bit of that name: 'BRIGT' (expected BRIGHT, A)" in refused("N.BRIGT", bits=named)


def test_text_that_is_no_number_is_refused_where_a_number_is_wanted():
    with pytest.raises(
        InputError, match=r"cat.fits\[1\]: column 'A' holds text, compared with a number: 'QSO'.*A == 'QSO'"
    ):
        holds("A == 1", A=["1", "QSO"])
    assert holds("A == 1", A=["1", "", "1e0", "2"]) == [True, False, True, False]
    assert holds("A != 1", A=["1", "", "1e0", "2"]) == [False, True, False, True]


def test_long_conditions_are_no_trouble():
    assert where(" or ".join(f"A == {i}" for i in range(0, 5000, 2)), A=np.arange(6)) == [0, 2, 4]
    assert where("A == 0" + " + 0" * 5000, A=np.arange(6)) == [0]
    assert where(f"A in ({', '.join(map(str, range(1, 9000, 3)))})", A=np.arange(6)) == [1, 4]
    assert where("A" + " - 1" * 5000 + " == 0", A=np.arange(4998, 5002)) == [2]


def test_a_condition_knows_what_it_reads():
    found = Fields([*columns("A B"), column("V", "5E")], "t", "needs")
    condition = parse("a > 1 and (V[2] < B or `A` == 0)", found)
    assert condition.columns == ("A", "V", "B")
    assert condition.text == "a > 1 and (V[2] < B or `A` == 0)"


def test_the_page_can_be_typed():
    numbers = Fields([*columns("A B C E F mag-r", form="J"), column("flux r"), column("V", "3E")], "t", "needs")
    texts = Fields([column("A", "8A")], "t", "needs")
    bits = {"A": {"BRIGHT": 1, "MEDIUM": 2}}
    typed = [text for examples, _ in PAGE for text in examples.split("; ")]
    assert len(typed) > 10
    for text in typed:
        parse(text, texts if "'" in text else numbers, bits=bits)


@given(st.text("AB01 .'\"`()&|=!<>+-*/,[]inotadr", max_size=25))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused(text):
    table = Fields([*columns("A B a.b"), column("d", "4A")], "t", "needs")
    try:
        condition = parse(text, table)
    except InputError:
        return
    found = condition.holds({"A": np.zeros(3), "B": np.ones(3), "a.b": np.ones(3), "d": np.array(["1", "0", ""])})
    assert found.dtype == bool and found.shape == (3,)
