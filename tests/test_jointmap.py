"""Joint maps: feature maps weighted by their integrated gradients."""

import torch

from skycnn.network.jointmap import joint_maps

MAPS = torch.rand(2, 2, 4, 4, generator=torch.Generator().manual_seed(0))
BEGIN = 0.5 * MAPS.flip(0)


def test_it_is_the_sum_of_maps_times_their_integrals():
    """Of the product of two maps' means each has half of what the product of their ways and the ends add."""

    def value(at, rows):
        return at["maps"].mean((2, 3)).prod(1) + at["beside"][rows]

    found = joint_maps(value, {"maps": MAPS, "beside": torch.ones(2)}, {"maps": BEGIN, "beside": torch.zeros(2)}, 0.01)
    end, start = MAPS.mean((2, 3)), BEGIN.mean((2, 3))
    share = (end - start) * (end + start).flip(1) / 2
    assert torch.allclose(found.maps["image"], (share[..., None, None] * MAPS).sum(1), rtol=1e-4)
    assert torch.allclose(found.answer, end.prod(1) + 1) and torch.allclose(found.reference, start.prod(1) + 1)
    assert torch.allclose(share.sum(1), found.answer - found.reference, rtol=1e-4)
    assert found.residual.abs().max() < 1e-5
