"""baselines: one contract for all kinds, and the real galaxies' known scores."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from classical import few_trees, made, sky  # noqa: F401
from skycnn import baselines, metrics

LEARNERS = tuple(name for name in baselines.KINDS if name != "median")
SDSS = Path(__file__).parents[1].parent / "shared" / "data" / "sdss_galaxies.fits"


@pytest.mark.usefixtures("few_trees")
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


@pytest.mark.usefixtures("few_trees")
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


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("name", LEARNERS)
def test_those_that_learn_learn(name):
    baseline = made(name)
    baseline.fit(*sky())
    inputs, z = sky(300, seed=1)
    assert metrics.mae(baseline.answer(inputs).value, z) < 0.05
    assert metrics.mae(np.full(300, np.median(z)), z) > 0.2


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("name", baselines.KINDS)
def test_a_class_that_never_occurs_has_probability_zero(name):
    baseline, (inputs, _) = made(name, classes=True), sky(60)
    baseline.fit(inputs, np.zeros(60))
    assert (baseline.answer(inputs).value == 0).all()


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("name", baselines.KINDS)
def test_the_same_fit_gives_the_same_answer(name):
    inputs, z = sky(200)
    first, second = made(name), made(name)
    first.fit(inputs, z)
    second.fit(inputs, z)
    assert (first.answer(inputs).value == second.answer(inputs).value).all()


class Shapes:
    """A task's own features: scalars, one of them missing in places, and no coordinates for neighbours."""

    inputs = ("shape",)

    def __init__(self, inputs):
        self.learned = len(inputs["shape"])

    def table(self, inputs):
        return np.column_stack([inputs["shape"], 1e6 * inputs["noise"]])


@pytest.mark.usefixtures("few_trees")
@pytest.mark.parametrize("name", baselines.KINDS)
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


SCORES = [
    ("knn", 0.0207, 0.0144),
    ("locallinear", 0.0192, 0.0140),
    pytest.param("forest", 0.0192, 0.0157, marks=pytest.mark.slow),
    pytest.param("extratrees", 0.0196, 0.0155, marks=pytest.mark.slow),
    pytest.param("boosting", 0.0193, 0.0153, marks=pytest.mark.slow),
]


@pytest.mark.skipif(not SDSS.exists(), reason="the shared SDSS galaxies are absent")
@pytest.mark.parametrize(("name", "sigma", "outliers"), SCORES)
def test_real_galaxies_get_the_known_scores(name, sigma, outliers):
    inputs, z, part = galaxies()
    train, test = (part < 7) & (z >= 0.004), (part > 7) & (z >= 0.004)
    baseline = made(name)
    baseline.fit(baselines.take(inputs, train), z[train])
    answer = baseline.answer(baselines.take(inputs, test)).value
    assert test.sum() == 5494
    assert metrics.sigma_nmad(answer, z[test]) == pytest.approx(sigma, abs=0.0005)
    assert metrics.outlier_fraction(answer, z[test]) == pytest.approx(outliers, abs=0.0015)
