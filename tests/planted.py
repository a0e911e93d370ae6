"""Stamps whose label is carried by a known patch, or by one band, and a network that learns it in seconds."""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from explaining import sealed
from skycnn.tasks import merger

SIDE, PATCH = 36, 18
SETTINGS = {"channels": (8,), "blocks": (1,), "width": 16, "depth": 1, "dropout": 0.0}


def planted(rows, seed, kind):
    """Return stamps of two bands, labels, and where the patch is that carries them, bool (n, y, x).

    Of kind ``patch`` a bright blob in one quarter of the stamp means yes; in others there are dark ones, by chance. Of
    kind ``band`` one in the first band does; in other quarters there are some in the second band, by chance.
    """
    rng, place = np.random.default_rng(seed), np.arange(SIDE)
    image = rng.normal(0, 0.3, (rows, 2, SIDE, SIDE)).astype("f4")
    label, inside = rng.random(rows) < 0.5, np.zeros((rows, SIDE, SIDE), bool)
    for row in range(rows):
        middles = [(9 + PATCH * (k % 2), 9 + PATCH * (k // 2)) for k in rng.permutation(4)]
        blobs = [10 * np.exp(-((place - x) ** 2 + (place[:, None] - y) ** 2) / 12.5) for x, y in middles]
        x, y = middles[0]
        inside[row, y - 9 : y + 9, x - 9 : x + 9] = True
        if label[row]:
            image[row, : 2 if kind == "patch" else 1] += blobs[0]
        for blob in blobs[1 : 1 + rng.integers(0, 4)]:
            image[row, 0 if kind == "patch" else 1 :] -= blob if kind == "patch" else -blob
    return image, label, inside


def learned(kind):
    """Return a model that tells the label, taught to leave its feature maps empty where they tell nothing."""
    image, label, _ = planted(400, 0, kind)
    torch.manual_seed(0)
    module = merger.Stretched(2, 1, **SETTINGS)
    stamps, truth = torch.from_numpy(image), torch.from_numpy(label).float()
    module.noise.fill_(2.0)
    optimizer = torch.optim.AdamW(module.parameters(), 5e-3, weight_decay=1.0)
    for _ in range(300):
        some = torch.randint(0, len(stamps), (64,))
        seen = module.with_maps(stamps[some])
        loss = binary_cross_entropy_with_logits(module.from_maps(**seen)[:, 0], truth[some])
        optimizer.zero_grad()
        (loss + 2 * seen["maps"].abs().mean()).backward()
        optimizer.step()
    return sealed(merger.TASK, "residual", module.eval(), merger.posterior(), ("a", "b"), SETTINGS, SIDE)
