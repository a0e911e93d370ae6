"""redlight: red galaxies at their redshift are alike, others not; noise and absent bands make all more alike."""

import numpy as np
import pytest

from skycnn.schema import AB_ZERO_POINT
from skycnn.shapes import redlight
from skycnn.shapes.redlight import likeness
from ugrizclusters import light

QUIET = np.full((1, 5), 1e-3)


def test_the_characteristic_magnitude_is_the_one_published():
    magnitude = AB_ZERO_POINT - 2.5 * np.log10(redlight.characteristic(np.array([0.1, 0.2, 0.3])))
    assert magnitude == pytest.approx([16.27, 17.85, 18.86], abs=0.02)


def test_colours_are_those_of_the_red_sequence_of_sdss():
    """Means of redMaPPer's calibration galaxies of DR8 at these redshifts."""
    z = np.array([0.115, 0.145, 0.18])
    blue, red = (-2.5 * np.log10(redlight.template(band, z)) for band in "gr")
    assert blue - red == pytest.approx([0.984, 1.077, 1.196], abs=0.02)
    assert red == pytest.approx([0.416, 0.439, 0.466], abs=0.01)


@pytest.mark.parametrize("z", [0.12, 0.2, 0.28])
def test_a_red_galaxy_at_the_redshift_is_alike_and_others_are_not(z):
    at = np.array([z])
    assert likeness(light(z)[None], QUIET, at) == pytest.approx(1, abs=1e-3)
    for other in (light(z, bluer=0.4), light(z + 0.07), light(z - 0.06)):
        assert likeness(other[None], QUIET, at) < 0.3


def test_noise_makes_all_alike_and_absent_bands_say_nothing():
    at, other = np.array([0.2]), light(0.2, bluer=1.0)[None]
    assert likeness(other, 100 * np.abs(other), at) > 0.99
    other[:, redlight.BANDS.index("g")] = np.nan
    assert likeness(other, QUIET, at) == pytest.approx(1, abs=1e-3)


def test_pixels_are_told_as_sources_are():
    source = np.stack([light(0.2), light(0.2, bluer=0.2)])
    alone = likeness(source, np.repeat(QUIET, 2, axis=0), np.array([0.2, 0.2]))
    planes = np.broadcast_to(source[:, :, None, None], (2, 5, 3, 4))
    assert likeness(planes, np.repeat(QUIET, 2, axis=0), np.array([0.2, 0.2])) == pytest.approx(
        np.broadcast_to(alone[:, None, None], (2, 3, 4))
    )
