"""Star clusters: drawn star by star and rendered in three bands of 64x64 pixels, and the networks that look at them.

Clusters are timed with their disc and without, on as many threads as asked; the networks' forward pass and `predict`
as bench_image times them.
"""

import argparse
import shutil
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench_image import forward
from report import line, table

from skycnn.cli import process

SURVEY, SIDE = "m83-wfc3", 64
A_SECOND, STAMPS, SHARE = 400, 1500, 0.9


def drawn(threads: int, rows: int, disc: bool) -> float:
    """Return clusters a second, drawn and rendered."""
    import numpy as np
    import torch

    from skycnn import survey
    from skycnn.simulate import starclusters
    from skycnn.simulate.optics import psf_of
    from skycnn.simulate.render import Renderer

    torch.set_num_threads(1)
    facts = survey.load(SURVEY)
    renderer = Renderer([psf_of(facts, band) for band in facts.bands], facts.pixel_scale, SIDE)
    random = np.random.default_rng(1)
    low, high = ([ends[k] for ends in (starclusters.AGES, starclusters.EXTINCTIONS)] for k in (0, 1))

    def some(seed: int) -> int:
        age, depth = random.uniform(low, high, (64, 2)).T
        mass, radius = (10 ** random.uniform(*np.log10(ends), 64) for ends in (starclusters.MASSES, starclusters.RADII))
        made = starclusters.given(facts, facts.bands, seed, age, depth, np.log10(mass), radius, disc=disc)
        return len(made.light.stamps(renderer))

    some(0)
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        count = sum(pool.map(some, range(1, 1 + rows // 64)))
        return count / (time.perf_counter() - started)


def build(kind: str, images: Any) -> Any:
    """Return a network as it begins."""
    import torch

    from skycnn.tasks import starcluster

    network = starcluster.TASK.networks[kind]
    torch.manual_seed(1)
    module: Any = network.module(bands=3, outputs=starcluster.posterior().outputs, **network.settings)
    module.normalise({"image": torch.from_numpy(images[:256])})
    return module.eval()


def model_file(path: Path, kind: str, module: Any) -> None:
    """Write a network as a model file."""
    from skycnn.network import model
    from skycnn.tasks import starcluster

    network, posterior = starcluster.TASK.networks[kind], starcluster.posterior().settings()
    bands = ("F336W", "F438W", "F814W")
    card = model.Card(
        "bench", "starcluster", kind, "", network.inputs, bands,
        settings=network.settings, posterior=posterior, stamp=SIDE,
    )  # fmt: skip
    tensors = {key: value.numpy() for key, value in module.state_dict().items()}
    path.write_bytes(model.encode(model.seal(card, tensors)))


def predicted(file: Path, path: Path, threads: int) -> float:
    """Return rows/s of predict, the table alone written."""
    import torch

    from skycnn.verbs import predict

    torch.set_num_threads(threads)
    out = str(file.with_name("table.fits"))
    options = predict.Options(task="starcluster", model=str(path), overwrite=True, out=out, table_only=True)
    done = predict.predict(str(file), options)
    assert done.rate is not None
    return done.rate


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--paper-rows", type=int, default=512)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    asked = parser.parse_args()
    process.prepare(asked.threads)
    import torch
    from astropy.io import fits

    from skycnn.mockfiles.mockplan import Options
    from skycnn.verbs import mock

    found = []
    for disc, title in ((False, "clusters star by star, three bands, a second"), (True, "the same in a disc of stars")):
        rate = statistics.median(drawn(asked.threads, asked.rows // 8, disc) for _ in range(asked.runs))
        least = 0 if disc else A_SECOND
        found.append(line(title, "-" if disc else f">= {A_SECOND}", f"{rate:.0f}", rate >= least))
    asked.folder.mkdir(parents=True, exist_ok=True)
    for kind, rows in (("fast", asked.rows), ("paper", asked.paper_rows)):
        file, path = asked.folder / f"{kind}.fits", asked.folder / "bench.safetensors"
        mock.mock(Options("starcluster", SURVEY, str(file), rows, threads=asked.threads, overwrite=True))
        with fits.open(file, memmap=False) as opened:
            images = opened[0].data.astype("f4")
        module = build(kind, images)
        model_file(path, kind, module)
        whole = {"image": torch.from_numpy(images)}
        runs = [
            (forward(module, whole, asked.threads), predicted(file, path, asked.threads)) for _ in range(asked.runs)
        ]
        bare, verb = (statistics.median(part) for part in zip(*runs, strict=True))
        ratio = statistics.median(run[1] / run[0] for run in runs)
        least = STAMPS if kind == "fast" else 0
        found.append(line(f"{kind}: forward, stamps/s", f">= {least}" if least else "-", f"{bare:.0f}", bare >= least))
        found.append(line(f"{kind}: predict over it", f">= {SHARE}", f"{ratio:.2f}", ratio >= SHARE, f"{verb:.0f}/s"))
    shutil.rmtree(asked.folder)
    table(found)


if __name__ == "__main__":
    main()
