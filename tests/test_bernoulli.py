"""Bernoulli: an interval that can be checked, by one more network like those of an ensemble."""

import math

import numpy as np
import pytest
import torch

from skycnn.posterior import Bernoulli

ONE, LEARNT = Bernoulli("P_CAT", "is a cat"), Bernoulli("P_CAT", "is a cat", spread=True)


def test_one_network_has_no_interval() -> None:
    values, _ = Bernoulli("P_CAT").summarise(torch.tensor([[0.0], [2.0]]))
    np.testing.assert_allclose(values["P_CAT"], [0.5, 1 / (1 + np.exp(-2))], rtol=1e-6)
    assert np.isnan(values["P_CAT_LO"]).all() and np.isnan(values["P_CAT_HI"]).all()


def test_what_learns_from_an_ensemble_has_a_mean_and_a_spread() -> None:
    learnt = ONE.distilled()
    assert (ONE.outputs, learnt.outputs, learnt.distilled().outputs) == (1, 2, 2)
    values, bits = learnt.summarise(torch.tensor([[0.0, 1.0], [2.0, -0.5], [1.0, 0.0]]))
    np.testing.assert_allclose(values["P_CAT_HI"][:2], torch.sigmoid(torch.tensor([0.99446, 2.49723])), rtol=1e-4)
    np.testing.assert_allclose(values["P_CAT_LO"][0], 1 - values["P_CAT_HI"][0], rtol=1e-4)
    assert values["P_CAT_HI"][2] - values["P_CAT_LO"][2] < 1e-3
    assert not bits.any()
    assert "over trainings" in learnt.columns()[1].meaning


def test_the_interval_holds_the_probability_also_of_a_wide_spread() -> None:
    mean, spread = torch.meshgrid(torch.linspace(-12, 12, 25), torch.linspace(0, 6, 13), indexing="ij")
    values, _ = LEARNT.summarise(torch.stack([mean.flatten(), spread.flatten()], dim=1))
    assert (values["P_CAT_LO"] <= values["P_CAT"]).all()
    assert (values["P_CAT"] <= values["P_CAT_HI"]).all()


def test_the_probability_is_the_mean_over_the_spread() -> None:
    raw = torch.tensor([[0.5, 1.5], [-1.0, 0.7], [2.0, 1.0]])
    draws = raw[:, :1] + raw[:, 1:] * torch.randn(3, 40_000, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(LEARNT.summarise(raw)[0]["P_CAT"], torch.sigmoid(draws).mean(1), atol=0.012)


@pytest.mark.parametrize("members", [3, 20])
def test_one_more_network_falls_into_the_interval_in_68_percent_of_rows(members: int) -> None:
    """Rows in families whose spread a network can learn: it answers with a family's mean square spread."""
    random, rows = np.random.default_rng(4), 30_000
    centre, sigma = random.normal(0, 2, rows), np.repeat([0.2, 0.5, 1.0], rows // 3)
    logits = torch.from_numpy(centre + sigma * random.standard_normal((members + 1, rows)))[..., None]
    blend = ONE.blend(list(logits[:-1]))
    assert torch.allclose(blend[:, 0], logits[:-1, :, 0].mean(0))
    learnt = (blend[:, 1].reshape(3, -1) ** 2).mean(1, keepdim=True).sqrt().expand(3, rows // 3).reshape(-1)
    values, _ = LEARNT.summarise(torch.stack([blend[:, 0], learnt], dim=1))
    further = torch.sigmoid(logits[-1, :, 0]).numpy()
    inside = (values["P_CAT_LO"] <= further) & (further <= values["P_CAT_HI"])
    assert [part.mean() for part in np.split(inside, 3)] == pytest.approx([0.68] * 3, abs=0.015)


def test_imitation_is_best_at_the_ensembles_mean_and_mean_square_spread() -> None:
    other = torch.tensor([[0.3, 0.8], [-2.0, 0.1]])
    same = other.clone().requires_grad_()
    LEARNT.imitate(same, other).backward()
    assert same.grad is not None and same.grad.abs().max() < 1e-6
    assert float(LEARNT.imitate(other, other)) == pytest.approx(0, abs=1e-6)
    assert LEARNT.imitate(other * torch.tensor([1.0, -1.0]), other) == LEARNT.imitate(other, other)
    several = torch.tensor([[1.0, 0.5], [1.0, 1.0], [1.0, 2.0]])
    best = torch.tensor([[1.0, math.sqrt(5.25 / 3)]]).expand(3, 2).clone().requires_grad_()
    LEARNT.imitate(best, several).backward()
    assert best.grad is not None and best.grad.sum(0).abs().max() < 1e-6


def test_a_temperature_divides_mean_and_spread() -> None:
    raw = torch.tensor([[2.0, 0.8]])
    warm, _ = LEARNT.summarise(raw / 2)
    expected, _ = LEARNT.summarise(torch.tensor([[1.0, 0.4]]))
    assert warm == expected


def test_the_loss_is_the_cross_entropy_over_rows_with_a_truth() -> None:
    raw, truth = torch.tensor([[0.0], [2.0], [5.0]]), torch.tensor([1.0, 0.0, torch.nan])
    expected = (math.log(2) + math.log1p(math.exp(2))) / 2
    assert float(ONE.loss(raw, truth)) == pytest.approx(expected)
    assert float(ONE.loss(raw, truth[:, None])) == pytest.approx(expected)
    assert float(ONE.loss(raw, torch.full((3, 1), torch.nan))) == 0
    assert ONE.miscalibration(raw, truth) == ONE.score(raw, truth) == ONE.loss(raw, truth)


def test_a_lone_member_leaves_no_spread() -> None:
    assert ONE.blend([torch.tensor([[1.5]])]).tolist() == [[1.5, 0.0]]


@pytest.mark.parametrize("members", [3, 20])
def test_the_interval_spans_one_more_network_though_what_learns_errs_and_its_spread_is_off(members: int) -> None:
    random, rows = np.random.default_rng(5), 30_000
    centre, error = random.normal(0, 2, rows), 0.4 * random.standard_normal(rows)
    logits = torch.from_numpy(centre + 0.5 * random.standard_normal((members + 1, rows)))[..., None]
    learnt = logits[:-1, :, 0].mean(0) + torch.from_numpy(error)
    raw = torch.stack([learnt, torch.full_like(learnt, -1.3)], dim=1)
    spanning = LEARNT.spanning(raw, list(logits[:-1]), ONE)
    values, _ = spanning.summarise(raw)
    further = torch.sigmoid(logits[-1, :, 0]).numpy()
    inside = (values["P_CAT_LO"] <= further) & (further <= values["P_CAT_HI"])
    assert inside.mean() == pytest.approx(0.68, abs=0.015)
    np.testing.assert_array_equal(values["P_CAT"], LEARNT.summarise(raw)[0]["P_CAT"])
    again, _ = Bernoulli(**spanning.settings()).summarise(raw)
    np.testing.assert_array_equal(again["P_CAT_HI"], values["P_CAT_HI"])
    assert LEARNT.spanning(raw, list(logits[:1]), ONE) is LEARNT
    assert ONE.spanning(raw[:, :1], list(logits), ONE) is ONE
