"""Baselines on stamps: measured once, in parts, as the model takes them; several sets of features in one table."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits

from classical import few_trees  # noqa: F401
from skycnn import tasks
from skycnn.cli import app, process
from skycnn.errors import InputError
from skycnn.scoring import stampreader
from skycnn.scoring.stampreader import StampReader
from skycnn.verbs import score as verb
from stampgalaxies import galaxies

pytestmark = pytest.mark.usefixtures("few_trees")

TASK = '''"""Two nuclei: yes or no, of stamps."""

from torch import nn

from skycnn.posterior import Bernoulli
from skycnn.shapes.shapefeatures import Extended, Shapes
from skycnn.task import Network, Task, Truth

TASK = Task(
    "toy", "nuclei", "nobody", lambda column="P_TWO", meaning="of two", spread=False: Bernoulli(column, meaning),
    {"plain": Network(nn.Identity, ("image",))}, "TWO", {"P_TWO": Truth(("TWO_TRUE",), 0, 1)},
    features={"C A Gini M20": Shapes, "all": Extended},
)
'''
SIDE, ROWS = 41, 120
SETS = ("C A Gini M20", "all")


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Return a folder with a task and a model of it."""
    from skycnn.network import model

    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "toy.py").write_text(TASK)
    monkeypatch.setattr(tasks, "__path__", [str(folder)])
    monkeypatch.setenv("SKYCNN_MODELS", str(folder))
    card = model.Card(
        name="toy-plain", task="toy", network="plain", survey="", inputs=("image",), bands=("F814W", "F160W"),
        posterior={"column": "P_TWO"}, pixel_scale=0.1875, stamp=SIDE,
    )  # fmt: skip
    sealed = model.seal(card, {"nothing": np.zeros(1, np.float32)})
    (folder / "toy-plain.safetensors").write_bytes(model.encode(sealed))
    yield folder
    sys.modules.pop("skycnn.tasks.toy", None)


