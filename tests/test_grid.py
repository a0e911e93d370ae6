"""Grid against entropies, brute-force sums over unknown axes, and truths drawn from the grids themselves."""

import numpy as np
import pytest
import torch

from gridded import axis, mixture, normal_raw
from skycnn.posterior import Axis, Grid

AGE, DUST, MASS = Axis("LOG_AGE", 6.0, 10.0, 8, blur=0.7), Axis("A_V", 0.0, 3.0, 6), Axis("LOG_MASS", 2.0, 6.0, 5)
GRIDS = {"two axes": Grid([AGE, DUST]), "three axes": Grid([AGE, DUST, MASS])}


def test_the_best_loss_is_the_entropy_of_the_target() -> None:
    posterior = Grid([axis(blur=3.0)])
    truth = torch.tensor([0.4, 1.1])
    target = axis(blur=3.0).target(truth)
    best = posterior.loss(torch.log(target.clamp(min=1e-30)), truth)
    entropy = -(target * torch.log(target.clamp(min=1e-30))).sum(1).mean()
    assert float(best) == pytest.approx(float(entropy), rel=1e-5)
    assert posterior.loss(torch.zeros(2, 400), truth) > best


def test_a_blend_of_one_is_itself_and_of_two_the_mean() -> None:
    posterior = Grid([axis(bins=50)])
    one, two = torch.randn(3, 50, generator=torch.Generator().manual_seed(0)), torch.zeros(3, 50)
    mean = (torch.softmax(one, 1) + torch.softmax(two, 1)) / 2
    torch.testing.assert_close(torch.softmax(posterior.blend([one, two]), 1), mean)
    torch.testing.assert_close(torch.softmax(posterior.blend([one]), 1), torch.softmax(one, 1))


def test_a_row_does_not_depend_on_the_others() -> None:
    posterior, raws = Grid([axis()]), [mixture(0.4, 0.4, 0.9), normal_raw(axis(), 1.0, 0.1)[None], mixture(0, 0.2, 1)]
    together, bits = posterior.summarise(torch.cat(raws))
    for i, raw in enumerate(raws):
        alone, bit = posterior.summarise(raw)
        assert bits[i] == bit[0]
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][i], value[0], rtol=1e-6)


def test_two_axes_give_the_marginals_of_independent_ones() -> None:
    first = Axis("LOG_AGE", 6.0, 10.0, 40)
    second = Axis("A_V", 0.0, 3.0, 30)
    posterior = Grid([first, second])
    assert posterior.outputs == 1200
    one, two = torch.randn(1, 40, generator=torch.Generator().manual_seed(1)), torch.randn(1, 30)
    joint = (one[:, :, None] + two[:, None, :]).flatten(1)
    values, _ = posterior.summarise(joint, pdf=True)
    np.testing.assert_allclose(values["LOG_AGE_PDF"], torch.softmax(one, 1).numpy(), rtol=1e-4)
    alone, _ = Grid([second]).summarise(two)
    np.testing.assert_allclose(values["A_V"], alone["A_V"], rtol=1e-4)
    truth = torch.tensor([[8.0, 1.0]])
    apart = Grid([first]).loss(one, truth[:, 0]) + Grid([second]).loss(two, truth[:, 1])
    assert float(posterior.loss(joint, truth)) == pytest.approx(float(apart), rel=1e-5)


def test_a_grid_needs_an_axis() -> None:
    with pytest.raises(ValueError, match="needs an axis"):
        Grid([])


def test_truths_off_the_grid_are_known():
    grid = Grid([Axis("Z", 0.0, 2.0, 20), Axis("T", -1.0, 1.0, 10)])
    assert grid.outside(np.array([[1.0, 0.0], [2.5, 0.0], [1.0, -2.0]])).tolist() == [False, True, True]
    assert Grid([Axis("Z", 0.0, 2.0, 20)]).outside(np.array([-0.1, 0.0, 2.0, 2.1])).tolist() == [
        True,
        False,
        False,
        True,
    ]


