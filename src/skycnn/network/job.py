"""Job: what is trained - which networks in turn, on what posterior, from which numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from skycnn.errors import InputError
from skycnn.network.model import Model
from skycnn.network.schedule import seeded
from skycnn.network.training import Sample
from skycnn.posterior import Posterior
from skycnn.task import Network, Task

Array = np.ndarray

INIT_RATE = 0.25
"""Share of the usual learning rate for a network that has learned before."""


@dataclass(frozen=True)
class Job:
    """What is trained, and how.

    Parameters
    ----------
    network : Network
        With the plan to follow.
    bands : int
    posterior : Posterior
    settings : mapping
        Of the network's module.
    seed : int
    device : torch.device
    init : mapping of str to ndarray, optional
        Numbers to begin with; then one network is trained, whatever the plan's ensemble.
    """

    network: Network
    bands: int
    posterior: Posterior
    settings: Mapping[str, Any]
    seed: int
    device: torch.device
    init: Mapping[str, Array] | None = None

    @property
    def members(self) -> int:
        """Networks trained on the truth."""
        return self.network.plan.members if self.init is None else 1

    @property
    def stages(self) -> list[tuple[Mapping[str, Any], int]]:
        """Module settings and epochs of each network trained, the one that is kept last."""
        plan = self.network.plan
        if self.members == 1:
            return [(dict(self.settings), plan.epochs)]
        members = [({**self.settings, **plan.member}, plan.epochs)] * self.members
        return [*members, ({**self.settings, **plan.student}, plan.student_epochs)]

    def fresh(self, stage: int, train: Sample) -> Any:
        """Return a module as it begins."""
        settings = self.stages[stage][0]
        with seeded(self.device, self.seed, stage, "weights"):
            module = self.network.module(bands=self.bands, outputs=self.posterior.outputs, **settings)
        if self.init is None:
            module.normalise(train.inputs)
        else:
            module.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in self.init.items()})
        return module.to(self.device)

    def facts(self) -> dict[str, Any]:
        """Return what a resumed training must have in common with its beginning, plain JSON."""
        plan = self.network.plan
        return {
            "bands": self.bands,
            "posterior": self.posterior.settings(),
            "stages": [[dict(settings), epochs] for settings, epochs in self.stages],
            "plan": [plan.batch, plan.rate, plan.decay, plan.average, plan.patience],
            "seed": self.seed,
            "device": self.device.type,
        }


def numbers(parent: Model) -> dict[str, Array]:
    """Return the tensors of a model that are its network's."""
    return {name: array for name, array in parent.tensors.items() if not name.startswith("_")}


def planned(
    task: Task,
    parent: Model | None = None,
    *,
    network: str | None = None,
    members: int | None = None,
    epochs: int | None = None,
) -> tuple[str, Network]:
    """Return a network's name, and itself with its plan as it will be followed.

    Parameters
    ----------
    task : Task
    parent : Model, optional
        To begin with: then one network is trained, at a lower rate.
    network : str, optional
        Default the parent's, else the task's first.
    members, epochs : int, optional
        In place of the plan's; the student's epochs keep their ratio.

    Raises
    ------
    InputError
        When there is no such network, or the parent is not of it.
    """
    own = parent.card.network if parent else next(iter(task.networks))
    name = network or own
    if parent is not None and parent.card.task != task.name:
        raise InputError(f"{parent.card.name} is a model for task {parent.card.task!r}, not {task.name!r}")
    if parent is not None and name != own:
        raise InputError(f"{parent.card.name} has network {own!r}, not {name!r}", hint="Leave --network out.")
    if parent is not None and (members or 1) > 1:
        raise InputError("--init trains one network, --members more", value=members, hint="Leave --members out.")
    if name not in task.networks:
        raise InputError(f"task {task.name} has no network {name!r}", expected=", ".join(task.networks))
    plan = task.networks[name].plan
    if members is not None:
        plan = replace(plan, members=members)
    if epochs is not None:
        plan = replace(plan, epochs=epochs, student_epochs=max(1, round(epochs * plan.student_epochs / plan.epochs)))
    if parent is not None:
        plan = replace(plan, rate=INIT_RATE * plan.rate)
    return name, replace(task.networks[name], plan=plan)
