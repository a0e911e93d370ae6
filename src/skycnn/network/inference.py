"""Inference: batches of arrays through a network - device, precision, batch size, out-of-memory back-off."""

import itertools
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from skycnn import interrupt
from skycnn.errors import InputError, RunError

T = TypeVar("T")
Inputs = Mapping[str, np.ndarray]

BATCH = {"cpu": 2048, "cuda": 32768}
"""Rows a batch for flux networks: on a CPU the activations stay in the cache, and divide a catalogue's chunk."""

IMAGE_BATCH = {"cpu": 128, "cuda": 1024}
"""Rows a batch for image networks: on a CPU smaller ones cost a small network half of its speed, larger ones memory."""


def device_of(name: str | None) -> torch.device:
    """Return the device asked for, else a GPU where there is one, else the CPU.

    Raises
    ------
    InputError
        When this torch does not have the device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if re.fullmatch(r"(cpu|cuda|mps|xpu)(:\d+)?", name) is None:
        raise InputError(f"--device {name} is not known", expected="cpu, cuda, cuda:1, ...")
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"--device {name} is not here: {str(error).splitlines()[0]}", hint="Use --device cpu."
        ) from None
    return torch.device(name)


def fill(module: nn.Module, tensors: Inputs, label: str) -> nn.Module:
    """Fill a module with a model's weights and make it ready to answer.

    Parameters
    ----------
    module : torch.nn.Module
        As the task builds it; built on the ``meta`` device it takes no memory before its shapes are checked.
    tensors : mapping of str to ndarray
        The model's tensors.
    label : str
        The model's name.

    Raises
    ------
    InputError
        When names, types or shapes are not the module's.
    """
    wanted, weights = module.state_dict(), {name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}
    for name in sorted(wanted.keys() | weights.keys()):
        needed, given = _words(wanted.get(name)), _words(weights.get(name))
        if needed != given:
            what = f"{label}: tensors do not fit the network: {name} is {given}"
            raise InputError(what, expected=needed, hint="Is it for this version?")
    module.load_state_dict(weights, assign=True)
    return module.eval().requires_grad_(False)


def _words(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


class Inference:
    """A network on a device.

    On a CPU each batch is one thread's work and threads take different batches: no thread waits for another inside an
    operation, which on a busy machine costs more than the operation, and the answer does not depend on their number.

    Parameters
    ----------
    module : torch.nn.Module
        ``forward(**inputs) -> (n, outputs)``.
    device : torch.device
    batch : int, optional
        Rows a batch; halved for good when memory runs out.
    """

    def __init__(self, module: nn.Module, device: torch.device, batch: int | None = None) -> None:
        self.module, self.device = module.to(device), device
        self.batch = batch or BATCH.get(device.type, BATCH["cpu"])
        threads = torch.get_num_threads() if device.type == "cpu" else 1
        self._pool = ThreadPoolExecutor(threads, "skycnn-network", torch.set_num_threads, (1,))

    def run(self, first: int, inputs: Inputs, reduce: Callable[[Tensor, Mapping[str, Tensor]], T]) -> list[T]:
        """Return what ``reduce`` makes of the raw output, batch by batch; see `each`.

        Parameters
        ----------
        first : int
            Absolute number of the first row.
        inputs : mapping of str to ndarray
            By name, each (n, ...).
        reduce : callable
            ``reduce(raw, inputs)`` of a batch's raw output (b, outputs) and inputs, on the device; called from several
            threads.

        Raises
        ------
        RunError
            When not even one row fits into memory.
        """

        def work(tensors: Mapping[str, Tensor]) -> T:
            with torch.inference_mode():
                raw: Tensor = self.module(**tensors)
                return reduce(raw.float(), tensors)

        return self.each(first, inputs, work)

    def each(self, first: int, inputs: Inputs, work: Callable[[Mapping[str, Tensor]], T]) -> list[T]:
        """Return what ``work`` makes of the inputs, batch by batch; several threads may ask at once.

        Batches begin at absolute multiples of the batch size, so that a resumed run sees the same ones.

        Parameters
        ----------
        first : int
            Absolute number of the first row.
        inputs : mapping of str to ndarray
            By name, each (n, ...).
        work : callable
            ``work(inputs)`` of a batch's inputs, on the device; called from several threads.

        Raises
        ------
        RunError
            When not even one row fits into memory.
        """
        while True:
            try:
                return self._each(first, inputs, work)
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                self._back_off()

    def _each(self, first: int, inputs: Inputs, work: Callable[[Mapping[str, Tensor]], T]) -> list[T]:
        n = len(next(iter(inputs.values())))
        bounds = [0, *range(self.batch - first % self.batch, n, self.batch), n]
        parts = [
            {name: value[start:end] for name, value in inputs.items()} for start, end in itertools.pairwise(bounds)
        ]
        if self.device.type != "cpu":
            return [self._batch(part, work) for part in parts]
        return list(self._pool.map(lambda part: self._batch(part, work), parts))

    def _batch(self, inputs: Inputs, work: Callable[[Mapping[str, Tensor]], T]) -> T:
        interrupt.check()
        tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in inputs.items()}
        return work({name: value.to(self.device, non_blocking=True) for name, value in tensors.items()})

    def _back_off(self) -> None:
        if self.batch == 1:
            raise RunError("out of memory for a single row", hint="Use --device cpu, or a machine with more memory.")
        self.batch //= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on the CPU or the GPU."""
    text = str(error).lower()
    return (
        isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "out of memory" in text or "can't allocate" in text
    )