def stamps(path, seed=0, bands="F814W F160W", first=0, **changes):
    """Write a stamp file of galaxies, every second with two nuclei, one without a pixel; return its path."""
    _, light = galaxies(ROWS, SIDE, seed, depth=(200, 1000))
    pixels = np.stack([light, 1.5 * light], axis=1).astype("f4")
    pixels[5] = np.nan
    number = np.arange(ROWS)
    two = number % 2
    random = np.random.default_rng(seed)
    held = {
        "P_TWO": np.clip(0.5 + 0.1 * (2 * two - 1) + 0.2 * random.standard_normal(ROWS), 0, 1),
        "TWO_FLAG": np.zeros(ROWS, "i4"),
        "TWO_TRUE": two.astype("i2"),
        "PAIR": first + number // 4,
        "KIND": np.where(two, 0, 1 + number // 2 % 2).astype("i2"),
        "WORD": np.where(two, "two nuclei", np.where(number // 2 % 2, "disc", "elliptical")),
        "DX": np.zeros(ROWS), "DY": np.zeros(ROWS),
    } | changes  # fmt: skip
    image = fits.PrimaryHDU(pixels)
    image.header.update({"BANDS": bands, "PIXSCALE": 0.1875, "BUNIT": "uJy"})
    form = {"f": "D", "i": "J", "U": "12A"}
    columns = [fits.Column(name, form[v.dtype.kind], array=v) for name, v in held.items()]
    fits.HDUList([image, fits.BinTableHDU.from_columns(columns, name="CATALOGUE")]).writeto(path)
    return str(path)


def scored(*paths, **options):
    given = {"task": "toy", "baselines": ("median", "forest"), "resamples": 50, "group": "PAIR"} | options
    return verb.score(paths, verb.Options(**given))


def test_each_set_of_features_has_its_baselines(toy, tmp_path):
    (answer,) = scored(stamps(tmp_path / "s.fits")).answers
    found = {entry.name: entry for entry in answer.entries}
    assert list(found) == ["P_TWO", "median", "forest C A Gini M20", "forest all"]
    assert found["median"].scores["auc"].value == pytest.approx(0.5, abs=0.1)
    for name in SETS:
        assert found[f"forest {name}"].scores["auc"].value > 0.9
        assert found[f"forest {name}"].difference["auc"].high < 0
    (best,) = answer.best
    rivals = [found[f"forest {name}"] for name in SETS]
    assert (best.score, best.value) == ("auc", max(entry.scores["auc"].value for entry in rivals))
    assert best.name in [entry.name for entry in rivals] and best.verdict == "is worse than"
    assert answer.bootstrap == "50 bootstrap resamples of 30 groups"


@pytest.mark.parametrize("name", ["ridge", "knn", "locallinear", "forest", "extratrees", "boosting"])
def test_every_method_answers_with_probabilities(toy, tmp_path, name):
    (answer,) = scored(stamps(tmp_path / "s.fits"), baselines=(f"{name} C A Gini M20",)).answers
    own = answer.entries[1]
    assert own.name == f"{name} C A Gini M20" and own.answered == 1
    assert own.scores["auc"].value > 0.85
    assert own.scores["brier"].value < 0.7 * own.scores["brier_constant"].value
    assert own.scores["ece"].value < 0.25


def test_baselines_are_trained_on_another_stamp_file(toy, tmp_path):
    test, train = stamps(tmp_path / "s.fits"), stamps(tmp_path / "t.fits", 1, first=100)
    (answer,) = scored(test, train=(train,)).answers
    entry = answer.entries[-1]
    assert (entry.name, entry.learned) == ("forest all", ROWS)
    assert entry.scores["auc"].value > 0.9
    with pytest.raises(InputError, match=r"PAIR \d+ stands among the rows to score and in --train"):
        scored(test, train=(stamps(tmp_path / "u.fits", 2),))
    with pytest.raises(InputError, match="119 of the rows to score stand in --train"):
        scored(test, train=(test,), group=None)


def test_a_baseline_without_stamps_says_so(toy, tmp_path):
    path = tmp_path / "s.fits"
    stamps(path)
    with fits.open(path) as file:
        fits.HDUList([fits.PrimaryHDU(), file[1]]).writeto(tmp_path / "bare.fits")
    notes = []
    options = verb.Options(task="toy", resamples=20)
    (answer,) = verb.score([str(tmp_path / "bare.fits")], options, notes.append).answers
    assert answer.entries[2].note == "no image was found"
    assert "the baselines have no image: which model answered is not known" in " ".join(notes)
    with pytest.raises(InputError, match="which model answered is not known"):
        scored(str(tmp_path / "bare.fits"))


def test_a_baseline_that_is_not_there_names_the_sets(toy, tmp_path):
    path = stamps(tmp_path / "s.fits")
    with pytest.raises(InputError, match=r"no baseline 'forest C A'.*'forest C A Gini M20'"):
        scored(path, baselines=("forest C A",))


@pytest.mark.parametrize("column", ["KIND", "WORD"])
def test_auc_against_each_kind_of_negative(toy, tmp_path, monkeypatch, capsys, column):
    path = stamps(tmp_path / "s.fits")
    (answer,) = scored(path, by=(column, None, None, None), baselines=("median",)).answers
    names = {"KIND": ["0", "1", "2"], "WORD": ["disc", "elliptical", "two nuclei"]}[column]
    assert [(b.name, b.rows) for b in answer.bins] == list(
        zip(names, sorted([30, 30, 60], reverse=column == "KIND"), strict=True)
    )
    against = [b.against[0].value for b in answer.bins]
    assert np.isfinite(against).tolist() == [name not in ("0", "two nuclei") for name in names]
    monkeypatch.setattr(process, "prepare", lambda threads: 1)
    app.call(["score", path, "--task", "toy", "--by", column, "--baselines", "none", "--prevalence", "0.03"])
    printed = capsys.readouterr().out
    assert "MINUS" not in printed and printed.count("\nAUC  ") == 1  # of all rows: no kind has both classes
    assert f"P_TWO BY {column}" in printed and f"{names[0]} (" in printed
    assert f"AUC against the negatives of each {column}" in printed
    assert "purity at 3%" in printed and "Brier of a constant" in printed and "false positives" in printed


class Images:
    """Rows whose stamps hold their number; those in ``without`` have none."""

    columns, side, card = ("X",), 3, SimpleNamespace(bands=("a",))

    def __init__(self):
        self.asked = []

    def pieces(self, piece, first, values, wanted):
        assert (values["X"][wanted] == first + np.flatnonzero(wanted)).all()
        rows = np.flatnonzero(wanted)[::-1]
        self.asked += (first + rows).tolist()
        for part in np.array_split(rows, 2):
            pixels = np.broadcast_to((first + part)[:, None, None, None], (len(part), 1, 3, 3)).astype("f4")
            yield SimpleNamespace(rows=part, inputs={"image": pixels})


def middle(inputs):
    return {"image middle": inputs["image"][:, 0, 1, 1]}


def test_each_row_is_measured_once_whatever_is_asked():
    images, done = Images(), []
    reader = StampReader(images, [middle], 1000, lambda *step: done.append(step))
    number = np.arange(1000.0)
    for rows in (np.arange(10, 30), np.array([3, 12, 900]), np.zeros(0, int), np.arange(5)):
        found = reader.read({"X": number[rows]}, rows)
        assert found["image middle"].tolist() == rows.tolist()
    assert sorted(images.asked) == [*range(5), *range(10, 30), 900]
    assert done and all(total == 1000 for _, total in done)


def test_columns_stand_beside_the_stamps_that_are_measured():
    class Weight:
        columns = ("W", "X")

        def read(self, chunk, rows):
            return {"weight": chunk["W"] + 0 * chunk["X"]}

    def heavy(inputs):
        return {"image heavy": inputs["weight"] - inputs["image"][:, 0, 1, 1]}

    reader, number = StampReader(Images(), [heavy], 1000, None, [Weight()]), np.arange(1000.0)
    assert reader.columns == ("X", "W")
    for rows in (np.array([3, 12, 900]), np.arange(700)):
        found = reader.read({"X": number[rows], "W": 3 * number[rows]}, rows)
        assert found["image heavy"].tolist() == (2 * rows).tolist()


def test_sets_that_measure_alike_share_it():
    one, two = SimpleNamespace(measure=middle), SimpleNamespace(measure=middle)
    assert stampreader.measures([one, two, SimpleNamespace()]) == (middle,)


def test_no_more_stamps_than_a_part_are_measured_at_a_time():
    sizes = []

    def counted(inputs):
        sizes.append(len(inputs["image"]))
        return middle(inputs)

    StampReader(Images(), [counted], 2000).read({"X": np.arange(2000.0)}, np.arange(2000))
    assert sum(sizes) == 2000 and max(sizes) <= stampreader.PART
