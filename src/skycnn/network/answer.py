"""Answerer: a model ready to answer rows, with the flags it can raise itself."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from skycnn.errors import InputError
from skycnn.network.card import Card
from skycnn.network.choice import fewest
from skycnn.network.hiddenlayer import Joined, shown
from skycnn.network.inference import IMAGE_BATCH, Inference, device_of, fill, out_of_memory
from skycnn.network.likeness import Likeness
from skycnn.network.model import Model
from skycnn.network.prior import Prior
from skycnn.network.tempering import Tempering, missing
from skycnn.posterior import Posterior
from skycnn.schema import Column, Flag, flag_column
from skycnn.task import Task
from skycnn.task.multiple import Multiples
from skycnn.typed import misfits

LARGEST = 10_000
"""No setting of a network here comes near; a card that asks for more layers would only use up the memory."""
SILENT = Flag.BAD_ROW | Flag.OFF_IMAGE | Flag.NO_POSITION
"""Flags of rows that get no answer."""
OF_ANSWERS = int(Flag.COLOUR_OUTSIDE)
"""Flags that tell how far an answer is to be trusted: rows without one do not have them."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,28}")
_WORDS = re.compile(r"[ -~]{0,68}")


class Answerer:
    """A task's network, filled with a model's weights.

    Parameters
    ----------
    task : Task
    model : Model
    device : str, optional
        ``cpu``, ``cuda``, ``cuda:1``; default a GPU where there is one.
    batch : int, optional
        Rows a batch.
    pdf : bool
        Whether the whole posterior is wanted.

    Attributes
    ----------
    columns : tuple of Column
        What ``answer`` returns, in its order; the flag is the last.
    network : torch.nn.Module
        ``network(**inputs)`` returns the raw output.
    posterior : Posterior
    tempering : Tempering or None

    Raises
    ------
    InputError
        When the model is not for this version of the task, or the device is not there.
    """

    def __init__(
        self, task: Task, model: Model, device: str | None = None, batch: int | None = None, *, pdf: bool = False
    ) -> None:
        self.card, self.pdf, self._flags = model.card, pdf, task.flags
        network, label = task.networks.get(self.card.network), model.label
        if network is None:
            what = f"{label}: its card needs network {self.card.network!r}"
            raise InputError(what, expected=f"one of {', '.join(task.networks)}")
        if set(self.card.inputs) != set(network.inputs):
            what = f"{label}: its card's inputs are not those of network {self.card.network}"
            raise InputError(what, value=" ".join(self.card.inputs), expected=" ".join(network.inputs))
        _check_sizes(self.card, label)
        with _fitting(label):
            self.posterior: Posterior = _made(task.posterior, self.card.posterior, "posterior")
            with torch.device("meta"):  # takes no memory before the shapes are checked
                of_network = {"bands": len(self.card.bands), "outputs": self.posterior.outputs}
                module = _made(network.module, self.card.settings, "settings", **of_network)
            self._multiples = Multiples(task.multiples, self.card.options)
            self.columns = (*self._multiples.among(self.posterior.columns(pdf)), flag_column(task.flag))
        _check_words(self.columns, label)
        tensors = {name: array for name, array in model.tensors.items() if not name.startswith("_")}
        self.tempering = Tempering.of(model.tensors, len(self.posterior.values), len(self.card.bands), label)
        self._likeness = Likeness.of(model.tensors, len(self.card.bands), label)
        self._prior = Prior.of(model.tensors, self.posterior.outputs, label)
        where = device_of(device)
        if batch is None and self.card.takes_images:
            batch = IMAGE_BATCH.get(where.type, IMAGE_BATCH["cpu"])
        self.network = fill(module, tensors, label)
        if self._likeness.hidden is not None and not shown(self.network):
            raise InputError(f"{label}: it knows a hidden layer that network {self.card.network} does not show")
        whole = Joined(self.network) if self._likeness.hidden is not None else self.network
        self.inference = Inference(whole, where, batch)
        with _fitting(label):  # else the first batch would fail, after the first write
            self.inference.run(0, self._imagined(), self._reduce)

    def _imagined(self) -> dict[str, np.ndarray]:
        """Return a row of the network's inputs, all of them there."""
        bands, side = len(self.card.bands), self.card.stamp or 1
        shapes = {"flux": (1, bands), "error": (1, bands), "image": (1, bands, side, side)}
        names = [name for kind in self.card.inputs for name in (("flux", "error") if kind == "flux" else (kind,))]
        return {name: np.ones(shapes.get(name, (1,)), np.float32) for name in names}

    def _reduce(
        self, raw: torch.Tensor, inputs: Mapping[str, torch.Tensor]
    ) -> "tuple[Mapping[str, np.ndarray], Any, np.ndarray]":
        """Return a batch's values by column, its flags, and which rows have next to no stamp."""
        outputs, temperatures = self.posterior.outputs, None
        if self.tempering is not None:
            widths = self.posterior.log_widths(raw[:, :outputs])
            temperatures = self.tempering.temperatures(widths, missing(inputs))
        values, flags = self.posterior.summarise(raw[:, :outputs], self.pdf, temperatures)
        unlike = self._likeness.unlike(inputs, raw[:, outputs:])
        if unlike is not None:
            flags = flags | np.where(unlike.cpu().numpy(), Flag.UNLIKE_TRAINING, 0).astype(np.int32)
        bare = np.zeros(len(raw), bool) if self._prior is None else self._prior.bare(inputs).cpu().numpy()
        return values, flags, bare

    def answer(
        self, first: int, inputs: Mapping[str, np.ndarray], present: "np.ndarray", known: "np.ndarray"
    ) -> "list[np.ndarray]":
        """Return the values of ``columns`` for some rows.

        Parameters
        ----------
        first : int
            Absolute number of the first row; 0 where the rows do not follow one another.
        inputs : mapping of str to ndarray
            Of the network, each (n, ...); NaN where absent.
        present : ndarray
            Which bands are there, bool (n, band).
        known : ndarray
            Flags that are known before the answer, int32 (n,); some of them leave a row without one.
        """
        parts = self.inference.run(first, inputs, self._reduce)
        answers = self.posterior.columns(self.pdf)
        named = {column.name: np.concatenate([part[0][column.name] for part in parts]) for column in answers}
        flags = np.concatenate([part[1] for part in parts]).astype(np.int32)
        if self._prior is not None:
            blind = np.concatenate([part[2] for part in parts]) | (known & Flag.UNLIKE_TRAINING != 0)
            self._answer_blind(named, flags, blind)
        named |= self._multiples.values(named)
        values = [named[column.name] for column in self.columns[:-1]]
        for own in self._flags:
            flags[np.asarray(own.of({**inputs, "pixel_scale": self.card.pixel_scale, **named}), bool)] |= own.bit
        count = present.sum(axis=1)
        few = count < fewest(self.card)
        flags[count < len(self.card.bands)] |= Flag.MISSING_BAND
        silent = few | (known & SILENT != 0)
        for content in values:
            content[silent] = np.nan
        flags[silent] = 0
        flags[few] |= Flag.TOO_FEW_BANDS
        return [*values, flags | np.where(silent, known & ~OF_ANSWERS, known)]

    def _answer_blind(self, named: "Mapping[str, np.ndarray]", flags: "np.ndarray", blind: "np.ndarray") -> None:
        """Put the prior in the place of answers to rows of which nothing, or nothing like them, was learned."""
        if self._prior is None or not blind.any():
            return
        values, bits = self.posterior.summarise(torch.from_numpy(self._prior.raw)[None], self.pdf)
        for name, content in named.items():
            content[blind] = values[name][0]
        flags[blind] = bits[0] | Flag.UNLIKE_TRAINING

    def seconds_a_row(self, imagined: "Callable[[int], Mapping[str, np.ndarray]]") -> float:
        """Return how long a row takes on this machine, measured on ``imagined(rows)``, see `Feed.imagined`."""
        rows = 2 * self.inference.batch
        inputs, present = imagined(rows), np.ones((rows, len(self.card.bands)), bool)
        started = time.perf_counter()
        self.answer(0, inputs, present, np.zeros(rows, np.int32))
        return (time.perf_counter() - started) / rows


