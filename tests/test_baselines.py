"""baselines: one contract for all kinds, folds that no order changes, and the real galaxies' known scores."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from skycnn import baselines, metrics
from skycnn.errors import InputError

RNG = np.random.default_rng(2)
SDSS = Path(__file__).parents[1].parent / "shared" / "data" / "sdss_galaxies.fits"


def sky(n=600, seed=0):
    """Fluxes of three bands whose colour is the redshift, some absent."""
    random = np.random.default_rng(seed)
    z = random.uniform(0, 1, n)
    flux = 10 ** random.uniform(1, 2, n)[:, None] * 10 ** (0.4 * z[:, None] * np.array([0.0, 1.0, 3.0]))
    error = 0.01 * flux
    flux = flux + error * random.standard_normal(flux.shape)
    flux[random.random(flux.shape) < 0.02] = np.nan
    return {"flux": flux, "error": np.where(np.isnan(flux), np.nan, error)}, z


def made(name, classes=False):
    if not baselines.available(name):
        pytest.skip("scikit-learn is not installed")
    return baselines.build(name, classes)


@pytest.mark.parametrize("name", baselines.KINDS)
def test_every_baseline_answers_every_row_with_numbers(name):
    baseline, (inputs, z) = made(name), sky()
    baseline.fit(inputs, z)
    inputs["flux"][0] = inputs["error"][0] = np.nan
    answer = baseline.answer(inputs)
    assert answer.value.shape == (600,)
    assert np.isfinite(answer.value).all()
    if answer.draws is not None:
        assert len(answer.draws) == 600
        assert np.isfinite(answer.draws).all()


@pytest.mark.parametrize("name", baselines.KINDS)
def test_every_baseline_is_a_probability_for_classes(name):
    baseline, (inputs, z) = made(name, classes=True), sky()
    truth = (z > 0.3).astype(float)
    baseline.fit(inputs, truth)
    answer = baseline.answer(sky(300, seed=1)[0])
    assert ((answer.value >= 0) & (answer.value <= 1)).all()
    assert answer.draws is None
    if name == "median":
        assert answer.value == pytest.approx(truth.mean())
    else:
        assert metrics.auc(answer.value, (sky(300, seed=1)[1] > 0.3).astype(float)) > 0.98


@pytest.mark.parametrize("name", ["knn", "forest", "boosting"])
def test_those_that_learn_learn(name):
    baseline = made(name)
    baseline.fit(*sky())
    inputs, z = sky(300, seed=1)
    assert metrics.mae(baseline.answer(inputs).value, z) < 0.05
    assert metrics.mae(np.full(300, np.median(z)), z) > 0.2


@pytest.mark.parametrize("name", baselines.KINDS)
def test_a_class_that_never_occurs_has_probability_zero(name):
    baseline, (inputs, _) = made(name, classes=True), sky(60)
    baseline.fit(inputs, np.zeros(60))
    assert (baseline.answer(inputs).value == 0).all()


@pytest.mark.parametrize("name", baselines.KINDS)
def test_the_same_fit_gives_the_same_answer(name):
    inputs, z = sky(200)
    first, second = made(name), made(name)
    first.fit(inputs, z)
    second.fit(inputs, z)
    assert (first.answer(inputs).value == second.answer(inputs).value).all()


def test_neighbours_choose_k_and_give_their_redshifts_as_draws():
    baseline, (inputs, z) = baselines.Neighbours(), sky()
    baseline.fit(inputs, z)
    answer = baseline.answer(sky(50, seed=1)[0])
    assert baseline.k in baselines.NEIGHBOURS
    assert answer.draws.shape == (50, baseline.k)
    assert np.isin(answer.draws, z).all()


def test_cross_fitted_neighbours_choose_k_in_every_fold():
    inputs, z = sky(1000)
    outer = baselines.folds(inputs)
    for k in range(5):
        baseline, out = baselines.Neighbours(), outer != k
        baseline.fit(baselines.take(inputs, out), z[out] + 0.1 * RNG.standard_normal(out.sum()))
        assert baseline.k >= 10  # noisy truths: one neighbour is never best


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_neighbours_of_a_handful_of_rows(rows):
    baseline, (inputs, z) = baselines.Neighbours(), sky(rows)
    baseline.fit(inputs, z)
    assert np.isfinite(baseline.answer(sky(5, seed=1)[0]).value).all()


def test_folds_follow_content_and_not_order():
    inputs, _ = sky(500)
    order = RNG.permutation(500)
    fold = baselines.folds(inputs)
    assert (baselines.folds(baselines.take(inputs, order)) == fold[order]).all()
    assert np.bincount(fold, minlength=5) == pytest.approx(np.full(5, 100), abs=45)
    assert (baselines.folds(baselines.take(inputs, np.zeros(9, int))) == fold[0]).all()


def test_rows_without_fluxes_are_spread_over_the_folds():
    empty = np.full((500, 2), np.nan)
    fold = baselines.folds({"flux": empty, "error": empty})
    assert np.bincount(fold, minlength=5) == pytest.approx(np.full(5, 100), abs=45)


@pytest.mark.parametrize("groups", [np.arange(40) // 4, np.array(["a", "b", "c", "d"] * 10)], ids=["number", "text"])
def test_a_group_stands_in_one_fold_and_folds_are_even(groups):
    fold = baselines.folds({"flux": np.zeros((40, 2))}, groups)
    assert all(len(set(fold[groups == name])) == 1 for name in np.unique(groups))
    used, held = np.unique(fold), len(np.unique(groups))
    assert len(used) == min(5, held)


class Spy(baselines.Median):
    """Answers with the truths it was fitted on."""

    def fit(self, inputs, truth):
        self.seen = set(truth.tolist())
        super().fit(inputs, truth)

    def answer(self, inputs):
        assert not self.seen & set(inputs["redshift"].tolist())
        return super().answer(inputs)


def test_cross_fitting_never_answers_a_row_that_was_fitted_and_keeps_the_order():
    truth = RNG.random(200)
    judged = baselines.cross_fitted(Spy, {"redshift": truth}, truth)
    assert judged.value.shape == (200,)
    fold = baselines.folds({"redshift": truth})
    for k in range(5):
        assert (judged.value[fold == k] == np.median(truth[fold != k])).all()
    assert (judged.low <= judged.value).all()


def test_cross_fitting_one_group_is_refused():
    with pytest.raises(InputError, match=r"all of one group: no baseline can be cross-fitted.*--train CAT2"):
        baselines.cross_fitted(baselines.Median, {"redshift": np.ones(9)}, np.ones(9), np.zeros(9))


class Shapes:
    """A task's own features: scalars, one of them missing in places, and no coordinates for neighbours."""

    inputs = ("shape",)

    def __init__(self, inputs):
        self.learned = len(inputs["shape"])

    def table(self, inputs):
        return np.column_stack([inputs["shape"], 1e6 * inputs["noise"]])


