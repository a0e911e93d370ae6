"""Attributions: which share of an answer each pixel or band has, against a reference input."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

METHODS = ("joint", "ig", "cam")
"""Joint maps (Lin et al. 2022, arXiv:2203.06288), integrated gradients, class activation maps."""

Inputs = Mapping[str, Tensor]
Value = Callable[[Inputs, Tensor], Tensor]
"""``value(inputs, rows)`` of inputs (b, ...) that belong to some rows (b,) of a batch: the explained number (b,)."""


@dataclass(frozen=True)
class Shares:
    """Attributions of a batch, as tensors; see `Attributions`, whose fields these are."""

    maps: dict[str, Tensor]
    answer: Tensor
    reference: Tensor
    residual: Tensor
    steps: Tensor


@dataclass(frozen=True)
class Attributions:
    """What an answer is made of, row by row.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    maps : dict of str to ndarray
        Float32. Of ``ig`` by input: ``image`` (n, band, y, x) and ``flux`` (n, band), to which the errors' share is
        added, in the answer's unit; all of a row's add up to answer - reference + residual. Of ``cam`` and ``joint``
        ``image`` (n, y, x), positive where the stamp speaks for a larger answer. 0 where a pixel or band is absent.
    answer : ndarray (n,)
        The explained number.
    reference : ndarray (n,)
        What it is at the reference input; of ``joint`` with the reference's feature maps in place of the row's, of
        ``cam`` with empty ones, all else being the row's own.
    residual : ndarray (n,)
        What all attributions, before they are made to maps, add up to, minus (answer - reference).
    steps : ndarray (n,)
        Points of the path from the reference to the input that gradients were taken at, int32.
    """

    method: str
    maps: dict[str, np.ndarray]
    answer: np.ndarray
    reference: np.ndarray
    residual: np.ndarray
    steps: np.ndarray

    @classmethod
    def of(cls, method: str, parts: Sequence[Shares]) -> "Attributions":
        """Return the attributions of several batches."""
        maps = {name: np.concatenate([part.maps[name].cpu().numpy() for part in parts]) for name in parts[0].maps}
        columns = (
            np.concatenate([getattr(part, name).cpu().numpy() for part in parts])
            for name in ("answer", "reference", "residual", "steps")
        )
        return cls(method, maps, *columns)
