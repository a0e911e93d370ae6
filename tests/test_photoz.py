"""The network flux: any two bands get an answer, a wider one; faint, negative and absent fluxes are numbers to it."""

import numpy as np
import pytest
import torch

from galaxies import galaxies
from skycnn import tasks
from skycnn.network import fitting
from skycnn.network.job import Job
from skycnn.network.sample import sample
from skycnn.network.training import forward
from skycnn.posterior import Axis, Grid
from skycnn.task import Network, Plan
from skycnn.tasks import photoz
from skycnn.tasks.photoz import TASK, Flux


def part(rows, seed):
    z, flux, error = galaxies(rows, seed)
    return sample({"flux": flux, "error": error}, z)


@pytest.fixture(scope="module")
def trained():
    plan = Plan(epochs=40, batch=64, members=1)
    grid = Grid([Axis("Z_PHOT", 0.0, 1.0, 160)])
    job = Job(Network(Flux, ("flux",), plan), 3, grid, {"width": 32, "depth": 2}, 1, torch.device("cpu"))
    return grid, fitting.train(job, part(2000, 0), part(600, 1))


def answers(trained, rows, absent=()):
    grid, done = trained
    inputs = {name: value.clone() for name, value in rows.inputs.items()}
    for band in absent:
        inputs["flux"][:, band] = inputs["error"][:, band] = np.nan
    return grid.summarise(forward(done.module, inputs))[0]


def covered(values, rows):
    truth = rows.truth.numpy()[:, 0]
    return np.mean((values["Z_PHOT_LO"] <= truth) & (truth <= values["Z_PHOT_HI"]))


def test_it_is_right_and_calibrated_on_galaxies_it_never_saw(trained):
    rows = part(3000, 2)
    values = answers(trained, rows)
    assert np.median(np.abs(values["Z_PHOT"] - rows.truth.numpy()[:, 0])) < 0.03
    assert 0.63 < covered(values, rows) < 0.73


@pytest.mark.parametrize("absent", [(0,), (2,)])
def test_two_bands_get_a_wider_answer_that_is_as_honest(trained, absent):
    rows = part(3000, 2)
    full, less = answers(trained, rows), answers(trained, rows, absent)
    assert np.median(less["Z_PHOT_HI"] - less["Z_PHOT_LO"]) > 1.1 * np.median(full["Z_PHOT_HI"] - full["Z_PHOT_LO"])
    assert 0.6 < covered(less, rows) < 0.76


def test_what_is_not_there_does_not_matter(trained):
    rows = part(50, 2)
    flux, error = rows.inputs["flux"].clone(), rows.inputs["error"].clone()
    error[:, 1] = float("nan")
    expected = forward(trained[1].module, {"flux": flux, "error": error})
    for odd in (float("nan"), float("inf"), 1e30, -5.0):
        flux[:, 1] = odd
        assert torch.equal(forward(trained[1].module, {"flux": flux, "error": error}), expected)


def test_any_flux_gives_numbers(trained):
    odd = torch.tensor([0.0, -1e4, 1e-30, 1e30, 3.0e38])
    flux = odd[:, None].repeat(1, 3)
    for error in (1e-30, 1.0, 1e30):
        raw = forward(trained[1].module, {"flux": flux, "error": torch.full_like(flux, error)})
        assert torch.isfinite(raw).all()


def test_colours_far_outside_are_cut_not_extrapolated(trained):
    rows = part(50, 2)
    error = rows.inputs["error"].clone()
    answers = []
    for factor in (1e6, 1e7):
        flux = rows.inputs["flux"].clone()
        flux[:, 0] *= factor
        answers.append(forward(trained[1].module, {"flux": flux, "error": error}))
    assert torch.allclose(answers[0], answers[1], atol=1e-4)


def test_augmented_rows_keep_two_bands_or_more():
    module = Flux(5, 10, drop=0.5, noise=0.0)
    inputs = {"flux": torch.ones(4000, 5), "error": torch.ones(4000, 5)}
    seen = module.augment(inputs, torch.Generator().manual_seed(1))
    kept = torch.isfinite(seen["flux"]).sum(1)
    assert torch.equal(torch.isfinite(seen["flux"]), torch.isfinite(seen["error"]))
    assert np.bincount(kept.numpy(), minlength=6) / 4000 == pytest.approx([0, 0, 1 / 6, 1 / 6, 1 / 6, 0.5], abs=0.03)
    lost = (~torch.isfinite(seen["flux"])).float().mean(0)
    assert lost.numpy() == pytest.approx(np.full(5, 0.2), abs=0.03)


