"""A small population of galaxies, and a task that has it: mocks without the numbers that ship."""

from dataclasses import dataclass, replace

import numpy as np

from skycnn import survey, tasks
from skycnn.schema import Column
from skycnn.simulate import draws
from skycnn.simulate.recipe import Recipe
from skycnn.simulate.components import Components
from skycnn.task import Mock, SignalCut

CSST = survey.load("csst")
BANDS = ("g", "r", "i")


@dataclass(frozen=True)
class Galaxies:
    row: np.ndarray
    light: Components
    truth: dict


def draw(where, bands, seed, row, selection):
    """Return a bulge and a disc a row, both from 20 to 25 mag, redder with Z."""
    rows = np.asarray(row)
    u = draws.uniform(seed, rows, f"mocking/{selection}", 7)
    z, magnitude = 2 * u[:, 0], 20 + 5 * u[:, 1] ** 0.5
    colour = (np.array([where.wavelength.get(band, 5000.0) for band in bands]) / 7660) ** (2 * z[:, None])
    total = 10 ** (0.4 * (23.9 - magnitude))[:, None] * colour
    bulge, size = u[:, 2], 0.1 + 0.5 * u[:, 3]
    light = Components(
        flux=np.stack([total * bulge[:, None], total * (1 - bulge)[:, None]], axis=1),
        radius=np.stack([size / 2, size], axis=1),
        index=np.tile([4.0, 1.0], (len(rows), 1)),
        ratio=np.stack([0.7 + 0.3 * u[:, 4], 0.3 + 0.7 * u[:, 5]], axis=1),
        angle=np.stack([180 * u[:, 6]] * 2, axis=1),
    )
    return Galaxies(rows, light, {"Z": z, "MAG_I": magnitude, "KIND": (u[:, 2] > 0.5).astype(int)})


MOCK = Mock(
    draw=draw,
    columns=(
        Column("Z", "f4", "", "src.redshift", "redshift", "F8.5"),
        Column("MAG_I", "f4", "mag", "phot.mag", "total magnitude", "F8.4"),
        Column("KIND", "i4", "", "", "1 for a bulge", "I4"),
    ),
    side=16,
    selections=("paper", "cosmos"),
    usual={"cosmos": "cosmos"},
    cuts={"paper": SignalCut(("g", "I"), 10.0)},
    density=lambda: 400.0,
    shown=("Z", "MAG_I"),
)


def install(monkeypatch, mock=MOCK):
    """Let photoz have these mocks."""
    task = replace(tasks.load("photoz"), mock=lambda: mock)
    monkeypatch.setattr(tasks, "load", lambda name: task)


def recipe(**changes):
    """Return a recipe for three bands of CSST."""
    base = {"survey": CSST, "bands": BANDS, "seed": 5, "selection": "paper", "draw": draw, "side": 16}
    return Recipe(**{**base, "judged": (0, 2), "above": 10.0, **changes})
