"""A page of scores in a browser: nothing is loaded, charts are seen on light and dark, a phone needs no scroll."""

import numpy as np
import pytest
from tests import browsing
from tests.browsing import Open, violations
from tests.scoredsample import HOSTILE, sample, target

from skycnn.network.model import installed, read_card
from skycnn.report.scorepage import ScorePage, ShownAnswer
from skycnn.scoring import flaggedrows, profile
from skycnn.scoring.scoreresult import Answered, Result
from skycnn.scoring.worstrows import WorstRow

browser = browsing.browser

MODEL = "photoz-sdss-flux"


def shown(kind, value, n, stamps):
    scored, rows = sample(kind, n, value=value)
    along = profile.find(target(kind, value), rows, scored.scores, ())
    flagged = flaggedrows.find(kind, value, rows, scored.scores, ())
    random = np.random.default_rng(0)
    far = [
        WorstRow(f"{HOSTILE} {k}", "a.fits[1]", k, 0.1, 0.9, 0.8, 1.0, 0.7, 8 * (k % 2), pixels, ("g", "r"))
        for k, pixels in zip(range(24), random.standard_normal((24, 2, 16, 16)) if stamps else [None] * 24, strict=True)
    ]
    return ShownAnswer(scored, rows, along, flagged, far)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A page of three answers: a density and dots, a class with stamps, a value; the card of a model that ships."""
    card = read_card(next(path for path in installed() if path.stem == MODEL))
    answers = [shown("redshift", "Z", 2000, False), shown("class", "P", 300, True), shown("value", "A", 300, True)]
    models = [Answered(MODEL, card.sha256, ["a.fits[1]"]), Answered("gone", "0" * 64, [HOSTILE])]
    tables = [answer.scored for answer in answers]
    result = Result(tables, "toy", ["a.fits[1]", HOSTILE], models, "gr", "none", "", 0.5, None, None, 1.0)
    place = tmp_path_factory.mktemp("score") / "page.html"
    place.write_bytes(ScorePage(result, answers, f"skycnn score '{HOSTILE}'", {card.sha256: card}).html())
    return place


CONTRAST = """() => {
  const luminance = (rgb) => rgb.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => (v > 0.04045 ? ((v + 0.055) / 1.055) ** 2.4 : v / 12.92))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = luminance(getComputedStyle(document.documentElement).backgroundColor);
  const seen = {};
  for (const part of document.querySelectorAll('.chart :is(text, path)')) {
    const style = getComputedStyle(part);
    if (part.matches('.halo, .cells, .band:not(.steps)')) continue;
    const colour = luminance(style.stroke === 'none' ? style.fill : style.stroke);
    const [low, high] = [colour, paper].sort((a, b) => a - b);
    seen[part.getAttribute('class')] = (high + 0.05) / (low + 0.05);
  }
  return seen;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_on_any_screen_and_loads_nothing(browser, path, scheme):
    made = Open(browser, path, color_scheme=scheme)
    assert made.said == []
    assert made.asked == [path.as_uri(), *(url for url in made.asked if url.startswith("data:image/png;"))]
    assert made.run("[...document.images].every((i) => i.naturalWidth > 0)")
    assert made.run("document.querySelectorAll('article').length") == 48
    seen = made.run(CONTRAST)
    assert {"tick middle", "axisname middle", "frame", "line one", "line two", "dots one", "steps two"} <= set(seen)
    assert {part: ratio for part, ratio in seen.items() if ratio < (4.5 if "middle" in part else 3)} == {}
    made.page.set_viewport_size({"width": 375, "height": 700})
    assert made.run("document.documentElement.scrollWidth") <= 375
    names = made.run("[...document.querySelectorAll('.compact')].map((d) => d.querySelectorAll('article').length)")
    assert names == [24, 24]
    if scheme == "light":  # the letters' colours in the dark are those of galleries, tried there
        made.run("document.querySelectorAll('article:nth-of-type(n + 5)').forEach((card) => card.remove())")  # alike
        assert violations(made.page) == []
    made.context.close()
