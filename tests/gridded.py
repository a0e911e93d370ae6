"""Redshift axes, and raw outputs whose posteriors are known in closed form."""

import numpy as np
import torch
from scipy import stats

from skycnn.posterior import Axis


def axis(spacing: str = "linear", bins: int = 400, blur: float = 1.0, low: float = 0.0, high: float = 2.0) -> Axis:
    """Return an axis; one of logarithms begins at 0.01 at least."""
    low = max(low, 0.01) if spacing == "log" else low
    return Axis("Z_PHOT", low, high, bins, spacing=spacing, blur=blur, kind="redshift", odds=True)


def normal_raw(grid: Axis, mean: float, sigma: float) -> torch.Tensor:
    """Logits of a normal density in z, integrated over each bin."""
    edges = grid.value(torch.arange(grid.bins + 1, dtype=torch.float64)).numpy()
    mass = np.diff(stats.norm.cdf(edges, mean, sigma))
    return torch.from_numpy(np.log(np.maximum(mass, 1e-30))).float()


def mixture(weight: float, first: float, second: float, sigma: float = 0.03) -> torch.Tensor:
    one, two = normal_raw(axis(), first, sigma), normal_raw(axis(), second, sigma)
    return torch.log((1 - weight) * one.exp() + weight * two.exp())[None]
