"""Cards: values read as astropy reads them, and cards that no parser can misread."""

import io
import os
import re

import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

import hardcase
import rawfits
from skycnn.errors import InputError
from skycnn.fits import cards as fitscards


def text(line):
    return line.ljust(80).encode("latin-1")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A       =                    7 / comment", 7),
        ("A       = 7/comment", 7),
        ("A       =                   -3", -3),
        ("A       =                   +3", 3),
        ("A       =                  007", 7),
        ("A       =  9223372036854775808", 2**63),
        ("A       =                  1.5", 1.5),
        ("A       =                  .5", 0.5),
        ("A       =                  5.", 5.0),
        ("A       =              1.5E-10", 1.5e-10),
        ("A       =              1.5D+10", 1.5e10),
        ("A       =                  1E3", 1000.0),
        ("A       =              1.5e-10", 1.5e-10),
        ("A       =                    T", True),
        ("A       = F / a comment with T", False),
        ("A       = 'text    '           / comment", "text"),
        ("A       = 'it''s / here'", "it's / here"),
        ("A       = ''", ""),
        ("A       =   'free format'", "free format"),
        ("A       =", None),
        ("A       = / comment alone", None),
        ("A       = (1.0, 2.0)", None),
        ("A       = 'never closed", None),
        ("A       = 2026-01-01", None),
        ("A       = NaN", None),
    ],
)
def test_values(line, value):
    found = fitscards.value(text(line))
    assert found == value
    assert type(found) is type(value)


def test_the_first_of_duplicates_counts_and_other_cards_have_no_value():
    lines = ["A       = 1", "A       = 2", "COMMENT B = 3", "HIERARCH ESO X = 4", "TEXT ALONE", "B       =3"]
    assert fitscards.values(map(text, lines)) == {"A": 1}


def test_long_strings_are_read_as_astropy_reads_them():
    octets = hardcase.make()
    for unit, header in zip(rawfits.units(octets)[0], astropy_headers(octets), strict=True):
        found = fitscards.values(unit.cards)
        for name in ("LONGTEXT", "FREE", "SLASHED", "SMALL", "TCOMM29", "TZERO2", "OBJECT", "EXTNAME", "CHECKSUM"):
            if name in header:
                assert found[name] == header[name], name


def astropy_headers(octets):
    with fits.open(io.BytesIO(octets), disable_image_compression=True) as units:
        return [unit.header for unit in units]


def test_a_continuation_without_its_beginning_is_passed_over():
    lines = ["CONTINUE  'lost'", "A       = 'a&'", "CONTINUE  'b&'", "CONTINUE  'c'", "CONTINUE  'd'", "B       = 1"]
    lines += ["B       = 'again&'", "CONTINUE  'and again'"]
    assert fitscards.values(map(text, lines)) == {"A": "abc", "B": 1}


CONTENT = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**64),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=33).map(str.rstrip),
)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(CONTENT, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=90))
def test_cards_are_read_back_by_us_and_by_astropy(content, comment):
    card = fitscards.make("KEY", content, comment)
    assert len(card) == 80
    assert fitscards.keyword(card) == "KEY"
    assert fitscards.value(card) == content
    assert fits.Card.fromstring(card).value == content
    again = fitscards.replaced(card, 12)
    assert fitscards.value(again) == 12
    kept = fits.Card.fromstring(again).comment
    assert kept == fits.Card.fromstring(card).comment or kept.startswith(fits.Card.fromstring(card).comment)


def test_a_string_too_long_for_a_card_is_refused():
    assert fitscards.value(fitscards.make("KEY", "x" * 68)) == "x" * 68
    with pytest.raises(ValueError, match="KEY does not fit a card"):
        fitscards.make("KEY", "x" * 69)
    with pytest.raises(ValueError, match="does not fit"):
        fitscards.make("KEY", "'" * 35)


def test_history_is_a_line_a_card():
    made = fitscards.history(["x" * 72, "short", "caf\xe9"])
    assert [len(card) for card in made] == [80, 80, 80]
    assert made[0] == b"HISTORY " + b"x" * 72
    assert made[2].rstrip() == b"HISTORY caf?"


