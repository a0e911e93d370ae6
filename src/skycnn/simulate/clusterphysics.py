"""ClusterPhysics: how the light of a cluster goes with its mass, by what it scatters, and how it is seen.

These numbers set how well any method can do on the mocks. Those without a source are assumed.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator


@dataclass(frozen=True)
class ClusterPhysics:
    """Relations at fixed mass, and nuisances of the images.

    Parameters
    ----------
    richness : float
        Scatter of ln richness beyond that of the members' number: 0.2 to 0.25 (Rozo & Rykoff 2014, ApJ 783, 80;
        Mantz et al. 2016, MNRAS 463, 3582; recalled).
    central, central_slope : float
        Scatter of the brightest galaxy's log10 light, and its slope with mass (Kravtsov et al. 2018, AstL 44, 8: 0.2
        dex and 0.4; Golden-Marx & Miller 2018, ApJ 860, 2: 0.1 to 0.15 dex; recalled).
    diffuse, diffuse_slope, diffuse_share : float
        The same of the intracluster light, and its light over that of 12 characteristic galaxies at the pivot (Zhang et
        al. 2019, ApJ 874, 165: with the brightest galaxy a quarter to a half of all light; scatter and slope assumed).
    extent : float
        Scatter of log10 of that light's half-light radius at a mass (assumed).
    faint, blue : float
        Scatters of ln of the number of faint members, and of blue ones, over that of bright red ones, beyond Poisson's
        (assumed): a cluster's luminosity function and its blue fraction are its own.
    concentration : float
        Scatter of ln concentration (Diemer & Kravtsov 2015, ApJ 799, 108: 0.16 dex).
    label : float
        Scatter of the labels' log10 mass: two compilations of masses by X-rays and by the effect of Sunyaev and
        Zeldovich differ by 0.14 to 0.20 dex.
    miscentred, astray : float
        Share of the centres that are not the halo's, and the width of their Rayleigh distribution in units of R500
        (Zhang et al. 2019, MNRAS 487, 2578: a fifth to a third, 0.17 to 0.3 of the richness radius; recalled).
    gain, sky : float
        Scatters of each band's calibration, and of the residual sky in units of the noise of a stamp's pixel; of the
        SDSS 1 % (Padmanabhan et al. 2008, ApJ 674, 1217), and 0.4, a thousandth of its sky in r (assumed).
    seeing : tuple of float
        Between which factors the PSF's width lies.
    stars, field : float
        Factors on the numbers of stars and of field galaxies.
    structure : float
        Mean number of other groups of galaxies along the line of sight (assumed).
    """

    richness: float = 0.22
    central: float = 0.17
    central_slope: float = 0.4
    diffuse: float = 0.2
    diffuse_slope: float = 0.8
    diffuse_share: float = 1.0
    extent: float = 0.15
    faint: float = 0.2
    blue: float = 0.3
    concentration: float = 0.35
    label: float = 0.14
    miscentred: float = 0.2
    astray: float = 0.25
    gain: float = 0.01
    sky: float = 0.4
    seeing: tuple[float, float] = (0.85, 1.15)
    stars: float = 1.0
    field: float = 1.0
    structure: float = 0.5


USUAL = ClusterPhysics()
OTHER = ClusterPhysics(
    richness=0.28, central=0.2, diffuse=0.25, diffuse_slope=0.7, diffuse_share=1.3, concentration=0.4, gain=0.02,
    sky=0.8, seeing=(0.77, 1.12), stars=3.0, field=1.1, structure=0.7,
)  # fmt: skip
"""Where a model of the usual physics is tested: seeing of 1.1 to 1.6 arcsec in r."""

NAMES = ("usual", "broad", "other")

PARTS = {"richness": 0.6, "central": 0.6, "diffuse": 0.7, "sky": 1.2, "gain": 1.5, "stars": 1.3, "field": 0.25,
         "structure": 0.6, "concentration": 0.4, "diffuse_share": 0.4, "astray": 0.4, "extent": 0.5, "faint": 0.5,
         "blue": 0.5}  # fmt: skip
"""Of the broad physics: how far, as a factor e^+-part, a number lies from the usual one."""

COUPLING = {"richness": -0.3, "central": 0.4, "diffuse": 0.5, "concentration": 0.6}
"""Correlation with the halo's assembly: one that formed early has a brighter galaxy and more diffuse light, is more
concentrated and has fewer members (signs: Wechsler et al. 2006, ApJ 652, 71; Golden-Marx & Miller 2018; sizes assumed).
"""


def of(name: str, icl: str, random: Generator) -> ClusterPhysics:
    """Return the physics of one cluster.

    Parameters
    ----------
    name : str
        One of `NAMES`; ``broad`` is drawn anew.
    icl : str
        ``uninformative`` for intracluster light that knows nothing of the mass.
    random : Generator
    """
    physics = {"usual": USUAL, "broad": USUAL, "other": OTHER}[name]
    if name == "broad":
        drawn: dict[str, Any] = {key: getattr(USUAL, key) * np.exp(part * (2 * random.random() - 1))
                                 for key, part in PARTS.items()}  # fmt: skip
        slopes = {"central_slope": random.uniform(0.3, 0.5), "diffuse_slope": random.uniform(0.6, 1.0)}
        physics = replace(USUAL, **drawn, **slopes, seeing=(0.7, 1.4))
    if icl == "uninformative":
        total = float(np.hypot(physics.diffuse, physics.diffuse_slope * SPREAD))
        physics = replace(physics, diffuse=total, diffuse_slope=0.0)
    return physics


SPREAD = 0.25
"""Of log10 mass, dex: the scatter that uninformative light has in place of its mass dependence."""


def deviates(random: Generator, richness: float) -> tuple[float, dict[str, float]]:
    """Return a halo's assembly, and how far it and chance take each relation off its mean; all of unit variance.

    Parameters
    ----------
    random : Generator
    richness : float
        How far the richness is off: a selection by richness then selects no assembly but through it.
    """
    rho = COUPLING["richness"]
    assembly = rho * richness + np.sqrt(1 - rho**2) * float(random.standard_normal())
    chance = {key: float(random.standard_normal()) for key in COUPLING if key != "richness"}
    return assembly, {
        key: COUPLING[key] * assembly + np.sqrt(1 - COUPLING[key] ** 2) * value for key, value in chance.items()
    }
