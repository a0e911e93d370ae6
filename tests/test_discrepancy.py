"""The discrepancy of two samples: nothing where they are drawn alike, more the further they lie apart."""

import math

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


def test_it_is_the_sum_over_pairs_with_kernels_as_wide_as_the_median_distance():
    one, other, widths = drawn(1)[:11].double(), drawn(2, shift=0.7)[:8].double(), (0.5, 1.0, 2.0)
    rows = torch.cat([one, other])
    away = [float((a - b).square().sum()) for i, a in enumerate(rows) for b in rows[:i]]
    median = sorted(away)[(len(away) - 1) // 2]

    def kernel(a, b):
        return sum(math.exp(-float((a - b).square().sum()) / (2 * w * w * median)) for w in widths) / 3

    def within(part):
        pairs = [kernel(a, b) for i, a in enumerate(part) for j, b in enumerate(part) if i != j]
        return sum(pairs) / len(pairs)

    between = [kernel(a, b) for a in one for b in other]
    expected = within(one) + within(other) - 2 * sum(between) / len(between)
    assert float(Discrepancy(widths)(one, other)) == pytest.approx(expected, abs=1e-5)


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
