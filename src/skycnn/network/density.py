"""Density: where the photometry of the training sample lies, so that rows that are unlike it can be told.

A Gaussian mixture over the asinh magnitude (Lupton, Gunn & Szalay 1999, AJ 118, 1406) and the log relative error of
each band; colours are differences of magnitudes, so the mixture holds them too. A row in which bands are missing is
compared with the marginal of those that are there. It is unlike the sample where its density is below that of all but a
share `ALARMS` of the validation rows, seen in the same bands.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.errors import InputError

Array = NDArray[Any]

POGSON = -2.5 / math.log(10)
COMPONENTS = 24
FEWEST = 20
"""Rows a component needs for each quantity."""
ALARMS = 0.005
"""Share of the validation rows that are called unlike."""
STEPS, SETTLED = 100, 1e-4
"""Most steps of expectation-maximisation, and the gain in mean log density at which they end."""
FLOOR = 1e-4
"""Least variance of a component, in units of the sample's."""
BLOCK = 2048
"""Rows at once: they and their distances stay in the cache."""
MOST_BANDS = 12
"""There is a cut for each subset of the bands."""
MOST_ROWS = 5000
"""Validation rows that the cuts are set by."""
NO_CUT = -1e30
"""The cut of subsets of fewer than two bands: a model's weights are finite."""
_TENSORS = ("softening", "weight", "mean", "covariance", "cut")
_PREFIX = "_density."


