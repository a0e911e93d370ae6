"""Network: one of a task's networks, and the plan by which it is trained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


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
    student_begins : int, optional
        The member whose weights it begins with; left out, it begins as they did.
    threads : int, optional
        CPU threads at most: on small layers more of them wait for one another longer than they work.
    tune_epochs, tune_rate : int, float
        Of a network that joins others: after its head alone was trained, epochs of the whole and their peak rate. Of
        one that `tuning.tuned` trains: its epochs and rate where it begins with a trained network.
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
    student_begins: int | None = None
    threads: int | None = None
    tune_epochs: int = 0
    tune_rate: float = 2e-4


@dataclass(frozen=True)
class Network:
    """One of a task's networks.

    Parameters
    ----------
    module : callable
        ``module(bands=5, outputs=200, **settings)`` returns a ``torch.nn.Module`` with
        ``forward(**inputs) -> (n, outputs)``, ``normalise(inputs)`` (sets its buffers from training rows),
        ``augment(inputs, generator) -> inputs`` (training only) and ``temper(temperature)``, which divides the raw
        output for good by a number or, where the posterior has several parts, by a tensor (outputs,). Its whole state
        is in its ``state_dict``, and it can be built on the ``meta`` device. One with a method ``features(**inputs)``,
        which returns what it sees in each row, (n, ...) or a dict of such, and which ``forward`` rests on, can be
        adapted to a second sample; see `network.adaptation`.
    inputs : tuple of str
        Kinds of input the module takes: ``flux`` (``flux`` and ``error``, each (n, band), microjansky), ``image``
        (``image``, (n, band, y, x), microjansky a pixel), and names of the task's `InputColumn`, each (n,); NaN where
        absent.
    plan : Plan
        Training defaults.
    settings : mapping
        Of the module, where they differ from its own.
    parents : tuple of str
        Networks of the task that this one joins, trained before. Its module has them as attributes of these names,
        takes their settings by these names, and has ``features(**inputs)``, a dict of what they see in each row,
        a ``head(**features)`` and ``begin(features, score)``, which sets how the head begins: ``score(raw)`` judges it
        on rows that the parents were not trained on.
    scale : str, optional
        The setting of the module that is the stamps' pixel scale, arcsec; left out, the module does not ask for it.
    stages : callable, optional
        ``stages(job)`` returns what is trained in turn, each a `network.stage.Stage`; left out, those of
        `network.stages.usual`: an ensemble and what learns from it, or parents joined.
    """

    module: Callable[..., Any]
    inputs: tuple[str, ...]
    plan: Plan = field(default_factory=Plan)
    parents: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    scale: str | None = None
    stages: Callable[..., Any] | None = None
