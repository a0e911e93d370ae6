"""Tuning: a trained network goes on by the plan's own epochs and rate, and what looks at stamps stays."""

from dataclasses import replace
from functools import partial

import numpy as np
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


def test_what_is_absent_makes_answers_wider():
    """Of a network that learned: bands and redshift say something of the mass, so that intervals are wider without."""
    inputs, mass = clusters(360)
    rows = Sample(inputs, torch.from_numpy(mass).float()[:, None])
    begins = job()
    settings = {**SMALL, "width": 24, "drop": 0.5, "drop_redshift": 0.3, "drop_richness": 0.5}
    begins = replace(begins, settings=settings, network=replace(begins.network, plan=Plan(14, 16, 4e-3)))
    trained = train(begins, rows.part(torch.arange(260)), rows.part(torch.arange(260, 300)))
    given, truth = rows.part(torch.arange(300, 360)).inputs, mass[300:]

    def answers(**others):
        values, _ = trained.posterior.summarise(trained.module(**{**given, **others}))
        return values["LOG_MASS"], float((values["LOG_MASS_HI"] - values["LOG_MASS_LO"]).mean())

    value, width = answers()
    none = torch.full((60,), torch.nan)
    assert np.abs(value - truth).mean() < 0.5 * np.abs(np.median(mass) - truth).mean()
    bare = given["image"].clone()
    bare[:, 1:3] = torch.nan
    nothing = torch.full_like(bare, torch.nan)
    wider = [answers(richness=none)[1], answers(image=bare, richness=none)[1]]
    blind = answers(image=nothing, richness=none, redshift=none)
    assert width < wider[0] < wider[1] < blind[1]
    assert blind[1] > 0.8 * np.diff(np.quantile(mass, (0.16, 0.84)))[0] and np.ptp(blind[0]) < 0.01
