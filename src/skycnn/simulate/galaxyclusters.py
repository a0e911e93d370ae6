"""GalaxyClusters: clusters of galaxies as images of the SDSS show them, of the masses that a richness selects.

A row's mass and redshift are drawn from the mass function times the selection, richness above 20; at fixed mass its
richness, brightest galaxy, intracluster light and concentration scatter about their relations (`clusterphysics`), all
of them coupled to the halo's assembly. Galaxies, stars and other groups on the line of sight lie before and behind.
What the catalogue's richness counts is on the stamp: galaxies taken for members, and members that are passed over for
their colours. So a stamp is no second count that the catalogue has not made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from skycnn import redsequence
from skycnn.cosmology import HUBBLE, kpc_per_arcsec, r500
from skycnn.errors import InputError
from skycnn.schema import AB_ZERO_POINT, Column
from skycnn.simulate import clustergalaxies, clusterphysics, draws, fieldgalaxies, fieldstars, richness
from skycnn.simulate.clustergalaxies import CENTRAL, DIFFUSE, HALF_WIDTH, Members
from skycnn.simulate.clusterphysics import ClusterPhysics
from skycnn.simulate.fieldlight import FieldLight, Spots
from skycnn.simulate.halo import Halo
from skycnn.simulate.noise import SIGMA
from skycnn.survey import Survey

Array = NDArray[Any]

BANDS = ("u", "g", "r", "i", "z")

PARTS = ("members", "central", "diffuse", "others")
"""What a stamp shows: the cluster's galaxies, its brightest, the light between them, and all before and behind."""

LABEL, ERROR = "LOG_M500_LABEL", "LOG_M500_LABEL_ERR"
CONCENTRATION = 2.2
"""R500 over the scale radius of galaxies at the pivot (Budzynski et al. 2012, MNRAS 423, 104: less than of the dark
matter; recalled); it goes with M^-0.1."""

WIDTH = 900.0
"""Of the square that is filled with galaxies and stars, arcsec."""

REDSHIFT = 0.006
"""Scatter of a catalogue's redshift over 1 + z (Rykoff et al. 2014, ApJ 785, 104)."""

BINNING = 16
"""Pixels of the survey along an edge of a stamp's."""

RATIO = (0.55, 0.95)
"""Between which the axis ratios of clusters on the sky lie (Shin et al. 2018, MNRAS 475, 2421: 0.57 on average of what
galaxies show, rounder light; assumed)."""

GROUP, OTHERS = 500.0, 6.0
"""R500 of other groups along the line of sight, kpc, and the mean number of members beyond three (assumed)."""

NEAR = (0.5, 0.015, 0.5)
"""Of galaxies taken for members: how far from the centre they lie, over the radius of the richness; the scatter of
their redshift about the cluster's, within which red sequences are hardly told apart; and how far from one another
(assumed)."""

CLUSTERED = 0.12
"""Scatter of ln of the field's number of galaxies from stamp to stamp (assumed)."""

ROW_BYTES = 1 << 18

COLUMNS = (
    Column("LOG_M500", "f4", "", "phys.mass", "log10 of M500c in solMass", "F7.4"),
    Column("REDSHIFT", "f4", "", "src.redshift", "redshift", "F8.5"),
    Column("MEMBERS", "f4", "", "meta.number", "red members bright enough to be counted, their mean number", "F8.2"),
    Column("ASSEMBLY", "f4", "", "stat.value", "how early the halo formed, of unit variance", "F7.3"),
    Column("CENTRAL", "f4", "mag", "phot.mag;em.opt.I", "brightest galaxy in i", "F7.3"),
    Column("DIFFUSE", "f4", "mag", "phot.mag;em.opt.I", "intracluster light in i", "F7.3"),
    Column("CONCENTRATION", "f4", "", "stat.value", "R500 over the scale radius of its galaxies", "F7.3"),
    Column("R500", "f4", "arcsec", "phys.angSize", "R500 on the sky", "F8.2"),
    Column("ASTRAY", "f4", "arcsec", "pos.angDistance", "the halo's centre from the catalogue's position", "F8.2"),
)
CATALOGUE = (
    Column("Z", "f4", "", "src.redshift.phot", "redshift of the catalogue", "F8.5"),
    Column("RICHNESS", "f4", "", "meta.number", "richness of the catalogue", "F8.2"),
    Column("RICHNESS_ERR", "f4", "", "stat.error;meta.number", "its error", "F8.2"),
    Column(LABEL, "f4", "", "phys.mass", "log10 of M500c in solMass as another survey has it", "F7.4"),
    Column(ERROR, "f4", "", "stat.error;phys.mass", "its error", "F7.4"),
)


