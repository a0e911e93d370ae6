"""Mergers: galaxies at z = 2 that become one, and what looks like it: discs, ellipticals, chance pairs and fly-bys.

A pair is labelled by its dynamics, 1 within 250 Myr of its coalescence, not by what is seen of it. Eight rows are one
group. Of a pair that merges six lie within those 250 Myr, one earlier and one later, up to 1 Gyr; a fly-by is seen at
eight times; each row of the others is a group of its own, another galaxy. Each row is seen from another side.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from skycnn.cosmology import kpc_per_arcsec
from skycnn.schema import Column
from skycnn.simulate import draws
from skycnn.simulate.encounter import integrate
from skycnn.simulate.meeting import GROUP, PARTICLES, REDSHIFT, SECOND, Meeting, Snapshot, any_mass, burst
from skycnn.simulate.starsystem import StarSystem, directions, turn
from skycnn.simulate.stellarlight import Stars
from skycnn.simulate.tracers import Tracers
from skycnn.survey import Survey

Array = NDArray[Any]

SET = 16
"""Groups integrated together; it is part of what the bits are."""

KINDS = ("merger", "disc", "elliptical", "projection", "flyby", "before", "after")
"""By their numbers; the last two are pairs that merge, earlier and later."""

MIX = {"merger": 0.62, "disc": 0.12, "elliptical": 0.06, "projection": 0.12, "flyby": 0.08}
"""Of eight rows each: of the rows 46 % are mergers, 16 % the same pairs earlier or later."""

ROW_BYTES = 1 << 16
"""Of a row's clouds, with what it takes to draw them; a set of groups is then drawn together."""

COLUMNS = (
    Column("MERGER", "i4", "", "meta.code.class", "1 within 250 Myr of coalescence, else 0", "I4"),
    Column("KIND", "i4", "", "meta.code.class", " ".join(f"{k} {name}" for k, name in enumerate(KINDS)), "I4"),
    Column("TIME", "f4", "Myr", "time.relative", "since coalescence", "F9.1"),
    Column("MASS_RATIO", "f4", "", "phys.mass;arith.ratio", "stellar mass of the second galaxy over the first", "F7.4"),
    Column("PERICENTRE", "f4", "kpc", "phys.size.radius", "separation at the first closest approach", "F8.3"),
    Column("SEPARATION", "f4", "kpc", "phys.size.radius", "of the galaxies' centres on the sky", "F8.3"),
    Column("VIEW", "f4", "deg", "pos.posAng", "line of sight from the normal of orbit or disc", "F7.2"),
    Column("LOG_MASS", "f4", "", "phys.mass", "log10 of the first galaxy's stellar mass in solMass", "F7.3"),
)


@dataclass(frozen=True)
class Mergers:
    """What was drawn: light, truth by the names of `COLUMNS`, and groups (n,)."""

    light: Tracers
    truth: dict[str, Array]
    group: Array


def draw(
    survey: Survey,
    bands: Sequence[str],
    seed: int,
    row: ArrayLike,
    selection: str,
    projections: str = "yes",
    bursts: float = 1.0,
) -> Mergers:
    """Return rows; see `task.Mock`.

    Parameters
    ----------
    projections : str
        ``yes``, or ``no`` for discs in place of chance pairs.
    bursts : float
        Light of the star formation that an encounter brings about, in units of the usual.
    """
    rows = np.asarray(row, np.int64)
    lights, truths, groups = [], [], []
    for number in rows.tolist():
        snapshot, group = _snapshot(seed, number, projections, bursts)
        place, flux, blur, truth = seen(snapshot, survey, bands, draws.generator(seed, number, "merger/view"))
        lights.append((place, flux, blur))
        truths.append(truth)
        groups.append(group)
    start = np.concatenate([[0], np.cumsum([len(place) for place, _, _ in lights])]).astype(np.int64)
    place, flux, blur = (np.concatenate(part) for part in zip(*lights, strict=True))
    light = Tracers(place, flux, blur, start, seed, rows)
    columns = {column.name: np.array([entry[column.name] for entry in truths]) for column in COLUMNS}
    return Mergers(light, columns, np.array(groups, np.int64))


