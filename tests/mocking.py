"""A small population of galaxies, and a task that has it: mocks without the numbers that ship."""

import sys
from dataclasses import dataclass, replace

import numpy as np

from conftest import Said
from skycnn import survey, tasks
from skycnn.schema import Column
from skycnn.simulate import draws
from skycnn.simulate.components import Components
from skycnn.simulate.points import Points
from skycnn.simulate.recipe import Recipe
from skycnn.task import Mock, Option, SignalCut

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


class Command:
    """Runs ``skycnn mock --task photoz ...`` in this process and in a folder of its own, with such mocks."""

    def __init__(self, capfdbinary, monkeypatch, folder, made):
        self._captured, self._patch = capfdbinary, monkeypatch
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        monkeypatch.chdir(folder)
        self.install(made)

    def install(self, made):
        install(self._patch, made)

    def __call__(self, *words, survey="csst", out="m.fits"):
        from skycnn.cli import app, console

        self._patch.setattr(console.manners, "quiet", False)
        line = ["skycnn", "mock", "--task", "photoz", *map(str, words)] + (["--survey", survey] if survey else [])
        self._patch.setattr(sys, "argv", [*line, "--out", out] if out else line)
        self._captured.readouterr()
        code = console.run(lambda: app.call(sys.argv[1:]))
        said = self._captured.readouterr()
        return Said(code, said.out, said.err.decode())


def recipe(**changes):
    """Return a recipe for three bands of CSST."""
    base = {"survey": CSST, "bands": BANDS, "seed": 5, "selection": "paper", "draw": draw, "side": 16}
    return Recipe(**{**base, "judged": (0, 2), "above": 10.0, **changes})


@dataclass(frozen=True)
class Clusters:
    light: Points
    truth: dict
    group: np.ndarray


def clusters(where, bands, seed, row, selection, stars, distance, kind):
    """Return clusters of stars, two pictures of each in successive rows."""
    rows = np.asarray(row)
    places, fluxes, mass = [], [], []
    for number in rows.tolist():
        made = draws.generator(seed, number // 2, f"mocking/{kind}")
        places.append(made.normal(0, 1 / distance, (stars, 2)))
        fluxes.append(made.uniform(0, 1, (stars, len(bands))))
        mass.append(fluxes[-1].sum())
    return Clusters(Points.of(places, fluxes), {"MASS": np.array(mass)}, rows // 2 + 7)


CLUSTERS = Mock(
    draw=clusters,
    columns=(Column("MASS", "f4", "solMass", "phys.mass", "mass", "F8.3"),),
    side=16,
    options=(
        Option("stars", 300, "stars of each", 1, 100_000),
        Option("distance", 4.5, "in Mpc", 0.1, 20.0),
        Option("kind", "round", "of the profile", choices=("round", "flat")),
    ),
    measured=False,
    row_bytes=1 << 20,
    shown=("MASS",),
    backgrounds=True,
)
