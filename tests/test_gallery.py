"""gallery: cards hold what their exhibits do, whatever that is named, and the file is small and written as a whole."""

import json
import re
from dataclasses import replace

import pytest
from tests.exhibiting import BANDS, COLUMN, HOSTILE, IN_ATTRIBUTE, PEAKS, UNLIKE, exhibit, fluxes
from tests.test_markup import Read

from skycnn.errors import InputError
from skycnn.report import gallery

NAN = float("nan")


def cards(*exhibits, bands=BANDS, **options):
    return Read(gallery.cards(exhibits, bands, **options))


def articles(read):
    return [attributes for name, attributes in read.elements if name == "article"]


@pytest.mark.parametrize("hostile", [HOSTILE, IN_ATTRIBUTE, COLUMN, UNLIKE])
def test_hostile_words_make_no_element(hostile):
    plain = exhibit(1, columns={"a": "b"}, flags=("f",), name="n", unit="u")
    bad = replace(plain, columns={hostile: hostile}, flags=(hostile,), name=hostile, unit=hostile)
    reads = [cards(plain, quantity="q", method="m"), cards(bad, quantity=hostile, method=hostile)]
    assert [name for name, _ in reads[0].elements] == [name for name, _ in reads[1].elements]
    assert [sorted(a) for _, a in reads[0].elements] == [sorted(a) for _, a in reads[1].elements]
    bars = [fluxes(1, bars={word: 1.0}, without={word: 2.0}) for word in ("band", hostile)]
    assert len({tuple(name for name, _ in cards(one).elements) for one in bars}) == 1
    assert hostile in cards(bars[1]).text


def test_what_the_script_sorts_and_filters_by():
    given = [exhibit(0), exhibit(10), exhibit(1, answer=(NAN, NAN, NAN, None), explained=None)]
    read = cards(*given)
    first, second, empty = articles(read)
    assert [article["data-order"] for article in (first, second, empty)] == ["0", "1", "2"]
    assert [first["data-row"], second["data-row"]] == ["100", "110"]
    assert [float(second[f"data-{key}"]) for key in ("answer", "error", "width", "residual")] == pytest.approx(
        [1.3, 0.01, 0.2, 3e-4]
    )
    assert {"data-answer", "data-error", "data-width", "data-residual"} & set(empty) == set()
    options = [attributes["value"] for name, attributes in read.elements if name == "option"]
    assert options[:8] == [
        "order up",
        "row up",
        "answer down",
        "answer up",
        "error down",
        "width down",
        "residual down",
        "flagged down",
    ]
    assert options[8:] == ["all", "any", "none", "0", "1"]
    flags = sorted([PEAKS, UNLIKE])
    assert {flags[k] for k in json.loads(first["data-flags"])} == {PEAKS, UNLIKE}
    assert (empty["data-flags"], empty["data-flagged"], second["data-flagged"]) == ("[]", "0", "2")
    named = cards(exhibit(flags=("all", "no flag")))  # words of ours in a flag's place
    assert [a["value"] for name, a in named.elements if name == "option"][-5:] == ["all", "any", "none", "0", "1"]
    few = cards(exhibit(answer=(1, 0, 2, None), explained=None))
    assert {"error down", "residual down"} & {a.get("value") for _, a in few.elements} == set()


def test_answers_without_a_curve_share_an_axis():
    def ticks(*given):
        return re.findall(r'text-anchor="middle">([^<]*)<', gallery.cards(given, BANDS))

    classes = [exhibit(k, curve=None, answer=(0.2 + k / 2, 0.1, 0.8, None)) for k in range(2)]
    assert ticks(*classes) == ["0", "0.25", "0.5", "0.75", "1"] * 2
    masses = [exhibit(k, curve=None, unit="dex", answer=(14 + k, 13.9 + k, 14.1 + k, None)) for k in range(2)]
    assert ticks(*masses) == ["14", "14.5", "15"] * 2
    alike = [exhibit(k, curve=None, answer=(3.0, NAN, NAN, None)) for k in range(2)]
    assert "3" in ticks(*alike)
    assert ticks(exhibit(curve=None, answer=(NAN, NAN, NAN, None)))[0] == "0"


def test_a_page_is_written_once_unless_it_may_be_replaced(tmp_path):
    path = tmp_path / "g.html"
    given = {"title": "T", "command": "skycnn explain", "facts": {"model": "m"}}
    gallery.write(str(path), [exhibit(0)], BANDS, **given, overwrite=False)
    read = Read(path.read_text())
    assert [name for name, _ in read.elements if re.fullmatch(r"h\d", name)] == ["h1", "h2", "h3"]
    assert re.search("objects1modelm.*skycnn explain", read.text, re.DOTALL)
    with pytest.raises(InputError, match=r"g\.html exists"):
        gallery.write(str(path), [exhibit(1)], BANDS, **given, overwrite=False)
    gallery.write(str(path), [], BANDS, **given, overwrite=True)
    assert "No object was asked for." in path.read_text()
    with pytest.raises(InputError, match=r"--html .*g\.txt has no known ending.*\.html"):
        gallery.write(str(tmp_path / "g.txt"), [], BANDS, **given, overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["g.html"]


def test_the_order_in_which_they_stand_has_a_name():
    read = Read(gallery.cards([exhibit(0)], BANDS, first="worst first"))
    assert "worst first" in read.text
    assert "as asked for" not in read.text
