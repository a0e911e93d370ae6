"""What tests of explain share: stamps with ids, positions and world coordinates, and a model that looks at them."""

import shutil
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import torch
from astropy.io import fits

from skycnn import tasks
from skycnn.network import model

Said = namedtuple("Said", "code out err")

ROWS, SIDE, STORED = 40, 20, 24
BANDS = ("g", "r")
HOSTILE = "<script>alert('x')</script>&\""


def install(folder, monkeypatch):
    """Make the task of `mappedmerger` known in a folder."""
    (folder / "tasks").mkdir()
    shutil.copy(Path(__file__).parent / "mappedmerger.py", folder / "tasks")
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(folder / "tasks")])
    monkeypatch.delitem(sys.modules, "skycnn.tasks.mappedmerger", raising=False)


def image_model(folder, task="mappedmerger"):
    """Write a model of stamps whose weights were never trained; return its path."""
    torch.manual_seed(0)
    made = tasks.load(task)
    posterior = made.posterior()
    module = made.networks["small"].module(len(BANDS), posterior.outputs)
    with torch.no_grad():
        module.look.weight.abs_()  # light raises the answer: maps are no noise
    card = model.Card(
        name="small",
        task=task,
        network="small",
        survey="",
        inputs=("image",),
        bands=BANDS,
        posterior=posterior.settings(),
        pixel_scale=0.2,
        stamp=SIDE,
    )
    sealed = model.seal(card, {key: value.numpy() for key, value in module.state_dict().items()})
    path = folder / "small.safetensors"
    path.write_bytes(model.encode(sealed))
    return path


def stamp_file(path, rows=ROWS, **more):
    """Write blobs of light as a stamp file, the objects off the centre by parts of a pixel; return the path."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[:STORED, :STORED] - (STORED - 1) / 2
    light = np.exp(-(x**2 + y**2) / 8)[None, None] * random.uniform(0.2, 3, (rows, len(BANDS), 1, 1))
    pixels = (light + 0.02 * random.standard_normal((rows, len(BANDS), STORED, STORED))).astype("f4")
    if rows > 9:
        pixels[4] = np.nan
        pixels[5, 0] = np.nan
        pixels[6, 1, 3:6, 3:6] = np.nan
    cards = {"BANDS": " ".join(BANDS), "PIXSCALE": 0.2, "BUNIT": "uJy", "EXTNAME": "IMAGES"}
    cards |= {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 12.5, "CRPIX2": 12.5, "CRVAL1": 150.0}
    cards |= {"CRVAL2": 2.0, "CDELT1": -0.2 / 3600, "CDELT2": 0.2 / 3600}
    ids = [f"J{i:04d}" for i in range(rows)]
    if rows > 7:
        ids[7] = HOSTILE
    columns = {
        "NAME": fits.Column("NAME", "40A", array=ids),
        "DX": fits.Column("DX", "D", array=random.uniform(-0.4, 0.4, rows)),
        "DY": fits.Column("DY", "D", array=random.uniform(-0.4, 0.4, rows)),
        "FLAG": fits.Column("FLAG", "J", array=np.zeros(rows, "i4")),
        "MERGER_TRUE": fits.Column("MERGER_TRUE", "J", array=random.integers(0, 2, rows)),
        "<i>MAG</i>": fits.Column("<i>MAG</i>", "E", array=20 + 3 * random.random(rows)),
    } | {name: fits.Column(name, "E", array=array) for name, array in more.items()}
    table = fits.BinTableHDU.from_columns(list(columns.values()), name="CATALOGUE")
    fits.HDUList([fits.PrimaryHDU(pixels, fits.Header(cards)), table]).writeto(path, overwrite=True)
    return path


def caller(capfdbinary, monkeypatch):
    """Return what runs a command line in this process, and returns its code, its output (bytes) and its stderr."""
    from skycnn.cli import app, console

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    def run(*words):
        for name in ("quiet", "traceback", "json"):
            monkeypatch.setattr(console.manners, name, False)
        monkeypatch.setattr(sys, "argv", ["skycnn", *map(str, words)])
        capfdbinary.readouterr()
        code = console.run(lambda: app.call(sys.argv[1:]))
        out, err = capfdbinary.readouterr()
        return Said(code, out, err.decode())

    return run