@pytest.mark.parametrize("name", ["median", "knn", "forest", "boosting"])
def test_a_task_without_fluxes_has_its_baselines(name):
    if not baselines.available(name):
        pytest.skip("scikit-learn is not installed")
    random = np.random.default_rng(6)
    truth = random.uniform(0, 1, 400)
    inputs = {"shape": 3.0 + truth + 0.02 * random.standard_normal(400), "noise": random.standard_normal(400)}
    inputs["shape"][::50] = np.nan
    judged = baselines.cross_fitted(lambda: baselines.build(name, features=Shapes), inputs, truth)
    assert np.isfinite(judged.value).all()
    assert metrics.mae(judged.value, truth) == pytest.approx(*((0.25, 0.05) if name == "median" else (0.05, 0.9)))


def test_held_out_rows_are_judged_in_blocks(monkeypatch):
    baseline = baselines.Neighbours()
    baseline.fit(*sky())
    rows = sky(50, seed=1)
    whole = baselines.held_out(baseline, *rows)
    monkeypatch.setattr(baselines, "BLOCK", 7)
    parts = baselines.held_out(baseline, *rows)
    assert whole.crps.shape == (50,)
    for part, other in zip(whole._parts(), parts._parts(), strict=True):
        assert part == pytest.approx(other, rel=1e-12)


