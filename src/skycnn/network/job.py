"""Job: what is trained - which network, on what posterior, from which weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from skycnn.errors import InputError
from skycnn.network.adaptation import Adaptation
from skycnn.network.model import Model
from skycnn.network.sample import Inputs
from skycnn.network.schedule import seeded
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
        Of a network trained on the truth.
    settings : mapping
        Of the network's module.
    seed : int
    device : torch.device
    init : mapping of str to ndarray, optional
        Weights to begin with; then one network is trained, whatever the plan's ensemble.
    joins : bool
        Whether those are the weights of the network's parents, to be joined.
    adaptation : Adaptation, optional
        How a second sample, without truths, counts; None where there is none.
    """

    network: Network
    bands: int
    posterior: Posterior
    settings: Mapping[str, Any]
    seed: int
    device: torch.device
    init: Mapping[str, Array] | None = None
    joins: bool = False
    adaptation: Adaptation | None = None

    @property
    def members(self) -> int:
        """Networks trained on the truth."""
        return self.network.plan.members if self.init is None else 1

    def blank(self, settings: Mapping[str, Any], outputs: int) -> Any:
        """Return a module with whatever weights torch gives it; ``settings`` may say another number of bands."""
        return self.network.module(**{"bands": self.bands, "outputs": outputs, **settings})

    def fresh(self, stage: int, settings: Mapping[str, Any], outputs: int, rows: Inputs, *, init: bool = True) -> Any:
        """Return a module as it begins.

        Parameters
        ----------
        stage : int
            Which of the job's; the weights are drawn by it.
        settings : mapping
        outputs : int
        rows : dict of str to Tensor
            Inputs that the constants are measured on.
        init : bool
            Whether it may begin with the job's ``init``.
        """
        given = self.init if init else None
        with seeded(self.device, self.seed, stage, "weights"):
            module = self.blank(settings, outputs)
        if given is not None:
            weights = {name: torch.from_numpy(np.array(value)) for name, value in given.items()}
            module.load_state_dict({**module.state_dict(), **weights} if self.joins else weights)
        if given is None or self.joins:
            module.normalise({name: value.cpu() for name, value in rows.items()})
        return module.to(self.device)


def weights(*parents: Model) -> dict[str, Array]:
    """Return the tensors of a model's network; of several models each under its network's name."""

    def of(parent: Model) -> dict[str, Array]:
        return {name: array for name, array in parent.tensors.items() if not name.startswith("_")}

    if len(parents) == 1:
        return of(parents[0])
    return {f"{parent.card.network}.{name}": array for parent in parents for name, array in of(parent).items()}


def settings(network: Network, parents: Sequence[Model], pixel_scale: float | None = None) -> dict[str, Any]:
    """Return the settings of the module that begins with nothing, with a model's weights, or joins several.

    Of stamps whose pixel scale is known (arcsec) the module is told that, where it asks for it.
    """
    if len(parents) == 1:
        return dict(parents[0].card.settings)
    scale = {network.scale: pixel_scale} if network.scale and pixel_scale else {}
    return {**network.settings, **{parent.card.network: dict(parent.card.settings) for parent in parents}, **scale}


def planned(
    task: Task,
    parents: Sequence[Model] = (),
    *,
    network: str | None = None,
    members: int | None = None,
    epochs: int | None = None,
) -> tuple[str, Network]:
    """Return a network's name, and itself with its plan as it will be followed.

    Parameters
    ----------
    task : Task
    parents : sequence of Model
        To begin with: one of the same network, which is then trained at a lower rate; or all that a network joins.
    network : str, optional
        Default the parents', else the task's first.
    members, epochs : int, optional
        In place of the plan's; the epochs of later stages keep their ratio.

    Raises
    ------
    InputError
        When there is no such network, or the parents are not those that it begins with.
    """
    name = network or _network_of(task, parents)
    for parent in parents:
        if parent.card.task != task.name:
            raise InputError(f"{parent.card.name} is a model for task {parent.card.task!r}, not {task.name!r}")
    if name not in task.networks:
        raise InputError(f"task {task.name} has no network {name!r}", expected=", ".join(task.networks))
    joins = _joins(task, name, parents)
    if parents and (members or 1) > 1:
        raise InputError("--init trains one network, --members more", value=members, hint="Leave --members out.")
    plan = task.networks[name].plan
    if members is not None:
        plan = replace(plan, members=members)
    if epochs is not None:
        student, tune = (
            max(1, round(epochs * later / plan.epochs)) if later else 0
            for later in (plan.student_epochs, plan.tune_epochs)
        )
        plan = replace(plan, epochs=epochs, student_epochs=student, tune_epochs=tune)
    if parents and not joins:
        plan = replace(plan, rate=INIT_RATE * plan.rate)
    return name, replace(task.networks[name], plan=plan)


def _network_of(task: Task, parents: Sequence[Model]) -> str:
    """Return the network that the parents are of, or that joins them; without any the task's first."""
    if not parents:
        return next(iter(task.networks))
    kinds = sorted(parent.card.network for parent in parents)
    joining = [name for name, network in task.networks.items() if sorted(network.parents) == kinds]
    return joining[0] if len(kinds) > 1 and joining else kinds[0]


def _joins(task: Task, name: str, parents: Sequence[Model]) -> bool:
    """Return whether a network is to be made of others; raise where the parents are not what it begins with."""
    wanted, given = task.networks[name].parents, [parent.card.network for parent in parents]
    if not given and wanted:
        hint = " ".join(f"--init {kind.upper()}" for kind in wanted)
        raise InputError(f"network {name} joins trained networks: {' and '.join(wanted)}", hint=hint)
    if not given or given == [name]:
        return False
    if len(given) == 1 and not wanted:
        hint = "Leave --network out."
        raise InputError(f"{parents[0].card.name} has network {given[0]!r}, not {name!r}", hint=hint)
    if sorted(given) != sorted(wanted):
        expected = " and ".join(wanted) if wanted else f"one model of network {name}"
        raise InputError(f"--init gives {' and '.join(given)} for network {name}", expected=expected)
    return True


def check_alike(parents: Sequence[Model]) -> None:
    """See that models to be joined are of the same bands and answer on the same grid.

    Raises
    ------
    InputError
        When they differ.
    """
    for parent in parents[1:]:
        first, other = parents[0].card, parent.card
        if first.bands != other.bands:
            bands = f"{first.name} has bands {' '.join(first.bands)}, {other.name} {' '.join(other.bands)}"
            raise InputError(f"{bands}: they cannot be joined", hint="Train both with the same --bands.")
        if _bins(first.posterior) != _bins(other.posterior):
            grids = f"{first.name} and {other.name} answer on different grids"
            raise InputError(f"{grids}: they cannot be joined", hint="Train both on the same rows.")


def _bins(told: Any) -> Any:
    """Return a posterior's settings without how much truths were blurred in training, which answers do not have."""
    if isinstance(told, Mapping):
        return {name: _bins(value) for name, value in told.items() if name != "blur"}
    return [_bins(value) for value in told] if isinstance(told, (list, tuple)) else told
