"""Discrepancy: how differently two samples are seen, as a loss that makes a network see them alike."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Features = Tensor | Mapping[str, Tensor]
"""What a network's ``features`` returns: (n, ...), or several such by name."""


@dataclass(frozen=True)
class Discrepancy:
    """The maximum mean discrepancy (Gretton et al. 2012, JMLR 13, 723) or CORAL (Sun & Saenko 2016, arXiv:1607.01719).

    Parameters
    ----------
    widths : tuple of float
        Of the Gaussian kernels, whose mean is taken, in units of the median distance between two rows of both samples
        (the median heuristic, ibid., section 8); several, as in Long et al. 2015 (arXiv:1502.02791), for none suits all
        features. None: CORAL, the squared difference of the covariances.
    """

    widths: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)

    def __call__(self, one: Features, other: Features) -> Tensor:
        """Return the discrepancy of two samples' features, of each kind of features their sum.

        Parameters
        ----------
        one, other : tensor (n, ...) or mapping of str to tensor (n, ...)
            Of two rows or more each.
        """
        if isinstance(one, Tensor) and isinstance(other, Tensor):
            return self._of(one.float().flatten(1), other.float().flatten(1))
        if isinstance(one, Tensor) or isinstance(other, Tensor):
            raise TypeError("the features of two samples are of two kinds")
        return torch.stack([self(one[name], other[name]) for name in one]).sum()

    def _of(self, one: Tensor, other: Tensor) -> Tensor:
        if not self.widths:
            return (torch.cov(one.T) - torch.cov(other.T)).square().sum() / (4 * one.shape[1] ** 2)
        rows = torch.cat([one, other])
        rows = rows - rows.detach().mean(0)  # squares of large numbers lose their difference
        size = rows.square().sum(1)
        away = (size[:, None] + size - 2 * rows @ rows.T).clamp(min=0)  # without a tensor (n, n, features)
        n, m = len(one), len(other)
        pairs = ~torch.eye(n + m, dtype=torch.bool, device=away.device)
        scale = away.detach()[pairs].median().clamp(min=1e-12)
        mean = torch.stack([torch.exp(-away / (2 * width**2 * scale)) for width in self.widths]).mean(0)
        own = (mean[:n, :n].sum() - n) / (n * (n - 1)) + (mean[n:, n:].sum() - m) / (m * (m - 1))
        return own - 2 * mean[:n, n:].mean()
