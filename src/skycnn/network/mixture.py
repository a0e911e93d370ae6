"""Mixture: a Gaussian mixture of what rows are like, fitted, and its density in all quantities or in some of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.errors import InputError

Array = NDArray[Any]

FEWEST = 20
"""Rows a component needs for each quantity."""
STEPS, SETTLED = 100, 1e-4
"""Most steps of expectation-maximisation, and the gain in mean log density at which they end."""
FLOOR = 1e-4
"""Least variance of a component, in units of the sample's."""
BLOCK = 2048
"""Rows at once: they and their distances stay in the cache."""


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture of k components over d quantities.

    Parameters
    ----------
    weight : array (k,)
    mean : array (k, d)
    covariance : array (k, d, d)
    """

    weight: Array
    mean: Array
    covariance: Array
    _marginals: dict[tuple[bytes, torch.device], tuple[Tensor, ...]] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def fit(cls, rows: Array, most: int, seed: int) -> "Mixture | None":
        """Return the mixture of rows (n, d), of as many components as they allow; None where not even of one.

        Parameters
        ----------
        rows : array (n, d)
        most : int
            Components.
        seed : int
        """
        count = min(most, len(rows) // (FEWEST * rows.shape[1]))
        if count < 1:
            return None
        return cls(*(part.astype(np.float32) for part in _fitted(np.asarray(rows, np.float64), count, seed)))

    @classmethod
    def of(cls, tensors: Mapping[str, Array], quantities: int, what: str) -> "Mixture":
        """Return the mixture that tensors hold.

        Parameters
        ----------
        tensors : mapping of str to array
            ``weight``, ``mean`` and ``covariance``.
        quantities : int
        what : str
            Whose they are, for messages.

        Raises
        ------
        InputError
            When they are not those of a mixture over so many quantities.
        """
        k, d = np.size(tensors.get("weight", ())), quantities
        wanted = {"weight": (k,), "mean": (k, d), "covariance": (k, d, d)}
        if not k or wanted != {name: tensors[name].shape for name in wanted if name in tensors}:
            raise InputError(f"{what} is none of {quantities} quantities")
        mixture = cls(**{name: tensors[name] for name in wanted})
        try:
            mixture._marginal(np.arange(quantities), torch.device("cpu"))
        except np.linalg.LinAlgError:
            raise InputError(f"{what} has a covariance that is none") from None
        return mixture

    def tensors(self) -> dict[str, Array]:
        """Return what a model's file keeps."""
        return {"weight": self.weight, "mean": self.mean, "covariance": self.covariance}

    def log_density(self, x: Tensor, columns: NDArray[np.intp]) -> Tensor:
        """Return the log density (n,) of the component that is densest at x (n, columns), in these quantities alone."""
        centre, whiten, offset, height = self._marginal(columns, x.device)
        parts = []
        for first in range(0, len(x), BLOCK):
            part = x[first : first + BLOCK]
            white = torch.addmm(offset, part - centre, whiten).square_()
            parts.append((height - 0.5 * white.view(len(part), -1, len(height)).sum(1)).amax(1))
        return torch.cat(parts)

    def _marginal(self, columns: NDArray[np.intp], device: torch.device) -> tuple[Tensor, ...]:
        """Return what whitens rows of some quantities for all components at once, and the components' heights."""
        key = columns.tobytes(), device
        if key not in self._marginals:
            mean = self.mean[:, columns].astype(float)
            factor = np.linalg.inv(np.linalg.cholesky(self.covariance[:, columns[:, None], columns].astype(float)))
            centre = mean.mean(axis=0)
            offset = -np.einsum("kij,kj->ik", factor, mean - centre).ravel()
            whiten = factor.transpose(2, 1, 0).reshape(len(columns), -1)  # (quantity, quantity * k)
            height = np.log(self.weight.astype(float)) + np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
            parts = (torch.from_numpy(part.astype(np.float32)) for part in (centre, whiten, offset, height))
            self._marginals[key] = tuple(part.to(device) for part in parts)
        return self._marginals[key]


def _fitted(x: Array, count: int, seed: int) -> tuple[Array, Array, Array]:
    """Return weights, means and covariances of a mixture fitted by expectation-maximisation (Dempster et al. 1977)."""
    random = np.random.default_rng(seed)
    spread = np.maximum(x.std(axis=0), 1e-6)
    x = x / spread
    n, d = x.shape
    share = np.zeros((n, count))
    share[np.arange(n), _nearest(x, _seeds(x, count, random))] = 1
    before = -np.inf
    for _ in range(STEPS):
        total = share.sum(axis=0) + 1e-9
        mean = share.T @ x / total[:, None]
        covariance = np.empty((count, d, d))
        for k in range(count):
            away = x - mean[k]
            covariance[k] = (share[:, k, None] * away).T @ away / total[k] + FLOOR * np.eye(d)
        factor = np.linalg.inv(np.linalg.cholesky(covariance))
        height = (
            np.log(total / n) + np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1) - d / 2 * np.log(2 * np.pi)
        )
        for k in range(count):
            share[:, k] = height[k] - 0.5 * np.square((x - mean[k]) @ factor[k].T).sum(axis=1)
        top = share.max(axis=1, keepdims=True)
        share = np.exp(share - top)
        norm = share.sum(axis=1, keepdims=True)
        share /= norm
        dense = float((np.log(norm) + top).mean())
        if dense - before < SETTLED:
            break
        before = dense
    return total / total.sum(), mean * spread, covariance * spread * spread[:, None]


def _seeds(x: Array, count: int, random: np.random.Generator) -> Array:
    """Return rows far from one another to begin with (k-means++, Arthur & Vassilvitskii 2007)."""
    chosen = [x[random.integers(len(x))]]
    away = np.full(len(x), np.inf)
    while len(chosen) < count:
        away = np.minimum(away, np.square(x - chosen[-1]).sum(axis=1))
        chosen.append(x[random.choice(len(x), p=away / away.sum())])
    return np.stack(chosen)


def _nearest(x: Array, centres: Array) -> NDArray[np.intp]:
    nearest: NDArray[np.intp] = np.argmin(np.square(centres).sum(axis=1) - 2 * x @ centres.T, axis=1)
    return nearest