@dataclass(frozen=True)
class GalaxyClusters:
    """What was drawn: light, and truth by the names of `COLUMNS` and `CATALOGUE`."""

    light: FieldLight
    truth: dict[str, Array]


def draw(
    survey: Survey,
    bands: Sequence[str],
    seed: int,
    row: ArrayLike,
    selection: str,
    labelled: int = 2**31 - 1,
    nuisances: str = "usual",
    icl: str = "usual",
    without: str = "nothing",
) -> GalaxyClusters:
    """Return rows; see `task.Mock`.

    Parameters
    ----------
    labelled : int
        Rows that have a label: the first ones.
    nuisances : str
        One of `clusterphysics.NAMES`.
    icl : str
        ``usual``, or ``uninformative``: it knows nothing of the mass.
    without : str
        One of `PARTS` that is left out, all else is as it would be; or ``nothing``.

    Raises
    ------
    InputError
        For bands that are not among ugriz.
    """
    rows = np.asarray(row, np.int64)
    order = [BANDS.index(band) for band in _known(bands)]
    noise = _noise(survey, bands)
    masses, redshifts = richness.drawn(draws.uniform(seed, rows, "clustermass/mass", 2))
    fields, facts, sky, seeing, gain = [], [], [], [], []
    for number, log_mass, redshift in zip(rows.tolist(), masses.tolist(), redshifts.tolist(), strict=True):
        random = draws.generator(seed, number, "clustermass")
        physics = clusterphysics.of(nuisances, icl, random)
        parts, fact = _cluster(random, physics, log_mass, redshift)
        field = Spots.joined([parts[part] for part in PARTS if part != without])
        fields.append(replace(field, flux=field.flux[:, order]))
        named = number < labelled
        facts.append({**fact, LABEL: fact[LABEL] if named else np.nan, ERROR: physics.label if named else np.nan})
        sky.append(physics.sky * noise[:, None] * random.standard_normal((len(order), 3)) * [1, 0.5, 0.5])
        seeing.append(random.uniform(*physics.seeing))
        gain.append(np.exp(physics.gain * random.standard_normal(len(order))))
    light = FieldLight(fields, np.array(sky), np.array(seeing), np.array(gain))
    return GalaxyClusters(light, {key: np.array([fact[key] for fact in facts]) for key in facts[0]})


def _known(bands: Sequence[str]) -> Sequence[str]:
    """Return the bands, all of them the SDSS's."""
    for band in bands:
        if band not in BANDS:
            raise InputError("mocks of clusters are of the SDSS's bands", value=band, expected=" ".join(BANDS))
    return bands


def _noise(survey: Survey, bands: Sequence[str]) -> Array:
    """Return the noise of a stamp's pixel (band,), microjansky a square arcsec, by the depth of stars of that FWHM."""
    depth, fwhm = (np.array([table[band] for band in bands]) for table in (survey.depth, survey.psf))
    star = 10 ** (0.4 * (AB_ZERO_POINT - depth)) / SIGMA  # one sigma, microjansky
    area = np.pi * fwhm**2 / (2 * np.log(2))  # that a Gaussian's noise is of
    noise: Array = star / np.sqrt(area) / (BINNING * survey.pixel_scale)
    return noise


