"""A few rows at once: the same answers, whatever names the inputs have, and gradients through all of them."""

import torch
from torch import nn

from skycnn.network.fewatonce import ROWS, FewAtOnce


class Small(FewAtOnce):
    """The mean of stamps, times a number beside them."""

    def __init__(self):
        super().__init__()
        self.leave, self.most = nn.Linear(1, 2), 0

    def with_maps(self, image, factor):
        self.most = max(self.most, len(image))
        return {"maps": image, "factor": factor}

    def hidden_of(self, maps, factor):
        return maps.mean((2, 3)) * factor[:, None]


def test_rows_are_looked_at_a_few_at_a_time():
    torch.manual_seed(1)
    module, image = Small(), torch.randn(3 * ROWS + 2, 1, 4, 4, requires_grad=True)
    factor = torch.arange(len(image), dtype=torch.float32) + 1
    raw, hidden = module.with_hidden(image, factor)
    assert module.most == ROWS and hidden.shape == (len(image), 1)
    torch.testing.assert_close(hidden, image.mean((2, 3)) * factor[:, None])
    for again in (module(image=image, factor=factor), module(image, factor=factor)):
        assert torch.equal(again, raw)
    raw.sum().backward()
    assert (image.grad != 0).all()
