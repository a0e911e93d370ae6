"""Joint: each posterior by itself, side by side, weighted by how many rows have a truth of it."""

import numpy as np
import pytest
import torch

from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.schema import Flag

FIRST, RADIUS, REAL = (
    Grid([Axis("A", 0.0, 1.0, 5), Axis("B", 0.0, 1.0, 4)]),
    Grid([Axis("R", 0.0, 2.0, 6)]),
    Bernoulli("P"),
)
JOINT = Joint(FIRST, REAL, RADIUS)
RAW = torch.randn(12, 27, generator=torch.Generator().manual_seed(0))


def truth() -> torch.Tensor:
    """Truths of A, B, P, R; every third row is a yes without a radius, every fourth has no A and B."""
    values = torch.rand(12, 4, generator=torch.Generator().manual_seed(1))
    values[:, 2] = (torch.arange(12) % 2).float()
    values[::3, 3] = torch.nan
    values[::4, :2] = torch.nan
    return values


def test_outputs_truths_and_columns_stand_side_by_side() -> None:
    assert (JOINT.outputs, JOINT.values, JOINT.value) == (27, ("A", "B", "P", "R"), "A")
    assert JOINT.kinds == {"A": "value", "B": "value", "P": "class", "R": "value"}
    places = [(part.posterior, part.outputs, part.truths) for part in JOINT.parts]
    assert places == [
        (FIRST, slice(0, 20), slice(0, 2)),
        (REAL, slice(20, 21), slice(2, 3)),
        (RADIUS, slice(21, 27), slice(3, 4)),
    ]
    assert JOINT.settings() == {"members": [FIRST.settings(), REAL.settings(), RADIUS.settings()]}


@pytest.mark.parametrize("of", ["loss", "score", "miscalibration"])
def test_the_sum_is_weighted_by_the_share_of_known_truths(of: str) -> None:
    known = truth()
    parts = [
        0.75 * getattr(FIRST, of)(RAW[:, :20], known[:, :2]),
        1.0 * getattr(REAL, of)(RAW[:, 20:21], known[:, 2]),
        8 / 12 * getattr(RADIUS, of)(RAW[:, 21:], known[:, 3]),
    ]
    assert float(getattr(JOINT, of)(RAW, known)) == pytest.approx(float(sum(parts)), rel=1e-5)


def test_the_score_is_the_mean_of_the_rows_sums() -> None:
    alone = [float(JOINT.score(RAW[i : i + 1], truth()[i : i + 1])) for i in range(12)]
    assert float(JOINT.score(RAW, truth())) == pytest.approx(np.mean(alone), rel=1e-5)


def test_a_part_that_no_row_has_a_truth_of_costs_nothing() -> None:
    known = truth()
    known[:, 3] = torch.nan
    assert float(JOINT.loss(RAW, known)) == pytest.approx(float(Joint(FIRST, REAL).loss(RAW[:, :21], known[:, :3])))


def test_the_summary_is_the_parts_and_all_their_flags() -> None:
    edge = RAW.clone()
    edge[0, 21:] = torch.tensor([30.0, 0, 0, 0, 0, 0])  # a radius on the grid's end
    values, bits = JOINT.summarise(edge, pdf=True)
    assert set(values) == {column.name for column in JOINT.columns(pdf=True)}
    own, _ = RADIUS.summarise(edge[:, 21:], pdf=True)
    for name, expected in own.items():
        np.testing.assert_array_equal(values[name], expected)
    assert bits[0] & Flag.VALUE_OUTSIDE
    assert JOINT.distribution("P", values) is None
    behind = JOINT.distribution("R", values)
    assert behind is not None
    np.testing.assert_allclose(behind.quantile(0.5), values["R"], rtol=1e-4)
    assert JOINT.outside(np.array([[0.5, 0.5, 1, 3.0], [0.5, np.nan, 0, 1.0]])).tolist() == [True, False]


def test_where_there_is_nothing_what_is_said_of_it_is_not_flagged() -> None:
    given = Joint(FIRST, REAL, RADIUS, given="P")
    raw = torch.zeros(4, 27)
    raw[:, 26] = 50  # the radius leans on its end
    raw[:, 20] = torch.tensor([3.0, 0.01, -0.01, torch.nan])
    values, bits = given.summarise(raw)
    assert bits.tolist() == [Flag.VALUE_OUTSIDE, Flag.VALUE_OUTSIDE, 0, 0]
    assert (JOINT.summarise(raw)[1] == Flag.VALUE_OUTSIDE).all()
    assert np.isfinite(values["R"]).all()
    for other in (given.distilled(), given.calibrated(RAW, truth())):
        assert other.given == "P"


def test_what_learns_from_an_ensemble_imitates_part_by_part() -> None:
    learnt = JOINT.distilled()
    assert learnt.outputs == 28
    members = [RAW, RAW.flip(0)]
    blend = JOINT.blend(members)
    assert blend.shape == (12, 28)
    torch.testing.assert_close(blend[:, :20], FIRST.blend([raw[:, :20] for raw in members]))
    torch.testing.assert_close(blend[:, 20:22], REAL.blend([raw[:, 20:21] for raw in members]))
    torch.testing.assert_close(blend[:, 22:], RADIUS.blend([raw[:, 21:] for raw in members]))
    same = blend.clone().requires_grad_()
    JOINT.imitate(same, blend).backward()
    assert same.grad is not None and same.grad.abs().max() < 1e-6
    values, _ = learnt.summarise(blend)
    assert (values["P_HI"] > values["P_LO"]).all()
    alone = REAL.distilled().spanning(blend[:, 20:22], [raw[:, 20:21] for raw in members], REAL)
    spanning, _ = learnt.spanning(blend, members, JOINT).summarise(blend)
    np.testing.assert_array_equal(spanning["P_HI"], alone.summarise(blend[:, 20:22])[0]["P_HI"])
    assert (spanning["P_HI"] != values["P_HI"]).any()
    learnt.loss(same, truth()).backward()


def test_impossible_joints_are_refused() -> None:
    with pytest.raises(ValueError, match="needs a posterior"):
        Joint()
    with pytest.raises(ValueError, match="a column twice: R R"):
        Joint(RADIUS, RADIUS)
