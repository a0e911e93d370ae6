"""Integrated gradients (Sundararajan, Taly & Yan 2017, arXiv:1703.01365), to a residual that is asked for.

What gradients add up to along any part of the straight path from the reference to the input is the answer at its end
minus that at its beginning. So it is known how far each part is amiss; of rows above the bound these parts are cut in
two.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from skycnn import interrupt
from skycnn.network.attribution import Inputs, Shares, Value

POINTS = 8
"""Of each part of the path."""
BEGIN = (0.0, 0.03, 0.2, 1.0)
"""Ends of the first parts: networks look at asinh of the pixels, so that most happens near a dark reference."""
MOST = 2048
"""Points that a row gets at most."""
SMALL = 1 / 8
"""Share of the bound that a part may be amiss by in any case."""


@cache
def legendre(points: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return places between 0 and 1 and their weights: the rule of Gauss and Legendre."""
    places, weights = np.polynomial.legendre.leggauss(points)
    return tuple((places + 1) / 2), tuple(weights / 2)


@dataclass(frozen=True)
class Path:
    """The straight path of a batch's rows from a reference to the input.

    Parameters
    ----------
    value : callable
        See `attribution.Value`.
    inputs, begin : mapping of str to tensor
        By name, each (n, ...), NaN where absent, in both. Inputs that ``begin`` lacks stay as they are.
    most : int
        Rows at once, whose gradients fit into memory.
    """

    value: Value
    inputs: Inputs
    begin: Inputs
    most: int

    def answers(self, rows: Tensor, places: Tensor) -> Tensor:
        """Return the explained number (m,) of rows at places (m,) of the path."""
        at = {
            name: start[rows].lerp(self.inputs[name][rows], _wide(places, start)) for name, start in self.begin.items()
        }
        with torch.no_grad():
            return self.value({**self._fixed(rows), **at}, rows)

    def shares(self, rows: Tensor, low: Tensor, high: Tensor, points: int) -> dict[str, Tensor]:
        """Return what each input adds to the answer of rows (m,) between two places (m,) of the path."""
        begin = {name: start[rows] for name, start in self.begin.items()}
        way = {name: self.inputs[name][rows] - start for name, start in begin.items()}
        total = {name: torch.zeros_like(own) for name, own in way.items()}
        rule = torch.tensor(legendre(points), dtype=low.dtype, device=low.device)
        for places, weights in torch.split(rule, max(1, self.most // len(rows)), 1):
            interrupt.check()
            several = rows.repeat(len(places))
            at = low + places[:, None] * (high - low)  # (place, m)
            with torch.enable_grad():
                seen = {
                    name: torch.addcmul(begin[name], own, at.reshape(*at.shape, *[1] * (own.ndim - 1)))
                    .flatten(0, 1)
                    .requires_grad_()
                    for name, own in way.items()
                }
                answer = self.value({**self._fixed(several), **seen}, several).sum()
                found = torch.autograd.grad(answer, list(seen.values()), allow_unused=True, materialize_grads=True)
            for own, gradient in zip(total.values(), found, strict=True):
                slopes = gradient.nan_to_num(0.0, 0.0, 0.0).reshape(len(places), *own.shape)
                own.add_(torch.tensordot(weights, slopes, 1))
        return {
            name: torch.where(own.isfinite(), total[name] * own * _wide(high - low, own), 0.0)
            for name, own in way.items()
        }

    def _fixed(self, rows: Tensor) -> dict[str, Tensor]:
        return {name: given[rows] for name, given in self.inputs.items() if name not in self.begin}


def integrate(
    value: Value, inputs: Inputs, reference: Inputs, bound: float = 0.01, steps: int | None = None, most: int = 128
) -> Shares:
    """Return how an answer builds up along the straight path from a reference to the input.

    Parameters
    ----------
    value : callable
        See `attribution.Value`.
    inputs, reference : mapping of str to tensor
        See `Path`.
    bound : float
        The residual that is good enough, as a share of the answer.
    steps : int, optional
        As many points for every row, of one rule over the whole path, whatever the residual.
    most : int
        Rows at once, see `Path`.
    """
    path = Path(value, inputs, reference, most)
    like = next(iter(reference.values()))
    n, device = len(like), like.device
    rows = torch.arange(n, device=device)
    ends = torch.tensor((0.0, 1.0) if steps else BEGIN, dtype=like.dtype, device=device)
    knots = [path.answers(rows, end.expand(n)) for end in ends]
    start, answer = knots[0], knots[-1]
    maps = {name: torch.zeros_like(given) for name, given in reference.items()}
    amiss, taken = torch.zeros_like(answer), torch.zeros_like(rows)
    allowed = (torch.inf if steps else bound) * answer.abs()
    rows, low, high = rows.repeat(len(ends) - 1), ends[:-1].repeat_interleave(n), ends[1:].repeat_interleave(n)
    below, above = torch.cat(knots[:-1]), torch.cat(knots[1:])
    while len(rows):
        points = steps or POINTS
        parts = zip(*(torch.split(own, most) for own in (rows, low, high)), strict=True)
        chunks = [path.shares(some, one, other, points) for some, one, other in parts]
        found = {name: torch.cat([chunk[name] for chunk in chunks]) for name in maps}
        error = sum(own.flatten(1).sum(1) for own in found.values()) - (above - below)
        taken.index_put_((rows,), torch.full_like(rows, points), accumulate=True)
        whole = amiss.index_put((rows,), error, accumulate=True).abs()
        cut = (whole > allowed)[rows] & (error.abs() > SMALL * allowed[rows])
        wanted = torch.zeros_like(taken).index_put_((rows,), 2 * points * cut.long(), accumulate=True)
        cut &= (taken + wanted <= MOST)[rows]
        amiss.index_put_((rows[~cut],), error[~cut], accumulate=True)
        for name, own in found.items():
            maps[name].index_put_((rows[~cut],), own[~cut], accumulate=True)
        rows, low, high, below, above = (own[cut] for own in (rows, low, high, below, above))
        middle = (low + high) / 2
        halves = zip(torch.split(rows, most), torch.split(middle, most), strict=True)
        level = torch.cat([path.answers(some, place) for some, place in halves])
        rows, low, high = rows.repeat(2), torch.cat([low, middle]), torch.cat([middle, high])
        below, above = torch.cat([below, level]), torch.cat([level, above])
    return Shares(maps, answer, start, amiss, taken.int())


def _wide(numbers: Tensor, like: Tensor) -> Tensor:
    """Return numbers (m,) with as many axes as ``like`` (m, ...) has."""
    return numbers.reshape(-1, *[1] * (like.ndim - 1))
