"""Statistics of batch normalisation: of other rows, all of them, while nothing else changes."""

import copy

import numpy as np
import torch
from torch import nn

from skycnn.network import normstatistics
from skycnn.network.sample import sample
from skycnn.network.training import forward


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.drop, self.leave = nn.BatchNorm1d(2, momentum=0.3), nn.Dropout(0.5), nn.Linear(2, 1)

    def forward(self, x):
        return self.leave(self.drop(self.norm(x)))


def rows(shift, count=500):
    x = np.random.default_rng(0).normal(shift, 2.0, (count, 2)).astype("f4")
    return sample({"x": x}, np.zeros(count))


def test_the_rows_are_seen_centred_and_scaled():
    net, other = Net(), rows(7.0)
    before = copy.deepcopy(net.leave.state_dict())
    normstatistics.measure(net, other)
    x = other.inputs["x"]
    assert torch.allclose(net.norm.running_mean, x.mean(0), atol=1e-4)
    assert torch.allclose(net.norm.running_var, x.var(0), rtol=1e-3)
    assert net.norm.momentum == 0.3 and not net.norm.training and not net.drop.training
    assert all(torch.equal(net.leave.state_dict()[name], before[name]) for name in before)
    assert torch.equal(forward(net, other.inputs), forward(net, other.inputs))


def test_several_samples_count_alike():
    net = Net()
    normstatistics.measure(net, rows(0.0), rows(8.0))
    assert torch.allclose(net.norm.running_mean, torch.full((2,), 4.0), atol=0.3)


def test_layers_that_hold_none_are_not_counted():
    assert normstatistics.layers(Net()) and not normstatistics.layers(nn.BatchNorm1d(2, track_running_stats=False))
    with torch.device("meta"):
        assert normstatistics.layers(Net())
