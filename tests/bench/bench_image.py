"""Networks that look at stamps, 7x32x32: stamps/s forward and in training; predict on a stamp file beside the loop.

predict is timed twice: writing the table alone, and in place, where it writes the stamps anew as well.

The bare forward pass is timed in a plain loop and in one loop a thread; the faster counts. Start-up is left out:
predict runs in this process, after the imports.
"""

import argparse
import shutil
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from report import line, table

from skycnn.cli import process

BANDS = ("NUV", "u", "g", "r", "i", "z", "y")
SIDE, STEP = 32, 256
KINDS = ("image", "image-fast", "hybrid")


def stamps(path: Path, rows: int) -> None:
    """Write a stamp file of imagined galaxies with their fluxes."""
    import numpy as np
    from astropy.io import fits
    from astropy.table import Table

    rng = np.random.default_rng(0)
    place = np.arange(SIDE) - (SIDE - 1) / 2
    blob = np.exp(-(place**2 + place[:, None] ** 2) / 18) / (18 * np.pi)
    flux = rng.lognormal(0, 1, (rows, len(BANDS))).astype("f4")
    images = rng.normal(0, 0.01, (rows, len(BANDS), SIDE, SIDE)).astype("f4")
    images += flux[..., None, None] * blob.astype("f4")
    content = Table({f"FLUX_{band.upper()}": flux[:, k] for k, band in enumerate(BANDS)})
    for band in BANDS:
        content[f"FLUXERR_{band.upper()}"] = np.full(rows, 0.1, "f4")
    for column in content.columns.values():
        column.unit = "uJy"
    first = fits.PrimaryHDU(images)
    first.header["BANDS"] = " ".join(BANDS)
    fits.HDUList([first, fits.BinTableHDU(content, name="CATALOGUE")]).writeto(path, overwrite=True)


def build(kind: str, images: Any) -> Any:
    """Return a network as it begins."""
    import numpy as np
    import torch

    from skycnn.tasks import photoz

    network, outputs = photoz.TASK.networks[kind], photoz.posterior_for(np.array([4.0])).outputs
    torch.manual_seed(1)
    module: Any = network.module(bands=len(BANDS), outputs=outputs, **network.settings)
    (module.image if kind == "hybrid" else module).normalise({"image": torch.from_numpy(images[:256])})
    return module.eval()


def forward(module: Any, inputs: dict[str, Any], threads: int) -> float:
    """Return stamps/s of the bare forward pass."""
    import torch

    from skycnn.network.inference import IMAGE_BATCH

    rows, batch = len(inputs["image"]), IMAGE_BATCH["cpu"]
    parts = [{name: value[at : at + batch] for name, value in inputs.items()} for at in range(0, rows, batch)]

    def work(part: dict[str, Any]) -> None:
        with torch.inference_mode():
            module(**part)

    def timed(loop: Any) -> float:
        started = time.perf_counter()
        loop()
        return rows / (time.perf_counter() - started)

    def plain() -> None:
        for part in parts:
            work(part)

    torch.set_num_threads(threads)
    one = timed(plain)
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        many = timed(lambda: list(pool.map(work, parts)))
    return max(one, many)


def training(module: Any, images: Any, threads: int) -> float:
    """Return stamps/s of training: augmentation, forward, backward."""
    import torch

    torch.set_num_threads(threads)
    module.train()
    generator, rows = torch.Generator().manual_seed(1), torch.from_numpy(images[:STEP])
    started = time.perf_counter()
    for _ in range(4):
        module.zero_grad()
        module(**module.augment({"image": rows}, generator)).square().mean().backward()
    module.eval()
    return 4 * STEP / (time.perf_counter() - started)


def model_file(path: Path, kind: str, module: Any) -> None:
    """Write a network as a model file."""
    import numpy as np

    from skycnn.network import model
    from skycnn.tasks import photoz

    network, posterior = photoz.TASK.networks[kind], photoz.posterior_for(np.array([4.0])).settings()
    card = model.Card(
        "bench", "photoz", kind, "", network.inputs, BANDS, settings=network.settings, posterior=posterior, stamp=SIDE
    )
    tensors = {key: value.numpy() for key, value in module.state_dict().items()}
    path.write_bytes(model.encode(model.seal(card, tensors)))


def predicted(file: Path, path: Path, threads: int, **options: object) -> float:
    """Return rows/s of predict on a fresh copy of a stamp file."""
    import torch

    from skycnn.verbs import predict

    torch.set_num_threads(threads)
    copy = file.with_name("run.fits")
    shutil.copyfile(file, copy)
    done = predict.predict(str(copy), predict.Options(task="photoz", model=str(path), overwrite=True, **options))
    copy.unlink()
    assert done.rate is not None
    return done.rate


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    asked = parser.parse_args()
    process.prepare(asked.threads)
    import torch
    from astropy.io import fits

    asked.folder.mkdir(parents=True, exist_ok=True)
    file = asked.folder / "stamps.fits"
    stamps(file, asked.rows)
    with fits.open(file, memmap=False) as opened:
        images = opened[0].data.astype("f4")
    whole = {"image": torch.from_numpy(images)}
    fluxes = {name: torch.ones(asked.rows, len(BANDS)) for name in ("flux", "error")}
    found = []
    for kind in KINDS:
        module, path = build(kind, images), asked.folder / "bench.safetensors"
        inputs = whole | (fluxes if kind == "hybrid" else {})
        model_file(path, kind, module)
        table_only = {"out": str(asked.folder / "table.fits"), "table_only": True}
        runs = [(forward(module, inputs, asked.threads), predicted(file, path, asked.threads, **table_only),
                 predicted(file, path, asked.threads)) for _ in range(asked.runs)]  # fmt: skip
        bare, verb, place = (statistics.median(part) for part in zip(*runs, strict=True))
        ratio, placed = (statistics.median(run[i] / run[0] for run in runs) for i in (1, 2))
        least = 500 if "fast" in kind else 0
        found.append(line(f"{kind}: forward, stamps/s", f">= {least}" if least else "-", f"{bare:.0f}", bare >= least))
        found.append(
            line(f"{kind}: predict, table written, over it", ">= 0.9", f"{ratio:.2f}", ratio >= 0.9, f"{verb:.0f}/s")
        )
        found.append(line(f"{kind}: predict, stamps too, over it", "-", f"{placed:.2f}", True, f"{place:.0f}/s"))
        if kind != "hybrid":
            rate = statistics.median(training(module, images, asked.threads) for _ in range(asked.runs))
            least = 0 if "fast" in kind else 250
            found.append(
                line(f"{kind}: training, stamps/s", f">= {least}" if least else "-", f"{rate:.0f}", rate >= least)
            )
    shutil.rmtree(asked.folder)
    table(found)


if __name__ == "__main__":
    main()
