"""markup: nothing from a catalogue becomes an element, an attribute, or a character that a file cannot hold."""

from html.parser import HTMLParser

import pytest

from skycnn.report.markup import Markup, escape, join, tag

HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="x',
    "' autofocus onfocus='x",
    "</style></script><b>",
    "&lt;",
    "]]>",
    "<!--",
    "`${1}`",
)


class Read(HTMLParser):
    """What a parser makes of a piece of HTML."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_is_no_markup(text):
    read = Read(tag("p", text, title=text, data_name=text))
    assert read.elements == [("p", {"title": text, "data-name": text})]
    assert read.text == text


def test_markup_is_taken_as_it_is_and_stays_markup():
    inner = tag("b", "a < b")
    assert tag("p", inner, " & c") == "<p><b>a &lt; b</b> &amp; c</p>"
    assert isinstance(inner + " <i>", Markup)
    assert inner + " <i>" == "<b>a &lt; b</b> &lt;i&gt;"
    assert join(["<", inner], between=" > ") == "&lt; &gt; <b>a &lt; b</b>"
    assert escape(inner) is inner


def test_attributes_are_named_by_keywords():
    made = tag("input", type="text", class_="a b", aria_label="x", disabled=True, hidden=False, id=None, width=1.5)
    assert made == '<input type="text" class="a b" aria-label="x" disabled width="1.5">'
    assert tag("meta", name="viewport", element="x") == '<meta name="viewport" element="x">'


def test_characters_that_no_page_may_hold_are_marked():
    text = "a\x00b\x1bc\ud800d\x9fe\ufffff"
    assert escape(text) == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"
    assert escape("line\nand\ttab").encode("utf-8") == b"line\nand\ttab"
