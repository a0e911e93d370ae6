"""Features of frozen networks: worked out once, each pass with its own augmentation."""

import torch
from torch import nn

from skycnn.network import frozenfeatures
from skycnn.network.frozenfeatures import HeadAlone
from skycnn.network.sample import sample


class Body(nn.Module):
    """Doubles its input; its augmentation adds noise."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 1)

    def features(self, x):
        return {"double": 2 * x, "sum": x.sum(1)}

    def augment(self, inputs, generator):
        return {"x": inputs["x"] + torch.empty_like(inputs["x"]).normal_(generator=generator)}


X = torch.arange(10000.0).reshape(5000, 2)
ROWS = sample({"x": X.numpy()}, X[:, 0].numpy())


def test_without_passes_the_rows_are_seen_as_they_are():
    found = frozenfeatures.features(Body(), ROWS)
    assert torch.equal(found.inputs["double"], 2 * X)
    assert torch.equal(found.inputs["sum"], X.sum(1))
    assert torch.equal(found.truth, ROWS.truth)


def test_each_pass_has_its_own_noise_and_the_same_seed_the_same():
    found = frozenfeatures.features(Body(), ROWS, (1,), 3).inputs["double"]
    assert found.shape == (5000, 3, 2)
    noise = (found / 2 - X[:, None]).transpose(0, 1)
    assert noise.std((1, 2)).sub(1).abs().max() < 0.05
    assert not torch.equal(noise[0], noise[1])
    assert torch.equal(found, frozenfeatures.features(Body(), ROWS, (1,), 3).inputs["double"])
    assert not torch.equal(found, frozenfeatures.features(Body(), ROWS, (2,), 3).inputs["double"])


def test_a_head_sees_one_pass_of_each_row():
    passes = torch.arange(3.0)[None, :, None] + 10 * torch.arange(400.0)[:, None, None].expand(400, 3, 2)
    seen = HeadAlone(nn.Linear(2, 1)).augment({"double": passes}, torch.Generator().manual_seed(1))["double"]
    chosen = seen[:, 0] - 10 * torch.arange(400.0)
    assert seen.shape == (400, 2)
    assert torch.bincount(chosen.long(), minlength=3).min() > 90
