"""Task: what one paper claims, as data (a noun; the folder ``tasks`` is the collection)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # naming a task must not import torch
    import numpy as np

    from skycnn.posterior import Posterior
    from skycnn.schema import Column
    from skycnn.survey import Survey


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
    tune_epochs, tune_rate : int, float
        Of a network that joins others: after its head alone was trained, epochs of the whole and their peak rate.
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
        ``augment(inputs, generator) -> inputs`` (training only) and ``temper(temperature)`` (divides the raw output
        for good). Its whole state is in its ``state_dict``, and it can be built on the ``meta`` device.
    inputs : tuple of str
        Kinds of input the module takes: ``flux`` (``flux`` and ``error``, each (n, band), microjansky), ``image``
        (``image``, (n, band, y, x), microjansky a pixel); NaN where absent.
    plan : Plan
        Training defaults.
    settings : mapping
        Of the module, where they differ from its own.
    parents : tuple of str
        Networks of the task that this one joins, trained before. Its module has them as attributes of these names,
        takes their settings by these names, and has ``features(**inputs)``, a dict of what they see in each row,
        a ``head(**features)`` and ``begin(features, score)``, which sets how the head begins: ``score(raw)`` judges it
        on rows that the parents were not trained on.
    """

    module: Callable[..., Any]
    inputs: tuple[str, ...]
    plan: Plan = field(default_factory=Plan)
    parents: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SignalCut:
    """A selection of mocks by what is measured of them.

    Parameters
    ----------
    bands : tuple of str
        In one of these at least must a galaxy be seen; another case is the same band where that is one alone.
    above : float
        The signal to noise that it must exceed there.
    """

    bands: tuple[str, ...]
    above: float


@dataclass(frozen=True)
class Mock:
    """What a task's mocks are: drawn by the task, rendered and measured by the verb.

    Parameters
    ----------
    draw : callable
        ``draw(survey, bands, seed, row, selection)`` returns what has ``light``, a `simulate.render.Light` in
        microjansky, and ``truth``, a mapping of name to values (n,); of the rows, absolute numbers (n,), one by one:
        a row's answer depends on no other.
    columns : tuple of Column
        The truth's names, types, units and meanings; files have them with ``_TRUE`` behind the name.
    side : int
        Pixels along an edge of a stamp, unless told otherwise.
    selections : tuple of str
        That ``draw`` knows, beside ``all``; the first is the default.
    usual : mapping of str to str
        The default of a survey, by its name, where it is another one.
    cuts : mapping of str to SignalCut
        By selection: what is asked of the measured fluxes.
    observe : callable, optional
        ``observe(survey, bands, galaxies, seed)`` returns fluxes and errors (n, band) of drawn galaxies as a survey's
        catalogue has them, NaN where a band is missing, or None where they follow from the depth.
    observed : callable, optional
        ``observed(survey)`` tells whether ``observe`` knows the survey's catalogue; a task has both or none.
    density : callable, optional
        ``density()`` returns how many galaxies of ``all`` lie on a square arcminute; without it there are no scenes.
    shown : tuple of str
        Truths that ``--preview`` shows; colours are drawn against the first.
    """

    draw: Callable[..., Any]
    columns: "tuple[Column, ...]"
    side: int = 32
    selections: tuple[str, ...] = ("paper", "cosmos")
    usual: Mapping[str, str] = field(default_factory=dict)
    cuts: Mapping[str, SignalCut] = field(default_factory=dict)
    observe: Callable[..., Any] | None = None
    observed: "Callable[[Survey], bool] | None" = None
    density: Callable[[], float] | None = None
    shown: tuple[str, ...] = ()


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
    mock : Mock, optional
        What its mocks are; without it there are none.
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
    mock: Mock | None = None
