"""Stages that a network declares: of other outputs, of rows without truths, of a second sample; all of them resumed."""

import numpy as np
import pytest
import torch
from torch import nn

from skycnn.errors import InputError
from skycnn.network import checkpoint, cost, fitting, stages
from skycnn.network.adaptation import Adaptation
from skycnn.network.checkpoint import Keeper
from skycnn.network.job import Job
from skycnn.network.sample import sample
from skycnn.network.stages import Distil, OnTruth, Pretrain
from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.task import Network, Plan
from skycnn.tasks.merger import Stretched

PLAN = Plan(epochs=3, batch=32, rate=0.01)
POSTERIOR = Joint(Grid([Axis("Z", 0.0, 1.0, 20)]), Bernoulli("P"))


class Net(nn.Module):
    """A trunk and a head, on vectors."""

    def __init__(self, bands, outputs, width=12):
        super().__init__()
        self.register_buffer("scale", torch.ones(1))
        self.trunk, self.leave = nn.Linear(bands, width), nn.Linear(width, outputs)

    def normalise(self, inputs):
        self.scale.copy_(inputs["x"].std())

    def augment(self, inputs, generator):
        return {"x": inputs["x"] + 0.01 * torch.empty_like(inputs["x"]).normal_(generator=generator)}

    def temper(self, temperature):
        with torch.no_grad():
            self.leave.weight.div_(temperature[:, None])
            self.leave.bias.div_(temperature)

    def features(self, x):
        return torch.relu(self.trunk(x / self.scale))

    def forward(self, x):
        return self.leave(self.features(x))


def which(inputs, variant):
    """Show one band alone, in its place; the target is which one it is."""
    kept = nn.functional.one_hot(variant, inputs["x"].shape[1])
    return {"x": inputs["x"] * kept}, variant


