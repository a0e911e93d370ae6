"""Schedule: the learning rate of each step and the random numbers of each epoch, both by their number alone."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

import torch

BETAS = (0.95, 0.85)
"""AdamW's first beta at the ends and at the peak of the rate (Smith & Topin 2017: momentum moves against the rate)."""
WARM = 0.1
"""Share of the steps in which the rate rises."""
START, END = 1 / 25, 1e-4 / 25
"""Rate at the ends over its peak."""


@contextmanager
def seeded(device: torch.device, *parts: object) -> Iterator[torch.Generator]:
    """Yield a generator, and set torch's own meanwhile, by a seed that is drawn from ``parts``.

    So no state of a generator needs to be kept: an epoch's random numbers follow from its number.
    """
    digest = blake2b(" ".join(map(str, parts)).encode(), digest_size=8).digest()
    seed = int.from_bytes(digest, "little") >> 1
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield torch.Generator(device).manual_seed(seed)


def one_cycle(step: int, steps: int, peak: float) -> tuple[float, float]:
    """Return learning rate and first beta of a step: half a cosine up, then half a cosine down (Smith & Topin 2017)."""
    top = WARM * steps
    rising = step < top
    share = step / top if rising else (step - top) / max(steps - 1 - top, 1)
    swing = (1 - math.cos(math.pi * min(share, 1.0))) / 2
    rates = (START * peak, peak) if rising else (peak, END * peak)
    betas = BETAS if rising else BETAS[::-1]
    return rates[0] + swing * (rates[1] - rates[0]), betas[0] + swing * (betas[1] - betas[0])
