"""Attributions put together of batches."""

import numpy as np
import torch

from skycnn.network.attribution import Attributions, Shares


def test_batches_follow_one_another():
    parts = [Shares({"image": torch.full((n, 2, 2), float(n))}, *(torch.full((n,), float(k + n)) for k in range(3)),
                    torch.full((n,), n, dtype=torch.int32)) for n in (1, 2)]  # fmt: skip
    found = Attributions.of("cam", parts)
    assert found.maps["image"][:, 0, 0].tolist() == [1, 2, 2]
    columns = (found.answer, found.reference, found.residual, found.steps)
    assert [own.tolist() for own in columns] == [[1, 2, 2], [2, 3, 3], [3, 4, 4], [1, 2, 2]]
    assert found.steps.dtype == np.int32
