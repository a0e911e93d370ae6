"""The phrases of roff."""

import pytest

from skycnn.cli import roff


@pytest.mark.parametrize(
    ("prose", "line"),
    [
        ("a plain\n  line", "a plain line"),
        ("with --band and -q, well-known", "with \\-\\-band and \\-q, well-known"),
        (".fits files", "\\&.fits files"),
        ("'quoted'", "\\&'quoted'"),
        ("back\\slash", "back\\eslash"),
        ("", ""),
    ],
)
def test_text(prose, line):
    assert roff.text(prose) == line


def test_text_is_folded_and_no_line_becomes_a_request():
    lines = roff.text("word .fits " * 40).splitlines()
    assert len(lines) > 5
    assert all(len(line) < 80 and not line.startswith(".") for line in lines)


def test_code_keeps_every_hyphen():
    assert roff.bold("skycnn-models") == "\\fBskycnn\\-models\\fR"
    assert roff.italic("A-B") == "\\fIA\\-B\\fR"


def test_empty_section_is_left_out():
    assert list(roff.section("OPTIONS", [])) == []
    assert list(roff.section("OPTIONS", ["a"])) == [".SH OPTIONS", "a"]


def test_no_paragraph_macro_follows_a_heading():
    assert next(iter(roff.paragraphs("one\n\ntwo"))) == "one"
    assert next(iter(roff.examples([("a", "b"), ("c", "d")]))) == "b"
    assert list(roff.paragraphs("one\n\ntwo")).count(".PP") == 1
