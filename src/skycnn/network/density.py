"""Density: where the training sample lies in what is measured in each band, so that rows unlike it can be told.

A Gaussian mixture over the quantities of all bands. A row in which bands are missing is compared with the marginal of
those that are there. It is unlike the sample where its density is below that of all but a share of the validation rows,
seen in the same bands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.errors import InputError
from skycnn.network.mixture import Mixture

Array = NDArray[Any]

COMPONENTS = 24
MOST_BANDS = 12
"""There is a cut for each subset of the bands."""
NO_CUT = -1e30
"""The cut of subsets that are not judged: a model's weights are finite."""


@dataclass(frozen=True)
class Density:
    """A mixture over the quantities of each band.

    Parameters
    ----------
    softening : array (band,)
        Of the asinh magnitudes: the noise that the training sample has.
    mixture : Mixture
        Over one quantity of all bands, then the next.
    cut : array (2^band,)
        The log density below which a row is unlike the sample, by the number whose bits say which bands are there.
    """

    softening: Array
    mixture: Mixture
    cut: Array

    @classmethod
    def of_mixture(cls, softening: Array, mixture: Mixture, valid: Tensor, alarms: float) -> "Density":
        """Return a density with its cuts.

        Parameters
        ----------
        softening : array (band,)
        mixture : Mixture
        valid : tensor (n, quantities)
            Validation rows with all bands.
        alarms : float
            Share of them that is called unlike, in every subset of two bands or more; of one, where there is one alone.
        """
        bands = len(softening)
        density = cls(softening.astype(np.float32), mixture, np.full(2**bands, NO_CUT, np.float32))
        for pattern in range(2**bands):
            if pattern.bit_count() >= min(2, bands):
                columns = _columns(pattern, bands, valid.shape[1])
                part = replace(mixture).log_density(valid[:, torch.from_numpy(columns)], columns)  # keeps no marginal
                density.cut[pattern] = np.quantile(part.numpy(), alarms)
        return density

    @classmethod
    def of(cls, tensors: Mapping[str, Array], prefix: str, bands: int, each: int, label: str) -> "Density | None":
        """Return the density that a model's tensors hold; None where they hold none.

        Parameters
        ----------
        tensors : mapping of str to array
        prefix : str
            Of the tensors' names.
        bands, each : int
            Bands, and quantities of each.
        label : str
            The model's name.

        Raises
        ------
        InputError
            When they are not those of a density of so many bands.
        """
        given = {name.removeprefix(prefix): part for name, part in tensors.items() if name.startswith(prefix)}
        if not given:
            return None
        if {"softening": (bands,), "cut": (2**bands,)} != {
            name: given[name].shape for name in ("softening", "cut") if name in given
        }:
            raise InputError(f"{label}: its density of the training sample does not fit its {bands} bands")
        mixture = Mixture.of(given, each * bands, f"{label}: its density of the training sample")
        return cls(given["softening"], mixture, given["cut"])

    def tensors(self, prefix: str) -> dict[str, Array]:
        """Return what a model's file keeps."""
        named = {"softening": self.softening, "cut": self.cut, **self.mixture.tensors()}
        return {prefix + name: part for name, part in named.items()}

    def below(self, quantities: Tensor, there: Tensor) -> Tensor:
        """Return which rows are unlike the training sample, bool (n,).

        Parameters
        ----------
        quantities : tensor (n, quantities)
            One quantity of all bands, then the next.
        there : tensor (n, band)
            Which bands are there, bool.
        """
        bands = there.shape[1]
        patterns = (there * (1 << torch.arange(bands, device=there.device))).sum(1)
        unlike = torch.zeros_like(patterns, dtype=torch.bool)
        for pattern in map(int, torch.unique(patterns)):
            if self.cut[pattern] > NO_CUT:
                rows = patterns == pattern
                columns = _columns(pattern, bands, quantities.shape[1])
                whole = len(columns) == quantities.shape[1] and rows.all()
                part = quantities if whole else quantities[rows][:, torch.from_numpy(columns).to(there.device)]
                unlike[rows] = ~(self.mixture.log_density(part, columns) >= float(self.cut[pattern]))
        return unlike


def _columns(pattern: int, bands: int, quantities: int) -> NDArray[np.intp]:
    """Return the quantities of the bands whose bits are set."""
    there = np.flatnonzero(pattern >> np.arange(bands) & 1)
    return (np.arange(0, quantities, bands)[:, None] + there).ravel()
