"""Batches at absolute rows, memory that runs out, and the thread that reads ahead."""

import numpy as np
import pytest
import torch
from torch import nn

from skycnn.errors import InputError, RunError
from skycnn.network.inference import Inference, device_of, fill, out_of_memory


class Twice(nn.Module):
    """Returns twice its input; notes the rows of each batch."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))
        self.seen = []

    def forward(self, x):
        self.seen.append((int(x[0, 0]), len(x)))
        return self.factor * x


def rows(first, n):
    return {"x": np.arange(first, first + n, dtype="f4")[:, None]}


@pytest.mark.parametrize("threads", [1, 3])
def test_batches_begin_at_multiples_of_their_size(threads, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    module = Twice()
    runner = Inference(module, torch.device("cpu"), 10)
    parts = runner.run(7, rows(7, 30), lambda raw, _: raw[:, 0].numpy())
    assert np.concatenate(parts).tolist() == [2.0 * row for row in range(7, 37)]
    assert sorted(module.seen) == [(7, 3), (10, 10), (20, 10), (30, 7)]


def test_images_are_batched_by_their_rows_beside_other_inputs():
    class Both(nn.Module):
        def forward(self, image, flux):
            assert image.is_contiguous()
            assert image.shape[1:] == (2, 4, 4)
            assert len(image) == len(flux) <= 5
            return flux + image.sum((1, 2, 3))[:, None]

    image = np.random.default_rng(0).normal(size=(13, 4, 4, 2)).astype("f4").transpose(0, 3, 1, 2)
    flux = np.arange(13, dtype="f4")[:, None]
    parts = Inference(Both(), torch.device("cpu"), 5).run(
        3, {"image": image, "flux": flux}, lambda raw, _: raw[:, 0].numpy()
    )
    assert [len(part) for part in parts] == [2, 5, 5, 1]
    np.testing.assert_allclose(np.concatenate(parts), flux[:, 0] + image.sum((1, 2, 3)), rtol=1e-5, atol=1e-5)


def test_no_rows_give_an_empty_part():
    class Plain(nn.Module):
        def forward(self, x):
            return x

    (part,) = Inference(Plain(), torch.device("cpu"), 4).run(0, rows(0, 0), lambda raw, _: raw.numpy())
    assert part.shape == (0, 1)


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("can't allocate memory")]
)
def test_memory_that_runs_out_halves_the_batch_for_good(error):
    class Small(Twice):
        def forward(self, x):
            if len(x) > 6:
                raise error
            return super().forward(x)

    runner = Inference(Small(), torch.device("cpu"), 20)
    parts = runner.run(0, rows(0, 40), lambda raw, _: raw[:, 0].numpy())
    assert np.concatenate(parts).tolist() == [2.0 * row for row in range(40)]
    assert runner.batch == 5
    with pytest.raises(RunError, match="out of memory for a single row"):
        Inference(Small(), torch.device("cpu"), 1).run(0, {"x": np.zeros((1, 1), "f4")}, _raiser(error))


def _raiser(error):
    def reduce(raw, inputs):
        raise error

    return reduce


def test_other_errors_are_not_mistaken_for_it():
    with pytest.raises(RuntimeError, match="shapes"):
        Inference(Twice(), torch.device("cpu"), 4).run(0, rows(0, 4), _raiser(RuntimeError("shapes differ")))
    assert not out_of_memory(RuntimeError("shapes differ"))


def test_fill_refuses_other_names_and_shapes():
    module = fill(Twice(), {"factor": np.float32(3)}, "m")
    assert float(module.factor) == 3
    assert not module.training
    assert not module.factor.requires_grad
    for tensors in ({}, {"factor": np.zeros(2, "f4")}, {"factor": np.float32(3), "more": np.float32(1)}):
        with pytest.raises(InputError, match=r"m: tensors do not fit the network: (factor|more)"):
            fill(Twice(), tensors, "m")


@pytest.mark.parametrize("name", ["abacus", "cuda:x", "", "cpu:0:1"])
def test_unknown_devices_are_refused(name):
    with pytest.raises(InputError, match="is not known"):
        device_of(name)


def test_a_device_that_is_not_here_is_refused():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(InputError, match="--device cuda is not here: "):
        device_of("cuda")
    assert device_of(None) == device_of("cpu") == torch.device("cpu")
