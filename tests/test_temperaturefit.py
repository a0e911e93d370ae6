"""Curves of temperatures: posteriors whose truths scatter otherwise than they say, by width, are made right."""

import numpy as np
import pytest
import torch

from skycnn.network import temperaturefit
from skycnn.posterior import Axis, Bernoulli, Grid, Joint

BINS = 120
AXIS = Axis("Z", 0.0, 1.0, BINS)
PLACES = (np.arange(BINS) + 0.5) / BINS


def normals(rows, seed=0, truer=lambda sigma: np.ones_like(sigma), axis=AXIS):
    """Raw outputs of normal posteriors, sigma 0.02 to 0.1, and truths that scatter ``truer(sigma)`` times as much."""
    rng = np.random.default_rng(seed)
    sigma, centre = np.exp(rng.uniform(np.log(0.02), np.log(0.1), rows)), rng.uniform(0.4, 0.6, rows)
    raw = -0.5 * ((PLACES - centre[:, None]) / sigma[:, None]) ** 2
    truth = centre + truer(sigma) * sigma * rng.normal(size=rows)
    return torch.from_numpy(raw.astype("f4")), torch.from_numpy(truth[:, None]), sigma


def wrong(sigma):
    """Narrow ones are too wide, wide ones too narrow; the mean square is right."""
    return (sigma / 0.045) ** 0.35


def whole(rows, bands=0):
    return torch.zeros(rows, bands, dtype=torch.bool)


def coverage(posterior, raw, truth, tempered, gone, parts=5, column=0):
    """68 % coverage in bins of width."""
    temperatures = None if tempered is None else tempered.temperatures(posterior.log_widths(raw), gone)
    values, _ = posterior.summarise(raw, temperatures=temperatures)
    name = posterior.values[column]
    low, high, true = values[f"{name}_LO"], values[f"{name}_HI"], truth[:, column].numpy()
    order = np.argsort(high - low)
    return np.array([part.mean() for part in np.array_split(((low <= true) & (true <= high))[order], parts)])


def test_coverage_becomes_right_at_every_width():
    grid, (raw, truth, _) = Grid([AXIS]), normals(8000, 1, wrong)
    tempered = temperaturefit.fit(grid, raw, truth, whole(8000))
    raw, truth, _ = normals(20_000, 2, wrong)
    before, after = (coverage(grid, raw, truth, own, whole(20_000)) for own in (None, tempered))
    assert before[0] > 0.77 and before[-1] < 0.6
    assert after == pytest.approx(np.full(5, 0.68), abs=0.025)


@pytest.mark.parametrize("truer", [wrong, lambda sigma: np.ones_like(sigma)], ids=["an effect", "none"])
def test_two_hundred_rows_are_no_worse_than_one_temperature(truer):
    grid, (raw, truth, _) = Grid([AXIS]), normals(5000, 99, truer)
    amiss = {"one": [], "curve": []}
    for seed in range(8):
        rows, true, _ = normals(200, seed, truer)
        steps = temperaturefit.STEPS
        level = [float(grid.excess(rows, true, torch.full((200, 1), float(np.exp(step)))).mean()) for step in steps]
        flat = np.full((1, 2, 3), np.interp(0, -np.array(level), steps), "f4")
        one = temperaturefit.Tempering(np.array([[0, 1, 2]], "f4"), flat)
        for name, own in (("one", one), ("curve", temperaturefit.fit(grid, rows, true, whole(200)))):
            amiss[name].append(coverage(grid, raw, truth, own, whole(5000)) - 0.68)
    one, curve = (float(np.sqrt(np.mean(np.square(amiss[name])))) for name in ("one", "curve"))
    assert curve < one + 0.002


def test_rows_that_lack_a_band_have_their_own_and_few_of_them_that_of_the_others():
    grid, parts = Grid([AXIS]), [normals(3000, 4, lambda sigma: 1.4 + 0 * sigma), normals(3000, 5)]
    raw, truth = (torch.cat([part[number] for part in parts]) for number in (0, 1))
    gone = whole(6000, 3)
    gone[:3000, 1] = True
    gone[-10:, 2] = True
    tempered = temperaturefit.fit(grid, raw, truth, gone)
    assert tempered is not None
    assert tempered.curves[0, 2] == pytest.approx(np.full(3, 2 * np.log(1.4)), abs=0.15)
    assert np.abs(tempered.curves[0, 0]).max() < 0.12
    np.testing.assert_array_equal(tempered.curves[0, [1, 3, 4]], tempered.curves[0, [0, 0, 0]])
    assert coverage(grid, raw[:3000], truth[:3000], tempered, gone[:3000]).mean() == pytest.approx(0.68, abs=0.03)


def test_a_row_that_lacks_a_band_by_itself_counts_for_three_that_it_is_taken_from():
    """A third are too narrow, the others right; counted alike the curve lies nearer to the others' one."""
    grid, parts = Grid([AXIS]), [normals(1000, 6, lambda sigma: 1.5 + 0 * sigma), normals(3000, 7), normals(2000, 8)]
    raw, truth = (torch.cat([part[number] for part in parts]) for number in (0, 1))
    gone = whole(6000, 2)
    gone[:4000, 1] = True
    own, alike = (temperaturefit.fit(grid, raw, truth, gone, taken) for taken in (torch.arange(6000) >= 1000, None))
    few = [coverage(grid, raw[:1000], truth[:1000], found, gone[:1000]).mean() for found in (None, alike, own)]
    many = coverage(grid, raw[1000:4000], truth[1000:4000], own, gone[1000:4000]).mean()
    assert few[0] < few[1] - 0.02 < few[2] - 0.05
    assert few[2] - 0.68 == pytest.approx(0.68 - many, abs=0.04)


