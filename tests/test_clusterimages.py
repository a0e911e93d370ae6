"""Clusters from frames: coarse stamps for a model, by --bin or by its card; and a field that shows next to nothing."""

import os

import numpy as np
import pytest
import torch
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from torch import nn

from field import image, wcs
from skycnn import tasks
from skycnn.network import model
from skycnn.network.layers import divide
from skycnn.schema import Flag
from skycnn.stamps.stampsource import StampOptions
from skycnn.task import Network, Plan
from skycnn.verbs import cutout, explain, predict, train

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "examples")
SIDE, SCALE, BANDS = 128, 6.336, "ugriz"


class Tiny(nn.Module):
    """The light of the middle in each band, and the redshift."""

    def __init__(self, bands, outputs):
        super().__init__()
        self.register_buffer("scale", torch.ones(bands))
        self.enter, self.leave = nn.Linear(bands + 1, 16), nn.Linear(16, outputs)

    def normalise(self, inputs):
        self.scale.copy_(inputs["image"].nan_to_num(0.0).std((0, 2, 3)).clamp(min=1e-6))

    def augment(self, inputs, generator):
        return inputs

    def temper(self, temperature):
        divide(self.leave, temperature)

    def forward(self, image, redshift):
        middle = image.shape[-1] // 4
        light = image[:, :, middle:-middle, middle:-middle].nan_to_num(0.0).mean((2, 3)) / self.scale
        return self.leave(torch.relu(self.enter(torch.cat([light, redshift.nan_to_num(-1.0)[:, None]], 1))))


@pytest.fixture
def task(monkeypatch):
    found = tasks.load("clustermass")
    plan = Plan(epochs=2, batch=32, rate=0.01)
    monkeypatch.setitem(found.networks, "tiny", Network(Tiny, ("image", "redshift"), plan))
    return found


def stamps(path, rows, side, seed=1):
    """Write stamps of blobs whose light follows the mass."""
    random = np.random.default_rng(seed)
    mass, redshift = random.normal(14.4, 0.2, rows), random.uniform(0.1, 0.3, rows)
    across = (np.arange(side) - (side - 1) / 2) / (side / 8)
    blob = np.exp(-0.5 * (across[:, None] ** 2 + across**2)).astype("f4")
    light = (20 * 10 ** (mass - 14.4))[:, None, None, None] * np.linspace(0.5, 2, 5)[:, None, None]
    pixels = (light * blob + random.normal(0, 5, (rows, 5, side, side))).astype("f4")
    cards = fits.Header({"BANDS": " ".join(BANDS), "BUNIT": "uJy", "PIXSCALE": SCALE, "SURVEY": "sdss"})
    table = Table({"LOG_M500_LABEL": mass, "Z": redshift})
    units = [fits.PrimaryHDU(pixels, cards), fits.BinTableHDU(table, name="CATALOGUE")]
    fits.HDUList(units).writeto(path)
    return mass


def answered(path, out, made, images, **more):
    request = predict.Options(task="clustermass", model=str(made), out=str(out), stamps=images, **more)
    said = []
    predict.predict(str(path), request, said.append)
    return fits.getdata(out, 1), "\n".join(said)


@pytest.fixture
def frames(tmp_path):
    """Write two frames of one field, 1100 pixels of 0.396 arcsec on a side, and a catalogue; return the images."""
    random, grid = np.random.default_rng(3), wcs((1100, 1100), scale=0.396)
    for band in "gr":
        pixels = random.normal(0.1, 1, (1100, 1100)).astype("f4")
        image(tmp_path / f"frame-{band}.fits", pixels, grid, BUNIT="nanomaggy")
    x, y = random.uniform(270, 830, (2, 140))
    ra, dec = grid.all_pix2world(x, y, 0)
    Table(
        {"RA": ra, "DEC": dec, "Z": random.uniform(0.1, 0.3, 140), "LOG_M500_LABEL": random.normal(14.4, 0.2, 140)}
    ).write(tmp_path / "cat.fits")
    return {band: (str(tmp_path / f"frame-{band}.fits"),) for band in "gr"}


