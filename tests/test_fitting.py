"""An ensemble and the network that learns from it; stopped and resumed anywhere it ends with the same bits."""

import numpy as np
import pytest
import torch

from galaxies import galaxies
from skycnn.network import checkpoint, fitting
from skycnn.network.checkpoint import Keeper
from skycnn.network.job import Job
from skycnn.network.sample import sample
from skycnn.network.training import forward
from skycnn.posterior import Axis, Grid
from skycnn.task import Network, Plan
from skycnn.tasks.photoz import Flux

PLAN = Plan(epochs=3, batch=64, members=2, member={"depth": 3}, student_epochs=4, student={"dropout": 0.0})
GRID = Grid([Axis("Z_PHOT", 0.0, 1.0, 40)])


def job(plan=PLAN, **changes):
    arguments = {"seed": 3, "device": torch.device("cpu"), "settings": {"width": 16, "depth": 2}}
    return Job(Network(Flux, ("flux",), plan), 3, GRID, **(arguments | changes))


def part(rows, seed):
    z, flux, error = galaxies(rows, seed)
    return sample({"flux": flux, "error": error}, z)


TRAIN, VALID = part(300, 0), part(100, 1)


class StoppedError(Exception):
    """Stands for a kill."""


def stop_after(epochs):
    def progress(done, total):
        assert total == 2 * 3 + 4
        if done == epochs:
            raise StoppedError

    return progress


def weights(trained):
    return {name: value.numpy().copy() for name, value in trained.module.state_dict().items()}


@pytest.fixture(scope="module")
def whole():
    return fitting.train(job(), TRAIN, VALID)


def test_each_network_has_its_settings_and_its_curve(whole):
    assert [len(curve) for curve in whole.curves] == [3, 3, 4]
    assert whole.settings == {"width": 16, "depth": 2, "dropout": 0.0}
    assert len(whole.module.layers) == 1
    assert whole.curves[0] != whole.curves[1]


@pytest.mark.parametrize("epochs", [1, 3, 4, 6, 7, 9])
def test_resumed_training_ends_with_the_same_bits(tmp_path, whole, epochs):
    path = tmp_path / "my.checkpoint"
    with pytest.raises(StoppedError):
        fitting.train(job(), TRAIN, VALID, keeper=Keeper(path, {"a": 1}, every=0), progress=stop_after(epochs))
    keeper = Keeper(path, {"a": 1}, every=0)
    keeper.resume(checkpoint.read(path))
    steps = []
    resumed = fitting.train(job(), TRAIN, VALID, keeper=keeper, progress=lambda done, total: steps.append(done))
    assert steps == list(range(epochs + 1, 11))
    assert resumed.curves == whole.curves
    assert resumed.temperature == whole.temperature
    assert resumed.tempering.curves.tobytes() == whole.tempering.curves.tobytes()
    mine, theirs = weights(resumed), weights(whole)
    assert all(mine[name].tobytes() == theirs[name].tobytes() for name in theirs)


def test_the_student_says_what_the_ensemble_says():
    plan = Plan(epochs=8, batch=64, members=2, student_epochs=30)
    posteriors = []

    def blend(self, raws):
        posteriors.append(len(raws))
        return Grid.blend(self, raws)

    grid = type("Counted", (Grid,), {"blend": blend})([Axis("Z_PHOT", 0.0, 1.0, 40)])
    done = fitting.train(Job(Network(Flux, ("flux",), plan), 3, grid, {"width": 32, "depth": 2}, 1,
                                  torch.device("cpu")), TRAIN, VALID)  # fmt: skip
    assert set(posteriors) == {2}
    scores = [min(curve) for curve in done.curves]
    assert scores[2] < max(scores[:2])


@pytest.mark.parametrize("begins", [0, None])
def test_the_student_begins_with_a_members_weights_if_so_planned(begins):
    still = {"epochs": 1, "batch": 64, "rate": 1e-9, "decay": 0.0}
    first = weights(fitting.train(job(Plan(**still)), TRAIN, VALID))
    student = fitting.train(job(Plan(**still, members=2, student_epochs=1, student_begins=begins)), TRAIN, VALID)
    same = [np.allclose(value, first[name], atol=1e-5) for name, value in weights(student).items() if "layers" in name]
    assert len(same) > 1 and all(same) == (begins == 0)


def test_one_member_is_trained_on_the_truth_alone():
    done = fitting.train(job(Plan(epochs=2, batch=64, members=1, student={"dropout": 0.5})), TRAIN, VALID)
    assert [len(curve) for curve in done.curves] == [2]
    assert done.settings == {"width": 16, "depth": 2}


def test_small_networks_are_trained_on_few_threads():
    found, before = [], torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        plan = Plan(epochs=2, batch=64, threads=1)
        fitting.train(job(plan), TRAIN, VALID, progress=lambda *_: found.append(torch.get_num_threads()))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert found == [1, 1]


def test_given_weights_are_begun_with(whole):
    begun = job(Plan(epochs=1, batch=64, rate=1e-9, decay=0.0, members=5), settings=whole.settings, init=weights(whole))
    done = fitting.train(begun, TRAIN, VALID)
    assert [len(curve) for curve in done.curves] == [1]
    raw, before = (forward(module, VALID.inputs) for module in (done.module, whole.module))
    assert torch.allclose(raw * done.temperature, before, atol=1e-3)


def test_rows_in_another_order_are_answered_alike(whole):
    order = torch.from_numpy(np.random.default_rng(0).permutation(100))
    mixed = {name: value[order] for name, value in VALID.inputs.items()}
    assert torch.allclose(forward(whole.module, mixed), forward(whole.module, VALID.inputs)[order], atol=1e-5)
