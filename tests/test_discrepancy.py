"""The discrepancy of two samples: nothing where they are drawn alike, more the further they lie apart."""

import pytest
import torch

from skycnn.network.discrepancy import Discrepancy


def drawn(seed, shift=0.0, scale=1.0):
    return shift + scale * torch.randn(400, 3, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("widths", [(0.5, 1.0, 2.0), ()])
def test_samples_that_differ_are_told_apart(widths):
    of = Discrepancy(widths)
    alike = abs(float(of(drawn(1), drawn(2))))
    assert alike < 0.01
    assert float(of(drawn(1), drawn(2, scale=2.0))) > 10 * alike
    both = {"a": drawn(1), "b": drawn(3)}
    other = {"a": drawn(2, scale=2.0), "b": drawn(4)}
    assert float(of(both, other)) == pytest.approx(sum(float(of(both[name], other[name])) for name in both))


def test_a_shift_of_the_mean_is_in_the_mean_discrepancy_alone():
    assert float(Discrepancy()(drawn(1), drawn(2, shift=1.0))) > 0.05
    assert float(Discrepancy(())(drawn(1), drawn(2, shift=1.0))) < 0.01


def test_it_is_made_small_by_its_gradient():
    shift, one, other = torch.tensor(2.0, requires_grad=True), drawn(1)[:100], drawn(2)[:100]
    optimiser = torch.optim.Adam([shift], 0.2)
    for _ in range(30):
        optimiser.zero_grad()
        Discrepancy()(one, other + shift).backward()
        optimiser.step()
    assert abs(shift.item()) < 0.3


def test_two_kinds_of_features_are_no_pair():
    with pytest.raises(TypeError, match="of two kinds"):
        Discrepancy()(drawn(1), {"a": drawn(2)})
