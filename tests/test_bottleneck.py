"""Bottlenecks have the size, the shape and the parameters that their paper tells."""

import pytest
import torch

from skycnn.network.bottleneck import Bottleneck


@pytest.mark.parametrize(("into", "out", "stride"), [(16, 16, 1), (16, 32, 2), (16, 32, 1), (16, 16, 2)])
def test_size_and_parameters(into, out, stride):
    """1x1, 3x3 and 1x1 convolutions and their norms; a 1x1 and a norm where the shape changes."""
    block, narrow = Bottleneck(into, out, stride), out // 4
    assert block(torch.randn(2, into, 8, 8)).shape == (2, out, 8 // stride, 8 // stride)
    wanted = into * narrow + 9 * narrow**2 + narrow * out + 2 * (2 * narrow + out)
    wanted += 0 if (into, stride) == (out, 1) else into * out + 2 * out
    assert sum(value.numel() for value in block.parameters()) == wanted


def test_what_it_sees_passes_through_beside_the_convolutions():
    block, x = Bottleneck(8, 8), torch.randn(2, 8, 4, 4)
    torch.nn.init.zeros_(block.look[-1].weight)
    torch.testing.assert_close(block.eval()(x), torch.relu(x))
