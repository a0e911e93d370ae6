"""Sanity of maps: weights that are shuffled, correlations, deletion and insertion."""

import numpy as np
import pytest
import torch
from torch import nn

from skycnn.network.attribution import Attributions
from skycnn.network.sanity import FRACTIONS, Check, areas, correlations, curves, randomised


def maps(*parts):
    n = len(parts[0])
    return Attributions("ig", dict(zip(("image", "flux"), parts, strict=False)), *[np.zeros(n)] * 4)


def test_weights_are_shuffled_and_constants_stay():
    module = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5))
    module[1].running_mean.normal_()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    one, again, other = (randomised(module, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert torch.equal(one["0.weight"], again["0.weight"]) and not torch.equal(one["0.weight"], other["0.weight"])
    assert not torch.equal(one["0.weight"], before["0.weight"])
    assert torch.equal(one["0.weight"].flatten().sort().values, before["0.weight"].flatten().sort().values)
    assert torch.equal(one["1.running_mean"], before["1.running_mean"])


def test_correlations_are_of_ranks_and_of_what_is_there():
    random = np.random.default_rng(0)
    image, flux = random.normal(size=(4, 3, 8, 8)), random.normal(size=(4, 3))
    image[:, 0] = 0
    other = np.exp(3 * image) * (image != 0)
    other[1], other[2], other[3] = -image[1], random.normal(size=(3, 8, 8)) * (image[2] != 0), 0
    flat = np.stack([flux[0], -flux[1], random.normal(size=3), 0 * flux[3]])
    found = correlations(maps(image, flux), maps(other, flat))
    assert found[0] > 0.95 and found[1] < -0.99 and abs(found[2]) < 0.25 and found[3] == 0
    assert correlations(maps(image, flux), maps(other, flat), absolute=True)[1] > 0.99


def test_a_map_that_stays_the_same_survives():
    random = np.random.default_rng(0)
    one, others = maps(random.normal(size=(2, 9, 9))), [maps(random.normal(size=(2, 9, 9))) for _ in range(3)]
    answers = np.ones((2, 3, len(FRACTIONS)))
    assert Check.of(one, [one, others[0]], answers).survives
    assert not Check.of(one, others, answers).survives
    assert np.isnan(Check.of(one, others, answers).deletion)


WEIGHTS = torch.tensor([4.0, 2.0, 1.0, -1.0])


def linear(at, rows):
    return at["flux"].nan_to_num(0.0) @ WEIGHTS + at["image"].nan_to_num(0.0).sum((1, 2, 3)) + at["error"].sum(1)


def test_answers_fall_as_what_counts_most_is_replaced_first():
    inputs = {"flux": torch.ones(2, 4), "error": torch.zeros(2, 4), "image": torch.ones(2, 1, 2, 2)}
    inputs["flux"][1, 0] = torch.nan
    begin = {name: 0 * own for name, own in inputs.items()}
    shares = {"flux": WEIGHTS.expand(2, 4).clone(), "image": torch.tensor([3.0, 2.5, 0.5, -2.0]).view(1, 1, 2, 2)}
    shares["image"] = shares["image"].expand(2, 1, 2, 2)
    found = curves(linear, inputs, begin, shares)
    assert found.shape == (2, 3, len(FRACTIONS))
    assert found[0, 0, [0, -1]].tolist() == [10, 0] and found[0, 1, [0, -1]].tolist() == [0, 10]
    half = FRACTIONS.index(0.5)  # 4 of 8: the fluxes of 4 and 2, the pixels of 3 and 2.5
    assert found[0, 0, half] == 10 - 4 - 2 - 1 - 1 and found[0, 1, half] == 8
    assert found[1, 0, [0, -1]].tolist() == [6, 0]
    deletion, insertion, control = areas(found)
    assert deletion < control < insertion and deletion + insertion == pytest.approx(1, abs=0.35)
    fluxes_alone = curves(linear, inputs, begin, {"flux": shares["flux"]})
    assert fluxes_alone[0, 0, -1] == 4


def test_maps_without_bands_replace_all_bands_of_a_pixel():
    def value(at, rows):
        return at["image"].sum((1, 2, 3))

    image = torch.arange(8.0).view(1, 2, 2, 2) + 1
    found = curves(value, {"image": image}, {"image": 0 * image}, {"image": image.sum(1)})
    assert found[0, 0, FRACTIONS.index(0.5)] == 1 + 5 + 2 + 6
