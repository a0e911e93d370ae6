"""What is trained: the stages of a plan, and the plan as a user or a parent changes it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from skycnn.errors import InputError
from skycnn.network import fitting, stages
from skycnn.network.job import INIT_RATE, Job, check_alike, planned, settings, weights
from skycnn.network.model import Card, Model
from skycnn.network.stages import Distil, OnTruth
from skycnn.tasks.photoz import TASK, posterior

PLAN = TASK.networks["flux"].plan


def parent(task="photoz", network="flux"):
    return Model(
        Card("old", task, network, "sdss", ("flux",), ("g", "r")), {"w": np.ones(2), "_groups.seen": np.ones(1)}
    )


def job(network, **changes):
    return Job(network, 2, posterior(), {"width": 64}, 1, torch.device("cpu"), **changes)


def test_a_module_that_asks_is_told_the_scale_of_its_stamps():
    network = TASK.networks["image"]
    asks = replace(network, scale="pixel")
    assert settings(asks, [], 0.396) == {**network.settings, "pixel": 0.396}
    assert settings(asks, []) == settings(network, [], 0.396) == network.settings
    assert settings(asks, [parent()], 0.396) == parent().card.settings


def test_the_plan_is_the_tasks_own():
    name, network = planned(TASK)
    assert name == "flux"
    assert network == TASK.networks["flux"]
    todo = stages.of(job(network))
    assert len(todo) == PLAN.members + 1
    assert todo[0] == OnTruth(dict({"width": 64} | dict(PLAN.member)), PLAN.epochs, PLAN.rate, "network 1 of 6")
    student = {"width": 64, **PLAN.student}
    teachers = tuple(range(PLAN.members))
    words = "the network that learns from them"
    assert todo[-1] == Distil(student, PLAN.student_epochs, PLAN.rate, words, teachers=teachers)


def test_members_and_epochs_are_the_users():
    _, network = planned(TASK, members=2, epochs=3)
    assert [stage.epochs for stage in stages.of(job(network))] == [3, 3, 4]
    assert [stage.epochs for stage in stages.of(job(planned(TASK, members=1, epochs=3)[1]))] == [3]


def test_a_parent_is_followed_by_one_network_at_a_lower_rate():
    name, network = planned(TASK, [parent()])
    assert name == "flux"
    assert network.plan.rate == pytest.approx(INIT_RATE * PLAN.rate)
    (stage,) = stages.of(job(network, init={}))
    assert stage == OnTruth({"width": 64}, PLAN.epochs, INIT_RATE * PLAN.rate, "network 1 of 1")
    assert set(weights(parent())) == {"w"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"network": "colour"}, "task photoz has no network 'colour' "),
        ({"parents": [parent(task="toy")]}, "old is a model for task 'toy', not 'photoz'"),
        ({"parents": [parent()], "network": "image"}, "old has network 'flux', not 'image'"),
        ({"parents": [parent()], "members": 3}, "--init trains one network"),
        ({"parents": [parent(network="gone")]}, "task photoz has no network 'gone'"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        planned(TASK, **arguments)


def test_facts_differ_when_the_training_would():
    first = fitting.facts(job(planned(TASK)[1]))
    assert first == fitting.facts(job(planned(TASK)[1]))
    assert first != fitting.facts(job(planned(TASK, epochs=3)[1]))
    assert first != fitting.facts(job(planned(TASK, members=3)[1]))


def test_a_training_s_blur_makes_no_other_grid():
    def model(name, **axis):
        posterior = {"axes": [{"column": "Z", "bins": 20, "blur": 1.0, **axis}]}
        return SimpleNamespace(card=SimpleNamespace(name=name, bands=("g", "r"), posterior=posterior))

    check_alike([model("a"), model("b", blur=2.5)])
    with pytest.raises(InputError, match="a and b answer on different grids"):
        check_alike([model("a"), model("b", bins=21)])
