"""Task: what one paper claims, as data (a noun; the folder ``tasks`` is the collection)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # naming a task must not import torch
    import numpy as np

    from skycnn.posterior import Posterior


@dataclass(frozen=True)
class Plan:
    """How a network is trained unless the command line says otherwise.

    Parameters
    ----------
    epochs : int
        Of each network trained on the truth; early stopping may end it sooner.
    batch : int
        Rows a step, fewer where the sample is small.
    rate : float
        Peak learning rate of AdamW; it rises for a tenth of the steps and falls to nothing, as does a cosine.
    decay : float
        Weight decay of AdamW, of matrices only.
    average : float
        The weights kept are a moving average over the steps: this share of it is the past.
    patience : int
        Epochs without a better validation score before the end.
    members : int
        Networks in the ensemble that is distilled into one; 1 trains one network and no more.
    member : mapping
        Settings of the members' modules where they differ from the network's own.
    student_epochs : int
        Of the network that the ensemble is distilled into.
    student : mapping
        Settings of its module where they differ from the network's own.
    threads : int, optional
        CPU threads at most: on small layers more of them wait for one another longer than they work.
    """

    epochs: int = 60
    batch: int = 512
    rate: float = 4e-3
    decay: float = 0.02
    average: float = 0.998
    patience: int = 20
    members: int = 1
    member: Mapping[str, Any] = field(default_factory=dict)
    student_epochs: int = 80
    student: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None


@dataclass(frozen=True)
class Network:
    """One of a task's networks.

    Parameters
    ----------
    module : callable
        ``module(bands=5, outputs=200, **settings)`` returns a ``torch.nn.Module`` with
        ``forward(**inputs) -> (n, outputs)``, ``normalise(inputs)`` (sets its buffers from training rows),
        ``augment(inputs, generator) -> inputs`` (training only) and ``temper(temperature)`` (divides the raw output
        for good). Its whole state is in its ``state_dict``, and it can be built on the ``meta`` device.
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
    bounds : tuple of float
        Smallest and largest possible truth; a value outside is a catalogue's way to say that it has none.
    posterior_for : callable, optional
        ``posterior_for(truth)`` builds the posterior that suits training truths (n,); default ``posterior()``.
    """

    name: str
    summary: str
    citation: str
    posterior: "Callable[..., Posterior]"
    networks: Mapping[str, Network]
    flag: str
    truth: tuple[str, ...] = ()
    bounds: tuple[float, float] = (-math.inf, math.inf)
    posterior_for: "Callable[[np.ndarray], Posterior] | None" = None
