"""Two samples in one training: each method, its gain on the second sample, its bits when resumed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from skycnn.network import checkpoint, fitting, stages, twosamples
from skycnn.network.adaptation import METHODS, Adaptation
from skycnn.network.checkpoint import Keeper
from skycnn.network.job import Job
from skycnn.network.sample import sample
from skycnn.network.training import forward
from skycnn.posterior import Bernoulli
from skycnn.task import Network, Plan


class Net(nn.Module):
    """A trunk with batch normalisation and dropout, and a head."""

    def __init__(self, bands, outputs, width=16):
        super().__init__()
        self.register_buffer("scale", torch.ones(1))
        self.trunk = nn.Sequential(nn.Linear(bands, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.1))
        self.leave = nn.Linear(width, outputs)

    def normalise(self, inputs):
        self.scale.copy_(inputs["x"].std())

    def augment(self, inputs, generator):
        return {"x": inputs["x"] + 0.01 * torch.empty_like(inputs["x"]).normal_(generator=generator)}

    def temper(self, temperature):
        with torch.no_grad():
            self.leave.weight.div_(temperature)
            self.leave.bias.div_(temperature)

    def features(self, x):
        return self.trunk(x / self.scale)

    def forward(self, x):
        return self.leave(self.features(x=x))


def rows(count, seed, shift=0.0):
    """Return rows whose first two values tell the truth; the second sample's are moved."""
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < 0.5
    x = rng.normal(size=(count, 4)) + np.outer(truth, [1.5, 1.0, 0.0, 0.0])
    return sample({"x": (x + shift * np.array([-1.2, -0.8, 1.0, 0.0])).astype("f4")}, truth.astype("f8"))


TRAIN, VALID, TARGET, JUDGED = rows(600, 0), rows(200, 1), rows(600, 2, 2.0), rows(600, 3, 2.0)
UNKNOWN = sample({"x": TARGET.inputs["x"].numpy()}, np.full(600, np.nan))


def job(adaptation, members=1, module=Net):
    plan = Plan(epochs=8, batch=64, rate=0.01, members=members, student_epochs=6, average=0.95)
    return Job(Network(module, ("x",), plan), 4, Bernoulli("P"), {}, 3, torch.device("cpu"), adaptation=adaptation)


def trained(adaptation, members=1, **more):
    return fitting.train(job(adaptation, members), TRAIN, VALID, None, UNKNOWN if adaptation else None, **more)


def loss(done, of):
    return float(done.posterior.loss(forward(done.module, of.inputs), of.truth))


@pytest.fixture(scope="module")
def alone():
    return trained(None)


@pytest.mark.parametrize("by", METHODS)
def test_each_method_helps_on_the_second_sample(alone, by):
    done = trained(Adaptation(by))
    assert type(done.module) is Net
    assert loss(done, JUDGED) < 0.8 * loss(alone, JUDGED)
    told = done.adaptation
    assert told["by"] == by and told["loss"] > 0 and len(told["discrepancy"]) == 2
    apart = twosamples.Comparison(VALID, UNKNOWN, Adaptation(by)).apart
    if by != "batchnorm":  # else each sample is seen with its own statistics
        assert abs(told["discrepancy"][1] - apart(done.module)) < 1e-4
    assert told["discrepancy"][1] < 0.5 * apart(alone.module)
    assert ("adversary_accuracy" in told) == (by == "adversarial")
    if by != "batchnorm":  # the epoch is chosen by both
        assert min(done.curves[0]) == pytest.approx(told["loss"] + told["discrepancy"][1], abs=1e-4)
    if by == "adversarial":
        assert 0 <= told["adversary_accuracy"] <= 1


def test_nothing_is_told_without_a_second_sample(alone):
    assert alone.adaptation == {}


