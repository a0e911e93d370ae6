"""Whole density: where the training sample lies in quantities that all bands make together, some of them missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.errors import InputError
from skycnn.network.density import COMPONENTS, NO_CUT
from skycnn.network.mixture import Mixture

Array = NDArray[Any]


@dataclass(frozen=True)
class WholeDensity:
    """A mixture, and a cut for each number of missing bands.

    Parameters
    ----------
    mixture : Mixture
    cut : array (band,)
        The log density below which a row is unlike the sample, by how many of its bands are missing.
    """

    mixture: Mixture
    cut: Array

    @classmethod
    def fit(cls, train: Tensor, valid: Sequence[Tensor], alarms: float, seed: int = 1) -> "WholeDensity | None":
        """Return the density of a sample; None where there are too few rows.

        Parameters
        ----------
        train : tensor (n, d)
            Rows with and without all bands.
        valid : sequence of tensor (m, d)
            Validation rows that lack no band, one, two, ...; none where rows that lack so many are not judged.
        alarms : float
            Share of each that is called unlike.
        seed : int
        """
        finite = train[train.isfinite().all(1)]
        if not len(finite) or finite.shape[1] == 0:
            return None
        mixture = Mixture.fit(finite.double().numpy(), COMPONENTS, seed)
        if mixture is None:
            return None
        density = cls(mixture, np.full(len(valid), NO_CUT, np.float32))
        for missing, rows in enumerate(valid):
            known = rows[rows.isfinite().all(1)]
            if len(known):
                density.cut[missing] = np.quantile(density._log_density(known).numpy(), alarms)
        return density

    @classmethod
    def of(
        cls, tensors: Mapping[str, Array], prefix: str, bands: int, quantities: int, label: str
    ) -> "WholeDensity | None":
        """Return the density that a model's tensors hold under a prefix; None where they hold none.

        Raises
        ------
        InputError
            When they are not those of a density of so many bands and quantities.
        """
        given = {name.removeprefix(prefix): part for name, part in tensors.items() if name.startswith(prefix)}
        if not given:
            return None
        if "cut" not in given or given["cut"].shape != (bands,):
            raise InputError(f"{label}: its density of the training sample does not fit its {bands} bands")
        return cls(Mixture.of(given, quantities, f"{label}: its density of the training sample"), given["cut"])

    def tensors(self, prefix: str) -> dict[str, Array]:
        """Return what a model's file keeps."""
        return {prefix + name: part for name, part in {"cut": self.cut, **self.mixture.tensors()}.items()}

    def below(self, quantities: Tensor, there: Tensor) -> Tensor:
        """Return which rows are unlike the training sample, bool (n,).

        Parameters
        ----------
        quantities : tensor (n, d)
        there : tensor (n, band)
            Which bands are there, bool.
        """
        missing = (~there).sum(1).clamp(max=len(self.cut) - 1)
        cut = torch.from_numpy(self.cut).to(quantities.device)[missing]
        return (cut > NO_CUT) & ~(self._log_density(quantities) >= cut)

    def _log_density(self, x: Tensor) -> Tensor:
        return self.mixture.log_density(x, np.arange(x.shape[1]))
