"""Integrated gradients of functions whose integrals are known."""

import numpy as np
import pytest
import torch

from skycnn.network.integratedgradients import BEGIN, MOST, POINTS, integrate, legendre

INPUTS = {"x": torch.tensor([[1.0, 2.0], [3.0, 4.0], [0.5, 0.25]]), "y": torch.tensor([5.0, 6.0, 7.0])}
NOTHING = {"x": torch.zeros(3, 2)}


def test_the_rule_is_exact_for_polynomials():
    places, weights = (np.array(own) for own in legendre(4))
    assert [float(weights @ places**k) for k in range(8)] == pytest.approx([1 / (k + 1) for k in range(8)])


def test_shares_of_a_product_are_halves_and_inputs_without_reference_stay():
    def value(at, rows):
        assert torch.equal(at["y"], INPUTS["y"][rows])
        return at["x"].prod(1) * at["y"]

    found = integrate(value, INPUTS, NOTHING)
    whole = INPUTS["x"].prod(1) * INPUTS["y"]
    assert torch.allclose(found.maps["x"], whole[:, None].expand(3, 2) / 2, rtol=1e-5)
    assert torch.allclose(found.answer, whole) and not found.reference.any()
    assert found.steps.tolist() == [POINTS * (len(BEGIN) - 1)] * 3


def test_rows_with_a_kink_get_more_points_where_it_is():
    kink = torch.tensor([0.0, 0.61, 0.377])

    def value(at, rows):
        place = at["x"][:, 0] / INPUTS["x"][rows, 0]
        return torch.relu(place - kink[rows]) ** 0.5 + at["x"][:, 1]

    bounded, fixed = integrate(value, INPUTS, NOTHING, bound=1e-4), integrate(value, INPUTS, NOTHING, steps=24)
    assert (bounded.residual.abs() <= 1e-4 * bounded.answer.abs()).all()
    assert (bounded.steps > 24).all() and (bounded.steps <= MOST).all()
    assert fixed.residual.abs().max() > 1e-3 and fixed.steps.tolist() == [24] * 3
    total = bounded.maps["x"].sum(1)
    assert torch.allclose(total - bounded.residual, bounded.answer - bounded.reference, atol=1e-5)


def test_a_jump_ends_at_the_limit_and_its_residual_tells():
    def value(at, rows):
        return at["x"].sum(1) + 10 * (at["x"][:, 0] > 0.4 * INPUTS["x"][rows, 0])

    found = integrate(value, INPUTS, NOTHING)
    assert torch.allclose(found.residual, torch.tensor(-10.0), atol=1e-3)
    assert (found.steps <= MOST).all() and (found.steps > MOST / 8).all()
    assert torch.allclose(found.maps["x"], INPUTS["x"], rtol=1e-4)


def test_gradients_that_do_not_exist_and_what_is_absent_count_nothing():
    inputs = {"x": torch.tensor([[1.0, float("nan")], [2.0, 3.0]])}

    def value(at, rows):
        x = at["x"].nan_to_num(0.0)
        return x.sum(1) + torch.sqrt((rows == 0) + 0 * x[:, 0])  # of the second row's root there is no gradient

    found = integrate(value, inputs, {"x": 0 * inputs["x"]})
    assert found.maps["x"][0].tolist() == pytest.approx([1, 0]) and torch.isfinite(found.maps["x"]).all()
    assert torch.isfinite(found.residual).all()