def rows(count, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    x = (rng.uniform(0.2, 1, (count, 3)) + shift).astype("f4")
    truth = np.column_stack([x[:, 0] - shift, x[:, 1] - shift > 0.6]).astype("f8")
    truth[::2, 0], truth[::3, 1] = np.nan, np.nan  # every sixth row has none
    return sample({"x": x}, truth)


TRAIN, VALID, CALIB, TARGET = rows(300, 0), rows(120, 1), rows(120, 2), rows(200, 3, shift=0.5)


HALF = Adaptation("mmd", 0.5)


def job(declared, adaptation=None):
    network = Network(Net, ("x",), PLAN, stages=lambda job: declared)
    return Job(network, 3, POSTERIOR, {}, 3, torch.device("cpu"), adaptation=adaptation)


def pretrain(**changes):
    return Pretrain({}, 4, 0.02, "bands", make=which, variants=3, width=3, **changes)


ALL = [
    pretrain(),
    OnTruth({}, 3, 0.01, "one", begins=0, frozen=("trunk",)),
    OnTruth({}, 3, 0.01, "two", begins=0, adaptation=HALF),
    Distil({}, 3, 0.01, "student", teachers=(1, 2), adaptation=HALF),
]


@pytest.fixture(scope="module")
def whole():
    return fitting.train(job(ALL, HALF), TRAIN, VALID, CALIB, TARGET)


def test_each_stage_has_its_outputs_and_the_last_one_is_kept(whole):
    assert [len(curve) for curve in whole.curves] == [4, 3, 3, 3]
    assert whole.curves[0][-1] < 0.2  # which of three bands is told without a truth
    assert whole.posterior.outputs == 20 + 2
    assert whole.module.leave.out_features == 22
    assert len(whole.temperature) == 2 and all(0.5 <= value <= 2 for value in whole.temperature)


@pytest.mark.parametrize("epochs", [2, 4, 5, 8, 11])
def test_every_stage_is_resumed_with_the_same_bits(tmp_path, whole, epochs):
    class StoppedError(Exception):
        pass

    def stop(done, total):
        assert total == 13
        if done == epochs:
            raise StoppedError

    path, given = tmp_path / "x.checkpoint", (job(ALL, HALF), TRAIN, VALID, CALIB, TARGET)
    with pytest.raises(StoppedError):
        fitting.train(*given, keeper=Keeper(path, {}, every=0), progress=stop)
    keeper = Keeper(path, {}, every=0)
    keeper.resume(checkpoint.read(path))
    resumed = fitting.train(*given, keeper=keeper)
    assert resumed.curves == whole.curves and resumed.temperature == whole.temperature
    state, other = resumed.module.state_dict(), whole.module.state_dict()
    assert all(torch.equal(state[name], other[name]) for name in other)


def test_frozen_weights_are_those_of_the_stage_before():
    done = []

    class Seen(OnTruth):
        def course(self, job, number, samples, before):
            done.append(before[0])
            return super().course(job, number, samples, before)

    one = fitting.train(job([pretrain(), Seen({}, 2, 0.01, begins=0, frozen=("trunk",))]), TRAIN, VALID)
    assert torch.equal(one.module.trunk.weight, done[0].trunk.weight)
    free = fitting.train(job([pretrain(), Seen({}, 2, 0.01, begins=0)]), TRAIN, VALID)
    assert not torch.equal(free.module.trunk.weight, done[1].trunk.weight)
    for wrong in ({"frozen": ("head",)}, {"begins": 0, "settings": {"width": 5}}):
        stage = OnTruth(**({"settings": {}, "epochs": 2, "rate": 0.01} | wrong))
        with pytest.raises(ValueError, match="has no weight"):
            fitting.train(job([Pretrain({"width": 7}, 1, 0.02, make=which, variants=3, width=3), stage]), TRAIN, VALID)


def test_rows_without_a_truth_are_seen_by_stages_that_need_none(monkeypatch):
    seen = []
    monkeypatch.setattr(fitting, "Training", lambda *args, **_: seen.append((len(args[3]), len(args[4]))) or Stop())

    class Stop:
        done, curve, start = True, [1.0], 1.0

        def finished(self):
            return Net(3, 21)

    fitting.train(job([pretrain(), OnTruth({}, 2, 0.01)]), TRAIN, VALID)
    assert seen == [(900, 360), (250, 100)]


def test_adapted_features_are_closer():
    def apart(weight):
        how = Adaptation("mmd", weight)
        declared = [OnTruth({}, 12, 0.01, adaptation=how)]
        module = fitting.train(job(declared, how), TRAIN, VALID, CALIB, TARGET).module
        with torch.no_grad():
            means = [module.features(part.inputs["x"]).mean(0) for part in (TRAIN, TARGET)]
        return float((means[0] - means[1]).norm())

    assert apart(20.0) < 0.7 * apart(0.0)


def test_a_second_sample_is_asked_for_and_used_or_refused():
    assert stages.check(job([pretrain(), OnTruth({}, 2, 0.01)]), "net") is True
    assert stages.check(job([OnTruth({}, 2, 0.01, adaptation=HALF)], HALF), "net") is False
    with pytest.raises(InputError, match="network net does not adapt to a second sample: no stage"):
        stages.check(job([OnTruth({}, 2, 0.01)], HALF), "net")
    with pytest.raises(InputError, match="network net adapts to a second sample") as caught:
        stages.check(job([OnTruth({}, 2, 0.01, adaptation=HALF)]), "net")
    assert caught.value.hint == "Name it with --adapt TARGET.fits."
    blind = Network(type("Blind", (Net,), {"features": None}), ("x",), PLAN)
    with pytest.raises(InputError, match="its module has no features"):
        stages.check(Job(blind, 3, POSTERIOR, {}, 3, torch.device("cpu"), adaptation=HALF), "net")
    fixed = type("Fixed", (Net,), {"features": lambda self, x: x, "forward": lambda self, x: self.leave(self.trunk(x))})
    given = Job(Network(fixed, ("x",), PLAN), 3, POSTERIOR, {}, 3, torch.device("cpu"), adaptation=HALF)
    with pytest.raises(InputError, match="it learns nothing in its features"):
        stages.check_features(given, "net", {"x": np.ones((2, 3), "f4")})
    stages.check_features(job(ALL, HALF), "net", {"x": np.ones((2, 3), "f4")})


def test_the_cost_is_of_all_stages():
    whole, part = (cost.disk(job(some, HALF), 100) for some in (ALL, ALL[3:]))
    assert whole > part
    assert sum(stage.looks for stage in ALL) == pytest.approx(12 + 3 + 6 + 6 * (1 + 2 / 3))
    assert cost.seconds(job(ALL, HALF), 300, {"x": np.ones((32, 3), "f4")}) > 0
    assert fitting.facts(job(ALL))["stages"][0] == ["pretrain", {}, 4, 0.02, 3, 3]


def test_teachers_are_compared_as_each_would_answer_alone():
    """Members that are trained without some poses of a stamp scatter more than a network trained alone."""
    plan = Plan(members=2, member={"all_poses": False}, student={"dropout": 0.1})
    small = {"channels": (4,), "blocks": (1,), "width": 8, "depth": 1}
    network = Network(Stretched, ("image",), plan, settings={**small, "all_poses": True})
    job = Job(network, 2, Bernoulli("P"), {**small, "all_poses": True}, 1, torch.device("cpu"))
    images = torch.randn(6, 2, 20, 20, generator=torch.Generator().manual_seed(0))
    members = [Stretched(2, 1, **small).eval() for _ in range(2)]
    *_, last = stages.of(job)
    alone = last.alike(job, members)
    for one, member in zip(alone, members, strict=True):
        assert one.all_poses and not member.all_poses
        assert torch.equal(one.leave.weight, member.leave.weight)
        turned = images.transpose(-1, -2).flip(-1)
        assert torch.allclose(one(image=images), one(image=turned), atol=1e-5)
        assert not torch.allclose(member(image=images), member(image=turned), atol=1e-3)
    other = Stretched(2, 1, **{**small, "depth": 2})
    assert last.alike(job, [other, members[1]])[0] is other
