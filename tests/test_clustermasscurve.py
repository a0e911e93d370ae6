"""The learning curve of cluster masses: samples that grow, scores against labels and truth, stamps measured once."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from skycnn import metrics
from ugrizclusters import PIXEL, cluster

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "recipes"))

import clustermass_curve as recipe


def rows(n=2000, seed=0, known=None):
    """Return clusters whose mass a richness tells within 0.2 dex, and other light within 0.1."""
    random = np.random.default_rng(seed)
    truth = random.normal(14.2, 0.3, n)
    label = truth + random.normal(0, 0.14, n)
    label[n if known is None else known :] = np.nan
    inputs = {
        "redshift": random.uniform(0.1, 0.3, n),
        "richness": 30 * 10 ** (truth - 14.2 + random.normal(0, 0.2, n)),
        "image diffuse 250": 100 * 10 ** (truth - 14.2 + random.normal(0, 0.1, n)),
    }
    return recipe.Rows(np.full(n, "a"), np.arange(n), truth, label, inputs)


@pytest.mark.parametrize(("known", "apart"), [(2000, True), (400, False)])
def test_samples_grow_and_few_labels_are_drawn_apart_where_they_can_be(known, apart):
    train = rows(known=known)
    small, large = (recipe.samples(train, count) for count in (50, 300))
    assert len(small) == len(large) == recipe.DRAWS and {len(one) for one in small} == {50}
    assert all((one == other[:50]).all() for one, other in zip(small, large, strict=True))
    assert all(len(set(one.tolist())) == 300 and one.max() < known for one in large)
    assert (len(np.unique(np.concatenate(large))) == 1500) is apart
    assert len(recipe.samples(train, 400)) == 1
    with pytest.raises(SystemExit, match="labels are asked for"):
        recipe.samples(train, known + 1)


def test_a_curve_tells_errors_against_labels_and_truth_beside_the_richness(capsys):
    train, test = rows(), rows(1000, 1)
    seen = []

    def network(known, asked):
        seen.append(len(known.truth))
        assert np.isfinite(known.label).all()
        return asked.truth + 0.05

    methods = {name: recipe.BASELINES[name] for name in ("constant", "richness", "ridge diffuse")} | {"net": network}
    found = recipe.curve(methods, train, test, (50, 500))
    assert [(one["method"], one["labels_learned"], one["draws"]) for one in found] == [
        (name, count, draws) for count, draws in ((50, 5), (500, 1)) for name in methods
    ]
    assert seen == [50] * 5 + [500]
    by = {(one["method"], one["labels_learned"]): one for one in found}
    constant, richness, ridge, net = (by[name, 500] for name in methods)
    assert constant["truth"]["mae"][0] == pytest.approx(metrics.constant_mae(test.truth, test.truth), rel=0.02)
    assert net["truth"]["mae"] == pytest.approx([0.05] * 3) and net["labels"]["mae"][0] > 0.1
    assert net["slope"] == pytest.approx(1) and net["bias_heavy"] == pytest.approx(0.05)
    assert richness["truth"]["ratio"] == [1, 1, 1]
    assert ridge["truth"]["ratio"][2] < 0.75 < ridge["labels"]["ratio"][2] < 1
    expected = ridge["truth"]["mae"][0] / richness["truth"]["mae"][0]
    assert ridge["truth"]["ratio"][0] == pytest.approx(expected) and constant["bias_light"] > 0 > constant["bias_heavy"]
    assert ridge["truth"]["scatter"] is None and by["ridge diffuse", 50]["truth"]["scatter"] > 0
    recipe.tell(found, test)
    printed = capsys.readouterr().out
    assert "0.80 sigma" in printed and "500 labels, 1 draw(s)" in printed and printed.count("ridge diffuse") == 2


def test_stamps_are_measured_once_and_again_when_the_file_is_newer(tmp_path, monkeypatch, capsys):
    random, n = np.random.default_rng(0), 40
    path, out = tmp_path / "m.fits", tmp_path / "c.json"
    held = {"Z": random.uniform(0.15, 0.28, n), "RICHNESS": random.uniform(20, 90, n)}
    held |= {"LOG_M500_TRUE": np.log10(held["RICHNESS"]) + 12.7, "LOG_M500_LABEL": np.log10(held["RICHNESS"]) + 12.8}
    stamps = np.stack([cluster(z, 10, random) for z in held["Z"]])
    table = fits.BinTableHDU.from_columns([fits.Column(k, "D", array=v) for k, v in held.items()], name="CATALOGUE")
    image = fits.PrimaryHDU(stamps)
    image.header.update({"BANDS": "u g r i z", "PIXSCALE": PIXEL})
    fits.HDUList([image, table]).writeto(path)
    monkeypatch.setattr(recipe, "BASELINES", {"richness": recipe.BASELINES["richness"]})
    monkeypatch.setattr(sys, "argv", ["curve", str(path), "--test", str(path), "--labels", "20", "--json", str(out)])
    recipe.main()
    (found,) = json.loads(out.read_text())
    assert found["labels"]["mae"][0] < 0.01 < found["truth"]["mae"][0] < 0.11
    assert (found["method"], found["labels_learned"], found["draws"]) == ("richness", 20, 5)
    made = []
    monkeypatch.setattr(recipe.SETS[recipe.MEASURED], "measure", staticmethod(lambda inputs: made.append(1) or {}))
    assert "image i 500" in recipe.measured(path) and not made
    os.utime(path, (2e9, 2e9))
    assert "image i 500" not in recipe.measured(path) and made
    assert "over richness" in capsys.readouterr().out