def test_no_rows_at_all():
    baseline = baselines.Neighbours()
    baseline.fit(*sky())
    none = np.zeros((0, 3))
    assert len(baselines.held_out(baseline, {"flux": none, "error": none}, np.zeros(0)).value) == 0


def test_an_unknown_baseline_is_refused():
    with pytest.raises(InputError, match=r"no baseline 'svm'.*median, knn, forest, boosting"):
        baselines.build("svm")


def test_without_scikit_learn_two_baselines_are_unavailable_and_say_what_to_type(monkeypatch):
    monkeypatch.setattr(baselines, "find_spec", lambda name: None)
    assert [name for name in baselines.KINDS if not baselines.available(name)] == ["forest", "boosting"]
    with pytest.raises(InputError, match=r"scikit-learn is not installed.*pip install 'skycnn\[baselines\]'"):
        baselines.build("forest")


def test_importing_the_baselines_does_not_import_scikit_learn():
    import subprocess

    code = "import sys, skycnn.baselines; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def galaxies():
    """Fluxes of the shared SDSS galaxies, and the part each belongs to, 0-9."""
    from astropy.io import fits

    data = fits.getdata(SDSS, 1)
    stored = np.column_stack([data[f"{kind}_{band}"] for kind in ("MAG", "MAGERR") for band in "UGRIZ"]).astype(">f4")
    part = np.array([int.from_bytes(hashlib.sha256(row.tobytes()).digest(), "big") % 10 for row in stored])
    magnitude, error = stored[:, :5].astype(float), stored[:, 5:].astype(float)
    present = (magnitude > 0) & (magnitude < 40) & (error > 0) & (error < 50)
    flux = np.where(present, 10 ** (-0.4 * (magnitude - 23.9)), np.nan)
    inputs = {"flux": flux, "error": flux * error * 0.4 * np.log(10)}
    return inputs, data["Z_SPEC"].astype(float), part


@pytest.mark.skipif(not SDSS.exists(), reason="the shared SDSS galaxies are absent")
@pytest.mark.parametrize(("name", "sigma", "outliers"), [("knn", 0.0202, 0.0157), ("boosting", 0.0192, 0.0157)])
def test_real_galaxies_get_the_known_scores(name, sigma, outliers):
    inputs, z, part = galaxies()
    train, test = (part < 7) & (z >= 0.004), (part > 7) & (z >= 0.004)
    baseline = made(name)
    baseline.fit(baselines.take(inputs, train), z[train])
    answer = baseline.answer(baselines.take(inputs, test)).value
    assert test.sum() == 5494
    assert metrics.sigma_nmad(answer, z[test]) == pytest.approx(sigma, abs=0.0005)
    assert metrics.outlier_fraction(answer, z[test]) == pytest.approx(outliers, abs=0.0015)


@pytest.mark.slow
@pytest.mark.skipif(not SDSS.exists(), reason="the shared SDSS galaxies are absent")
def test_the_forest_gets_the_known_scores_of_real_galaxies():
    inputs, z, part = galaxies()
    train, test = (part < 7) & (z >= 0.004), (part > 7) & (z >= 0.004)
    baseline = made("forest")
    baseline.fit(baselines.take(inputs, train), z[train])
    answer = baseline.answer(baselines.take(inputs, test)).value
    assert metrics.sigma_nmad(answer, z[test]) == pytest.approx(0.0199, abs=0.0005)
    assert metrics.outlier_fraction(answer, z[test]) == pytest.approx(0.0149, abs=0.0015)
