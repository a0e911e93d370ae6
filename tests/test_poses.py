"""The eight poses of a stamp."""

import torch

from galaxies import poses
from skycnn.network import poses as own


def test_the_poses_are_the_eight():
    image = torch.rand(1, 2, 9, 9)
    ours, wanted = list(own.poses(image)), poses(image)
    assert len(ours) == 8
    assert all(sum(torch.equal(one, pose) for one in ours) == 1 for pose in wanted)