@pytest.mark.parametrize(("by", "members", "epochs"), [(by, 1, 5) for by in METHODS] + [("adversarial", 2, 18)])
def test_a_resumed_adaptation_ends_with_the_same_bits(tmp_path, by, members, epochs):
    class StoppedError(Exception):
        pass

    def stop(done, total):
        if done == epochs:
            raise StoppedError

    whole, path = trained(Adaptation(by), members), tmp_path / "x.checkpoint"
    with pytest.raises(StoppedError):
        trained(Adaptation(by), members, keeper=Keeper(path, {}, every=0), progress=stop)
    keeper = Keeper(path, {}, every=0)
    keeper.resume(checkpoint.read(path))
    resumed = trained(Adaptation(by), members, keeper=keeper)
    assert resumed.curves == whole.curves and resumed.adaptation == whole.adaptation
    state, other = resumed.module.state_dict(), whole.module.state_dict()
    assert all(torch.equal(state[name], other[name]) for name in other)


def test_an_ensemble_and_what_learns_from_it_are_adapted(alone):
    todo = stages.of(job(Adaptation(), 2))
    assert [stage.adapts for stage in todo] == [True, True, True]
    last = stages.of(job(Adaptation("batchnorm"), 2))
    assert [stage.adapts for stage in last] == [False, False, True]
    assert loss(trained(Adaptation(), 2), JUDGED) < 0.8 * loss(alone, JUDGED)


def test_what_learns_from_an_ensemble_sees_both_samples(monkeypatch):
    seen = []

    def imitate(self, raw, other):
        seen.append((len(raw), len(other)))
        return Bernoulli.imitate(self, raw, other)

    monkeypatch.setattr(Bernoulli, "distilled", lambda self: type("Seen", (Bernoulli,), {})("P", spread=True))
    kind = type("Counted", (Bernoulli,), {"imitate": lambda self, *both: imitate(self, *both)})
    counted = replace(job(Adaptation(), 2), posterior=kind("P"))
    fitting.train(counted, TRAIN, VALID, None, UNKNOWN)
    assert set(seen) == {(2 * 32, 2 * 32)}


def test_parents_that_are_joined_are_adapted_as_a_whole():
    joined = Job(Network(Net, ("x",), Plan()), 4, Bernoulli("P"), {}, 3, torch.device("cpu"), joins=True,
                 adaptation=Adaptation())  # fmt: skip
    assert [stage.adapts for stage in stages.usual(joined)] == [False, True]


def test_features_are_those_that_the_answer_rests_on():
    torch.manual_seed(0)
    net = Net(4, 1)
    raw, seen = twosamples.answered(net, {"x": TRAIN.inputs["x"][:8]})
    assert torch.equal(net.leave(seen), raw)  # one look: dropout is the same
    assert "features" not in vars(net)

    class Apart(Net):
        def forward(self, x):
            return self.leave(self.trunk(x))

    assert twosamples.answered(Apart(4, 1), {"x": TRAIN.inputs["x"][:8]})[1].shape == (8, 16)


@pytest.mark.parametrize(
    ("features", "learns"),
    [
        (lambda self, x: self.trunk(x), True),
        (lambda self, x: {"a": self.trunk(x), "b": self.leave(self.trunk(x))}, True),
        (lambda self, x: x, False),
        (lambda self, x: {"a": self.trunk(x), "b": x}, False),
        (lambda self, x: (self.trunk(x), x), False),
        (lambda self, x, there: self.trunk(x), False),
        (lambda self, flux: self.trunk(flux), False),
    ],
)
def test_features_are_what_a_network_learns_of_its_own_input(features, learns):
    module = type("Other", (Net,), {"features": features})(4, 1)
    assert twosamples.learned(module, {"x": TRAIN.inputs["x"][:4]}) is learns


def test_constants_of_the_input_are_the_first_sample_s():
    assert torch.equal(trained(Adaptation()).module.scale, TRAIN.inputs["x"].std().reshape(1))


def test_features_by_name_are_parted():
    one, other = twosamples.parted({"a": torch.arange(5), "b": torch.arange(5) + 5}, 2)
    assert one["b"].tolist() == [5, 6] and other["a"].tolist() == [2, 3, 4]


def test_a_task_that_adapts_without_a_second_sample_is_wrong():
    with pytest.raises(ValueError, match="no second sample"):
        fitting.train(job(Adaptation()), TRAIN, VALID)
