"""Networks that show their last hidden layer."""

import pytest
import torch
from torch import nn

from skycnn.network.hiddenlayer import Joined, Showing, shown
from skycnn.tasks.photoz import Flux, Hybrid, Image

FLUX = {"flux": torch.rand(5, 3) + 1, "error": torch.rand(5, 3)}
IMAGE = {"image": torch.rand(5, 3, 16, 16)}
SMALL = {"width": 24, "depth": 2}
OF = {
    Flux: (FLUX, SMALL, 24),
    Image: (IMAGE, {**SMALL, "channels": 8}, 24),
    Hybrid: ({**FLUX, **IMAGE}, {"flux": SMALL, "image": {**SMALL, "channels": 8}, "width": 16}, 24),
}


@pytest.mark.parametrize("kind", OF)
def test_photoz_s_networks_show_theirs_and_answer_the_same(kind):
    inputs, settings, width = OF[kind]
    network = kind(3, 40, **settings).eval()
    both = Joined(network)(**inputs)
    assert shown(network)
    assert isinstance(network, Showing)
    assert both.shape == (5, 40 + width)
    assert torch.equal(both[:, :40], network(**inputs))
    assert torch.equal(both[:, 40:], network.with_hidden(**inputs)[1])


def test_others_show_none():
    assert not shown(nn.Linear(3, 3))
