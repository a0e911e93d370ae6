"""colourimage: brightness through one asinh, colour kept; what has no value stays without."""

import numpy as np
import pytest

from skycnn.report import colourimage
from skycnn.report.colourimage import channels, colour


def noise(n=4, bands=3, side=32, seed=0):
    return np.random.default_rng(seed).standard_normal((n, bands, side, side)).astype(np.float32)


@pytest.mark.parametrize(
    ("bands", "shown"),
    [
        ("r", ["r"]),
        ("ig", ["i", "ig", "g"]),
        ("rgi", ["i", "r", "g"]),
        ("griz", ["z", "ri", "g"]),
        ("ugriz", ["iz", "r", "ug"]),
        (("NUV", "u", "g", "r", "i", "z", "y"), ["zy", "gri", "NUVu"]),
        (("F275W", "F814W", "F555W"), ["F555W", "F814W", "F275W"]),  # unknown: as given
    ],
)
def test_the_reddest_bands_are_red(bands, shown):
    found = ["".join(sorted((bands[i] for i in group), key=lambda b: "griz".find(b))) for group in channels(bands)]
    assert [sorted(text) for text in found] == [sorted(text) for text in shown]


def test_no_band_is_left_out():
    for n in range(1, 12):
        assert {i for group in channels([f"B{k}" for k in range(n)]) for i in group} == set(range(n))


def test_values_are_colours_whatever_the_units():
    pixels = noise()
    pixels[:, :, 10:20, 10:20] += 50
    rgb = colour(pixels, "gri")
    assert rgb.shape == (4, 32, 32, 3)
    assert (rgb.min(), rgb.max()) == (pytest.approx(0, abs=0.2), 1)
    scaled = pixels * np.array([1e-30, 3.0, 1e20])[None, :, None, None] + np.array([0, -7e4, 3e22])[:, None, None]
    assert np.allclose(colour(scaled, "gri"), rgb, atol=2e-3)


def test_a_red_source_is_red_also_where_it_is_saturated_and_most_light_is_white():
    pixels = noise(bands=3)
    pixels[:3, :, 8:16, 8:16] += np.array([[[30]], [[60]], [[40]]])  # most of the light: shown white
    pixels[3, 0, 8:12, 8:12] += 10  # red: bright in i alone
    pixels[3, 2, 8:12, 8:12] += 5000
    rgb = colour(pixels, "gri")
    white, red = rgb[0, 8:16, 8:16].mean((0, 1)), rgb[3, 8:12, 8:12].mean((0, 1))
    assert np.ptp(white) < 0.1
    assert red[0] == pytest.approx(1)
    assert red[1] < 0.1
    assert red[2] < 0.1


def test_brightness_grows_with_the_pixel_until_it_is_saturated():
    pixels = noise(1, 1, 64)
    steps = np.array([2, 4, 8, 12, 16, 1000, 3000])
    pixels[0, 0, 0, : len(steps)] = steps
    shown = colour(pixels, "r")[0, 0, : len(steps)]
    assert (np.diff(shown[:-2, 0]) > 0).all()
    assert (shown == shown[:, :1]).all()
    assert shown[-1, 0] == 1


def test_one_bright_star_hides_no_faint_galaxy():
    pixels = noise(1, 1, 64)
    pixels[0, 0, 20:30, 20:30] += 10
    before = colour(pixels, "r")[0, 20:30, 20:30].mean()
    pixels[0, 0, 40:50, 40:50] += 1e6
    assert colour(pixels, "r")[0, 20:30, 20:30].mean() > 0.5 * before


def test_one_stretch_serves_all_stamps():
    pixels = noise(2)
    pixels[1] *= 0.1
    spread = colour(pixels, "gri").std(axis=(1, 2, 3))
    assert spread[1] < 0.4 * spread[0]


def test_no_value_stays_none_and_a_lacking_colour_is_the_mean_of_the_others():
    pixels = noise()
    pixels[0] = np.nan
    pixels[1, :, 3, 4] = np.inf
    pixels[2, 1] = np.nan
    rgb = colour(pixels, "gri")
    assert np.isnan(rgb[0]).all()
    assert np.isnan(rgb[1, 3, 4]).all()
    assert np.isfinite(rgb[2:]).all()
    assert np.isfinite(rgb[1]).sum() == rgb[1].size - 3
    assert np.isnan(colour(np.full((2, 3, 4, 4), np.nan, np.float32), "gri")).all()


@pytest.mark.parametrize("value", [0.0, 1.0, -3.4e38, 3.4e38])
@pytest.mark.parametrize("bands", ["r", "gri"])
def test_constant_and_extreme_pixels_can_be_shown(bands, value):
    pixels = np.full((3, len(bands), 1, 1), value, np.float32)
    rgb = colour(pixels, bands)
    assert np.isfinite(rgb).all()
    pixels[0] = 0
    assert np.isfinite(colour(pixels, bands)).all()


def test_constants_fit_together():
    assert 0 < colourimage.WHITE < 1
    assert colourimage.DARK < colourimage.SOFT < colourimage.BRIGHT


def test_a_signalling_nan_is_a_nan_without_a_word():
    pixels = noise()
    pixels[:, 1, :4] = np.array(0x7FA00001, "u4").view("f4")
    quiet = np.where(np.isnan(pixels), np.float32(np.nan), pixels)
    np.testing.assert_array_equal(colour(pixels, "gri"), colour(quiet, "gri"))
