"""Rows for training: the same batches from tensors and from stamps that stay where they are."""

import numpy as np
import torch

from skycnn.files.pixelstore import PixelStore
from skycnn.network import sample as samples
from skycnn.network.sample import blocks, sample

PIXELS = np.random.default_rng(0).normal(size=(30, 2, 4, 4)).astype("f4")
CPU = torch.device("cpu")


def both(rows=20):
    store = PixelStore(PIXELS, np.arange(30)[::-1][:rows])
    flux = np.arange(rows * 3, dtype="f4").reshape(rows, 3)
    return sample({"flux": flux, "image": store}, np.arange(rows) / rows), flux, PIXELS[::-1][:rows]


def test_a_batch_has_the_rows_asked_for():
    rows, flux, pixels = both()
    assert len(rows) == 20
    for wanted in (torch.tensor([3, 0, 19]), slice(5, 9)):
        batch = rows.batch(wanted)
        assert np.array_equal(batch["flux"].numpy(), flux[wanted])
        assert np.array_equal(batch["image"].numpy(), pixels[wanted])
    taken = rows.take(torch.tensor([7, 2]))
    assert np.array_equal(taken.truth.numpy()[:, 0], np.array([7, 2], "f4") / 20)
    assert np.array_equal(taken.inputs["image"].numpy(), pixels[[7, 2]])


def test_blocks_are_all_rows_in_order(monkeypatch):
    rows, flux, pixels = both()
    monkeypatch.setattr(samples, "LARGEST", 7 * (3 + 32))
    parts = list(blocks(rows.inputs, CPU))
    assert [len(part["flux"]) for part in parts] == [7, 7, 6]
    assert np.array_equal(torch.cat([part["flux"] for part in parts]).numpy(), flux)
    assert np.array_equal(torch.cat([part["image"] for part in parts]).numpy(), pixels)


def test_constants_are_measured_on_some_rows_where_there_are_stamps(monkeypatch):
    monkeypatch.setattr(samples, "FIRST", 5)
    rows, flux, pixels = both()
    first = rows.first()
    assert np.array_equal(first["flux"].numpy(), flux[[0, 4, 9, 14, 19]])
    assert np.array_equal(first["image"].numpy(), pixels[[0, 4, 9, 14, 19]])
    assert len(sample({"flux": flux}, np.zeros(20)).first()["flux"]) == 20


def test_stamps_stay_where_they_are_on_a_cpu():
    rows, _, _ = both()
    assert isinstance(rows.to(CPU).inputs["image"], PixelStore)
