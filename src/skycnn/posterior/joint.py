"""Joint: several posteriors side by side, e.g. a grid of age, extinction and mass, a radius, and a yes or no."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from skycnn.distribution import Distribution
from skycnn.posterior.posterior import Part, Posterior, Summary, Target, table
from skycnn.schema import Column

EVEN = 0.5
"""Probability from which on a yes or no is a yes."""


class Joint(Posterior):
    """Several posteriors of one network, independent of one another given the input.

    Its loss is the sum of theirs, each weighted by the share of the rows that have a truth of it: the mean -log p of a
    row's truths.

    Parameters
    ----------
    *members : Posterior
        In the order of raw outputs, truths and columns.
    given : str, optional
        Column of a yes or no that all others rest on: where it is a no, nothing is flagged, for what the others say
        means nothing there.
    """

    def __init__(self, *members: Posterior, given: str | None = None) -> None:
        if not members:
            raise ValueError("a Joint needs a posterior")
        self.given = given
        self.members = members
        self.outputs = sum(member.outputs for member in members)
        self.values = tuple(value for member in members for value in member.values)
        self.kinds = {value: kind for member in members for value, kind in member.kinds.items()}
        if len(self.kinds) < len(self.values):
            raise ValueError(f"a Joint has a column twice: {' '.join(self.values)}")

    @property
    def parts(self) -> tuple[Part, ...]:
        """The members and their places."""
        found: list[Part] = []
        output = truth = 0
        for member in self.members:
            ends = output + member.outputs, truth + len(member.values)
            found.append(Part(member, slice(output, ends[0]), slice(truth, ends[1])))
            output, truth = ends
        return tuple(found)

    def distilled(self) -> "Joint":
        """Return the members' distilled ones."""
        return self._of(member.distilled() for member in self.members)

    def _of(self, members: Iterable[Posterior]) -> "Joint":
        """Return other members in the place of these."""
        return Joint(*members, given=self.given)

    def settings(self) -> dict[str, Any]:
        """Return the members' settings, in order."""
        return {"members": [member.settings() for member in self.members]}

    def columns(self, pdf: bool = False) -> tuple[Column, ...]:
        """Return the members' columns."""
        return tuple(column for member in self.members for column in member.columns(pdf))

    def _sum(self, of: Callable[[Posterior], Callable[[Tensor, Tensor], Tensor]], raw: Tensor, truth: Tensor) -> Tensor:
        truths, total = table(truth, len(self.values)), raw.new_zeros(())
        for part in self.parts:
            known = truths[:, part.truths]
            share = torch.isfinite(known).any(dim=1).to(raw.dtype).mean()
            total = total + share * of(part.posterior)(raw[:, part.outputs], known)
        return total

    def loss(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the sum of the members' losses."""
        return self._sum(lambda member: member.loss, raw, truth)

    def score(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the sum of the members' scores."""
        return self._sum(lambda member: member.score, raw, truth)

    def miscalibration(self, raw: Tensor, truth: Tensor) -> Tensor:
        """Return the sum of the members' miscalibrations; they are calibrated one by one, see `parts`."""
        return self._sum(lambda member: member.miscalibration, raw, truth)

    def calibrated(self, raw: Tensor, truth: Tensor) -> "Joint":
        """Return the members calibrated one by one."""
        truths = table(truth, len(self.values))
        return self._of(part.posterior.calibrated(raw[:, part.outputs], truths[:, part.truths]) for part in self.parts)

    def spanning(self, raw: Tensor, others: Sequence[Tensor], member: Posterior) -> "Joint":
        """Return the members' posteriors, each by the others' answers of its own kind."""
        found = []
        for part, single in zip(self.parts, member.parts, strict=True):
            alike = [other[:, single.outputs] for other in others]
            found.append(part.posterior.spanning(raw[:, part.outputs], alike, single.posterior))
        return self._of(found)

    def outside(self, truth: np.ndarray) -> np.ndarray:
        """Return which rows have a truth that a member cannot reach."""
        truths = np.asarray(truth).reshape(len(truth), len(self.values))
        found: np.ndarray = np.any([part.posterior.outside(truths[:, part.truths]) for part in self.parts], axis=0)
        return found

    def imitate(self, raw: Tensor, other: Tensor) -> Tensor:
        """Return the sum of the members' cross-entropies."""
        total = raw.new_zeros(())
        for part in self.distilled().parts:
            total = total + part.posterior.imitate(raw[:, part.outputs], other[:, part.outputs])
        return total

    def blend(self, raws: Sequence[Tensor]) -> Tensor:
        """Return the members' blends, side by side."""
        return torch.cat([part.posterior.blend([raw[:, part.outputs] for raw in raws]) for part in self.parts], dim=1)

    def log_widths(self, raw: Tensor) -> Tensor:
        """Return the members' widths, side by side."""
        return torch.cat([part.posterior.log_widths(raw[:, part.outputs]) for part in self.parts], dim=1)

    def excess(self, raw: Tensor, truth: Tensor, temperatures: Tensor) -> Tensor:
        """Return the members' excesses, side by side."""
        truths = table(truth, len(self.values))
        found = [
            part.posterior.excess(raw[:, part.outputs], truths[:, part.truths], temperatures[:, part.truths])
            for part in self.parts
        ]
        return torch.cat(found, dim=1)

    @property
    def targets(self) -> Mapping[str, Target]:
        """The members' targets."""
        return {name: target for member in self.members for name, target in member.targets.items()}

    def _owner(self, target: str) -> Part:
        return next(part for part in self.parts if target in part.posterior.targets)

    def explained(
        self, raw: Tensor, target: str, temperatures: Tensor | None = None, bins: Tensor | None = None
    ) -> Tensor:
        """Return the number (n,) that a member makes of its raw outputs."""
        part = self._owner(target)
        own = None if temperatures is None else temperatures[:, part.truths]
        return part.posterior.explained(raw[:, part.outputs], target, own, bins)

    def median_bins(self, raw: Tensor, target: str, temperatures: Tensor | None = None) -> Tensor | None:
        """Return the bins (n,) of the medians of a member's column, None where the target is another number."""
        part = self._owner(target)
        own = None if temperatures is None else temperatures[:, part.truths]
        return part.posterior.median_bins(raw[:, part.outputs], target, own)

    def summarise(self, raw: Tensor, pdf: bool = False, temperatures: Tensor | None = None) -> Summary:
        """Return the columns of all members, and their flag bits together."""
        values: dict[str, np.ndarray] = {}
        bits = np.zeros(len(raw), np.int32)
        for part in self.parts:
            own = None if temperatures is None else temperatures[:, part.truths]
            columns, flags = part.posterior.summarise(raw[:, part.outputs], pdf, own)
            values, bits = values | columns, bits | flags
        if self.given is not None:
            bits[~(values[self.given] >= EVEN)] = 0
        return values, bits

    def distribution(self, column: str, values: Mapping[str, np.ndarray]) -> Distribution | None:
        """Return the distributions behind a member's column."""
        (member,) = (member for member in self.members if column in member.values)
        return member.distribution(column, values)