def _cluster(
    random: Generator, physics: ClusterPhysics, log_mass: float, redshift: float
) -> tuple[dict[str, Spots], dict[str, float]]:
    """Return a cluster and all that lies before and behind it, in ugriz, by `PARTS`, and the facts of it."""
    seen = richness.observed(random, log_mass, physics.richness)
    off = np.log(seen.true / float(richness.mean(np.array(log_mass)))) / physics.richness + physics.richness / 2
    assembly, deviate = clusterphysics.deviates(random, float(off))
    above = log_mass - richness.PIVOT
    z = np.array([redshift])
    scale = float(kpc_per_arcsec(z)[0])
    radius = float(r500(np.array(log_mass), z)[0]) / scale
    concentration = CONCENTRATION * 10 ** (-0.1 * above) * np.exp(physics.concentration * deviate["concentration"])
    astray = radius * physics.astray * random.rayleigh() if random.random() < physics.miscentred else 0.0
    turn = 2 * np.pi * random.random()
    halo = Halo(
        radius,
        float(concentration),
        float(random.uniform(*RATIO)),
        float(180 * random.random()),
        astray * np.array([np.cos(turn), np.sin(turn)]),
    )
    central = CENTRAL * 10 ** (physics.central_slope * above + physics.central * deviate["central"])
    diffuse = (
        DIFFUSE * physics.diffuse_share * 10 ** (physics.diffuse_slope * above + physics.diffuse * deviate["diffuse"])
    )
    within = 1000 / HUBBLE * (seen.observed / 100) ** 0.2 / scale
    star = float(redsequence.characteristic(z)[0])
    more = round(seen.observed - seen.members)
    extent, faint, blue = random.standard_normal(3)
    counted = Members(
        max(seen.members + min(more, 0), 0),
        seen.true,
        within,
        passed=max(-more, 0),
        faint=float(np.exp(physics.faint * faint)),
        blue=float(np.exp(physics.blue * blue)),
    )
    parts = {
        "members": clustergalaxies.members(random, halo, redshift, counted),
        "central": clustergalaxies.central(random, halo, redshift, central),
        "diffuse": clustergalaxies.diffuse(halo, redshift, diffuse, float(10 ** (physics.extent * extent))),
        "others": Spots.joined(
            [
                *_taken(random, halo, redshift, more, within),
                *_others(random, physics, redshift),
                _field(random, physics),
            ]
        ),
    }
    return parts, {
        "LOG_M500": log_mass,
        "REDSHIFT": redshift,
        "MEMBERS": seen.true,
        "ASSEMBLY": assembly,
        "CENTRAL": star - 2.5 * np.log10(central),
        "DIFFUSE": star - 2.5 * np.log10(diffuse),
        "CONCENTRATION": halo.concentration,
        "R500": radius,
        "ASTRAY": astray,
        "Z": redshift + REDSHIFT * (1 + redshift) * float(random.standard_normal()),
        "RICHNESS": seen.observed,
        "RICHNESS_ERR": seen.error,
        LABEL: log_mass + physics.label * float(random.standard_normal()),
    }


def _taken(random: Generator, halo: Halo, redshift: float, count: int, radius: float) -> list[Spots]:
    """Return the galaxies before and behind that the catalogue takes for members: the stamp shows what it counted."""
    if count <= 0:
        return []
    place = halo.centre + radius * NEAR[0] * random.uniform(-1, 1, 2)
    z = float(np.clip(redshift + NEAR[1] * random.standard_normal(), 0.06, 0.4))
    around = Halo(NEAR[2] * radius, CONCENTRATION, float(random.uniform(*RATIO)), float(180 * random.random()), place)
    return [clustergalaxies.members(random, around, z, Members(count, float(count), NEAR[2] * radius))]


def _others(random: Generator, physics: ClusterPhysics, redshift: float) -> list[Spots]:
    """Return other groups of galaxies along the line of sight, most of them near in redshift."""
    found = []
    for _ in range(random.poisson(physics.structure)):
        near = random.random() < 0.5
        z = float(np.clip(redshift + random.normal(0, 0.03) if near else random.uniform(0.08, 0.4), 0.06, 0.4))
        count = 3 + random.exponential(OTHERS)
        radius = GROUP / float(kpc_per_arcsec(np.array([z]))[0])
        place = WIDTH * (random.random(2) - 0.5)
        halo = Halo(radius, CONCENTRATION, float(random.uniform(*RATIO)), float(180 * random.random()), place)
        number = Members(int(random.poisson(count)), float(count), radius)
        found += [
            clustergalaxies.members(random, halo, z, number),
            clustergalaxies.central(random, halo, z, CENTRAL / 2),
        ]
    return found


def _field(random: Generator, physics: ClusterPhysics) -> Spots:
    """Return field galaxies, whose number scatters, and stars."""
    density = physics.field * float(np.exp(CLUSTERED * random.standard_normal()))
    area = (WIDTH / 3600) ** 2
    galaxies, size = fieldgalaxies.load().draw(random, area, density)
    stars = fieldstars.draw(random, area, physics.stars)
    magnitude, width = np.concatenate([galaxies, stars]), np.concatenate([size / HALF_WIDTH, np.zeros(len(stars))])
    place = WIDTH * (random.random((len(width), 2)) - 0.5)
    return Spots(place, 10 ** (0.4 * (AB_ZERO_POINT - magnitude)), width)
