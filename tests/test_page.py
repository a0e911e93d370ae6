"""page: one file that loads nothing, every text is shown as it is, headings are in order, and ids are there."""

import base64
import hashlib
import re

import pytest
from tests.test_markup import HOSTILE, Read

from skycnn.report import pageblocks
from skycnn.report.page import Page

CODE = re.compile("<(style|script)>.*?</(style|script)>", re.DOTALL)


def made(sections=3, text="text"):
    page = Page(f"Title {text}", f"skycnn explain {text}", {f"model {text}": f"value {text}"})
    for k in range(sections):
        page.section(f"Part {k} {text}", pageblocks.table(["a", "b"], [[text, "1"]], text), text)
    return page.html().decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text):
    plain, hostile = (Read(CODE.sub("", made(text=word))) for word in ("plainword", text))
    assert [name for name, _ in hostile.elements] == [name for name, _ in plain.elements]
    assert [sorted(attributes) for _, attributes in hostile.elements] == [sorted(a) for _, a in plain.elements]
    assert hostile.text == plain.text.replace("plainword", text)


def test_the_page_forbids_all_but_its_own_style_and_script():
    text = made()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#x27;", "'")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    hashed = {}
    for element in ("style", "script"):
        (body,) = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        hashed[element] = f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": hashed["style"],
        "script-src": hashed["script"],
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not re.search(r"https?://|\ssrc=\"(?!data:)| style=| on\w+=|@import|url\(", text)


def test_headings_are_in_order_and_links_lead_to_them():
    read = Read(made())
    assert [name for name, _ in read.elements if re.fullmatch(r"h\d", name)] == ["h1", "h2", "h2", "h2"]
    links = [attributes["href"] for name, attributes in read.elements if name == "a"]
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert links == [f"#{name}" for name in ids] == ["#s1", "#s2", "#s3"]
    assert "<nav" not in made(sections=2)
    assert dict(read.elements)["html"] == {"lang": "en"}


def test_a_page_may_have_further_styles():
    plain, more = Page("t", "c", {}).html().decode(), Page("t", "c", {}, ("chart.css",)).html().decode()
    assert ".chart .frame" in more
    assert ".chart .frame" not in plain
    (body,) = re.findall("<style>(.*?)</style>", more, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() in more
