"""Grid: a joint probability over the bins of one to three axes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from skycnn.distribution import Binned
from skycnn.posterior.axis import Axis
from skycnn.posterior.posterior import Posterior, Summary, Target, table
from skycnn.schema import Column

POWERS, REACH, ROUNDS = tuple(step / 10 for step in range(-5, 51)), 4, 2
"""Sharpness tried, how far from the one with the best score, in steps, and times that all axes are gone through."""

TINIEST = 1e-30
"""A probability that logarithms are taken of."""

LOG = "_LOGP"
"""Behind a column's name: the target that is the logarithm of a probability."""

MOST = 3
"""Axes of a grid: more would have more bins than any sample fills."""


class Grid(Posterior):
    """A joint probability over the bins of one to three axes.

    Parameters
    ----------
    axes : sequence of Axis or mapping
        In the order of the raw output, the last one fastest.
    sharpness : sequence of float, optional
        Of each axis, what calibration found: the power of its marginal, as the raw output has it, that the joint
        probability is multiplied by. One temperature makes the joint right; these make the marginals right.
    """

    def __init__(self, axes: Sequence[Axis | Mapping[str, Any]], sharpness: Sequence[float] = ()) -> None:
        self.axes = tuple(axis if isinstance(axis, Axis) else Axis(**axis) for axis in axes)
        if not 1 <= len(self.axes) <= MOST:
            raise ValueError(f"a Grid needs an axis, and has {MOST} at most")
        self.sharpness = tuple(sharpness) or (0.0,) * len(self.axes)
        if len(self.sharpness) != len(self.axes):
            raise ValueError("a Grid has one sharpness an axis")
        self.shape = tuple(axis.bins for axis in self.axes)
        self.outputs = int(np.prod(self.shape))
        self.values = tuple(axis.column for axis in self.axes)
        self.kinds = {axis.column: axis.kind for axis in self.axes}

    def settings(self) -> dict[str, Any]:
        """Return the axes, and their sharpness where there is one."""
        sharp = {"sharpness": list(self.sharpness)} if any(self.sharpness) else {}
        return {"axes": [asdict(axis) for axis in self.axes], **sharp}

    @property
    def joint_name(self) -> str:
        """The column of the joint probabilities; a grid of one axis has none."""
        return f"{self.value}_JOINT_PDF"

    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return value and interval of each axis, odds, and with ``pdf`` the marginal and the joint probabilities."""
        found = [column for axis in self.axes for column in axis.columns()]
        found += [column for axis in self.axes for column in axis.odds_columns()]
        if pdf:
            found += [axis.pdf_column() for axis in self.axes]
        if pdf and len(self.axes) > 1:
            grid = f"joint probability of {', '.join(self.values)}, bins as theirs"
            form = (self.joint_name, "f4", "", "stat.probability", grid, "E12.4")
            found.append(Column(*form, self.outputs, self.shape))
        return tuple(found)

    def _patterns(self, truth: Tensor) -> Iterator[tuple[Tensor | slice, list[int]]]:
        """Yield rows that have truths in the same axes, and these axes; all rows at once where nothing is missing."""
        known = torch.isfinite(truth)
        if known.all():
            yield slice(None), list(range(len(self.axes)))
            return
        for pattern in torch.unique(known[known.any(dim=1)], dim=0):
            yield (known == pattern).all(dim=1).nonzero()[:, 0], pattern.nonzero()[:, 0].tolist()

    def _marginal(self, raw: Tensor, axes: Sequence[int]) -> Tensor:
        """Return logits (n, bins of ``axes``) of these axes alone."""
        others = [i + 1 for i in range(len(self.axes)) if i not in axes]
        if not others:
            return raw
        return torch.logsumexp(raw.reshape(len(raw), *self.shape), dim=others).flatten(1)

    def _mean(self, raw: Tensor, truth: Tensor, *, blurred: bool) -> Tensor:
        """Return the mean cross-entropy to truths, blurred or each in its bin, in the axes where they are known."""
        truths = table(truth, len(self.axes))
        total, rows = raw.new_zeros(()), 0
        for which, axes in self._patterns(truths):
            some, logits = truths[which], self._marginal(raw[which], axes)
            target = self._target(some, axes) if blurred else self._index(some, axes)
            loss = functional.cross_entropy(logits, target)
            if isinstance(which, slice):
                return loss
            total, rows = total + len(some) * loss, rows + len(some)
        return total / rows if rows else 0 * raw.sum()

    def _target(self, truths: Tensor, axes: Sequence[int]) -> Tensor:
        target = self.axes[axes[0]].target(truths[:, axes[0]])
        for i in axes[1:]:
            target = (target[..., None] * self.axes[i].target(truths[:, i])[:, None, :]).flatten(1)
        return target

    def _index(self, truths: Tensor, axes: Sequence[int]) -> Tensor:
        index = torch.zeros(len(truths), dtype=torch.long, device=truths.device)
        for i in axes:
            index = index * self.axes[i].bins + self.axes[i].bin(truths[:, i])
        return index

    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the cross-entropy to the blurred truth; the grid is summed over axes that a row has no truth of."""
        return self._mean(raw, truth, blurred=True)

    def score(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the cross-entropy to the bin of the truth, which is not blurred here."""
        return self._mean(raw, truth, blurred=False)

    def outside(self, truth: np.ndarray) -> np.ndarray:
        """Return which rows have a truth off the grid, bool (n,)."""
        truths = np.asarray(truth).reshape(len(truth), len(self.axes))
        low, high = (np.array([getattr(axis, end) for axis in self.axes]) for end in ("low", "high"))
        return np.asarray(((truths < low) | (truths > high)).any(axis=1))  # NaN is not

    def miscalibration(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return how far coverage is from nominal, the mean over the marginals and, of several axes, the joint.

        Of a marginal it is ``|mean |2 PIT - 1| - 1/2|``. Of the joint it is ``|mean level - 1/2|``, where the level is
        the probability of all bins more probable than the truth's, and half of those as probable: uniform where
        calibrated. The best score would leave in the posterior the width that ``blur`` adds.
        """
        truths = table(truth, len(self.axes))
        joint = self._joint(raw)
        amiss = []
        for i, axis in enumerate(self.axes):
            known = torch.isfinite(truths[:, i])
            if known.any():
                pit = axis.pit(self._mass(joint, i)[known], truths[known, i])
                amiss.append(((2 * pit - 1).abs().mean() - 0.5).abs())
        whole = torch.isfinite(truths).all(dim=1)
        if len(self.axes) > 1 and whole.any():
            mass = joint[whole]
            there = mass.gather(1, self._index(truths[whole], range(len(self.axes)))[:, None])
            level = (mass * ((mass > there) + 0.5 * (mass == there))).sum(dim=1)
            amiss.append((level.mean() - 0.5).abs())
        return torch.stack(amiss).mean() if amiss else raw.new_zeros(())

    def calibrated(self, raw: Tensor, truth: Tensor) -> "Grid":
        """Return the grid whose marginals cover truths as often as they say; of one axis a temperature does it."""
        grid, truths = Grid(self.axes), table(truth, len(self.axes))
        for i, axis in [*enumerate(self.axes)] * ROUNDS if len(self.axes) > 1 else ():
            known = torch.isfinite(truths[:, i])
            if not known.any():
                continue
            logits, own = grid._sharpened(raw[known], i)
            masses = [torch.softmax(logits + power * own, dim=1) for power in POWERS]
            place = axis.bin(truths[known, i])[:, None]
            likely = [float(mass.gather(1, place).clamp(min=1e-30).log().mean()) for mass in masses]
            amiss = [abs(float((2 * axis.pit(mass, truths[known, i]) - 1).abs().mean()) - 0.5) for mass in masses]
            near = range(len(POWERS))[max(0, int(np.argmax(likely)) - REACH) : int(np.argmax(likely)) + REACH + 1]
            best = POWERS[min(near, key=amiss.__getitem__)]  # a flat marginal is calibrated too, but scores badly
            grid = Grid(self.axes, (*grid.sharpness[:i], best, *grid.sharpness[i + 1 :]))
        return grid

    def _sharpened(self, raw: Tensor, i: int) -> tuple[Tensor, Tensor]:
        """Return logits (n, bins) of an axis whose own sharpness is 0, and what that would be multiplied with."""
        whole = torch.log_softmax(raw, dim=1).reshape(len(raw), *self.shape)
        others = [[j + 1 for j in range(len(self.axes)) if j != k] for k in range(len(self.axes))]
        sharp = whole
        for k, power in enumerate(self.sharpness):
            if k != i and power:
                sharp = sharp + power * torch.logsumexp(whole, dim=others[k], keepdim=True)
        return torch.logsumexp(sharp, dim=others[i]), torch.logsumexp(whole, dim=others[i])

    def _joint(self, raw: Tensor) -> Tensor:
        """Return the joint probabilities (n, outputs)."""
        if not any(self.sharpness):
            return torch.softmax(raw, dim=1)
        whole = torch.log_softmax(raw, dim=1).reshape(len(raw), *self.shape)
        sharp = whole
        for i, power in enumerate(self.sharpness):
            others = [j + 1 for j in range(len(self.axes)) if j != i]
            sharp = sharp + power * torch.logsumexp(whole, dim=others, keepdim=True) if others else sharp
        return torch.softmax(sharp.flatten(1), dim=1)

    def _tempered(self, raw: Tensor, temperatures: Tensor) -> Tensor:
        """Return the joint probabilities whose marginals are those of `_joint` to the power of 1 / temperature.

        Of several axes each marginal is so but for what the others' temperatures make of it.
        """
        if len(self.axes) == 1:
            return torch.softmax(raw / temperatures, dim=1)
        joint = self._joint(raw)
        logs = joint.clamp(min=TINIEST).log().reshape(len(raw), *self.shape)
        for i in range(len(self.axes)):
            shape = [len(raw), *(bins if j == i else 1 for j, bins in enumerate(self.shape))]
            marginal = self._mass(joint, i).clamp(min=TINIEST).log().reshape(shape)
            logs = logs + (1 / temperatures[:, i].reshape(-1, *[1] * len(self.axes)) - 1) * marginal
        return torch.softmax(logs.flatten(1), dim=1)

    def log_widths(self, raw: Tensor) -> Tensor:
        """Return the logarithm of how many bins each marginal takes, 1 / (sum of squared probabilities)."""
        joint = self._joint(raw)
        masses = [self._mass(joint, i) for i in range(len(self.axes))]
        return torch.stack([-2 * torch.linalg.vector_norm(mass, dim=1).log() for mass in masses], dim=1)

    def excess(self, raw: Tensor, truth: Tensor, temperatures: Tensor) -> Tensor:
        """Return |2 PIT - 1| - 1/2 of each marginal; see `miscalibration`."""
        joint, truths = self._tempered(raw, temperatures), table(truth, len(self.axes))
        pits = [axis.pit(self._mass(joint, i), truths[:, i]) for i, axis in enumerate(self.axes)]
        return (2 * torch.stack(pits, dim=1) - 1).abs() - 0.5

    def _mass(self, joint: Tensor, i: int) -> Tensor:
        """Return the marginal probabilities (n, bins) of an axis."""
        others = [j + 1 for j in range(len(self.axes)) if j != i]
        mass = joint.reshape(len(joint), *self.shape)
        return mass.sum(dim=others) if others else mass

    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the cross-entropy to the other's probabilities, bin by bin."""
        return functional.cross_entropy(raw, torch.softmax(other, dim=1))

    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return the logarithm of the mean probability of each bin."""
        return torch.logsumexp(torch.stack([torch.log_softmax(raw, dim=1) for raw in raws]), dim=0)

    @property
    def targets(self) -> Mapping[str, Target]:
        """Of each axis the mean, in its column's unit, and the log-probability of the bin that the median lies in."""
        found = {axis.column: Target(axis.unit, f"mean of {axis.column}") for axis in self.axes}
        likely = "natural logarithm of the probability of the bin of the median of"
        return found | {f"{axis.column}{LOG}": Target("", f"{likely} {axis.column}") for axis in self.axes}

    def _seen(self, raw: Tensor, target: str, temperatures: Tensor | None) -> tuple[Axis, Tensor]:
        """Return a target's axis and the probabilities (n, bins) of its bins."""
        i = self.values.index(target if target in self.values else target.removesuffix(LOG))
        joint = self._joint(raw) if temperatures is None else self._tempered(raw, temperatures)
        return self.axes[i], self._mass(joint, i)

    def explained(
        self, raw: Tensor, target: str, temperatures: Tensor | None = None, bins: Tensor | None = None
    ) -> Tensor:
        """Return the mean of an axis, or the log-probability of a bin."""
        axis, mass = self._seen(raw, target, temperatures)
        if target in self.values:
            edges = axis.edges.to(mass)
            mean: Tensor = mass @ ((edges[:-1] + edges[1:]) / 2)
            return mean
        bins = _median_bins(mass) if bins is None else bins
        return mass.gather(1, bins[:, None])[:, 0].clamp(min=TINIEST).log()

    def median_bins(self, raw: Tensor, target: str, temperatures: Tensor | None = None) -> Tensor | None:
        """Return the bins (n,) of the medians, int64; None where the mean is the target."""
        if target in self.values:
            return None
        return _median_bins(self._seen(raw, target, temperatures)[1])

    def summarise(self, raw: Tensor, pdf: bool = False, temperatures: Tensor | None = None) -> Summary:
        """Return medians, 68 % intervals, odds and, with ``pdf``, the marginal and the joint probabilities."""
        joint = self._joint(raw) if temperatures is None else self._tempered(raw, temperatures)
        values: dict[str, Tensor] = {}
        bits = torch.zeros(len(raw), dtype=torch.int32, device=raw.device)
        for i, axis in enumerate(self.axes):
            mass = self._mass(joint, i)
            columns, flags = axis.summarise(mass)
            values, bits = values | columns, bits | flags
            if pdf:
                values[f"{axis.column}_PDF"] = mass
        if pdf and len(self.axes) > 1:
            values[self.joint_name] = joint
        return {name: value.cpu().numpy() for name, value in values.items()}, bits.cpu().numpy()

    def distribution(self, column: str, values: Mapping[str, np.ndarray]) -> Binned | None:
        """Return the bins of a marginal."""
        axis = self.axes[self.values.index(column)]
        return Binned(axis.edges.numpy(), values[f"{column}_PDF"])


def _median_bins(mass: Tensor) -> Tensor:
    """Return the bins (n,) that hold the medians of probabilities (n, bins)."""
    cumulative = mass.cumsum(dim=1)
    return torch.searchsorted(cumulative, cumulative[:, -1:] / 2)[:, 0].clamp_(max=mass.shape[1] - 1)