def raws(grid: Grid, n: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(n, grid.outputs, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def truths(grid: Grid, n: int, lost: float, seed: int = 1) -> torch.Tensor:
    """Uniform truths, some of them NaN."""
    random = np.random.default_rng(seed)
    low, high = (np.array([getattr(one, end) for one in grid.axes]) for end in ("low", "high"))
    drawn = random.uniform(low, high, (n, len(low)))
    drawn[random.random(drawn.shape) < lost] = np.nan
    return torch.from_numpy(drawn)


def brute(grid: Grid, raw: torch.Tensor, truth: torch.Tensor, *, blurred: bool) -> float:
    """The mean cross-entropy, row by row: the product of the targets against the grid summed over unknown axes."""
    total, rows = 0.0, 0
    for logits, values in zip(raw.numpy(), truth.numpy(), strict=True):
        known = [i for i, value in enumerate(values) if np.isfinite(value)]
        mass = np.exp(logits - logits.max()).reshape(grid.shape)
        mass = (mass / mass.sum()).sum(axis=tuple(i for i in range(len(values)) if i not in known))
        target = np.ones(())
        for i in known:
            one = grid.axes[i].target(truth.new_tensor([values[i]]))[0].numpy()
            if not blurred:
                one = (np.arange(len(one)) == int(grid.axes[i].bin(truth.new_tensor([values[i]])))).astype(float)
            target = target[..., None] * one
        if known:
            total, rows = total - float((target * np.log(mass)).sum()), rows + 1
    return total / rows


@pytest.mark.parametrize("lost", [0.0, 0.4])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_loss_and_score_sum_the_grid_over_axes_without_a_truth(grid: Grid, lost: float) -> None:
    raw, truth = raws(grid, 60), truths(grid, 60, lost)
    assert float(grid.loss(raw, truth)) == pytest.approx(brute(grid, raw, truth, blurred=True), rel=1e-9)
    assert float(grid.score(raw, truth)) == pytest.approx(brute(grid, raw, truth, blurred=False), rel=1e-9)


def test_rows_without_any_truth_cost_nothing_and_can_be_differentiated() -> None:
    grid = GRIDS["two axes"]
    raw = raws(grid, 5).requires_grad_()
    loss = grid.loss(raw, torch.full((5, 2), torch.nan, dtype=torch.float64))
    loss.backward()
    assert float(loss.detach()) == 0
    assert raw.grad is not None and not raw.grad.any()
    assert float(grid.miscalibration(raw.detach(), torch.full((5, 2), torch.nan))) == 0


def drawn(grid: Grid, raw: torch.Tensor, seed: int = 2) -> torch.Tensor:
    """Truths (n, axes) drawn from the grids themselves, uniform within a bin."""
    random = torch.Generator().manual_seed(seed)
    index = torch.multinomial(torch.softmax(raw, dim=1), 1, generator=random)[:, 0]
    places = np.stack(np.unravel_index(index.numpy(), grid.shape), axis=1) + np.random.default_rng(seed).random(
        (len(raw), len(grid.axes))
    )
    return torch.stack([one.value(torch.from_numpy(places[:, i])) for i, one in enumerate(grid.axes)], dim=1)


@pytest.mark.parametrize("grid", [Grid([AGE]), *GRIDS.values()], ids=["one axis", *GRIDS])
def test_grids_that_truths_are_drawn_from_are_calibrated_and_no_others(grid: Grid) -> None:
    raw = raws(grid, 20_000, scale=3.0)
    truth = drawn(grid, raw)
    amiss = {factor: float(grid.miscalibration(raw * factor, truth)) for factor in (0.5, 0.75, 1.0, 1.4, 2.0)}
    assert amiss[1.0] < 0.005
    assert amiss[0.5] > amiss[0.75] > 4 * amiss[1.0]
    assert amiss[2.0] > amiss[1.4] > 4 * amiss[1.0]


def test_the_joint_is_calibrated_by_itself_and_a_flat_grid_is() -> None:
    """Marginals that cover as they should, of axes that are in truth one: only the joint tells."""
    grid = Grid([Axis("A", 0.0, 1.0, 8), Axis("B", 0.0, 1.0, 8)])
    flat, random = torch.zeros(20_000, 64, dtype=torch.float64), np.random.default_rng(3)
    apart = torch.from_numpy(random.random((20_000, 2)))
    assert float(grid.miscalibration(flat, apart)) < 0.005
    one = (torch.eye(8, dtype=torch.float64) * 3).flatten().expand(20_000, -1)
    assert float(grid.miscalibration(one, apart)) > 0.05


def test_calibration_uses_rows_with_some_truths() -> None:
    grid, raw = GRIDS["two axes"], raws(GRIDS["two axes"], 5000, scale=3.0)
    truth = drawn(grid, raw)
    truth[::2, 1] = torch.nan
    assert float(grid.miscalibration(raw, truth)) < 0.01 < float(grid.miscalibration(2 * raw, truth))


def test_marginals_are_calibrated_where_one_temperature_cannot() -> None:
    grid = GRIDS["two axes"]
    raw, sharp = raws(grid, 20_000, scale=2.0), Grid(grid.axes, (0.8, 0.0))
    truth = drawn(grid, sharp._joint(raw).log())
    found = grid.calibrated(raw, truth)
    assert found.sharpness == pytest.approx((0.8, 0.0), abs=0.11)
    again = Grid(**found.settings())
    values = [own.summarise(raw.float())[0] for own in (found, again)]
    assert all(np.array_equal(values[0][name], values[1][name]) for name in values[0])
    assert float(found.miscalibration(raw, truth)) < 0.02 < float(grid.miscalibration(raw, truth))
    assert Grid([AGE]).calibrated(raw[:, :12], truth[:, :1]).sharpness == (0.0,)
    truth[:, 0] = torch.nan
    assert grid.calibrated(raw, truth).sharpness[0] == 0


def test_the_sharpness_of_an_axis_is_a_power_of_its_marginal() -> None:
    grid, raw = GRIDS["three axes"], raws(GRIDS["three axes"], 40).double()
    for i in range(3):
        others = [0.7, -0.4, 1.5]
        others[i] = 0.0
        logits, own = Grid(grid.axes, others)._sharpened(raw, i)
        others[i] = 2.3
        sharp = Grid(grid.axes, others)
        torch.testing.assert_close(torch.softmax(logits + 2.3 * own, dim=1), sharp._mass(sharp._joint(raw), i))


def test_marginals_have_the_quantiles_of_grids_of_one_axis() -> None:
    grid, raw = GRIDS["three axes"], raws(GRIDS["three axes"], 40).float()
    values, bits = grid.summarise(raw, pdf=True)
    joint = torch.softmax(raw, dim=1).reshape(40, *grid.shape)
    for i, one in enumerate(grid.axes):
        others = [j + 1 for j in range(3) if j != i]
        alone, _ = Grid([one]).summarise(torch.log(joint.sum(dim=others)))
        for name in (one.column, f"{one.column}_LO", f"{one.column}_HI"):
            np.testing.assert_allclose(values[name], alone[name], rtol=1e-4)
        behind = grid.distribution(one.column, values)
        assert behind is not None
        np.testing.assert_allclose(behind.quantile(0.84), values[f"{one.column}_HI"], rtol=1e-4)
    assert bits.shape == (40,)
    whole = {column.name: column for column in grid.columns(pdf=True)}["LOG_AGE_JOINT_PDF"]
    assert (whole.width, whole.shape, whole.dim) == (240, (8, 6, 5), "(5,6,8)")
    np.testing.assert_allclose(values["LOG_AGE_JOINT_PDF"].reshape(40, 8, 6, 5), joint.numpy(), rtol=1e-5)


def test_four_axes_are_too_many() -> None:
    with pytest.raises(ValueError, match="has 3 at most"):
        Grid([AGE, DUST, MASS, Axis("R_H", 0.0, 1.0, 4)])


def test_imitation_is_best_at_the_others_posterior() -> None:
    grid = GRIDS["two axes"]
    members = [raws(grid, 4, seed) for seed in range(3)]
    target = grid.blend(members).requires_grad_()
    grid.imitate(target, target.detach()).backward()
    assert target.grad is not None and target.grad.abs().max() < 1e-12


def test_training_finds_a_joint_that_no_product_of_marginals_is() -> None:
    """Truths on a diagonal, a third of them without the second: the grid learns where they lie."""
    grid = Grid([Axis("A", 0.0, 1.0, 6, blur=0.1), Axis("B", 0.0, 1.0, 6, blur=0.1)])
    values = torch.rand(3000, 1, generator=torch.Generator().manual_seed(0)).repeat(1, 2)
    values[::3, 1] = torch.nan
    raw = torch.zeros(36, requires_grad=True)
    optimiser = torch.optim.Adam([raw], lr=0.2)
    for _ in range(200):
        optimiser.zero_grad()
        grid.loss(raw.expand(len(values), -1), values).backward()
        optimiser.step()
    mass = torch.softmax(raw.detach(), 0).reshape(6, 6)
    assert float(mass.diagonal().sum()) > 0.8
    assert mass.sum(0).max() < 0.25