@contextmanager
def _fitting(label: str) -> Iterator[None]:
    """Turn what a task's own classes say of a card that is not theirs into one line."""
    try:
        yield
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RuntimeError) as error:
        if out_of_memory(error):
            raise
        lines = str(error).splitlines() or [type(error).__name__]
        raise InputError(f"{label}: its card does not fit this version: {lines[0][:200]}") from None


def _made(taker: Callable[..., Any], content: Mapping[str, Any], field: str, **more: int) -> Any:
    """Return what a task makes of a field of the card."""
    for found in misfits(content, taker, f"{field}."):
        raise ValueError(str(found))
    return taker(**more, **content)


def _check_sizes(card: Card, label: str) -> None:
    nested = [value for value in card.settings.values() if isinstance(value, Mapping)]
    values = [*card.settings.values(), *(value for part in nested for value in part.values())]
    flat = [part for value in values for part in (value if isinstance(value, list) else [value])]
    sizes = [value for value in flat if isinstance(value, int | float)]
    if any(not -LARGEST <= value <= LARGEST for value in sizes):
        raise InputError(f"{label}: its card asks for a network too large", value=max(sizes, key=abs))


def _check_words(columns: Sequence[Column], label: str) -> None:
    for column in columns:
        words = (column.unit, column.ucd, column.meaning, column.display)
        if not _NAME.fullmatch(column.name) or not all(_WORDS.fullmatch(text) for text in words):
            raise InputError(f"{label}: its card describes a column that FITS cannot hold", value=column.name)
