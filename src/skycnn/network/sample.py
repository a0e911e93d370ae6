"""Sample: rows and their truth as a network in training takes them; stamps stay where they lie until a batch asks."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.files.pixelstore import PixelStore

Inputs = dict[str, Tensor]

BLOCK, LARGEST = 4096, 1 << 20
"""Rows that are answered at once, and values in them: stamps leave a CPU's caches sooner than fluxes."""
FIRST = 4096
"""Rows that constants of the input, as scale and noise, are measured on if there are stamps: enough for a per cent."""
MEASURED = 1 << 25
"""Values in these rows, at most."""
SHARE = 0.5
"""Of a GPU's free memory that stamps may take."""


@dataclass(frozen=True)
class Sample:
    """Rows and their truth.

    Parameters
    ----------
    inputs : dict of str to Tensor or PixelStore
        By name, each (n, ...).
    truth : Tensor
        (n, truths), NaN where a row has none.
    """

    inputs: Mapping[str, Tensor | PixelStore]
    truth: Tensor

    def __len__(self) -> int:
        return len(self.truth)

    def batch(self, rows: Tensor | slice) -> Inputs:
        """Return the inputs of some rows, by number, on the device of the truth."""
        return {name: _taken(value, rows, self.truth.device) for name, value in self.inputs.items()}

    def take(self, rows: Tensor) -> "Sample":
        """Return some rows, by number."""
        return Sample(self.batch(rows), self.truth[rows])

    def digest(self) -> str:
        """Return a hash of all inputs."""
        total = hashlib.sha256()
        for _, value in sorted(self.inputs.items()):
            for first in range(0, len(value), step := _step({"": value})):
                total.update(np.ascontiguousarray(value[first : first + step], "<f4").data)
        return total.hexdigest()

    def known(self) -> "Sample":
        """Return the rows with a truth; of stamps nothing is copied."""
        there = torch.isfinite(self.truth).any(dim=1)
        return self if there.all() else self.part(there.nonzero()[:, 0].cpu())

    def part(self, rows: Tensor) -> "Sample":
        """Return some rows, by number on the CPU; of stamps nothing is copied."""
        inputs = {
            name: value[rows.to(value.device)] if isinstance(value, Tensor) else value.take(rows.numpy())
            for name, value in self.inputs.items()
        }
        return Sample(inputs, self.truth[rows.to(self.truth.device)])

    @property
    def measured(self) -> int:
        """How many rows constants are measured on, where there are stamps."""
        values = sum(math.prod(value.shape[1:]) for value in self.inputs.values())
        return min(len(self), FIRST, max(1, MEASURED // max(values, 1)))

    def first(self) -> Inputs:
        """Return the inputs that constants are measured on: all rows, or some of all where there are stamps."""
        if not any(isinstance(value, PixelStore) for value in self.inputs.values()):
            return self.batch(slice(None))
        rows = torch.linspace(0, len(self) - 1, self.measured, dtype=torch.float64).long()
        return self.batch(rows.to(self.truth.device))

    def to(self, device: torch.device) -> "Sample":
        """Return the sample on a device; stamps that are too many for it stay where they are."""
        return Sample(
            {name: _moved(value, device) for name, value in self.inputs.items()},
            self.truth.to(device),
        )


def blocks(inputs: Mapping[str, Tensor | PixelStore], device: torch.device) -> Iterator[Inputs]:
    """Yield the inputs of all rows, block by block, on a device."""
    size = _step(inputs)
    for first in range(0, len(next(iter(inputs.values()))), size):
        yield {name: _taken(value, slice(first, first + size), device) for name, value in inputs.items()}


def _step(inputs: Mapping[str, Tensor | PixelStore]) -> int:
    """Return the rows of a block."""
    numbers = sum(math.prod(value.shape[1:]) for value in inputs.values())
    return max(1, min(BLOCK, LARGEST // max(numbers, 1)))


def _taken(value: Tensor | PixelStore, rows: Tensor | slice, device: torch.device) -> Tensor:
    if isinstance(value, Tensor):
        return value[rows]  # on the device already
    wanted = rows if isinstance(rows, slice) else rows.cpu().numpy()
    return torch.from_numpy(value[wanted]).to(device)


def _moved(value: Tensor | PixelStore, device: torch.device) -> Tensor | PixelStore:
    if isinstance(value, Tensor):
        return value.to(device)
    if device.type == "cuda" and value.nbytes < SHARE * torch.cuda.mem_get_info(device)[0]:
        moved, step = torch.empty(value.shape, device=device), _step({"": value})
        for first in range(0, len(value), step):  # never twice in memory
            moved[first : first + step] = torch.from_numpy(value[first : first + step])
        return moved
    return value


def device_of(module: nn.Module, inputs: Mapping[str, Tensor | PixelStore]) -> torch.device:
    """Return where a network's inputs belong: where its weights lie, or else where they are."""
    known = next(module.parameters(), next((value for value in inputs.values() if isinstance(value, Tensor)), None))
    return torch.device("cpu") if known is None else known.device


def sample(inputs: Mapping[str, Any], truth: np.ndarray) -> Sample:
    """Return a Sample of arrays and truths (n,) or (n, truths), in float32; a PixelStore is taken as it is."""
    made = {
        name: value if isinstance(value, PixelStore) else torch.from_numpy(np.ascontiguousarray(value))
        for name, value in inputs.items()
    }
    truths = torch.from_numpy(np.asarray(truth, np.float32))
    return Sample(made, truths[:, None] if truths.ndim == 1 else truths)
