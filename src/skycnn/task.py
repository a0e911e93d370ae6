"""Task: what one paper claims, as data (a noun; the folder ``tasks`` is the collection)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # naming a task must not import torch
    from skycnn.posterior import Posterior


@dataclass(frozen=True)
class Plan:
    """How a network is trained unless the command line says otherwise.

    Parameters
    ----------
    epochs : int
        Upper bound; early stopping usually ends sooner.
    batch : int
        Rows a step.
    rate : float
        Peak learning rate of AdamW.
    decay : float
        Weight decay of AdamW.
    patience : int
        Epochs without a better validation loss before the end.
    members : int
        Networks in the ensemble that is distilled into one; 1 trains one network and no more.
    """

    epochs: int = 100
    batch: int = 512
    rate: float = 2e-3
    decay: float = 1e-4
    patience: int = 20
    members: int = 1


@dataclass(frozen=True)
class Network:
    """One of a task's networks.

    Parameters
    ----------
    module : callable
        ``module(bands=5, outputs=200, **settings)`` returns a ``torch.nn.Module`` with
        ``forward(**inputs) -> (n, outputs)``, ``normalise(inputs)`` (fits its buffers to training data) and
        ``augment(inputs, generator) -> inputs`` (training only).
    inputs : tuple of str
        Kinds of input the module takes: ``flux`` (``flux`` and ``error``, each (n, band), microjansky).
    plan : Plan
        Training defaults.
    """

    module: Callable[..., Any]
    inputs: tuple[str, ...]
    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True)
class Task:
    """What one paper claims: which inputs, which networks, which posterior, which scores.

    Parameters
    ----------
    name : str
        The name of its file in ``tasks``.
    summary : str
        One line for lists and man pages.
    citation : str
        The paper.
    posterior : callable
        ``posterior(**settings)`` builds the posterior; the settings stand in a model's card.
    networks : mapping of str to Network
        By name; the first is the default.
    flag : str
        Stem of the flag column, e.g. ``Z_PHOT`` for ``Z_PHOT_FLAG``.
    truth : tuple of str
        Columns looked for, in this order, when ``--truth`` is not given.
    """

    name: str
    summary: str
    citation: str
    posterior: "Callable[..., Posterior]"
    networks: Mapping[str, Network]
    flag: str
    truth: tuple[str, ...] = ()
