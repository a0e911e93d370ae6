"""Galaxies: what a population has drawn, before a telescope looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skycnn.schema import Column
from skycnn.simulate.components import Components

Array = NDArray[Any]


@dataclass(frozen=True)
class Galaxies:
    """n galaxies, without noise.

    Parameters
    ----------
    row : array (n,)
        Their absolute numbers as candidates, from 0.
    light : Components
        Flux (n, component, band) in microjansky, in the bands asked for; component 0 is the bulge, 1 the disc, the
        others clumps in the disc.
    truth : mapping of str to array (n,)
        By the names of `COLUMNS`, which tell what they are.
    """

    row: Array
    light: Components
    truth: Mapping[str, Array]


COLUMNS = (
    Column("Z", "f4", "", "src.redshift", "redshift", "F9.5"),
    Column("MAG_I", "f4", "mag", "phot.mag;em.opt.I", "total AB magnitude in ACS F814W", "F8.3"),
    Column("R_E", "f4", "arcsec", "phys.angSize", "half-light radius along the major axis", "F8.4"),
    Column("BULGE", "f4", "", "phot.flux;arith.ratio", "share of the bulge in the light in F814W", "F7.4"),
    Column("CLUMPS", "f4", "", "phot.flux;arith.ratio", "share of the clumps in the light in F814W", "F7.4"),
    Column("TYPE", "f4", "", "src.morph.type", "mean age of the light in F814W: 0 young, 1 old", "F7.4"),
    Column("EBV", "f4", "mag", "phys.absorption", "E(B-V) of the dust in the galaxy", "F7.4"),
    Column("LINES", "f4", "", "spect.line.eqWidth;arith.ratio", "emission lines, in units of the library's", "F8.4"),
    Column("AXIS_RATIO", "f4", "", "phys.size.axisRatio", "minor over major axis of the disc", "F7.4"),
    Column("ANGLE", "f4", "deg", "pos.posAng", "of the major axis, from +x counterclockwise", "F8.3"),
    Column("N_BULGE", "f4", "", "src.morph.scLength", "Sersic index of the bulge", "F7.3"),
    Column("N_DISC", "f4", "", "src.morph.scLength", "Sersic index of the disc", "F7.3"),
    Column("R_BULGE", "f4", "arcsec", "phys.angSize", "half-light radius of the bulge, major axis", "F8.4"),
    Column("R_DISC", "f4", "arcsec", "phys.angSize", "half-light radius of the disc, major axis", "F8.4"),
    Column("RATIO_BULGE", "f4", "", "phys.size.axisRatio", "minor over major axis of the bulge", "F7.4"),
    Column("THICKNESS", "f4", "", "phys.size.axisRatio", "axis ratio of the disc seen edge on", "F7.4"),
)
"""What is told of each galaxy: all drawn but the mixture of spectra, its bends, and the clumps' places and sizes."""
