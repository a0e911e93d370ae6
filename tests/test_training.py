"""One network in training: the same seed gives the same bits, and its state can be taken and given back."""

import numpy as np
import pytest
import torch
from torch import nn

from skycnn.errors import RunError
from skycnn.network.sample import Sample, sample
from skycnn.network.schedule import seeded
from skycnn.network.training import Training, forward
from skycnn.posterior import Bernoulli
from skycnn.task import Plan

CPU = torch.device("cpu")
PLAN = Plan(epochs=6, batch=32, rate=0.01, patience=100)


class Line(nn.Module):
    """A line with dropout and noise, so that every source of randomness is used."""

    def __init__(self, outputs=1):
        super().__init__()
        self.first, self.leave, self.dropout = nn.Linear(2, 8), nn.Linear(8, outputs), nn.Dropout(0.2)

    def augment(self, inputs, generator):
        return {"x": inputs["x"] + 0.1 * torch.empty_like(inputs["x"]).normal_(generator=generator)}

    def forward(self, x):
        return self.leave(self.dropout(torch.relu(self.first(x))))


def rows(count, seed, noise=0.3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 2)).astype("f4")
    return sample({"x": x}, (x[:, 0] + noise * rng.normal(size=count) > 0).astype("f4"))


def begun(seed=1, valid=None, plan=PLAN, train=None):
    with seeded(CPU, seed, "weights"):
        module = Line()
    posterior = Bernoulli("P")
    loss = lambda raw, truth, _: posterior.loss(raw, truth)  # noqa: E731
    train = rows(300, 0) if train is None else train
    valid = valid or rows(200, 1)
    return Training(module, loss, posterior.score, train, valid, plan, plan.epochs, (seed,))


def run(training, epochs=100):
    while not training.done and epochs:
        training.epoch()
        epochs -= 1
    return training


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_same_seed_gives_the_same_bits_and_another_others():
    torch.manual_seed(5)  # what the caller did with torch's own generator changes nothing
    first = run(begun())
    torch.manual_seed(6)
    second = run(begun())
    assert same(first.state(), second.state())
    assert first.curve == second.curve
    assert not same(first.state(), run(begun(seed=2)).state())


@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_training_given_its_state_goes_on_as_if_never_stopped(after):
    whole = run(begun())
    stopped = run(begun(), after)
    resumed = begun()
    resumed.restore({name: value.clone() for name, value in stopped.state().items()}, list(stopped.curve))
    run(resumed)
    assert same(whole.state(), resumed.state())
    assert whole.curve == resumed.curve


def test_it_learns_and_keeps_the_best_epoch():
    done = run(begun())
    assert done.curve[-1] < done.curve[0]
    score = float(done.score(forward(done.finished(), done.valid.inputs), done.valid.truth))
    assert score == pytest.approx(min(done.curve), abs=1e-6)


def test_it_ends_early_when_the_validation_score_rises():
    valid = rows(200, 1)
    wrong = Sample(valid.inputs, 1 - valid.truth)
    done = run(begun(valid=wrong, plan=Plan(epochs=50, batch=32, rate=0.01, patience=3)))
    assert len(done.curve) < 20
    assert int(np.argmin(done.curve)) == len(done.curve) - 4


def test_divergence_is_an_error():
    train = rows(300, 0)
    train.inputs["x"][7] = float("nan")
    with pytest.raises(RunError, match="diverged in epoch 1"):
        run(begun(train=train))


def test_a_small_sample_has_small_batches():
    assert begun(train=rows(300, 0)).batch == 32
    assert begun(train=rows(20, 0)).batch == 20
    assert begun(train=rows(4000, 0), plan=Plan(batch=512)).batch == 100
    assert begun(train=rows(40000, 0), plan=Plan(batch=512)).batch == 512
