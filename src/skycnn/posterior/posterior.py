"""Posterior: what all posteriors have in common - the loss that a network is trained with and the columns written."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from skycnn.distribution import Distribution
from skycnn.schema import Column

Summary = tuple[dict[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Part:
    """A posterior among several side by side.

    Parameters
    ----------
    posterior : Posterior
    outputs, truths : slice
        Which of the raw outputs, and of the truths, are its own.
    """

    posterior: "Posterior"
    outputs: slice
    truths: slice


@dataclass(frozen=True)
class Target:
    """A number that can be explained.

    Parameters
    ----------
    unit : str
        A FITS unit string; empty for none.
    meaning : str
        One phrase.
    """

    unit: str
    meaning: str


class Posterior(ABC):
    """The meaning of a network's raw output.

    Truths are tensors (n, truths), NaN where a row has none; every loss and score is over the truths that are known.
    One of a single column may be given as (n,).

    Attributes
    ----------
    outputs : int
        Width of the raw output.
    values : tuple of str
        The main columns, e.g. ``Z_PHOT``, each with a truth of its own.
    kinds : mapping of str to str
        How the answers in each of these columns are judged: ``redshift``, ``value`` or ``class``.
    """

    outputs: int
    values: tuple[str, ...]
    kinds: Mapping[str, str]

    @property
    def value(self) -> str:
        """The first of the main columns."""
        return self.values[0]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The posteriors that this one consists of; itself where it is one."""
        return (Part(self, slice(0, self.outputs), slice(0, len(self.values))),)

    def distilled(self) -> "Posterior":
        """Return the posterior of a network that learns from an ensemble, which tells more than one network does."""
        return self

    @abstractmethod
    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return the columns written, without the flag."""

    @abstractmethod
    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the mean training loss of raw outputs (n, outputs) against truths, over rows that have one."""

    def score(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the validation score of raw outputs against truths, the lower the better: the mean -log p(truth)."""
        return self.loss(raw, truth)

    def miscalibration(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return how far the posteriors are from covering truths as often as they say; 0 is calibrated."""
        return self.score(raw, truth)

    def calibrated(self, raw: Tensor, truth: Tensor) -> "Posterior":
        """Return the posterior with what a temperature cannot mend calibrated on raw outputs that have theirs."""
        return self

    def spanning(self, raw: Tensor, others: Sequence[Tensor], member: "Posterior") -> "Posterior":
        """Return the posterior whose interval over trainings, where it has one, holds other networks' answers.

        Parameters
        ----------
        raw : tensor (n, outputs)
            Of the network that learned from others, for rows that none of them learned from.
        others : sequence of tensor
            Their own raw outputs for these rows; none where there were no others.
        member : Posterior
            Of these.
        """
        return self

    @abstractmethod
    def log_widths(self, raw: Tensor) -> Tensor:
        """Return how wide a row's posterior of each main column is, as a natural logarithm, (n, values)."""

    @abstractmethod
    def excess(self, raw: Tensor, truth: Tensor, temperatures: Tensor) -> Tensor:
        """Return what is above 0 on average where posteriors are too narrow, below where too wide, (n, values).

        Parameters
        ----------
        raw, truth : tensor (n, outputs), (n, values)
        temperatures : tensor (n, values)
            See `summarise`.

        Returns
        -------
        tensor (n, values)
            NaN where a row has no truth.
        """

    def outside(self, truth: np.ndarray) -> np.ndarray:
        """Return which rows have a truth (n, truths) that no answer can reach, bool (n,)."""
        return np.zeros(len(truth), bool)

    @abstractmethod
    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the mean cross-entropy of raw outputs of `distilled` to others' posteriors, as `blend` has them."""

    @abstractmethod
    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return the raw output of `distilled` whose posterior is the mean of several networks' posteriors."""

    @abstractmethod
    def summarise(self, raw: Tensor, pdf: bool = False, temperatures: Tensor | None = None) -> Summary:
        """Return column name to values, float32 (n,) or (n, width), and flag bits, int32 (n,).

        Parameters
        ----------
        raw : tensor (n, outputs)
        pdf : bool
            Whether the whole distributions are wanted.
        temperatures : tensor (n, values), optional
            Of each row and main column: its posterior is taken to the power of 1 over it, so that more than 1 widens.
        """

    @property
    @abstractmethod
    def targets(self) -> Mapping[str, Target]:
        """What `explained` returns, by name; the first is the default."""

    @abstractmethod
    def explained(
        self, raw: Tensor, target: str, temperatures: Tensor | None = None, bins: Tensor | None = None
    ) -> Tensor:
        """Return a number (n,) of raw outputs that gradients can be taken of.

        Parameters
        ----------
        raw : tensor (n, outputs)
        target : str
            Of `targets`.
        temperatures : tensor (n, values), optional
            See `summarise`.
        bins : tensor (n,), optional
            Of a target that is the probability of one bin: that bin, see `median_bins`; left out, the median's.
        """

    def median_bins(self, raw: Tensor, target: str, temperatures: Tensor | None = None) -> Tensor | None:
        """Return the bins (n,) of the medians where the target is the probability of one bin; None for others."""
        return None

    def distribution(self, column: str, values: Mapping[str, np.ndarray]) -> Distribution | None:
        """Return the distributions behind a main column, from what `summarise` returned with ``pdf``; None for none."""
        return None

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return the arguments that build this posterior again, as plain JSON."""


def table(truth: Tensor, columns: int) -> Tensor:
    """Return truths as (n, columns), also where they came as (n,)."""
    return truth.reshape(len(truth), columns)