def test_find_wants_a_value():
    found = [text("THEAP"), text("COMMENT THEAP   = 1"), text("THEAP   = 2"), text("THEAP   = 3"), text("THEAPX  = 4")]
    assert fitscards.find(found, "THEAP") == 2
    assert fitscards.find(found, "NAXIS") is None


@pytest.mark.parametrize("count", [0, 1, 34, 35, 36, 71, 72])
def test_a_header_is_whole_blocks(count, tmp_path):
    octets = fitscards.assemble([text(f"K{i:<7}= {i}") for i in range(count)])
    assert len(octets) % 2880 == 0
    assert octets.rstrip(b" ").endswith(b"END")
    assert len(octets) == 2880 * (count // 36 + 1)
    path = tmp_path / "header"
    path.write_bytes(octets + b"data")
    fd = os.open(path, os.O_RDONLY)
    try:
        found, end = fitscards.read_header(fd, 0, "t")
    finally:
        os.close(fd)
    assert (len(found), end) == (count, len(octets))


def test_a_header_without_end_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "header"
    path.write_bytes(text("A       = 1") * 36 * 3)
    fd = os.open(path, os.O_RDONLY)
    try:
        with pytest.raises(InputError, match="t: the header has no END card"):
            fitscards.read_header(fd, 0, "t")
        monkeypatch.setattr(fitscards, "MOST_BLOCKS", 0)
        with pytest.raises(InputError, match="no END"):
            fitscards.read_header(fd, 0, "t")
    finally:
        os.close(fd)


@pytest.mark.parametrize("held", [-1, 1.5, True, "1", None])
def test_integers_are_integers(held):
    with pytest.raises(InputError, match="t: NAXIS is unreadable"):
        fitscards.integer({"NAXIS": held}, "NAXIS", "t")
    assert fitscards.integer({}, "NAXIS", "t", 4) == 4


def test_a_string_of_many_pieces_is_joined_once():
    """A header may hold 100,000 of them; joined one by one they would take minutes."""
    pieces = 100_000
    lines = [text("A       = 'begin&'"), *[text(f"CONTINUE  '{'x' * 60}&'")] * pieces, text("CONTINUE  'end'")]
    assert fitscards.values(lines) == {"A": "begin" + "x" * 60 * pieces + "end"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2**63, "N is beyond any file"),
        (-1, "unreadable: -1"),
        (1.0, "unreadable: 1.0"),
        (True, "unreadable"),
        ("1", "'1'"),
    ],
)
def test_integers_that_count(value, said):
    assert fitscards.integer({"N": 2**63 - 1}, "N", "t") == 2**63 - 1
    with pytest.raises(InputError, match=said):
        fitscards.integer({"N": value}, "N", "t")


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), "1.5", True, False, ""])
def test_numbers_are_never_taken_from_something_else(value):
    assert fitscards.number({"N": 1e300}, "N", "t", 0) == 1e300
    assert fitscards.number({"N": None}, "N", "t", 7) == fitscards.number({}, "N", "t", 7) == 7
    with pytest.raises(InputError, match="t: N is unreadable"):
        fitscards.number({"N": value}, "N", "t", 0)


def test_keywords_in_capitals():
    assert fitscards.capital(text("crval1  = 'a b'")) == text("CRVAL1  = 'a b'")
    for line in ("CRVAL1  = 'a b'", "history of it", "COMMENT a = b", "hierarch eso x = 1"):
        assert fitscards.capital(text(line)) == text(line)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["A       = 1", "A       = 1.0 / again", "B = 1", "B       = 2", "C       = 'x'"], None),
        (["A       = 1", "A       = 2"], "A stands twice, with two values: '1 and 2'"),
        (["A       = 'x'", "A       ="], "A stands twice, with two values: 'x and None'"),
        (["A       =1"], r"the card A has no value: 'A       =1' \(expected '= ' in its columns 9 and 10\)"),
        (["A         1"], "the card A has no value"),
    ],
)
def test_cards_that_programs_read_differently(lines, told):
    cards = [text(line) for line in lines]
    if told is None:
        fitscards.check_clear(cards, re.compile(b"A|C"), "a.fits")
        return
    with pytest.raises(InputError, match=f"a.fits: {told}"):
        fitscards.check_clear(cards, re.compile(b"A|C"), "a.fits")
