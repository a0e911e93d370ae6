"""Tuning: a trained network goes on by the plan's own epochs and rate, and what looks at stamps stays."""

from functools import partial

import torch

from clusterstamps import BANDS, clusters
from skycnn.network import stages
from skycnn.network.clusterlight import LOOKS, ClusterLight
from skycnn.network.fitting import train
from skycnn.network.job import Job
from skycnn.network.sample import Sample
from skycnn.network.tuning import tuned
from skycnn.posterior import Axis, Grid
from skycnn.task import Network, Plan

SMALL = {"channels": 3, "width": 12, "pixel": 20.0}
PLAN = Plan(2, 16, 2e-3, tune_epochs=3, tune_rate=1e-3)


def job(init=None):
    network = Network(ClusterLight, ("image", "redshift", "richness"), PLAN, stages=partial(tuned, frozen=LOOKS))
    posterior = Grid([Axis("LOG_MASS", 13.5, 15.5, 10)])
    return Job(network, BANDS, posterior, SMALL, 1, torch.device("cpu"), init=init)


def test_a_network_that_goes_on_has_epochs_and_a_rate_of_its_own():
    (begins,), (goes_on,) = stages.of(job()), stages.of(job(init={}))
    assert (begins.epochs, begins.rate, begins.frozen) == (2, 2e-3, ())
    assert (goes_on.epochs, goes_on.rate, goes_on.frozen) == (3, 1e-3, LOOKS)


def test_what_looks_at_stamps_stays_as_it_was_and_the_rest_learns():
    inputs, mass = clusters(48)
    rows = Sample(inputs, torch.from_numpy(mass).float()[:, None])
    train_rows, valid = rows.part(torch.arange(40)), rows.part(torch.arange(40, 48))
    first = train(job(), train_rows, valid).module.state_dict()
    curves = []
    again = train(job({name: own.numpy() for name, own in first.items()}), train_rows, valid, say=curves.append)
    other = again.module.state_dict()
    looks = [name for name in first if name.startswith(LOOKS)]
    assert looks and all(torch.equal(first[name], other[name]) for name in looks)
    assert not torch.equal(first["enter.weight"], other["enter.weight"]) and "tuned: 3 epochs" in curves[0]
    assert all(torch.equal(first[name], other[name]) for name in ("noise", "soft", "centre", "scale"))
