"""ConditionGrammar: what joins, what tests bits, what binds first, and what is refused with a word."""

import numpy as np
import pytest

from conditiontable import refused, where
from skycnn.photometry.conditions import LONGEST

NAN = np.nan

BITS = np.arange(8, dtype="i4")


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


@pytest.mark.parametrize(
    ("text", "names", "hint"),
    [
        ("mag-r > 1", ("mag-r", "mag"), "Write `mag-r` for the column, or blanks around -."),
        ("R & G > 1", ("R & G", "R", "G"), "Write `R & G` for the column"),
        ("FLAGZ > 1", ("FLAGS",), "t has no column 'FLAGZ'; --bad needs it. Did you mean FLAGS?"),
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
        (
            "A = 0",
            (),
            "at '= 0': 'A = 0' (expected and, or, a comparison or the end). Write == for =.",
        ),
        ("A <> 0", (), "Write != for <>."),
        ("A => 0", (), "Write >= for =>."),
        ("A > nan", (), "A null differs from itself"),
        ("A is not null", (), "A null differs from itself"),
        ("A == null", (), "A null differs from itself"),
        ("", (), "--bad cannot be read: '' (expected a column"),
        ("  ", (), "expected a column"),
        ("!= 0", (), "expected a column"),
        ("A !=", (), "cannot be read at its end"),
        ("A & ", (), "cannot be read at its end"),
        ("A and or B", (), "expected a column"),
        ("A B", (), "expected"),
        ("A > 1 )", (), "a comparison or the end"),
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
        ("(A and B) != 0", (), "A condition was compared or calculated with"),
        ("(A & B & N) != 0", (), "A condition was compared or calculated with"),
        ("A + (B > 1) > 1", (), "A condition was compared or calculated with"),
        ("A > 1 / 0", (), "no division by 0"),
        ("A > 1e300 * 1e300", (), "to calculate with"),
        ("A > " + "9" * 500, (), "a number of at most 400 digits"),
        ("__import__('os')", (), "Conditions have no functions"),
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
