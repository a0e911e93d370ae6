"""pageblocks: pictures lie in the page, tables tell what their cells are."""

import base64
import re

import pytest
from tests.test_markup import Read

from skycnn.report import pageblocks


@pytest.mark.parametrize(
    ("picture", "kind"),
    [(b"\x89PNG\r\n", "image/png"), (b"<?xml version", "image/svg+xml"), (b"<svg>", "image/svg+xml")],
)
def test_a_picture_is_a_data_uri(picture, kind):
    made = Read(pageblocks.figure(picture, 'a "b"', "caption <i>", width=30, height=20))
    shown = dict(made.elements)["img"]
    head, data = shown["src"].split(",")
    assert head == f"data:{kind};base64"
    assert base64.b64decode(data) == picture
    assert (shown["alt"], shown["width"], shown["height"]) == ('a "b"', "30", "20")
    assert made.text == "caption <i>"


def test_a_table_names_its_columns_and_rows():
    text = pageblocks.table(["name", "kind", "n"], [["a", "b", "1"], ["c", "d", "2"]], "two")
    read = Read(text)
    cells = [(name, a.get("scope"), a.get("class")) for name, a in read.elements if name in ("th", "td")]
    line = [("th", "row", None), ("td", None, "number"), ("td", None, "number")]
    assert cells == [("th", "col", None), ("th", "col", "number"), ("th", "col", "number"), *line, *line]
    assert re.sub(r"\s+", "", read.text) == "twonamekindna" + "b1cd2"
    wordy = Read(pageblocks.table(["name", "kind", "n"], [], "none", words=2))
    assert [a.get("class") for name, a in wordy.elements if name == "th"] == [None, None, "number"]
    with pytest.raises(ValueError, match="zip"):
        pageblocks.table(["a"], [["1", "2"]], "uneven")


def test_facts_commands_and_paragraphs():
    text = pageblocks.facts({"n": "3"}) + pageblocks.command("skycnn x") + pageblocks.paragraphs("a", "b")
    read = Read(text)
    assert [name for name, _ in read.elements] == ["dl", "div", "dt", "dd", "pre", "code", "p", "p"]
    assert read.text == "n3skycnn xab"
