"""scorepage: ``score --html`` on catalogues of every kind of answer, with and without stamps, model and baselines."""

import json
import os
import re
from base64 import b64decode

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import test_score
from classical import few_trees  # noqa: F401
from mergerlike import stamps
from mergerlike import write as write_stamps
from scoredsample import HOSTILE
from skycnn.errors import InputError
from skycnn.report import page
from skycnn.scoring import profile
from skycnn.verbs import predict
from skycnn.verbs import score as verb
from test_markup import Read
from test_score import clusters, galaxies, write

pytestmark = pytest.mark.usefixtures("few_trees")
cat, cli, toy = test_score.cat, test_score.cli, test_score.toy

SECTIONS = ["Scores", "Answers and truth", "Along other quantities", "Rows left out, and flags", "The worst answers"]


def made(path, *texts, task="standin", **options):
    given = {"baselines": ("median",), "resamples": 20, "html": str(path), "command": "skycnn score it"} | options
    result = verb.score(texts, verb.Options(task=task, **given))
    return result, Read(path.read_text())


def headings(read, text):
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", text)


def test_a_flux_catalogue_has_every_section_and_each_figure_its_n_and_command(standin, tmp_path):
    held = {name: values for name, values in galaxies().items() if not name.startswith("Z_PHOT")}
    held["R_E"] = np.linspace(0.1, 2, 300)
    path, out = write(tmp_path / "c.fits", held), tmp_path / "page.html"
    predict.predict(path, predict.Options(task="standin", pdf=True))
    result, read = made(out, path, baselines=("median", "knn"))
    text = out.read_text()
    assert headings(read, text) == [*SECTIONS, "Model standin-sdss-flux"]
    assert result.html == str(out)
    for words in (
        "Z_PHOT against Z_SPEC, n = 300",
        result.model_sha256,
        "u g r i z",
        "By sigma_NMAD the best baseline is",
        "By Z_SPEC",
        "By width of Z_PHOT",
        "By magnitude in",
        "By R_E",
        "No row was left out: all 300",
        "Distribution: the bins of Z_PHOT_PDF.",
        "has no learning curve",
        "furthest from the truth",
    ):
        assert words in read.text, words
    figures = re.findall(r"<figure.*?</figure>", text, re.S)
    assert len(figures) >= 10
    assert all("n = " in figure and "skycnn score it" in figure for figure in figures)
    rows = re.findall(r"<tr>", text[text.index("furthest from the truth") :].split("</table>")[0])
    assert len(rows) == 25


def test_the_page_is_written_as_a_whole_named_in_json_and_not_over_another(standin, cat, cli, tmp_path, monkeypatch):
    out = tmp_path / "page.html"
    words = (cat, "--task", "standin", "--baselines", "none", "--html", str(out))
    content = json.loads(cli(*words, "--json"))
    assert content["html"] == str(out)
    first = out.read_bytes()
    with pytest.raises(InputError, match="exists"):
        cli(*words)
    assert out.read_bytes() == first

    def broken(self):
        raise MemoryError

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(page.Page, "html", broken)
        cli(*words, "--overwrite")
    assert out.read_bytes() == first
    cli(*words, "--overwrite", "--json")
    assert sorted(os.listdir(tmp_path)) == ["cat.fits", "page.html"]


def test_the_page_changes_no_number_and_is_the_same_again(standin, cat, tmp_path):
    other = write(tmp_path / "other.fits", galaxies(200, seed=1))
    options = {"baselines": ("median", "knn"), "resamples": 20, "by": ("width", None, None, 2)}
    plain = verb.score([cat], verb.Options(task="standin", **options))
    shown, _ = made(tmp_path / "a.html", cat, **options)
    assert shown.answers[0].entries == plain.answers[0].entries
    assert shown.answers[0].bins == plain.answers[0].bins
    made(tmp_path / "b.html", cat, **options)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    trained, _ = made(tmp_path / "c.html", cat, train=(other,))
    assert "200 rows" in trained.trained_on
    with pytest.raises(InputError, match="300 of the rows to score stand in --train"):
        made(tmp_path / "d.html", cat, train=(cat,), baselines=("knn",))


