"""Likeness: what tells rows unlike the training sample is read from a model's tensors, or refused."""

import numpy as np
import pytest
import torch

from skycnn.errors import InputError
from skycnn.network import likeness
from skycnn.network.density import Density
from skycnn.network.likeness import Likeness
from skycnn.network.mixture import Mixture
from skycnn.network.wholedensity import WholeDensity

BANDS, WIDTH = 2, 5
NORMAL = torch.from_numpy(np.random.default_rng(1).normal(size=(3000, 20)).astype("f4"))
THERE = torch.ones(20, BANDS, dtype=torch.bool)


def whole(quantities):
    x = NORMAL[:, :quantities]
    return WholeDensity.fit(x, [x, x[:0]], 0.005)


def of_bands(each):
    x = NORMAL[:, : each * BANDS]
    return Density.of_mixture(np.ones(BANDS), Mixture.fit(x.double().numpy(), 2, 1), x, 0.005)


@pytest.fixture(scope="module")
def all_of_them():
    centre, axes = np.full(WIDTH, 0.5, "f4"), np.eye(WIDTH, 3, dtype="f4")
    return Likeness(of_bands(2), of_bands(5), whole(8), whole(3), centre, axes)


def test_a_model_without_them_has_nothing_to_tell():
    nothing = Likeness.of({"w": np.ones(1)}, BANDS, "m")
    assert nothing == Likeness()
    assert nothing.tensors() == {}
    assert nothing.unlike({"flux": torch.ones(3, BANDS), "error": torch.ones(3, BANDS)}) is None


def test_they_survive_their_file(all_of_them):
    tensors = all_of_them.tensors()
    again = Likeness.of(tensors | {"w": np.ones(1)}, BANDS, "m").tensors()
    assert tensors.keys() == again.keys()
    assert all(np.array_equal(again[name], part) and part.dtype == np.float32 for name, part in tensors.items())
    assert all(name.startswith("_") for name in tensors)  # no network's


def test_one_of_them_is_enough(all_of_them):
    hidden = torch.zeros(20, WIDTH) + 0.5
    inputs = {"image": torch.randn(20, BANDS, 16, 16, generator=torch.Generator().manual_seed(1))}
    only = Likeness(
        stamp=all_of_them.stamp, hidden=all_of_them.hidden, centre=all_of_them.centre, axes=all_of_them.axes
    )
    alike = only.unlike(inputs, hidden)
    hidden[3, 1] = 99
    hidden[7, 4] = 99  # along no axis
    assert (only.unlike(inputs, hidden) != alike).nonzero()[:, 0].tolist() in ([3], [])
    assert only.unlike(inputs, hidden)[3]
    fluxes = {"flux": torch.full((20, BANDS), 1e9), "error": torch.ones(20, BANDS)}
    assert Likeness(flux=all_of_them.flux).unlike(fluxes).all()
    assert Likeness(flux=all_of_them.flux).unlike(inputs) is None


@pytest.mark.parametrize("gone", [likeness.CENTRE, likeness.AXES])
def test_a_hidden_layer_told_in_part_is_refused(all_of_them, gone):
    tensors = {name: part for name, part in all_of_them.tensors().items() if name != gone}
    with pytest.raises(InputError, match="m: its density of the training sample does not fit its hidden layer"):
        Likeness.of(tensors, BANDS, "m")


@pytest.mark.parametrize("axes", [np.ones(WIDTH, "f4"), np.ones((WIDTH + 1, 3), "f4"), np.ones((WIDTH, 4), "f4")])
def test_axes_of_another_shape_are_refused(all_of_them, axes):
    with pytest.raises(InputError, match="density of the training sample"):
        Likeness.of(all_of_them.tensors() | {likeness.AXES: axes}, BANDS, "m")
