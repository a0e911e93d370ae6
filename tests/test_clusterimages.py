"""Clusters from frames: coarse stamps for a model, by --bin or by its card; and a field that shows next to nothing."""

import os

import numpy as np
import pytest
import torch
from astropy.io import fits
from astropy.table import Table
from torch import nn

from skycnn import tasks
from skycnn.network import model
from skycnn.network.layers import divide
from skycnn.schema import Flag
from skycnn.stamps.stampsource import StampOptions
from skycnn.task import Network, Plan
from skycnn.verbs import predict, train

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
    table = Table({"LOG_M500": mass, "Z": redshift})
    units = [fits.PrimaryHDU(pixels, cards), fits.BinTableHDU(table, name="CATALOGUE")]
    fits.HDUList(units).writeto(path)
    return mass


def answered(path, out, made, images, **more):
    request = predict.Options(task="clustermass", model=str(made), out=str(out), stamps=images, **more)
    said = []
    predict.predict(str(path), request, said.append)
    return fits.getdata(out, 1), "\n".join(said)


def test_a_field_that_shows_next_to_nothing_is_flagged_and_as_wide_as_the_prior(task, tmp_path):
    """NGC 6976 in gri: u and z missing, 98 % of the stamp outside, the redshift off the range or absent."""
    mass = stamps(tmp_path / "known.fits", 170, SIDE)
    made = tmp_path / "tiny.safetensors"
    options = {"task": "clustermass", "network": "tiny", "out": str(made), "members": 1}
    train.train(str(tmp_path / "known.fits"), train.Options(**options))
    centre = Table.read(os.path.join(EXAMPLES, "ngc6976_sources.fits"))
    head = fits.getheader(os.path.join(EXAMPLES, "ngc6976_r.fits"))
    assert len(centre)
    from astropy.wcs import WCS

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
