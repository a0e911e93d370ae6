"""redsequence: the colours that redMaPPer's calibration shows, and magnitudes from colours."""

import numpy as np
import pytest

from skycnn import redsequence
from skycnn.simulate import draws

MANY = 20000


def drawn(redshift, fainter=0.0, blue=False):
    z = np.full(MANY, redshift)
    reference = redsequence.characteristic(z) + fainter
    return redsequence.draw(draws.generator(1, 0, "colours"), z, reference, np.full(MANY, blue))


@pytest.mark.parametrize(("z", "g_r", "r_i"), [(0.115, 0.984, 0.416), (0.145, 1.077, 0.439), (0.18, 1.196, 0.466)])
def test_red_galaxies_have_the_colours_of_the_calibration(z, g_r, r_i):
    colours = drawn(z)
    assert colours[:, 1].mean() == pytest.approx(g_r, abs=0.02)
    assert colours[:, 2].mean() == pytest.approx(r_i, abs=0.01)
    assert colours[:, 1].std() == pytest.approx(0.041, rel=0.3)
    assert colours[:, 2].std() == pytest.approx(0.021, rel=0.3)
    assert -0.032 <= (drawn(z, 1)[:, 1] - colours[:, 1]).mean() <= -0.017


def test_the_sequence_steepens_with_redshift():
    near, far = ((drawn(z, 1) - drawn(z))[:, 1].mean() for z in (0.115, 0.18))  # the deviates are the same
    assert near - far == pytest.approx(0.0065, abs=0.002)  # the calibration: -0.017, then -0.030 a magnitude


def test_colours_scatter_together():
    assert np.cov(drawn(0.2).T) == pytest.approx(np.array(redsequence.SCATTER), abs=3e-4)
    assert np.cov(drawn(0.2, blue=True).T) == pytest.approx(np.array(redsequence.BLUE_SCATTER), abs=2e-3)


def test_galaxies_redden_with_redshift():
    z = np.linspace(0.08, 0.35, 28)
    colours = redsequence.colours(z, redsequence.characteristic(z))
    assert (np.diff(colours[:, :3], axis=0) > -2e-3).all()
    assert (np.abs(np.diff(colours, axis=0)) < 0.07).all()


def test_blue_galaxies_are_bluer_the_more_the_fainter():
    bright, faint = (drawn(0.15, fainter, blue=True).mean(axis=0) for fainter in (0, 1.5))
    assert (bright < drawn(0.15).mean(axis=0)).all()
    assert (faint < bright).all()


def test_red_and_blue_stand_where_they_are_asked_for():
    z, reference, blue = np.full(400, 0.2), np.full(400, 18.0), np.arange(400) % 2 == 1
    colours = redsequence.draw(draws.generator(1, 0, "colours"), z, reference, blue)
    assert colours[~blue, 1].mean() > colours[blue, 1].mean() + 0.25


@pytest.mark.parametrize(("z", "magnitude"), [(0.1, 16.3), (0.2, 17.85), (0.3, 18.76)])
def test_the_characteristic_magnitude_is_that_of_a_passive_galaxy(z, magnitude):
    assert redsequence.characteristic(np.array([z])) == pytest.approx(magnitude, abs=0.1)


def test_magnitudes_give_back_the_colours():
    colours = drawn(0.2)[:50]
    magnitudes = redsequence.magnitudes(np.linspace(15, 20, 50), colours)
    assert magnitudes[:, 3] == pytest.approx(np.linspace(15, 20, 50))
    assert magnitudes[:, :-1] - magnitudes[:, 1:] == pytest.approx(colours)
