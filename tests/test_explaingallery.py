"""Galleries of models that ship, made as examples/explain.sh makes them: whole, small, and sound in a browser."""

import base64
import io
import re

import numpy as np
import pytest

from skycnn.cli import app, console

try:
    from tests import browsing

    browser = browsing.browser
except pytest.skip.Exception:  # the other test of this file needs no browser
    browsing = None

N = 50
SIDEWAYS = 375
MOCKS = {
    "photoz": ("--survey", "csst"),
    "merger": ("--survey", "deepmerge-noisy", "--bands", "F814W,F160W"),
}
MODELS = {"photoz": "photoz-csst-image", "merger": "merger-hst2-noisy"}


@pytest.fixture(scope="module", params=MOCKS)
def page(request, tmp_path_factory):
    """The task, and the page of 50 mocks."""
    folder, task = tmp_path_factory.mktemp("shipped"), request.param
    mocks, path = folder / "mocks.fits", folder / "page.html"
    lines = (
        ("mock", "--task", task, *MOCKS[task], "-n", N, "--seed", 1, "--out", mocks),
        ("explain", mocks, "--task", task, "--model", MODELS[task], "--steps", 8, "--html", path),
    )
    for words in lines:
        assert console.run(lambda words=words: app.call([*map(str, words), "-q"])) == 0
    return task, path


def test_a_page_is_whole_and_small(page):
    task, path = page
    text = path.read_text()
    assert len(text) <= 15e6 * N / 200
    assert text.count("<article") == N
    assert re.findall(r'data-row="(\d+)"', text) == [str(row) for row in range(N)]
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert MODELS[task] in text and "truth" in text
    from matplotlib.image import imread

    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert len(pictures) >= 2 * N
    sizes = {imread(io.BytesIO(base64.b64decode(picture))).shape for picture in pictures}
    assert all(min(size[:2]) > 0 for size in sizes)
    assert len(set(pictures)) > 1.9 * N  # no two objects look alike
    assert all(re.findall(r'<img[^>]* alt="([^"]*)"', text))
    curves = len(re.findall(r'<polyline class="curve"|class="curve"', text))
    assert (curves >= N) == (task == "photoz")


@pytest.mark.skipif(browsing is None, reason="playwright or axe-playwright-python is not installed")
def test_a_page_is_sound_in_a_browser(request, page):
    pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    shown = browsing.Open(request.getfixturevalue("browser"), page[1], color_scheme="light")
    assert shown.run("document.querySelectorAll('.card').length") == N
    assert shown.run("[...document.images].every((i) => i.complete && i.naturalWidth > 0 && i.alt.length > 0)")
    assert [url for url in shown.asked if not url.startswith("data:")] == [page[1].as_uri()]
    shown.page.select_option("[name=sort]", "answer down")
    answers = shown.run("[...document.querySelectorAll('.card:not([hidden])')].map((c) => +c.dataset.answer)")
    assert (np.diff(answers) <= 0).all()
    shown.page.select_option("[name=sort]", "order up")
    shown.page.fill("[name=text]", "row 17")
    assert shown.run("document.querySelectorAll('.card:not([hidden])').length") == 1
    shown.page.fill("[name=text]", "")
    shown.run("document.querySelectorAll('.card:nth-child(n + 7)').forEach((card) => card.remove())")  # alike
    assert browsing.violations(shown.page) == []
    shown.page.set_viewport_size({"width": SIDEWAYS, "height": 700})
    assert shown.run("document.documentElement.scrollWidth") <= SIDEWAYS
    paper = pdfium.PdfDocument(shown.page.pdf(prefer_css_page_size=True, print_background=True))
    assert "row 3" in " ".join(sheet.get_textpage().get_text_bounded() for sheet in paper)
    paper.close()
    assert shown.said == []
    shown.context.close()
