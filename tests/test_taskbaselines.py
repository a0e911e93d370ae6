"""Baselines that are a task's own: of fluxes and of stamps, on the columns that they know, beside the others."""

import json
import sys

import numpy as np
import pytest
from astropy.io import fits

from classical import few_trees  # noqa: F401
from skycnn import baselines, tasks
from skycnn.cli import app, process
from skycnn.cli.score import _names
from skycnn.errors import InputError
from skycnn.network import model
from skycnn.verbs import score as verb

pytestmark = pytest.mark.usefixtures("few_trees")

TASK = '''"""A width and a colour, of stamps or of fluxes; baselines that know the one or the other."""

import numpy as np
from torch import nn

from skycnn.distribution import Draws
from skycnn.errors import InputError
from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.shapes.aperturefeatures import ApertureFeatures
from skycnn.task import Network, Task, Truth

SEEN = []


class Width:
    inputs, columns, note = ("image",), ("WIDTH", "COLOUR"), "by hand"

    def measure(self, inputs):
        image = inputs["image"]
        SEEN.append(len(image))
        light = image.sum(axis=(2, 3))
        return {"byhand width": np.sqrt(light[:, 0] / np.maximum(image[:, 0].max(axis=(1, 2)), 1e-9)),
                "byhand colour": light[:, 1] - light[:, 0]}

    def answer(self, inputs, column):
        value = inputs[f"byhand {column.lower()}"].astype(float)
        return value, Draws(value[:, None] + np.linspace(-1, 1, 39)) if column == "WIDTH" else None


class Flux:
    inputs, columns, note = ("flux",), ("COLOUR",), "of fluxes"

    def answer(self, inputs, column):
        return inputs["flux"][:, 1] - inputs["flux"][:, 0], None


def far(sight):
    if sight.options.get("distance") != 3:
        raise InputError("no distance is known")
    assert (sight.survey, sight.bands) == (None, ("a", "b"))
    return Width()


def posterior(**settings):
    return Joint(Grid([Axis("WIDTH", 0, 40, 8), Axis("COLOUR", -90, 90, 8)]), Bernoulli("P_TWO", "two", spread=False))


TASK = Task(
    "toyfit", "widths", "nobody", posterior,
    {"plain": Network(nn.Identity, ("image",))}, "TOY",
    {"WIDTH": Truth(("W",)), "COLOUR": Truth(("C",)), "P_TWO": Truth(("TWO",), 0, 1)},
    features=FEATURES, baselines={"byhand": far, "flux": lambda sight: Flux()},
)
'''
SIDE, ROWS = 24, 60


@pytest.fixture(params=["ApertureFeatures", "None"])
def toyfit(request, tmp_path, monkeypatch):
    """Return a stamp file of a task with baselines of its own; features of stamps or of fluxes beside them."""
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "toyfit.py").write_text(TASK.replace("FEATURES", request.param))
    monkeypatch.setattr(tasks, "__path__", [str(folder)])
    monkeypatch.setenv("SKYCNN_MODELS", str(folder))
    random = np.random.default_rng(2)
    side, colour = random.integers(3, 12, ROWS), random.uniform(5, 50, ROWS)
    pixels = np.zeros((ROWS, 2, SIDE, SIDE), "f4")
    for k, wide in enumerate(side):
        pixels[k, :, 4 : 4 + wide, 4 : 4 + wide] = 1
        pixels[k, 1] *= 1 + colour[k] / wide**2
    pixels[7] = np.nan
    held = {"WIDTH": side + 2.0, "COLOUR": colour + 2.0, "P_TWO": np.full(ROWS, 0.5), "W": side + 0.0, "C": colour,
            "TWO": np.arange(ROWS) % 2, "TOY_FLAG": np.zeros(ROWS, "i4")}  # fmt: skip
    for name, value in (("FLUX_A", np.ones(ROWS)), ("FLUX_B", 1 + colour)):
        held[name], held[name.replace("FLUX", "FLUXERR")] = value, 0.1 * np.ones(ROWS)
    columns = [
        fits.Column(
            name, "E" if np.asarray(v).dtype.kind == "f" else "J", array=v, unit="uJy" if "FLUX" in name else None
        )
        for name, v in held.items()
    ]
    cube = fits.PrimaryHDU(pixels)
    for k, name in enumerate("ab"):
        cube.header[f"BAND{k + 1}"] = name
    cube.header["PIXSCALE"], cube.header["BUNIT"], cube.header["BANDS"] = 0.04, "uJy", "a b"
    path = tmp_path / "s.fits"
    fits.HDUList([cube, fits.BinTableHDU.from_columns(columns, name="CATALOGUE")]).writeto(path)

    def card(distance):
        known = model.Card(
            name="toyfit-plain", task="toyfit", network="plain", survey="", inputs=("image",), bands=("a", "b"),
            pixel_scale=0.04, stamp=SIDE, sample={"options": {"distance": distance}},
        )  # fmt: skip
        sealed = model.seal(known, {"nothing": np.zeros(1, np.float32)})
        (folder / "toyfit-plain.safetensors").write_bytes(model.encode(sealed))
        return str(path)

    yield card
    sys.modules.pop("skycnn.tasks.toyfit", None)


