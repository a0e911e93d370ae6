"""ErrorGrowth: errors of faint magnitudes tell whether these are asinh magnitudes or Pogson's.

The sky's noise gives faint sources one error of flux, whatever their magnitude. Read as the other kind, it grows or
falls tenfold within two magnitudes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from skycnn.fits import fluxunits
from skycnn.fits.fluxunits import POGSON, Unit
from skycnn.photometry import missingbands
from skycnn.photometry.measure import Measure
from skycnn.photometry.strangers import Sample
from skycnn.survey import Survey

FAINT, BRIGHT, WIDTH = 0.5, -1.0, 2.0
"""mag, from the asinh magnitude of no flux: faint ones lie beyond the first, bright ones up to WIDTH before the second.
"""

LOUD = 0.3
"""mag; magnitudes so faint have no smaller errors, unless one number stands for all."""

FEWEST, STEADY, ODD = 10, 2.0, 3.0
"""Rows on either side that tell; the factors by which errors of flux may differ between them, and may not."""


def doubts(measures: Mapping[str, Measure], survey: Survey | None, sample: Sample) -> list[str]:
    """Return what is to be said of magnitudes whose errors tell that they are of the other kind.

    Parameters
    ----------
    measures : mapping of str to Measure
        By band.
    survey : Survey or None
        Of the model.
    sample : callable
        Some rows of the table.
    """
    odd: dict[str, list[str]] = {"asinh": [], "mag": []}
    for band, m in measures.items():
        b = m.softening if m.unit.kind == "asinh" else (survey.softening if survey else {}).get(band, np.nan)
        if m.unit.kind in odd and b == b:
            asinh, pogson = (_growth(m, Unit("", kind), b, sample) for kind in ("asinh", "mag"))
            right, wrong = (pogson, asinh) if m.unit.kind == "asinh" else (asinh, pogson)
            if 1 / STEADY < right < STEADY and not 1 / ODD < wrong < ODD:
                odd[m.unit.kind].append(band)
    words = {"asinh": ("asinh", "Pogson's", "mag"), "mag": ("Pogson", "asinh magnitudes", "luptitude")}
    return [_line(bands, len(bands) == len(measures), *words[kind]) for kind, bands in odd.items() if bands]


def _line(bands: Sequence[str], all_of_them: bool, read: str, other: str, unit: str) -> str:
    option = f"--unit {unit}" if all_of_them else missingbands.typed("--unit", dict.fromkeys(bands, unit))
    return f"{' '.join(bands)}: read as {read} magnitudes, and their errors are those of {other}: {option}"


def _growth(m: Measure, unit: Unit, b: float, sample: Sample) -> float:
    """Return the faint sources' median error of flux over the bright ones', NaN where there are too few."""
    chunk = sample(m.columns)
    value = m.value.of(chunk).astype(np.float64)
    sigma = m.deviation(chunk)
    _, error = fluxunits.microjansky(value, sigma, unit, b)
    far = value + np.log(b) / POGSON
    sides = [error[(far > FAINT) & (sigma > LOUD)], error[(far < BRIGHT) & (far > BRIGHT - WIDTH)]]
    known = [side[np.isfinite(side)] for side in sides]
    if min(map(len, known)) < FEWEST:
        return np.nan
    faint, bright = map(np.median, known)
    return float(faint / bright)
