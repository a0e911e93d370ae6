"""Errors that tell of asinh magnitudes read as Pogson's, and the other way round."""

import numpy as np
import pytest

from columns import columns
from skycnn import survey
from skycnn.photometry.fluxes import PhotometryOptions, find

SDSS, POGSON = survey.load("sdss"), 2.5 / np.log(10)
ROWS, NOISE = 4000, {"u": 0.5, "g": 0.1, "r": 0.15, "i": 0.25, "z": 1.2}  # nanomaggies


def written(kind, level=1.0, seed=1):
    """Return magnitudes and errors of galaxies around the limit, by band, written as asinh or Pogson magnitudes."""
    random = np.random.default_rng(seed)
    values = {}
    for band, sigma in NOISE.items():
        sigma = sigma * level
        flux = random.lognormal(np.log(2 * sigma), 1.5, ROWS) + sigma * random.normal(size=ROWS)
        if kind == "asinh":
            b = SDSS.softening[band] * 1e9
            magnitude = 22.5 - POGSON * (np.arcsinh(flux / (2 * b)) + np.log(b))
            error = POGSON * sigma / np.hypot(2 * b, flux)
        else:
            magnitude = 22.5 - POGSON * np.log(np.where(flux > 0, flux, np.nan))
            error = POGSON * sigma / flux
        values |= {f"MAG_{band}": magnitude, f"MAGERR_{band}": error}
    return values


def look(values, **options):
    def sample(names):
        return {name: values[name] for name in names}

    found = columns("MAG_*|ugriz MAGERR_*|ugriz", "mag")
    return find(found, {}, "ugriz", PhotometryOptions(**options), survey=SDSS, sample=sample).warnings


@pytest.mark.parametrize(
    ("kind", "unit", "warned"),
    [
        ("asinh", "luptitude", None),
        ("asinh", "mag", "read as Pogson magnitudes, and their errors are those of asinh magnitudes: --unit luptitude"),
        ("pogson", "mag", None),
        ("pogson", "luptitude", "read as asinh magnitudes, and their errors are those of Pogson's: --unit mag"),
    ],
)
def test_the_other_kind_is_a_warning(kind, unit, warned):
    found = look(written(kind), unit={"*": unit})
    assert found == (() if warned is None else (f"u g r i z: {warned}",))


def test_bands_are_told_apart():
    mixed = written("pogson") | {name: v for name, v in written("asinh").items() if name.endswith("_u")}
    assert look(mixed) == (
        "u: read as Pogson magnitudes, and their errors are those of asinh magnitudes: --unit u=luptitude",
    )

    mixed |= {name: v for name, v in written("asinh").items() if name.endswith("_g")}
    (text,) = look(mixed)
    assert text.startswith("u g: ") and text.endswith(": --unit u=luptitude,g=luptitude")


def test_bright_galaxies_tell_nothing():
    bright = {name: v - 4 if name.startswith("MAG_") else v / 40 for name, v in written("asinh").items()}
    assert look(bright) == look(bright, unit={"*": "luptitude"}) == ()


def test_a_number_for_all_errors_tells_of_no_kind():
    values = written("pogson")
    assert look(values, error={"*": "0.1"}) == ()