def test_two_bands_are_never_dropped():
    module = Flux(2, 10, drop=1.0)
    inputs = {"flux": torch.ones(100, 2), "error": torch.ones(100, 2)}
    assert torch.isfinite(module.augment(inputs, torch.Generator().manual_seed(1))["flux"]).all()


def test_noise_is_of_the_rows_own_errors():
    module = Flux(3, 10, drop=0.0, noise=0.5)
    error = torch.tensor([1.0, 2.0, 4.0]).repeat(20000, 1)
    seen = module.augment({"flux": torch.zeros_like(error), "error": error}, torch.Generator().manual_seed(1))
    assert seen["flux"].std(0).numpy() == pytest.approx([0.5, 1.0, 2.0], rel=0.03)


def test_features_are_normalised_by_the_training_rows():
    module, rows = Flux(3, 10), part(2000, 0)
    module.normalise(rows.inputs)
    values, there = module.features(rows.inputs["flux"], rows.inputs["error"])
    scaled = ((values - module.centre) / module.scale).numpy()
    assert there.all()
    assert np.median(scaled, axis=0) == pytest.approx(np.zeros(8), abs=1e-3)
    assert np.quantile(scaled, 0.84, axis=0) - np.quantile(scaled, 0.16, axis=0) == pytest.approx(np.full(8, 2.0), 1e-2)


def test_a_band_that_no_training_row_has_is_no_trouble():
    rows = part(200, 0)
    rows.inputs["flux"][:, 2] = rows.inputs["error"][:, 2] = float("nan")
    module = Flux(3, 10)
    module.normalise(rows.inputs)
    assert all(torch.isfinite(value).all() for value in module.state_dict().values())
    assert torch.isfinite(forward(module, rows.inputs)).all()


def test_its_whole_state_is_in_its_state_dict():
    with torch.device("meta"):
        empty = Flux(3, 10, width=16)
    module = Flux(3, 10, width=16)
    module.normalise(part(200, 0).inputs)
    module.temper(1.3)
    empty.load_state_dict(module.state_dict(), assign=True)
    rows = part(20, 1)
    assert torch.equal(forward(empty, rows.inputs), forward(module, rows.inputs))


def test_the_temperature_divides_the_raw_output():
    module, rows = Flux(3, 10), part(20, 1)
    before = forward(module, rows.inputs)
    module.temper(1.25)
    assert torch.allclose(forward(module, rows.inputs) * 1.25, before, atol=1e-6)


def test_colours_of_all_pairs_are_seen_where_both_bands_are():
    module, flux = Flux(4, 10, pairs=True), torch.tensor([[1.0, 2.0, float("nan"), 8.0]])
    values, there = module.features(flux, torch.ones_like(flux))
    magnitude, colour = values[0, :4], values[0, 4:10]
    pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)]
    assert values.shape == there.shape == (1, 14)
    assert colour.tolist() == pytest.approx([float(magnitude[i] - magnitude[j]) for i, j in pairs])
    assert there[0, 4:10].tolist() == [2 not in pair for pair in pairs]


def test_models_made_before_pairs_see_what_they_saw():
    flux = torch.rand(20, 5, generator=torch.Generator().manual_seed(1))
    old, _ = Flux(5, 10).features(flux, torch.ones_like(flux))
    new, _ = Flux(5, 10, pairs=True).features(flux, torch.ones_like(flux))
    assert old.shape == (20, 14)
    assert torch.equal(old[:, :9], new[:, :9])
    assert torch.equal(old[:, 9:], new[:, -5:])


@pytest.mark.parametrize("bands", [1, 2])
def test_one_band_and_two_have_features_of_pairs_too(bands):
    flux = torch.ones(3, bands)
    assert torch.isfinite(Flux(bands, 10, pairs=True).eval()(flux, flux)).all()


def test_members_and_student_see_the_colours_of_all_pairs():
    network = TASK.networks["flux"]
    assert network.settings == {"pairs": True}
    assert not {"pairs"} & {*network.plan.member, *network.plan.student}


def test_the_task_is_found_by_its_name():
    assert tasks.load("photoz") is TASK
    assert TASK.posterior().value == photoz.COLUMN == TASK.flag