def test_stamps_by_bin_and_by_a_model_s_card_are_the_same(task, frames, tmp_path):
    """cutout --bin, train --bin, predict and explain --images see one and the same."""
    cat, made = str(tmp_path / "cat.fits"), tmp_path / "tiny.safetensors"
    images = StampOptions(images=frames, bin=16, size="32")
    options = {"task": "clustermass", "network": "tiny", "out": str(made), "members": 1, "stamps": images}
    train.train(cat, train.Options(**options))
    card = model.read_card(made)
    assert (card.stamp, card.pixel_scale) == (32, pytest.approx(6.336, rel=1e-4))
    cutout.cutout(cat, cutout.Options(stamps=images, out=str(tmp_path / "stamps.fits")))
    head = fits.getheader(tmp_path / "stamps.fits")
    assert (head["PIXSCALE"], head["BINNING"], head["NAXIS1"]) == (pytest.approx(6.336, rel=1e-4), 16, 32)
    again, said = answered(cat, tmp_path / "1.fits", made, StampOptions(images=frames))
    assert "tiny takes pixels of 6.336 arcsec: 16 x 16 pixels of the images are one, keeping the flux" in said
    found, said = answered(tmp_path / "stamps.fits", tmp_path / "2.fits", made, StampOptions())
    assert "keeping the flux" not in said
    for name in ("LOG_M500", "LOG_M500_LO", "CLUSTERMASS_FLAG"):
        np.testing.assert_allclose(again[name], found[name], rtol=1e-5)
    assert (found["CLUSTERMASS_FLAG"] & ~(Flag.UNLIKE_TRAINING | Flag.VALUE_OUTSIDE | Flag.EDGE) == 0).all()
    options = {"task": "clustermass", "model": str(made), "out": str(tmp_path / "maps.fits"), "rows": (0, 3)}
    result = explain.explain(cat, explain.ExplainOptions(stamps=StampOptions(images=frames), **options))
    assert result.selected == 3


def test_a_field_that_shows_next_to_nothing_is_flagged_and_as_wide_as_the_prior(task, tmp_path):
    """NGC 6976 in gri: u and z missing, 98 % of the stamp outside, the redshift off the range or absent."""
    mass = stamps(tmp_path / "known.fits", 170, SIDE)
    made = tmp_path / "tiny.safetensors"
    options = {"task": "clustermass", "network": "tiny", "out": str(made), "members": 1}
    train.train(str(tmp_path / "known.fits"), train.Options(**options))
    head = fits.getheader(os.path.join(EXAMPLES, "ngc6976_r.fits"))
    ra, dec = WCS(head).all_pix2world([150, 150, 150, 20], [150, 150, 150, 280], 0)
    field = Table({"RA": ra, "DEC": dec, "Z": [0.02, np.nan, 0.2, 0.02]})
    field.write(tmp_path / "cat.fits")
    images = StampOptions(images={band: (os.path.join(EXAMPLES, f"ngc6976_{band}.fits"),) for band in "gri"})
    found, said = answered(tmp_path / "cat.fits", tmp_path / "out.fits", made, images)
    assert "tiny takes pixels of 6.336 arcsec: the images are resampled, keeping the flux" in said
    flags = found["CLUSTERMASS_FLAG"]
    seen = Flag.EDGE | Flag.MISSING_BAND | Flag.UNLIKE_TRAINING
    assert (flags & seen == seen).all()
    assert (flags & Flag.MISSING_INPUT != 0).tolist() == [True, True, False, True]
    card = model.read_card(made)
    assert card.sample["columns"]["redshift"] == pytest.approx([0.1, 0.3], abs=0.01)
    low, high = np.percentile(mass, [16, 84])
    assert (found["LOG_M500_HI"] - found["LOG_M500_LO"] >= 0.95 * (high - low)).all()
    assert found["LOG_M500"] == pytest.approx(np.median(mass), abs=0.06)
