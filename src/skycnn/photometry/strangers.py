"""Strangers: columns of a set that hold something else than their name says, such as a redshift z beside u g r i."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.fluxunits import FAINTEST
from skycnn.photometry import habits
from skycnn.photometry.bandsets import BandSet
from skycnn.photometry.fields import Fields
from skycnn.photometry.measure import Measure

Sample = Callable[[Sequence[str]], Mapping[str, NDArray[np.generic]]]
"""Returns some rows of columns, by name."""

LEAST, MOST = 8.0, 12.0
"""mag; where the median of other bands is above the second, one below the first is no magnitude: no galaxy that a
survey measures, nor any star, is so red; redshifts and radii in arcsec lie there."""


def find(measures: Mapping[str, Measure], sample: Sample) -> dict[str, str]:
    """Return bands whose column is no magnitude, each with the reason.

    Parameters
    ----------
    measures : mapping of str to Measure
        By band.
    sample : callable
        Some rows of the table.

    Notes
    -----
    Only of columns that are called by the band alone, ``z`` and ``e_z``: a word such as mag or flux tells more.
    """
    lone = {b: m for b, m in measures.items() if m.unit.kind != "flux" and _alone(m.value.column.name, b)}
    if len(lone) < 2:
        return {}
    chunk = sample([m.value.column.name for m in lone.values()])
    medians = {band: _median(m.value.of(chunk)) for band, m in lone.items()}
    others = {band: value for band, value in medians.items() if value > MOST}
    low = {band: value for band, value in medians.items() if value < LEAST}
    if not others:
        return {}
    ends = dict.fromkeys(f"{end(others.values()):.3g}" for end in (min, max))
    span = f"{' '.join(others)} lie at {' to '.join(ends)}"
    guess = {"z": ": a redshift?", "r": ": a radius?"}
    return {
        band: f"'{lone[band].value.name}' holds no magnitudes, its median is {value:.3g} where those of {span}"
        + guess.get(band.lower(), "")
        for band, value in low.items()
    }


def messages(odd: Mapping[str, str], named: Collection[str]) -> list[str]:
    """Return what is to be said of bands that `find` found, and of what is done with them: ``named`` ones are read."""
    read, left = "It is read nevertheless, for --band names it", "It is left out"
    return [f"{why} {read if band in named else left}" for band, why in odd.items()]


def unread(fields: Fields, chosen: BandSet | None, measures: Mapping[str, Measure]) -> list[str]:
    """Return what is to be said of a column called z that its comment or missing unit makes a redshift."""
    if chosen is None or chosen.style != "*" or any(band in "zZ" for band in measures):
        return []
    found = [f for z in "zZ" if (f := fields.get(z)) and f.name == z and f.numeric and f.column.ucd is None]
    return [
        f"'{f.name}' is taken for a redshift, by its comment or as it alone has no unit: left out; "
        f"--band z={f.name} reads it"
        for f in found
        if f not in chosen.values.values()
    ]


def _alone(name: str, band: str) -> bool:
    parsed = habits.parse(name, band)
    return parsed is not None and not parsed[0].quantity


def _median(values: NDArray[np.generic]) -> float:
    """Return the median of what may be magnitudes or redshifts, NaN where there is none."""
    number = values.astype(np.float64)
    number = number[(number > -1) & (number <= FAINTEST) & (number != 0)]
    return float(np.median(number)) if len(number) else np.nan