def _snapshot(seed: int, row: int, projections: str, bursts: float) -> tuple[Snapshot, int]:
    """Return what a row shows, and its group."""
    group = row // GROUP
    kind = _kind(seed, group, projections)
    if kind in ("merger", "flyby"):
        return _met(seed, group // SET, projections, bursts)[group][row % GROUP], group * GROUP
    random = draws.generator(seed, row, "merger/single")
    first = StarSystem.drawn(random, any_mass(random), spheroid=kind == "elliptical")
    if kind == "projection":
        return _projected(random, first), row
    place, _, population = first.stars(random, PARTICLES)
    extra = burst(place, population, np.zeros((1, 3)), np.zeros(len(place), int), _chance_burst(random))
    return Snapshot(kind, Stars((first,), np.zeros(PARTICLES, int), population, place, extra), np.zeros((1, 3))), row


def _kind(seed: int, group: int, projections: str) -> str:
    chance = draws.uniform(seed, [group], "merger/kind")[0, 0]
    kind = list(MIX)[int(np.searchsorted(np.cumsum(list(MIX.values())), chance, side="right").clip(max=len(MIX) - 1))]
    return "disc" if kind == "projection" and projections == "no" else kind


def _chance_burst(random: Generator) -> float:
    """Return the light of a burst of star formation that no other galaxy brought about: one in six has one."""
    return float(random.exponential(1.5)) if random.random() < 1 / 6 else 0.0


def _projected(random: Generator, first: StarSystem) -> Snapshot:
    """Return two galaxies on one line of sight; the other's redshift and size on the sky are those of elsewhere."""
    second = StarSystem.drawn(random, first.mass * 10 ** -random.random(), spheroid=random.random() < 0.15)
    owner = np.repeat([0, 1], [PARTICLES, SECOND])
    parts = [system.stars(random, n) for system, n in ((first, PARTICLES), (second, SECOND))]
    away = random.uniform(3, 30) * directions(random, 1) * [1, 1, 0]
    centres = np.concatenate([np.zeros((1, 3)), away])
    place = np.concatenate([part[0] @ turn(random).T for part in parts])
    population = np.concatenate([part[2] for part in parts])
    bursts = [_chance_burst(random) for _ in parts]
    extra = burst(place, population, np.zeros((2, 3)), owner, bursts)
    z = random.uniform(0.7, 3.5)
    while abs(z - REDSHIFT) < 0.2:
        z = random.uniform(0.7, 3.5)
    return Snapshot("projection", Stars((first, second), owner, population, place, extra), centres, redshift=z)


_working = Lock()


def _met(seed: int, number: int, projections: str, bursts: float) -> dict[int, list[Snapshot]]:
    """Return the snapshots of the pairs of a set by group; threads that want the same wait for one."""
    with _working:
        return _integrated(seed, number, projections, bursts)


@lru_cache(maxsize=4)
def _integrated(seed: int, number: int, projections: str, bursts: float) -> dict[int, list[Snapshot]]:
    groups = range(number * SET, (number + 1) * SET)
    pairs = {group: Meeting(seed, group, kind, bursts) for group in groups
             if (kind := _kind(seed, group, projections)) in ("merger", "flyby")}  # fmt: skip
    flown = integrate([pair.encounter for pair in pairs.values()])
    return {group: pair.snapshots(places) for (group, pair), places in zip(pairs.items(), flown, strict=True)}


def seen(
    snapshot: Snapshot, survey: Survey, bands: Sequence[str], random: Generator
) -> tuple[Array, Array, Array, dict[str, float]]:
    """Return a snapshot's clouds from some side: places (n, 2), fluxes (n, band), scatters (n,); and the truth."""
    stars, side, scale = snapshot.stars, turn(random), float(kpc_per_arcsec(np.array(REDSHIFT)))
    ratio = stars.systems[1].mass / stars.systems[0].mass if len(stars.systems) > 1 else np.nan
    if snapshot.kind == "projection":
        parts = []
        for number, z in enumerate((REDSHIFT, snapshot.redshift)):
            here = stars.owner == number
            flux, blur = stars.of(number).seen(random, survey, bands, z)
            long = float(kpc_per_arcsec(np.array(z)))
            parts.append((stars.place[here, :2] / long + snapshot.centres[number, :2] / scale, flux, blur / long))
        place, flux, blur = (np.concatenate(part) for part in zip(*parts, strict=True))
        apart, view = snapshot.centres[1, :2], np.nan
    else:
        turned = replace(stars, place=stars.place @ side.T)
        flux, blur = turned.seen(random, survey, bands, REDSHIFT)
        place, blur = turned.place[:, :2] / scale, blur / scale
        apart = (snapshot.centres @ side.T)[-1, :2]
        view = np.degrees(np.arccos(min(abs(side[2, 2]), 1.0)))
    truth = {
        "MERGER": int(snapshot.kind == "merger"),
        "KIND": KINDS.index(snapshot.kind),
        "TIME": snapshot.time,
        "MASS_RATIO": ratio,
        "PERICENTRE": snapshot.pericentre,
        "SEPARATION": float(np.hypot(*apart)) if len(stars.systems) > 1 else np.nan,
        "VIEW": view,
        "LOG_MASS": 10 + np.log10(stars.systems[0].mass),
    }
    return place.astype(np.float32), flux, blur.astype(np.float32), truth
