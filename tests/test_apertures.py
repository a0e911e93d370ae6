"""What circles gather is the light that is there, in every pose, and the same for each band."""

import numpy as np
import pytest
import torch

from blobs import blobs
from galaxies import poses
from skycnn.network.apertures import Apertures

RADII = (1.0, 2.0, 3.5, 6.0)


@pytest.mark.parametrize("side", [16, 31, 64])
def test_even_light_is_gathered_by_area(side):
    apertures = Apertures(RADII)
    found = apertures(torch.tensor([[1.0], [3.0]])[None, :, :, None].expand(1, 2, side, side))
    assert found.shape == (1, 4, 2)
    assert found[0, :, 0].numpy() == pytest.approx(apertures.areas, rel=1e-4)
    assert apertures.areas == pytest.approx([np.pi * radius**2 for radius in RADII])
    torch.testing.assert_close(found[..., 1], 3 * found[..., 0])


@pytest.mark.parametrize("width", [1.5, 2.5])
def test_of_a_gaussian_they_hold_what_integrals_say(width):
    found = Apertures(RADII)(blobs(width, 1.0, 0.0))
    wanted = 1 - np.exp(-(np.array(RADII) ** 2) / (2 * width**2))
    assert found[0, :, 0].numpy() == pytest.approx(wanted, rel=0.04)
    assert found[0, :, 1].numpy() == pytest.approx(3 * wanted, rel=0.04)


def test_no_flip_or_turn_changes_them():
    images = blobs(2.5, 0.5, 25.0)
    found = [Apertures(RADII)(pose) for pose in poses(images)]
    for other in found[1:]:
        torch.testing.assert_close(found[0], other)
