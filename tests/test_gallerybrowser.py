"""A gallery in a browser: nothing is loaded, nothing hostile runs, it is read on any screen, scriptless, on paper."""

import re

import pytest
from tests import browsing
from tests.browsing import Open, violations
from tests.exhibiting import BANDS, HOSTILE, IN_ATTRIBUTE, PEAKS, UNLIKE, exhibit, fluxes

from skycnn.report import exhibitcard, gallery

pdfium = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
browser = browsing.browser

N = 50
NAN = float("nan")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A gallery of 50: most with stamps, some without a stamp, an answer, a map, a curve; hostile in every text."""
    given = [exhibit(k) for k in range(N)]
    given[6] = fluxes(6)
    given[7] = exhibit(7, answer=(NAN, NAN, NAN, None), curve=None, explained=None, pixels=None, maps=None)
    given[8] = exhibit(8, name=" ", maps=None, curve=None)
    given[9] = exhibit(9, name="n" * 80, flags=("f" * 80,), columns={"LONG_" * 20: "x" * 200})
    given[11] = exhibit(11, columns={"MAG_I": "21.10", **{f"FOLDED_{i}": "1" for i in range(exhibitcard.FEW)}})
    place = tmp_path_factory.mktemp("gallery") / "gallery.html"
    facts = {"model": f"photoz {HOSTILE}", HOSTILE: IN_ATTRIBUTE}
    command = f"skycnn explain stamps.fits --where '{HOSTILE}' --html gallery.html"
    gallery.write(
        str(place), given, BANDS, title=f"Z_PHOT {HOSTILE}", command=command, facts=facts, overwrite=False, quantity="Z"
    )
    return place


@pytest.fixture
def light(browser, path):
    """The page as most see it."""
    made = Open(browser, path, color_scheme="light")
    yield made
    made.context.close()


def test_it_loads_nothing_complains_of_nothing_and_runs_nothing_hostile(light, path):
    assert light.run("document.querySelectorAll('article').length") == N
    images = light.run("[...document.images].map((i) => [i.complete && i.naturalWidth > 0, i.alt.length > 0])")
    assert len(images) == 47 * (3 + len(BANDS)) + 1
    assert all(decoded and described for decoded, described in images)
    assert light.run("[window.ran, document.querySelectorAll('main script, [onerror]').length]") == [None, 0]
    text = light.run("document.body.innerText")
    assert all(hostile in text for hostile in (HOSTILE, IN_ATTRIBUTE, UNLIKE))
    assert light.asked == [path.as_uri(), *(url for url in light.asked if url.startswith("data:image/png;"))]
    assert light.said == []


def test_the_policy_refuses_what_is_external_or_not_its_own(browser, path):
    page = Open(browser, path)
    page.run(
        "new Promise((done) => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        "document.body.append(s); const i = new Image(); i.onerror = done; i.src = 'http://127.0.0.1:9/x.png'; })"
    )
    assert page.run("window.ran") is None
    assert page.run("fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')") == "refused"
    assert len(page.said) >= 3
    assert all("Content Security Policy" in said for said in page.said)
    page.context.close()


def test_sorting(light):
    def by(order):
        light.page.select_option("[name=sort]", order)
        return light.names()

    given = light.names()
    assert given[:3] == ["object-0", "object-1", "object-2"]
    assert by("answer up")[:2] == ["object-49", "object-48"]
    assert by("answer down")[0] == "object-0"
    assert by("answer down")[-1] == by("answer up")[-1] == "object-7"  # without an answer
    assert by("error down")[0] == "object-49"
    assert by("flagged down")[:6] == ["object-0", "object-10", "object-20", "object-30", "object-40", "object-5"]
    assert by("residual down")[:2] == [name for name in given if name.endswith(("object-6", "object-13"))][:2]
    assert by("order up") == given


def test_filtering(light):
    page, given = light.page, light.names()

    def flagged(label):
        page.select_option("[name=flag]", label=label)
        return light.names()

    assert flagged(PEAKS) == [name for name in flagged("any flag") if not name.startswith("nnn")]
    assert len(light.names()) == 11
    assert flagged(UNLIKE) == [f"object-{k}" for k in range(0, N, 10)]
    assert page.inner_text("output") == "5 of 50 shown"
    page.fill("[name=text]", "OBJECT-2")
    assert light.names() == ["object-20"]
    assert len(flagged("no flag")) == 9  # object-2, 21 to 29 without 25
    page.fill("[name=text]", "<SCRIPT>window")
    assert HOSTILE in light.names()
    page.fill("[name=text]", "")
    assert flagged("all") == given


def test_enlarging_by_keys(light):
    page = light.page
    page.select_option("[name=flag]", "any")
    page.locator(".enlarge").first.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog")
    assert dialog.locator("h3").inner_text() == "object-0"
    small, large = (page.locator(f"{place} .pair img").first.bounding_box()["width"] for place in ("main", "dialog"))
    assert large > 2 * small
    page.keyboard.press("ArrowRight")
    assert dialog.locator("h3").inner_text() == "object-5"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert dialog.locator("h3").inner_text() == "object-45"
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert light.run("document.activeElement.closest('article').querySelector('h3').textContent") == "object-45"


def test_everyone_can_use_it(light):
    headings = light.run("[...document.querySelectorAll('h1, h2, h3')].map((h) => h.tagName).join(' ')")
    assert headings == f"H1 H2{' H3' * N}"
    light.run("document.querySelectorAll('.card:nth-child(n + 13)').forEach((card) => card.remove())")  # alike
    assert violations(light.page) == []
    light.page.emulate_media(color_scheme="dark")
    background = light.run("getComputedStyle(document.documentElement).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background))) < 64
    assert violations(light.page, "color-contrast") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_are_seen(light, scheme):
    """axe does not measure SVG: letters need a contrast of 4.5 with the card, lines and bars of 3."""
    light.page.emulate_media(color_scheme=scheme)
    script = """() => {
      const luminance = (rgb) => rgb.match(/\\d+/g).slice(0, 3).map((v) => v / 255)
        .map((v) => (v > 0.04045 ? ((v + 0.055) / 1.055) ** 2.4 : v / 12.92))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const seen = {};
      for (const part of document.querySelectorAll('.card svg :is(text, line, polyline, circle, rect)')) {
        const style = getComputedStyle(part);
        const colour = style.stroke === 'none' ? style.fill : style.stroke;
        const card = getComputedStyle(part.closest('.card')).backgroundColor;
        const [low, high] = [colour, card].map(luminance).sort((a, b) => a - b);
        seen[`${part.tagName} ${part.getAttribute('class') ?? ''}`] = (high + 0.05) / (low + 0.05);
      }
      return seen;
    }"""
    seen = light.run(script)
    assert {"text ", "text name", "text truthname", "polyline curve", "rect positive", "rect negative"} <= set(seen)
    assert {part: ratio for part, ratio in seen.items() if ratio < (4.5 if part.startswith("text") else 3)} == {}


@pytest.mark.parametrize("width", [375, 320])
def test_a_phone_needs_no_sideways_scroll(light, width):
    light.page.set_viewport_size({"width": width, "height": 700})
    assert light.run("document.documentElement.scrollWidth") <= width
    assert light.run("Math.min(...[...document.querySelectorAll('.pair img')].map((i) => i.clientWidth))") > 100
    light.page.locator(".enlarge").first.click()
    assert light.run("(d => d.scrollWidth - d.clientWidth)(document.querySelector('dialog'))") <= 0


def test_it_is_read_without_a_script(browser, path):
    page = Open(browser, path, java_script_enabled=False)
    cards = page.page.locator("article")
    assert cards.count() == N
    assert cards.last.is_visible()
    assert not page.page.locator(".tools").is_visible()
    assert page.page.locator("button").count() == 0
    page.page.locator("summary").nth(9).click()
    assert not page.page.locator("td", has_text="x" * 200).is_visible()  # it was unfolded
    page.context.close()


def test_paper(light):
    light.page.emulate_media(color_scheme="dark")  # paper is white whatever the screen
    document = pdfium.PdfDocument(light.page.pdf(prefer_css_page_size=True, print_background=True))
    texts = [page.get_textpage().get_text_bounded() for page in document]
    assert N / 9 <= len(texts) <= N / 3 + 2
    rows = [set(re.findall(r"row (\d+)", text)) for text in texts]
    assert sorted(map(int, set().union(*rows))) == list(range(100, 100 + N))
    assert all(1 <= len(found) <= 9 for found in rows)
    for text, found in zip(texts, rows, strict=True):  # a card is not torn: its columns, the last on it, are beside it
        ids = set(re.findall(r"MAG_I\s+(\d+\.\d+)", text))
        assert {f"{20 + 0.1 * (int(row) - 100):.2f}" for row in found if row != "109"} == ids
    whole = " ".join(texts)
    assert f"FOLDED_{exhibitcard.FEW - 1}" in whole  # nobody can unfold paper
    assert "Enlarge" not in whole
    assert "Sort by" not in whole
    assert HOSTILE in whole
    ink = [page.render(scale=0.3).to_numpy().mean() for page in document]
    assert all(120 < level < 254 for level in ink)
    document.close()
