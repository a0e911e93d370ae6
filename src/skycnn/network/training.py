"""Training: one network fitted to training rows, epoch by epoch; its whole state can be taken and given back."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn import interrupt
from skycnn.errors import RunError
from skycnn.files.pixelstore import PixelStore
from skycnn.network.sample import Inputs, Sample, blocks, device_of
from skycnn.network.schedule import one_cycle, seeded
from skycnn.task import Plan

Loss = Callable[[Tensor, Tensor, Inputs], Tensor]
"""``loss(raw, truth, inputs)`` of a batch: raw output, truths, and the augmented inputs that the network saw."""
Score = Callable[[Tensor, Tensor], Tensor]
"""``score(raw, truth)`` of the validation rows, the lower the better."""

BETA2 = 0.99
"""AdamW's second beta: a shorter memory than the customary 0.999, for there are only a few thousand steps."""
FEWEST_STEPS = 40
"""Steps an epoch that a small sample is cut into, by a smaller batch."""
SMALLEST_BATCH = 32


def forward(module: nn.Module, inputs: Mapping[str, Tensor | PixelStore]) -> Tensor:
    """Return the raw output of all rows, without gradients."""
    module.eval()
    device = device_of(module, inputs)
    with torch.no_grad(), half(inputs, device):
        parts = []
        for block in blocks(inputs, device):
            interrupt.check()
            parts.append(module(**block))
    return torch.cat(parts).float()


def half(inputs: Mapping[str, Tensor | PixelStore], device: torch.device) -> torch.autocast:
    """Return a context of mixed precision, which networks that look at stamps work in on a GPU."""
    looks = any(len(value.shape) > 2 for value in inputs.values())
    return torch.autocast(device.type, torch.bfloat16, enabled=looks and device.type == "cuda")


class Training:
    """One network in training.

    Parameters
    ----------
    module : torch.nn.Module
        Normalised; it is trained in place.
    loss, score : callable
        What the steps make small; what chooses the epoch, of the validation rows.
    train, valid : Sample
        On the module's device.
    plan : Plan
    epochs : int
    seed : tuple
        Anything that tells this training from others.
    begun : bool
        Whether the module has learned before: then it is kept as it is where training makes it no better.
    beside : callable, optional
        ``beside(module)`` is added to the validation score.

    Attributes
    ----------
    mean : torch.nn.Module
        The moving average of the weights.
    best : dict
        Its state in the epoch with the best validation score.
    curve : list of float
        Validation score of each epoch done.
    """

    def __init__(
        self,
        module: Any,
        loss: Loss,
        score: Score,
        train: Sample,
        valid: Sample,
        plan: Plan,
        epochs: int,
        seed: tuple[object, ...],
        *,
        begun: bool = False,
        beside: Callable[[Any], float] | None = None,
    ) -> None:
        self.module, self.loss, self.score, self.beside = module, loss, score, beside
        self.train, self.valid, self.plan, self.epochs, self.seed = train, valid, plan, epochs, seed
        self.mean = copy.deepcopy(module)
        self.best: dict[str, Tensor] = _copied(self.mean)
        self.curve: list[float] = []
        self.start = self._score() if begun else math.inf
        self.batch = max(1, min(plan.batch, max(SMALLEST_BATCH, len(train) // FEWEST_STEPS), len(train)))
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": plan.decay},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=plan.rate)

    @property
    def done(self) -> bool:
        """Whether all epochs are over, or the validation score has not fallen for too long."""
        since = len(self.curve) - int(np.argmin([self.start, *self.curve])) if self.curve else 0
        return len(self.curve) >= self.epochs or since >= self.plan.patience

    def epoch(self) -> float:
        """Train through all rows once and return the validation score.

        Raises
        ------
        RunError
            When the network diverged.
        """
        device = self.train.truth.device
        number = len(self.curve)
        with seeded(device, *self.seed, number) as generator:
            self.module.train()
            order = torch.randperm(len(self.train), generator=generator, device=device)
            steps = len(self.train) // self.batch
            for index in range(steps):
                interrupt.check()
                rows = order[index * self.batch : (index + 1) * self.batch]
                self._step(self.train.take(rows), number * steps + index, steps * self.epochs, generator)
        for mean, now in zip(self.mean.buffers(), self.module.buffers(), strict=True):
            mean.copy_(now)
        score = self._score()
        if not math.isfinite(score):
            raise RunError(f"training diverged in epoch {number + 1}", hint="Look for absurd fluxes; see --bad.")
        if score < min([self.start, *self.curve]):
            self.best = _copied(self.mean)
        self.curve.append(score)
        return score

    def _score(self) -> float:
        """Return the validation score of the averaged network."""
        with torch.no_grad():
            score = float(self.score(forward(self.mean, self.valid.inputs), self.valid.truth))
        return score if self.beside is None else score + self.beside(self.mean)

    def _step(self, rows: Sample, step: int, steps: int, generator: torch.Generator) -> None:
        rate, beta = one_cycle(step, steps, self.plan.rate)
        for group in self.optimiser.param_groups:
            group["lr"], group["betas"] = rate, (beta, BETA2)
        seen = self.module.augment(rows.inputs, generator)
        with half(seen, rows.truth.device):
            raw = self.module(**seen)
        loss = self.loss(raw.float(), rows.truth, seen)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        past = min(self.plan.average, (1 + step) / (10 + step))  # at first there is little to remember
        with torch.no_grad():
            torch._foreach_lerp_(list(self.mean.parameters()), list(self.module.parameters()), 1 - past)

    def finished(self) -> nn.Module:
        """Return the network of the best epoch, ready to answer."""
        self.mean.load_state_dict(self.best)
        result: nn.Module = self.mean.eval().requires_grad_(False)
        return result

    def state(self) -> dict[str, Tensor]:
        """Return the whole state by name; with the curve and the arguments it makes this object again."""
        found = {f"now.{name}": value for name, value in self.module.state_dict().items()}
        found |= {f"mean.{name}": value for name, value in self.mean.state_dict().items()}
        found |= {f"best.{name}": value for name, value in self.best.items()}
        for number, moments in self.optimiser.state_dict()["state"].items():
            found |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in moments.items()}
        return found

    def restore(self, state: Mapping[str, Tensor], curve: list[float]) -> None:
        """Take the state that `state` returned."""
        parts: dict[str, dict[str, Tensor]] = {"now": {}, "mean": {}, "best": {}, "optimiser": {}}
        for name, value in state.items():
            kind, _, rest = name.partition(".")
            parts[kind][rest] = value
        self.module.load_state_dict(parts["now"])
        self.mean.load_state_dict(parts["best"])  # it must fit too
        self.mean.load_state_dict(parts["mean"])
        self.best = {name: value.clone() for name, value in parts["best"].items()}
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in parts["optimiser"].items():
            number, _, rest = name.partition(".")
            moments.setdefault(int(number), {})[rest] = value.clone()
        weights: list[Tensor] = [weight for group in self.optimiser.param_groups for weight in group["params"]]
        for place, weight in enumerate(weights):
            if any(held.numel() > 1 and held.shape != weight.shape for held in moments.get(place, {}).values()):
                raise ValueError(f"the moments of weight {place} have another shape")
        self.optimiser.load_state_dict({"state": moments, "param_groups": self.optimiser.state_dict()["param_groups"]})
        self.curve = list(curve)


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}