def scored(path, **options):
    notes = []
    given = {"task": "toyfit", "model": "toyfit-plain", "resamples": 20} | options
    return {one.value: one for one in verb.score([path], verb.Options(**given), notes.append).answers}, notes


def test_they_stand_beside_the_others_in_the_columns_that_they_know(toyfit):
    found, _ = scored(toyfit(3), baselines=("median", "byhand", "flux"))
    names = {value: [entry.name for entry in answer.entries[1:]] for value, answer in found.items()}
    assert names == {
        "WIDTH": ["median", "byhand"],
        "COLOUR": ["median", "byhand", "flux"],
        "P_TWO": ["median"],
    }
    width, colour = (found[value].entries[2] for value in ("WIDTH", "COLOUR"))
    assert width.scores["mae"].value == pytest.approx(0, abs=1e-4)
    assert width.answered == pytest.approx((ROWS - 1) / ROWS)  # one row has no stamp
    assert width.scores["crps"].value > 0.1 and np.isnan(colour.scores["crps"].value)
    assert (width.learned, width.note) == (0, "by hand")
    assert found["WIDTH"].best[0].name == "byhand" and found["WIDTH"].best[0].verdict == "is worse than"
    assert sum(sys.modules["skycnn.tasks.toyfit"].SEEN) == ROWS  # each stamp once, whatever the answers


def test_without_names_they_run_and_what_cannot_be_had_is_said(toyfit):
    found, notes = scored(toyfit(3))
    assert {"byhand", "flux"} <= {entry.name for entry in found["COLOUR"].entries}
    found, notes = scored(toyfit(4))
    assert "no baseline byhand: no distance is known" in notes
    assert "byhand" not in [entry.name for entry in found["COLOUR"].entries]
    with pytest.raises(InputError, match="no distance is known"):
        scored(toyfit(4), baselines=("byhand",))
    with pytest.raises(InputError, match=r"no baseline 'byhnd' .*byhand, flux"):
        scored(toyfit(3), baselines=("byhnd",))


def test_the_command_line_names_them_as_others(toyfit, monkeypatch, capsys):
    monkeypatch.setattr(process, "prepare", lambda threads: 1)
    path = toyfit(3)
    app.call(["score", path, "--task", "toyfit", "--model", "toyfit-plain", "--json", "--baselines", "flux,byhand"])
    first = json.loads(capsys.readouterr().out)
    names = [[entry["name"] for entry in answer["entries"]] for answer in (first, *first["further"])]
    assert names == [["WIDTH", "byhand"], ["COLOUR", "flux", "byhand"], ["P_TWO"]]
    assert _names("all", "toyfit") == (*baselines.KINDS, "byhand", "flux")
    assert _names("none", "toyfit") == ()
