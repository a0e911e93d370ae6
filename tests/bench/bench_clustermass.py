"""Cluster masses: mocks of five bands of 128x128 pixels, and the network that looks at them.

Mocks are timed by the block, drawn, rendered and made noisy; the network's forward pass as bench_image times it.
"""

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from report import line, table

from skycnn.cli import process

SIDE, BANDS = 128, tuple("ugriz")
A_SECOND, STAMPS = 80, 300


def made(threads: int, blocks: int) -> float:
    """Return mocks a second."""
    import torch

    from skycnn import survey, tasks
    from skycnn.simulate.mocks import Mocks
    from skycnn.simulate.recipe import Recipe

    torch.set_num_threads(1)
    mock = tasks.load("clustermass").mock()
    recipe = Recipe(survey.load("sdss"), BANDS, 1, "all", mock.draw, side=SIDE, measured=False,
                    row_bytes=mock.row_bytes, binning=mock.binning)  # fmt: skip
    mocks = Mocks(recipe)
    mocks.stamps(0)
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        count = sum(len(block.row) for block in pool.map(mocks.stamps, range(1, 1 + blocks)))
        return count / (time.perf_counter() - started)


def answered(inputs: Any, threads: int) -> float:
    """Return stamps a second of the network's forward pass."""
    import torch

    from skycnn.network.inference import IMAGE_BATCH
    from skycnn.tasks import clustermass

    torch.manual_seed(1)
    network = clustermass.TASK.networks["mass"]
    module: Any = network.module(bands=len(BANDS), outputs=clustermass.posterior().outputs, **network.settings)
    module.normalise(inputs)
    module.eval()
    torch.set_num_threads(threads)
    batch, count = IMAGE_BATCH["cpu"], len(inputs["image"])
    with torch.inference_mode():
        module(**{name: values[:batch] for name, values in inputs.items()})
        started = time.perf_counter()
        for first in range(0, count, batch):
            module(**{name: values[first : first + batch] for name, values in inputs.items()})
        return count / (time.perf_counter() - started)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    process.prepare(asked.threads)
    import torch

    found = []
    rate = statistics.median(made(asked.threads, asked.blocks) for _ in range(asked.runs))
    found.append(
        line("cluster mocks, five bands of 128x128, a second", f">= {A_SECOND}", f"{rate:.0f}", rate >= A_SECOND)
    )
    torch.manual_seed(2)
    inputs = {
        "image": torch.randn(asked.rows, len(BANDS), SIDE, SIDE),
        "redshift": 0.1 + 0.2 * torch.rand(asked.rows),
        "richness": 20 + 60 * torch.rand(asked.rows),
    }
    rate = statistics.median(answered(inputs, asked.threads) for _ in range(asked.runs))
    found.append(line("mass: forward, stamps/s", f">= {STAMPS}", f"{rate:.0f}", rate >= STAMPS))
    table(found)


if __name__ == "__main__":
    main()