def test_several_catalogues_conditions_and_row_ranges(standin, cat, tmp_path):
    held = galaxies(100, seed=3)
    held["Z_PHOT"][50] = 5.0
    held["Z_PHOT"][3:6] = np.nan
    other = write(tmp_path / "b.fits", held)
    result, read = made(
        tmp_path / "p.html", cat, other, where="Z_SPEC >= 0.1", rows=(0, 90), by=("file", None, None, None)
    )
    assert f"n = {result.answers[0].rows}" in read.text
    assert "outside --where" in read.text
    worst = read.text[read.text.index("furthest from the truth") :]
    assert "5050 of " in worst[: worst.index("b.fits[CAT]")]  # the object's name and its row
    assert "By file" in read.text
    assert "does not tell which model answered" in read.text


def test_a_class_with_stamps_has_its_curves_and_the_worst_stamps(tmp_path):
    images, labels = stamps(60, side=24, seed=2)
    p = np.clip(0.3 + 0.4 * labels + 0.25 * np.random.default_rng(0).standard_normal(60), 0, 1)
    path = write_stamps(tmp_path / "s.fits", images, labels)
    with fits.open(path) as file:
        held = Table(file[1].data)
        held.replace_column("ID", np.full(60, HOSTILE))
        held["P_MERGER"], held["KIND"] = p, np.where(labels > 0.5, 0, 1 + np.arange(60) % 2)
        fits.HDUList([file[0], fits.BinTableHDU(held, file[1].header)]).writeto(tmp_path / "t.fits")
    out = tmp_path / "p.html"
    options = {"task": "merger", "baselines": (), "by": ("KIND", None, None, None)}
    _, read = made(out, str(tmp_path / "t.fits"), **options)
    for words in ("ROC", "Purity and completeness", "Reliability", "AUC against the negatives, by KIND", HOSTILE):
        assert words in read.text, words
    assert "No size" in read.text
    pictures = [attributes for name, attributes in read.elements if name == "img"]
    assert len(pictures) == 24
    assert all(b64decode(a["src"].split(",")[1]).startswith(b"\x89PNG") for a in pictures)
    assert [name for name, _ in read.elements].count("script") == 1


def test_every_answer_of_a_task_has_its_sections(toy, tmp_path):
    (toy / "toy.py").write_text(test_score.CLUSTERS)
    comments = {"LOG_AGE": "log10 of the age in yr", "P_REAL_LO": "16th percentile over trainings of the network"}
    path = write(tmp_path / "c.fits", clusters(), **comments)
    _, read = made(tmp_path / "p.html", path, task="toy")
    found = headings(read, (tmp_path / "p.html").read_text())
    assert found[:15] == [f"{value}: {name}" for value in ("LOG_R", "LOG_AGE", "P_REAL") for name in SECTIONS]
    assert "[log10 of the age in yr]" in read.text
    names = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rows", [0, 1, 2 * profile.FEWEST - 1])
def test_hardly_any_rows_have_a_page(standin, tmp_path, rows):
    held = {name: values[:rows] for name, values in galaxies().items()}
    _, read = made(tmp_path / "p.html", write(tmp_path / "c.fits", held), baselines=())
    assert f"n = {rows}" in read.text
    assert "too few for bins" in read.text


@pytest.mark.filterwarnings("ignore:It is strongly recommended that column names")
def test_names_from_the_catalogue_are_shown_and_not_run(standin, tmp_path):
    held = galaxies()
    held["NAME"] = np.full(300, HOSTILE)
    held["<b>KIND"] = np.array(["<i>a", "<i>b"])[np.arange(300) % 2]
    options = {"command": f"skycnn score '{HOSTILE}'", "by": ("<b>KIND", None, None, None), "baselines": ()}
    held = {name: values for name, values in held.items() if name != "ID"}
    _, read = made(tmp_path / "p.html", write(tmp_path / f"{HOSTILE.replace('/', '')}.fits", held), **options)
    assert HOSTILE in read.text
    assert "By <b>KIND" in read.text
    assert [name for name, _ in read.elements].count("script") == 1
    assert "b" not in {name for name, _ in read.elements}


def test_credentials_are_kept_out_of_the_page(standin, cat, tmp_path):
    made(tmp_path / "p.html", cat, baselines=(), command="skycnn score http://me:secret@host/cat.fits?token=1")
    assert "secret" not in (tmp_path / "p.html").read_text()
