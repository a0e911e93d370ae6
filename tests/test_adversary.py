"""The adversary tells two samples apart; what it sees learns the contrary."""

import pytest
import torch

from skycnn.network.adversary import Adversary, Reversed, flat


def drawn(shift):
    torch.manual_seed(0)
    return torch.randn(200, 3) + shift


@pytest.fixture
def trained():
    torch.manual_seed(1)
    adversary = Adversary(3)
    optimiser = torch.optim.Adam(adversary.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        adversary.loss(drawn(0.0), drawn(3.0), 1.0).backward()
        optimiser.step()
    return adversary


def test_samples_that_differ_are_told_apart(trained):
    assert trained.accuracy(drawn(0.0), drawn(3.0)) > 0.9
    assert trained.accuracy(drawn(0.0), drawn(0.0)) == pytest.approx(0.5)


def test_features_learn_to_be_taken_for_the_other_sample(trained):
    shift = torch.tensor(3.0, requires_grad=True)
    optimiser = torch.optim.Adam([shift], 0.1)
    before = float(trained.loss(drawn(0.0), drawn(shift), 1.0).detach())
    for _ in range(20):
        optimiser.zero_grad()
        trained.loss(drawn(0.0), drawn(shift), 1.0).backward()
        optimiser.step()
    assert float(trained.loss(drawn(0.0), drawn(shift), 1.0).detach()) > 2 * before


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_the_gradient_is_turned_round_and_weighted(weight):
    values = torch.ones(2, 3, requires_grad=True)
    same = Reversed.apply(values, weight)
    assert torch.equal(same, values)
    same.sum().backward()
    assert torch.equal(values.grad, torch.full((2, 3), -weight))


def test_features_of_any_form_are_a_table():
    one, two = torch.zeros(4, 2, 3), torch.ones(4, 5)
    assert flat(one).shape == (4, 6)
    assert torch.equal(flat({"b": two, "a": one}), torch.cat([one.flatten(1), two], 1))
