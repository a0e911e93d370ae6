"""Shapes beside those of statmorph, which the field uses (Rodriguez-Gomez et al. 2019).

Given the same pixels of the source the definitions are the same but for one: what noise adds to the asymmetry. Between
pixels turned pixels are means of several, and less noisy; statmorph takes off the noise of whole pixels at any centre,
and so more than there is.
"""

import warnings

import numpy as np
import pytest

from skycnn.shapes import shape
from stampgalaxies import galaxies

TOLERANCE = {"petrosian": 0.15, "concentration": 0.05, "gini": 0.02, "m20": 0.05, "ellipticity": 0.03}
"""Largest differences; 0.02, 0.007 and 0.02 at most are those of C, Gini and M20 on other draws."""

CLEAN, NOISY = galaxies(20)
_, DEEP = galaxies(20, depth=(5e4, 2e5))


def beside(bands):
    """Return what is measured here and by statmorph of galaxies."""
    statmorph = pytest.importorskip("statmorph", reason="statmorph is not installed")
    found = []
    for band in bands:
        own = shape.measure(band)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            segment = own.source.member.astype(int)
            (other,) = statmorph.source_morphology(band.astype(float), segment, gain=1e4, cutout_extent=10)
        assert other.flag == 0
        found.append((own, other))
    return found


@pytest.fixture(scope="module")
def pairs():
    return beside(NOISY)


@pytest.mark.parametrize("name", TOLERANCE)
def test_as_statmorph_measures_it(pairs, name):
    theirs = {"petrosian": "rpetro_circ", "ellipticity": "ellipticity_asymmetry"}.get(name, name)
    away = np.array([getattr(own, name) - getattr(other, theirs) for own, other in pairs])
    assert np.abs(away).max() < TOLERANCE[name]


def test_the_pixels_of_gini_are_those_of_statmorph(pairs):
    for own, other in pairs:
        assert np.count_nonzero(own.member) == pytest.approx(np.count_nonzero(other._segmap_gini), rel=0.06)


def test_asymmetry_is_nearer_to_that_without_noise(pairs):
    truth = np.array([shape.measure(band).asymmetry for band in CLEAN])
    own, other = (np.array([pair[k].asymmetry for pair in pairs]) for k in (0, 1))
    assert np.corrcoef(own, other)[0, 1] > 0.95
    assert ((own - other) > -0.02).all() and ((own - other) < 0.13).all()
    assert np.abs(own - truth).mean() < 0.8 * np.abs(other - truth).mean()


def test_without_noise_to_speak_of_asymmetry_is_statmorphs():
    own, other = np.array([(pair[0].asymmetry, pair[1].asymmetry) for pair in beside(DEEP)]).T
    assert np.abs(own - other).max() < 0.03  # of a cusp between pixels; its centre is searched to an eighth of one


def test_what_the_numbers_tell():
    light = {"one": shape.measure(CLEAN[0]), "two": shape.measure(CLEAN[11])}
    assert light["two"].asymmetry > light["one"].asymmetry + 0.2
    assert light["two"].m20 > light["one"].m20 + 0.3
    assert light["one"].signal_to_noise > light["two"].signal_to_noise / 10 > 0


def test_a_stamp_that_is_too_small_and_one_without_a_source():
    assert shape.measure(np.ones((7, 7))) is None
    assert shape.measure(np.zeros((75, 75))) is None
