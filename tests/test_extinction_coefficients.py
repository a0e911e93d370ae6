"""The recipe that checks [extinction] of the surveys that ship: A / E(B-V) over bands, for the spectra of galaxies."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from skycnn import survey

RECIPES = Path(__file__).parents[1] / "examples" / "recipes"


@pytest.fixture(scope="module")
def recipe():
    """Return what the recipe defines."""
    before = set(sys.modules)
    sys.path.insert(0, str(RECIPES))
    yield runpy.run_path(str(RECIPES / "extinction_coefficients.py"))
    sys.path.remove(str(RECIPES))
    for name in {"photoz_sdss_flux", "extinction_notes"} - before:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("wavelength", "expected"),
    [(2175, 8.397), (2300, 7.634), (4400, 3.574), (5500, 2.669), (12500, 0.701), (21500, 0.307)],
)
def test_the_law(recipe, wavelength, expected):
    """The numbers are of another implementation, the PyPI package extinction, scaled to the same A at 1 micrometre."""
    assert recipe["law"](np.array([float(wavelength)]))[0] == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("name", ["sdss", "cosmos", "csst"])
def test_the_surveys_coefficients_are_those_over_their_bands(recipe, name):
    known = survey.load(name)
    for band in known.bands:
        wavelength, through, _ = recipe["curve"](known, band, Path("nowhere"), None)
        median = np.median(recipe["coefficients"](wavelength, through))
        assert known.extinction[band] == pytest.approx(median, rel=recipe["FAR"]), band


def test_near_ultraviolet_is_no_single_wavelength(recipe):
    known = survey.load("cosmos")
    alone = recipe["law"](np.array([known.wavelength["NUV"]]))[0]
    assert alone / known.extinction["NUV"] > 1.08  # the bump at 2175 Angstrom is narrower than the band