def test_a_class_is_made_right_where_it_is_sure_and_where_it_is_not():
    """Logits twice too far where sure, and right where not; the order of probabilities stays."""
    rng = np.random.default_rng(4)
    logit = rng.normal(0, 1.5, 20_000)
    told = np.where(np.abs(logit) > 1.5, logit + np.sign(logit) * 1.5 * (np.abs(logit) - 1.5), logit)
    truth = torch.from_numpy((rng.random(20_000) < 1 / (1 + np.exp(-logit))).astype("f8"))[:, None]
    posterior, raw = Bernoulli("P"), torch.from_numpy(told.astype("f4"))[:, None]
    tempered = temperaturefit.fit(posterior, raw, truth, whole(20_000))
    assert tempered is not None
    after = posterior.summarise(raw, temperatures=tempered.temperatures(posterior.log_widths(raw), whole(20_000)))[0]
    assert float(posterior.loss(torch.logit(torch.from_numpy(after["P"]))[:, None], truth)) < float(
        min(posterior.loss(raw / step, truth) for step in (1.0, 1.1, 1.2, 1.3, 1.4, 1.5))
    )
    order = np.argsort(told)
    assert (np.diff(after["P"][order]) >= -1e-6).all()


def test_marginals_of_a_joint_grid_are_made_right_together():
    """Two axes that hang together, each too wide where narrow; of the joint both marginals come out right."""
    axes = Axis("A", 0.0, 1.0, 24), Axis("B", 0.0, 1.0, 24)
    places, rng = (np.arange(24) + 0.5) / 24, np.random.default_rng(5)

    def drawn(rows):
        sigma, centre = np.exp(rng.uniform(np.log(0.05), np.log(0.12), rows)), rng.uniform(0.4, 0.6, (rows, 2))
        a, b = ((places - centre[:, [i]]) / sigma[:, None] for i in (0, 1))
        lies = 0.5
        raw = -0.5 * (a[:, :, None] ** 2 - 2 * lies * a[:, :, None] * b[:, None] + b[:, None] ** 2) / (1 - lies**2)
        one, two = rng.normal(size=(2, rows))
        scatter = (sigma * (sigma / 0.075) ** 0.5)[:, None] * np.stack(
            [one, lies * one + np.sqrt(1 - lies**2) * two], 1
        )
        return torch.from_numpy(raw.reshape(rows, -1).astype("f4")), torch.from_numpy(centre + scatter)

    grid, (raw, truth) = Grid(axes), drawn(2500)
    tempered = temperaturefit.fit(grid, raw, truth, whole(2500))
    raw, truth = drawn(6000)
    for column in (0, 1):
        before, after = (coverage(grid, raw, truth, own, whole(6000), 3, column) for own in (None, tempered))
        assert np.abs(before - 0.68).max() > 0.06
        assert after == pytest.approx(np.full(3, 0.68), abs=0.035)


def test_each_part_of_a_joint_is_fitted_by_the_rows_that_have_its_truth():
    raw, truth, _ = normals(3000, 6, wrong)
    logit = torch.linspace(-3, 3, 3000)[:, None]
    both, truths = Joint(Grid([AXIS]), Bernoulli("P")), torch.cat([truth, torch.full_like(truth, torch.nan)], 1)
    tempered = temperaturefit.fit(both, torch.cat([raw, logit], 1), truths, whole(3000))
    alone = temperaturefit.fit(Grid([AXIS]), raw, truth, whole(3000))
    assert tempered is not None and alone is not None
    np.testing.assert_array_equal(tempered.curves[0], alone.curves[0])
    assert not tempered.curves[1].any()
    values, _ = both.summarise(
        torch.cat([raw, logit], 1),
        temperatures=tempered.temperatures(both.log_widths(torch.cat([raw, logit], 1)), whole(3000)),
    )
    np.testing.assert_array_equal(values["P"], Bernoulli("P").summarise(logit)[0]["P"])


def test_rows_that_all_lack_a_band_are_calibrated_too():
    raw, truth, _ = normals(1000, 9, lambda sigma: 1.4 + 0 * sigma)
    gone = whole(1000, 2)
    gone[:, 0] = True
    found = temperaturefit.fit(Grid([AXIS]), raw, truth, gone)
    assert found is not None
    assert found.curves[0, 1] == pytest.approx(np.full(3, 2 * np.log(1.4)), abs=0.2)
    assert not found.curves[0, 0].any()


def test_few_rows_or_none_with_a_truth_leave_all_as_it_is():
    raw, truth, _ = normals(200, 7, wrong)
    assert temperaturefit.fit(Grid([AXIS]), raw[:19], truth[:19], whole(19)) is None
    assert temperaturefit.fit(Grid([AXIS]), raw, torch.full_like(truth, torch.nan), whole(200)) is None


def test_posteriors_all_alike_and_truths_all_of_one_class_end_in_bounds():
    raw, truth, _ = normals(300, 8)
    same = temperaturefit.fit(Grid([AXIS]), raw[:1].expand(300, -1), truth, whole(300))
    assert same is None or (np.isfinite(same.curves).all() and (np.diff(same.knots) > 0).all())
    one = temperaturefit.fit(Bernoulli("P"), torch.ones(300, 1), torch.ones(300, 1), whole(300))
    assert one is not None and np.abs(one.curves).max() <= temperaturefit.LARGEST + 1e-6
