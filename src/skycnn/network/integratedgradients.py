"""Integrated gradients (Sundararajan, Taly & Yan 2017, arXiv:1703.01365), to a residual that is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from skycnn import interrupt

Inputs = Mapping[str, Tensor]
Value = Callable[[Inputs, Tensor], Tensor]
"""``value(inputs, rows)`` of inputs (b, ...) that belong to some rows (b,) of a batch: the explained number (b,)."""

FEWEST, MOST = 16, 512
"""Points of the path at first, and at most."""


@dataclass(frozen=True)
class Integrals:
    """Shares of an answer along the straight path from a reference to an input.

    Parameters
    ----------
    shares : dict of str to Tensor
        Of each input, in its shape; they add up to answer - reference + residual.
    answer, reference, residual : Tensor (n,)
    steps : Tensor (n,)
    """

    shares: dict[str, Tensor]
    answer: Tensor
    reference: Tensor
    residual: Tensor
    steps: Tensor


def rule(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places on the path, 0 to 1, and their weights: Gauss and Legendre's, in the path's square root.

    Networks look at asinh of the pixels, so that most happens near the reference.
    """
    points, weights = np.polynomial.legendre.leggauss(steps)
    place = (points + 1) / 2
    return place**2, weights * place


def integrate(
    value: Value, inputs: Inputs, reference: Inputs, bound: float = 0.01, steps: int | None = None
) -> Integrals:
    """Return how an answer builds up along the straight path from a reference to the input.

    Parameters
    ----------
    value : callable
        See `Value`.
    inputs, reference : mapping of str to tensor
        By name, each (n, ...); NaN where absent, in both. Those that ``reference`` lacks stay as they are.
    bound : float
        The residual that is good enough, as a share of the answer; rows above it get twice as many points, and again.
    steps : int, optional
        As many points for every row, whatever the residual.
    """
    n = len(next(iter(inputs.values())))
    everyone = torch.arange(n, device=next(iter(inputs.values())).device)
    with torch.inference_mode():
        answer, start = value(inputs, everyone).clone(), value({**inputs, **reference}, everyone).clone()
    shares = {name: torch.zeros_like(given) for name, given in reference.items()}
    residual, taken = torch.zeros_like(answer), torch.zeros(n, dtype=torch.int32, device=answer.device)
    rows, count = everyone, steps or FEWEST
    while len(rows):
        found = _sum(value, inputs, reference, rows, *rule(count))
        total = sum((own.flatten(1).double().sum(1) for own in found.values()), answer.new_zeros(len(rows)).double())
        amiss = (total - (answer - start)[rows].double()).to(answer.dtype)
        for name, own in found.items():
            shares[name][rows] = own
        residual[rows], taken[rows] = amiss, count
        count *= 2
        if steps is not None or count > MOST:
            break
        rows = rows[amiss.abs() > bound * answer[rows].abs()]
    return Integrals(shares, answer, start, residual, taken)


def _sum(
    value: Value, inputs: Inputs, reference: Inputs, rows: Tensor, places: np.ndarray, weights: np.ndarray
) -> dict[str, Tensor]:
    """Return the weighted sum of gradients at some places of the path, times the way, for some rows."""
    fixed = {name: given[rows] for name, given in inputs.items() if name not in reference}
    begin = {name: given[rows] for name, given in reference.items()}
    way = {name: inputs[name][rows] - start for name, start in begin.items()}
    total = {name: torch.zeros_like(own) for name, own in way.items()}
    for place, weight in zip(places.tolist(), weights.tolist(), strict=True):
        interrupt.check()
        with torch.enable_grad():
            at = {name: torch.add(begin[name], own, alpha=place).requires_grad_() for name, own in way.items()}
            gradients = torch.autograd.grad(
                value({**fixed, **at}, rows).sum(), list(at.values()), allow_unused=True, materialize_grads=True
            )
        for own, gradient in zip(total.values(), gradients, strict=True):
            own.add_(gradient, alpha=weight)
    return {name: torch.where(torch.isfinite(own), total[name] * own, 0.0) for name, own in way.items()}
