"""Sanity: whether a map depends on what the network has learned, and points at what its answer depends on.

A map that looks the same after the weights were shuffled shows the stamp, not the network (Adebayo et al. 2018,
arXiv:1810.03292). An answer falls fast when what a good map shows first is replaced by the reference, and returns fast
when it is put back (deletion and insertion, Petsiuk, Das & Saenko 2018, arXiv:1806.07421).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.network.attribution import Attributions, Inputs, Value

DRAWS = 5
"""Networks with shuffled weights that maps are compared with."""
SURVIVES = 0.2
"""Mean rank correlation with their maps above which a map survives."""
FRACTIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Shares of a row's pixels, or bands, that are replaced."""


@dataclass(frozen=True)
class Check:
    """What some rows' maps are worth.

    Parameters
    ----------
    rows : int
    correlation : float
        Mean rank correlation (Spearman) of maps with those of networks with shuffled weights; 0 is best.
    absolute : float
        The same of the maps' absolute values: high where the stamp's light alone draws the outline.
    deletion, insertion : float
        Areas below the mean answers against the share replaced, and put back, what counts most first; 0 is the answer
        at the reference and 1 the row's. The smaller the deletion's and the larger the insertion's, the better.
    control : float
        The deletion's, in random order.
    """

    rows: int
    correlation: float
    absolute: float
    deletion: float
    insertion: float
    control: float

    @classmethod
    def of(cls, found: Attributions, others: Sequence[Attributions], answers: np.ndarray) -> "Check":
        """Return what maps are worth beside those of shuffled weights, and by `curves`."""
        alike = (
            float(np.mean([correlations(found, other, absolute=absolute) for other in others]))
            for absolute in (False, True)
        )
        return cls(len(found.answer), *alike, *(float(area) for area in areas(answers)))

    @property
    def survives(self) -> bool:
        """Whether the maps are alike after the weights were shuffled: then they do not show what was learned."""
        return self.correlation > SURVIVES


def randomised(network: nn.Module, seed: int) -> nn.Module:
    """Return a copy of a network whose weights are shuffled, tensor by tensor; constants of its input stay."""
    other, generator = copy.deepcopy(network), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in other.parameters():
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
    return other


def correlations(one: Attributions, other: Attributions, *, absolute: bool = False) -> np.ndarray:
    """Return the rank correlation (n,) of two attributions of the same rows, over what is not 0 in both."""
    found = np.zeros(len(one.answer))
    for row in range(len(found)):
        flat = [np.concatenate([own[row].ravel() for own in part.maps.values()]) for part in (one, other)]
        pair: np.ndarray = np.array(flat)[:, np.any(flat, axis=0)]
        pair = np.abs(pair) if absolute else pair
        if pair.shape[1] > 2 and (np.ptp(pair, axis=1) > 0).all():
            found[row] = np.asarray(np.corrcoef(pair.argsort(axis=1).argsort(axis=1)))[0, 1]
    return found


def curves(value: Value, inputs: Inputs, reference: Inputs, maps: Inputs) -> np.ndarray:
    """Return answers (n, 3, fraction) with more and more replaced by the reference, put back, and replaced at random.

    Parameters
    ----------
    value : callable
        See `attribution.Value`.
    inputs, reference : mapping of str to tensor
        By name, each (n, ...), NaN where absent.
    maps : mapping of str to tensor
        See `attribution.Attributions`; inputs that have none are never replaced.
    """
    begin = {name: start for name, start in reference.items() if _map_of(name) in maps}
    rows = torch.arange(len(next(iter(maps.values()))), device=next(iter(maps.values())).device)
    sign = torch.sign(value(inputs, rows) - value({**inputs, **begin}, rows))
    generator = torch.Generator().manual_seed(0)
    chance = {name: torch.rand(own.shape[1:], generator=generator).to(own).expand_as(own) for name, own in maps.items()}
    ahead = {name: own * _wide(sign, own) for name, own in maps.items()}
    found = []
    for order, back in ((ahead, False), (ahead, True), (chance, False)):
        ranks = _ranks(order, inputs)
        mixed = ({**inputs, **_mixed(inputs, begin, ranks, share, back)} for share in FRACTIONS)
        found.append(torch.stack([value(own, rows) for own in mixed], 1))
    return torch.stack(found, 1).cpu().numpy()


def areas(answers: np.ndarray) -> np.ndarray:
    """Return the areas (3,) below all rows' curves together, see `Check`; NaN where no answer depends on anything.

    Parameters
    ----------
    answers : ndarray (n, 3, fraction)
        See `curves`.
    """
    whole, empty = answers[:, 0, 0], answers[:, 0, -1]
    total = np.abs(whole - empty).sum()
    if not total > 0:
        return np.full(3, np.nan)
    mean = (np.sign(whole - empty)[:, None, None] * (answers - empty[:, None, None])).sum(axis=0) / total
    return np.asarray(np.trapezoid(mean, FRACTIONS, axis=1))


def _map_of(name: str) -> str:
    """Return the map that an input has a share of; see `attribution.Attributions`."""
    return "flux" if name == "error" else name


def _ranks(order: Inputs, inputs: Inputs) -> dict[str, Tensor]:
    """Return in which order, 0 to 1, pixels and bands come, the largest first; those that are absent last."""
    there = {name: _there(own, inputs[name]) for name, own in order.items()}
    flat = torch.cat([own.masked_fill(~there[name], -torch.inf).flatten(1) for name, own in order.items()], 1)
    count = torch.cat([own.flatten(1) for own in there.values()], 1).sum(1, keepdim=True)
    ranks = (flat.argsort(dim=1, descending=True, stable=True).argsort(1) + 0.5) / count.clamp(min=1)
    parts = torch.split(ranks, [own[0].numel() for own in order.values()], 1)
    return {name: part.reshape(own.shape) for part, (name, own) in zip(parts, order.items(), strict=True)}


def _there(own: Tensor, given: Tensor) -> Tensor:
    return given.isfinite().any(1) if own.ndim < given.ndim else given.isfinite()


def _mixed(inputs: Inputs, begin: Inputs, ranks: Inputs, share: float, back: bool) -> dict[str, Tensor]:
    """Return the inputs with a share of them replaced, or the reference with that share put back."""
    found = {}
    for name, start in begin.items():
        first = ranks[_map_of(name)] < share
        first = first[:, None] if first.ndim < start.ndim else first
        found[name] = torch.where(first ^ back, start, inputs[name])
    return found


def _wide(numbers: Tensor, like: Tensor) -> Tensor:
    """Return numbers (m,) with as many axes as ``like`` (m, ...) has."""
    return numbers.reshape(-1, *[1] * (like.ndim - 1))
