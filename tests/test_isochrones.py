"""The isochrones that ship, beside the table that they were made of."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from skycnn.errors import InputError
from skycnn.simulate import isochrones
from skycnn.simulate.imf import IMF
from skycnn.simulate.isochrones import Isochrone
from skycnn.simulate.ssp import SSP

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "stars"
with_data = pytest.mark.skipif(not DATA.exists(), reason="shared/data/stars is not at hand")
TABLE = isochrones.load()


def test_what_ships():
    assert TABLE.bands == ("F336W", "F438W", "F814W")
    assert TABLE.log_age == pytest.approx(np.arange(6.6, 10.11, 0.05))
    assert TABLE.mass.dtype == np.float64
    assert (np.diff(TABLE.mass, axis=1) >= 0).all()
    assert (np.diff(TABLE.mass[:, -1]) < 0).all()  # the older, the lighter the stars that are left
    assert TABLE.magnitude.shape == (*TABLE.mass.shape, 3)
    kept = ROOT / "src" / "skycnn" / "populations" / "isochrones.npz"
    assert kept.stat().st_size <= 100_000


def test_stars_that_died_are_dark():
    old = TABLE.at(10.0)
    light = old.luminosity(np.array([0.01, 0.5, 1.02 * old.mass[-1], 50.0]))
    assert (light[:2] > 0).all()
    assert (light[2:] == 0).all()
    assert light[0] == pytest.approx(10 ** (-0.4 * old.magnitude[0]))


def test_between_two_masses_magnitudes_are_straight():
    two = Isochrone(np.array([1.0, 1.0, 2.0]), np.array([[9.0], [5.0], [3.0]]))
    assert -2.5 * np.log10(two.luminosity(np.array([1.0, 1.5, 1.75]))[:, 0]) == pytest.approx([5.0, 4.0, 3.5])


def test_between_two_ages_stars_at_one_stage_are():
    young, old, between = TABLE.at(8.0), TABLE.at(8.05), TABLE.at(8.03)
    for part in ("mass", "magnitude"):
        a, b, c = (getattr(one, part) for one in (young, old, between))
        assert (c >= np.minimum(a, b) - 1e-9).all()
        assert (c <= np.maximum(a, b) + 1e-9).all()
    assert np.log(between.mass[-1]) == pytest.approx(0.4 * np.log(young.mass[-1]) + 0.6 * np.log(old.mass[-1]))
    # At one mass, giants of one age stand beside dwarfs of the other: no mean of magnitudes is between those.
    light = [-2.5 * np.log10(SSP(one, IMF.of()).light) for one in (young, between, old)]
    assert (light[0] < light[1]).all()
    assert (light[1] < light[2]).all()


@pytest.mark.parametrize("age", [6.59, 10.11, np.nan])
def test_an_age_that_is_none(age):
    with pytest.raises(InputError, match=r"log age 6\.6 to 10\.1"):
        TABLE.at(age)


def test_bands_by_name():
    assert np.array_equal(TABLE.of(["F814W"]).magnitude[..., 0], TABLE.magnitude[..., 2])
    with pytest.raises(InputError, match="no isochrone has the band F555W"):
        TABLE.of(["F336W", "F555W"])


@with_data
def test_a_population_is_as_bright_as_the_whole_table_makes_it(monkeypatch):
    """Of its 28,402 rows, 16,756 nodes are kept."""
    monkeypatch.setattr(sys, "argv", ["star_isochrones.py"])
    recipe = runpy.run_path(str(ROOT / "examples" / "recipes" / "star_isochrones.py"))
    table = Table.read(DATA / "parsec_solar_UBVRI.fits")
    u, b, v, i = (np.asarray(table[f"{band}mag"], float) for band in "UBVI")
    design = recipe["designs"](u - b, b - v, v - i)
    terms = recipe["TERMS"]
    shown = np.stack([m + design[band] @ np.array(terms[band]) for band, m in zip(terms, (u, b, i), strict=True)], 1)
    off = []
    for age in TABLE.log_age:
        here = (np.abs(np.asarray(table["logAge"]) - age) < 0.01) & (np.asarray(table["label"]) < 9)
        mass, light = np.maximum.accumulate(np.asarray(table["Mini"][here])), 10 ** (-0.4 * shown[here])
        stars = IMF.of().number(mass[:-1], mass[1:])[:, None]
        ratio = np.divide(light[1:], light[:-1])
        steep = np.where(np.abs(ratio - 1) < 1e-6, 2.0, ratio)
        mean = light[:-1] * np.where(steep == 2.0, (1 + ratio) / 2, (steep - 1) / np.log(steep))
        off.append(-2.5 * np.log10(SSP(TABLE.at(age), IMF.of()).light / (stars * mean).sum(axis=0)))
    off = np.array(off)
    assert np.abs(off).mean() < 0.006
    assert np.abs(off[TABLE.log_age > 7.2]).max() < 0.015
    assert np.abs(off).max() < 0.04  # giants of 4 Myr
