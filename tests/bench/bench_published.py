"""Training on a file as large as the published DEEPMERGE images: its memory, and its rate beside a bare loop's."""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
from report import line, table

ROWS, BANDS, SIDE, BATCH = 15_426, 3, 75, 128
NAME = "hlsp_deepmerge_hst-jwst_acs-wfc3-nircam_illustris-z2_f814w-f160w-f356w_v1_sim-noisy.fits"


def write(path: Path, rows: int) -> None:
    """Write noise of brightness one in two kinds of rows, in the published layout; 1.04 GB of 15,426 rows."""
    from astropy.io import fits

    random = np.random.default_rng(0)
    labels = (np.arange(rows) % 2).astype(">i8")
    image = fits.PrimaryHDU()
    image.header.update({"BITPIX": -32, "NAXIS": 4, "NAXIS1": SIDE, "NAXIS2": SIDE, "NAXIS3": BANDS, "NAXIS4": rows})
    image.header["EXTNAME"] = "Images"
    names = ("SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "NAXIS4", "EXTEND", "EXTNAME")
    head = "".join(fits.Card(name, image.header[name]).image for name in names) + "END".ljust(80)
    with open(path, "wb") as file:
        file.write(head.ljust(-(-len(head) // 2880) * 2880).encode())
        for first in range(0, rows, 512):
            here = labels[first : first + 512]
            pixels = random.standard_normal((len(here), BANDS, SIDE, SIDE), np.float32)
            pixels[:, :, 30:45, 30:45] += here[:, None, None, None]
            file.write(pixels.astype(">f4").tobytes())
        file.write(bytes(-file.tell() % 2880))
        unit = fits.ImageHDU(labels, name="MergerLabels")
        file.write(unit.header.tostring().encode() + labels.tobytes().ljust(-(-labels.nbytes // 2880) * 2880, b"\0"))


def train(cat: str, epochs: int, progress=None):
    """Train ``paper`` as the command does."""
    from skycnn.verbs import train as verb

    out = str(Path(cat).with_name("m.safetensors"))
    options = verb.Options(task="merger", network="paper", out=out, epochs=epochs, overwrite=True, group="")
    return verb.train(cat, options, progress=progress)


def memory(cat: str) -> dict[str, float]:
    """Return what a training of one epoch takes beyond torch, MB: anonymous memory, and all that is resident."""
    import torch  # noqa: F401 - its memory is not counted
    from memory import Peak

    before = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    with Peak() as peak:
        train(cat, 1)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    return {"anonymous": peak.megabytes, "resident": resident}


def rates(cat: str, epochs: int) -> dict[str, list[float]]:
    """Return seconds of each epoch, and of an epoch of a bare loop that is run after each."""
    import torch
    from torch import nn

    from skycnn.tasks.merger import Paper

    size, start = os.path.getsize(cat), 2880
    rows = (size - start) // (4 * BANDS * SIDE * SIDE)
    pixels = np.memmap(cat, ">f4", "r", start, (rows, BANDS, SIDE, SIDE))
    labels = (np.arange(rows) % 2).astype("f4")
    counts = {"train": 0, "valid": 0}
    module = Paper(BANDS, 1)
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-3)
    random = np.random.default_rng(1)

    def bare() -> None:
        order = random.permutation(rows)
        module.train()
        for first in range(0, counts["train"] - BATCH + 1, BATCH):
            some = order[first : first + BATCH]
            raw = module(torch.from_numpy(pixels[some].astype(np.float32)))
            loss = nn.functional.binary_cross_entropy_with_logits(raw[:, 0], torch.from_numpy(labels[some]))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        module.eval()
        with torch.no_grad():
            for first in range(0, counts["valid"], BATCH):
                some = order[-counts["valid"] :][first : first + BATCH]
                module(torch.from_numpy(pixels[some].astype(np.float32)))

    ours, theirs, last = list[float](), list[float](), [0.0]

    def after(done: int, total: int) -> None:
        ours.append(time.perf_counter() - last[0])
        started = time.perf_counter()
        bare()
        theirs.append(time.perf_counter() - started)
        last[0] = time.perf_counter()

    from skycnn.network import training

    whole = training.Training.__init__

    def begun(self, *words, **more) -> None:
        whole(self, *words, **more)
        counts.update(train=len(self.train), valid=len(self.valid))
        last[0] = time.perf_counter()

    training.Training.__init__ = begun
    train(cat, epochs, after)
    return {"ours": ours, "bare": theirs, **{name: [count] for name, count in counts.items()}}


def main() -> None:
    """Print the memory of a training, and its rate as a share of the bare loop's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    parser.add_argument("--child", choices=("memory", "rates"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    cat = asked.folder / NAME
    if asked.child:
        print(json.dumps(memory(str(cat)) if asked.child == "memory" else rates(str(cat), asked.epochs)))
        return
    asked.folder.mkdir(parents=True, exist_ok=True)
    write(cat, asked.rows)

    def child(name: str) -> dict:
        words = [sys.executable, __file__, "--child", name, "--folder", asked.folder, "--epochs", asked.epochs]
        ran = subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(ran.stdout.splitlines()[-1])

    try:
        took, found = child("rates"), child("memory")
    finally:
        for name in (NAME, "m.safetensors"):
            (asked.folder / name).unlink(missing_ok=True)
    shares = [bare / ours for ours, bare in zip(took["ours"], took["bare"], strict=True)]
    pace = took["train"][0] / median(took["ours"])
    what = f"paper network on {asked.rows:,} x {BANDS} x {SIDE} x {SIDE} as published"
    detail = f"{pace:.0f} rows/s, bare loop {took['train'][0] / median(took['bare']):.0f}"
    resident, anonymous, share = found["resident"], f"{found['anonymous']:.0f} MB anonymous", median(shares)
    rate = line(f"{what}: rate of the bare loop", ">= 0.9 x", f"{share:.2f} x", share >= 0.9, detail)
    held = line(f"{what}: beyond torch", "<= 1000 MB", f"{resident:.0f} MB", resident <= 1000, anonymous)
    table([rate, held])


if __name__ == "__main__":
    main()
