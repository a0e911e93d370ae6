from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from skycnn.simulate import morphology, sersic
from skycnn.simulate.population import Population
from skycnn.survey import load

FITS = Path(__file__).parents[2] / "shared" / "data" / "galaxies" / "real_galaxy_23.5_500_fits.fits"
N = 4096
ROW = np.arange(N)
SHAPE = morphology.draw(3, ROW, np.full(N, 22.0), np.full(N, 0.6), np.linspace(0, 1, N))


def within(radius, index, at):
    from scipy.special import gammainc, gammaincinv

    return gammainc(2 * index, gammaincinv(2 * index, 0.5) * (at / radius) ** (1 / index))


def test_bulge_and_disc_together_have_the_half_light_radius():
    share = np.stack([SHAPE.bulge, 1 - SHAPE.bulge], axis=1)
    light = (share * within(SHAPE.radius[:, :2], SHAPE.index[:, :2], SHAPE.size[:, None])).sum(axis=1)
    assert np.median(light) == pytest.approx(0.5, abs=1e-3)
    assert np.percentile(np.abs(light - 0.5), 99) < 0.02


def test_shapes_are_what_can_be_drawn():
    assert morphology.INDEX == sersic.INDEX
    assert SHAPE.index.min() >= sersic.INDEX[0]
    assert SHAPE.index.max() <= sersic.INDEX[1]
    assert SHAPE.ratio.min() > 0.05
    assert SHAPE.ratio.max() <= 1
    assert (SHAPE.radius > 0).all()
    assert SHAPE.shift.shape == (N, 2 + morphology.CLUMPS, 2)
    assert np.array_equal(SHAPE.shift[:, :2], np.zeros((N, 2, 2)))


def test_older_galaxies_have_larger_bulges_and_fewer_clumps():
    assert SHAPE.bulge[-500:].mean() > SHAPE.bulge[:500].mean() + 0.2
    assert SHAPE.clumps[-500:].mean() < 0.2 * SHAPE.clumps[:500].mean()


def test_clumps_lie_in_the_disc():
    angle = np.radians(SHAPE.angle[:, :1])
    x, y = SHAPE.shift[:, 2:, 0], SHAPE.shift[:, 2:, 1]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    place = np.hypot(along, across / SHAPE.ratio[:, 1:2]) / SHAPE.radius[:, 1:2]
    assert place.min() == pytest.approx(0.3, abs=0.01)
    assert place.max() == pytest.approx(1.5, abs=0.01)


def test_shares_add_up_and_bulges_are_redder():
    light = np.random.default_rng(0).dirichlet(np.ones(7), 500).T
    redness = np.array([1, 0.6, 0.45, 0.3, 0.1, 0, 0])
    bulge, clumps = np.linspace(0.01, 0.9, 500), np.full(500, 0.1)
    share = morphology.shares(light, redness, bulge, clumps)
    assert share.sum(axis=0) == pytest.approx(1)
    assert share.min() >= 0
    parts = (light * share).sum(axis=1)
    assert parts[0] == pytest.approx(bulge, abs=0.01)
    assert parts[2:].sum(axis=0) == pytest.approx(0.1 * (1 - bulge), abs=0.02)
    age = (light * share * redness[:, None]).sum(axis=1) / parts
    assert (age[0] > age[1]).all()
    assert (age[1] > age[2]).all()


@pytest.mark.skipif(not FITS.is_file(), reason="../shared/data is not here")
def test_sizes_are_those_of_real_galaxies():
    from astropy.io import fits

    real = fits.getdata(FITS)["sersicfit"][:, 1] * 0.03
    drawn = Population.load().draw(load("csst"), [], 5, np.arange(120_000), "all").truth
    like = (drawn["MAG_I"] > 18) & (drawn["MAG_I"] < 23.5)
    assert ks_2samp(drawn["R_E"][like], real).statistic < 0.10