@dataclass(frozen=True)
class Density:
    """A Gaussian mixture of k components over 2 quantities a band.

    Parameters
    ----------
    softening : array (band,)
        Of the asinh magnitudes, microjansky: the sample's median error.
    weight : array (k,)
    mean : array (k, 2 band)
        Magnitudes, then natural logs of the relative errors.
    covariance : array (k, 2 band, 2 band)
    cut : array (2^band,)
        The log density below which a row is unlike the sample, by the number whose bits say which bands are there.
    """

    softening: Array
    weight: Array
    mean: Array
    covariance: Array
    cut: Array
    _marginals: dict[tuple[int, torch.device], tuple[Tensor, ...]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def fit(cls, train: tuple[Array, Array], valid: tuple[Array, Array], seed: int = 1) -> "Density | None":
        """Return the density of a sample; None where too few rows have all bands, or there are too many bands.

        Parameters
        ----------
        train, valid : (array, array)
            Fluxes and errors (n, band), microjansky, NaN where absent: to fit the mixture, and to set the cuts.
        seed : int
        """
        bands = train[0].shape[1]
        (flux, error), judged = _complete(*train), _complete(*valid)
        count = min(COMPONENTS, len(flux) // (FEWEST * 2 * bands))
        if count < 1 or not len(judged[0]) or bands > MOST_BANDS:
            return None
        softening = torch.from_numpy(np.median(error.numpy(), axis=0))
        rows, checked = _quantities(flux, error, softening), _quantities(*judged, softening)[:MOST_ROWS]
        mixture = (softening.numpy(), *_mixture(rows.double().numpy(), count, seed), np.full(2**bands, NO_CUT))
        density = cls(*(value.astype(np.float32) for value in mixture))
        for pattern in range(2**bands):
            if pattern.bit_count() >= 2:
                part = checked[:, torch.from_numpy(_columns(pattern, bands))]
                density.cut[pattern] = np.quantile(density._log_density(part, pattern).numpy(), ALARMS)
        return density

    @classmethod
    def of(cls, tensors: Mapping[str, Array], bands: int, label: str) -> "Density | None":
        """Return the density that a model's tensors hold; None where they hold none.

        Raises
        ------
        InputError
            When they are not those of a density of so many bands.
        """
        given = {name: tensors[_PREFIX + name] for name in _TENSORS if _PREFIX + name in tensors}
        if not given:
            return None
        k = len(np.atleast_1d(given.get("weight", ())))
        wanted = dict(
            zip(_TENSORS, ((bands,), (k,), (k, 2 * bands), (k, 2 * bands, 2 * bands), (2**bands,)), strict=True)
        )
        if {name: value.shape for name, value in given.items()} != wanted or not k:
            raise InputError(f"{label}: its density of the training sample does not fit its {bands} bands")
        density = cls(*(given[name] for name in _TENSORS))
        try:
            density._marginal(2**bands - 1, torch.device("cpu"))
        except np.linalg.LinAlgError:
            raise InputError(f"{label}: its density of the training sample has a covariance that is none") from None
        return density

    def tensors(self) -> dict[str, Array]:
        """Return what a model's file keeps."""
        return {_PREFIX + name: getattr(self, name) for name in _TENSORS}

    def unlike(self, flux: Tensor, error: Tensor) -> Tensor:
        """Return which rows are unlike the training sample, bool (n,).

        Parameters
        ----------
        flux, error : Tensor (n, band)
            Microjansky, NaN where absent.
        """
        bands = flux.shape[1]
        there = _there(flux, error)
        quantities = _quantities(flux, error, torch.from_numpy(self.softening).to(flux.device))
        patterns = (there * (1 << torch.arange(bands, device=flux.device))).sum(1)
        unlike = torch.zeros_like(patterns, dtype=torch.bool)
        for pattern in map(int, torch.unique(patterns)):
            if self.cut[pattern] > NO_CUT:
                rows = patterns == pattern
                columns = torch.from_numpy(_columns(pattern, bands)).to(flux.device)
                part = quantities if len(columns) == 2 * bands and rows.all() else quantities[rows][:, columns]
                unlike[rows] = ~(self._log_density(part, pattern) >= float(self.cut[pattern]))
        return unlike

    def _log_density(self, x: Tensor, pattern: int) -> Tensor:
        """Return the log density (n,) of the component that is densest at x (n, quantities of the bands there)."""
        centre, whiten, offset, height = self._marginal(pattern, x.device)
        parts = []
        for first in range(0, len(x), BLOCK):
            part = x[first : first + BLOCK]
            white = torch.addmm(offset, part - centre, whiten).square_()
            parts.append((height - 0.5 * white.view(len(part), -1, len(height)).sum(1)).amax(1))
        return torch.cat(parts)

    def _marginal(self, pattern: int, device: torch.device) -> tuple[Tensor, ...]:
        """Return what whitens rows of a subset of the bands for all components at once, and the components' heights."""
        if (pattern, device) not in self._marginals:
            columns = _columns(pattern, len(self.softening))
            mean = self.mean[:, columns].astype(float)
            factor = np.linalg.inv(np.linalg.cholesky(self.covariance[:, columns[:, None], columns].astype(float)))
            centre = mean.mean(axis=0)
            offset = -np.einsum("kij,kj->ik", factor, mean - centre).ravel()
            whiten = factor.transpose(2, 1, 0).reshape(len(columns), -1)  # (quantity, quantity * k)
            height = np.log(self.weight.astype(float)) + np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
            parts = (torch.from_numpy(part.astype(np.float32)) for part in (centre, whiten, offset, height))
            self._marginals[pattern, device] = tuple(part.to(device) for part in parts)
        return self._marginals[pattern, device]


def _there(flux: Tensor, error: Tensor) -> Tensor:
    return torch.isfinite(flux) & torch.isfinite(error) & (error > 0)


def _complete(flux: Array, error: Array) -> tuple[Tensor, Tensor]:
    """Return the rows in which no band is missing."""
    both = torch.from_numpy(np.asarray(flux, np.float32)), torch.from_numpy(np.asarray(error, np.float32))
    rows = _there(*both).all(1)
    return both[0][rows], both[1][rows]


def _quantities(flux: Tensor, error: Tensor, softening: Tensor) -> Tensor:
    """Return asinh magnitudes and log relative errors, (n, 2 band)."""
    relative = torch.log(error / torch.hypot(flux, 2 * softening))
    return torch.cat([POGSON * torch.asinh(flux / (2 * softening)), relative], 1)


def _columns(pattern: int, bands: int) -> NDArray[np.intp]:
    """Return the quantities of the bands whose bits are set."""
    there = np.flatnonzero(pattern >> np.arange(bands) & 1)
    return np.concatenate([there, there + bands])


def _mixture(x: Array, count: int, seed: int) -> tuple[Array, Array, Array]:
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
