"""The learning rate of each step, and random numbers that follow from an epoch's number."""

import numpy as np
import pytest
import torch

from skycnn.network.schedule import one_cycle, seeded

CPU = torch.device("cpu")


def drawn(*parts):
    """Return a number of the generator and one of torch's own."""
    with seeded(CPU, *parts) as generator:
        return float(torch.rand(1, generator=generator)), float(torch.rand(1))


def test_random_numbers_follow_from_the_parts():
    assert drawn(1, 2) == drawn(1, 2)
    assert len({drawn(1, 2), drawn(1, 3), drawn(2, 1), drawn(12), drawn(1, 2, 0)}) == 5


def test_the_callers_random_numbers_are_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    drawn(1)
    assert torch.equal(torch.rand(1), expected)


def test_the_rate_rises_for_a_tenth_and_falls_to_nothing():
    rates, betas = zip(*(one_cycle(step, 1000, 2.0) for step in range(1000)), strict=True)
    assert np.argmax(rates) == 100
    assert rates[100] == pytest.approx(2.0)
    assert rates[0] == pytest.approx(2.0 / 25)
    assert rates[-1] == pytest.approx(2.0 * 4e-6)
    assert (np.diff(rates[:101]) > 0).all()
    assert (np.diff(rates[100:]) < 0).all()
    assert betas[100] == pytest.approx(0.85)
    assert betas[-1] == pytest.approx(0.95)
