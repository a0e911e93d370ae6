"""What is measured of stamps: one number a row by name, NaN where there is nothing, the same in any company."""

import numpy as np
import pytest

from skycnn.shapes import measured
from stampgalaxies import galaxies

_, NOISY = galaxies(8, seed=2)
STAMPS = NOISY.reshape(4, 2, 75, 75)


def test_a_row_is_measured_by_itself():
    whole, alone = measured.measure(STAMPS), measured.measure(STAMPS[2:3])
    assert list(whole) == measured.names(2)
    for name, values in whole.items():
        assert values.dtype == np.float32 and values.shape == (4,)
        np.testing.assert_array_equal(values[2:3], alone[name])
        assert np.isfinite(values).all(), name


SIDES = {"odd": 75, "even": 32, "small": 12, "smaller": 5}


@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("bands", [1, 2, 3])
@pytest.mark.parametrize("content", ["zero", "absent", "noise", "infinite"])
def test_stamps_that_show_nothing(side, bands, content):
    noise = np.random.default_rng(1).normal(0, 1, (2, bands, side, side)).astype("f4")
    stamps = {"zero": 0 * noise, "absent": noise * np.nan, "noise": noise, "infinite": np.full_like(noise, np.inf)}
    found = measured.measure(stamps[content])
    assert len(found) == len(measured.names(bands))
    assert all(np.isnan(values).all() for values in found.values())


def odd(seed):
    """Return a stamp that no telescope makes: holes, spikes, steps, stripes, light cut off by an edge."""
    random = np.random.default_rng(seed)
    side = int(random.integers(8, 60))
    stamp = random.normal(0, random.choice([0, 1e-3, 1]), (2, side, side)) + random.choice([-1, 0, 1])
    y, x, high, wide = random.integers(0, side, 4)
    stamp[:, y : y + high, x : x + wide] += 10 ** random.uniform(-3, 6)
    stamp[:, :, : random.integers(0, side)] *= random.choice([1, 0, np.nan], p=[0.5, 0.2, 0.3])
    stamp = np.round(stamp, random.integers(0, 4)).astype("f4")
    stamp[random.integers(0, 2), y, :: random.integers(1, 9)] = random.choice([np.nan, np.inf, -1e6, 1e6])
    return stamp


@pytest.mark.parametrize("seed", range(0, 300, 50))
def test_no_stamp_ends_in_an_error_or_a_warning(seed):
    for number in range(seed, seed + 50):
        stamp = odd(number)[None]
        found = {name.removeprefix("image "): values for name, values in measured.measure(stamp).items()}
        for band in range(2):
            assert not found[f"gini {band}"] > 1 + 1e-6
            assert not found[f"petrosian {band}"] > stamp.shape[-1]
            assert not (found[f"ellipticity {band}"] > 1 or found[f"ellipticity {band}"] < 0)


def test_no_rows_have_the_same_names():
    assert list(measured.measure(STAMPS[:0])) == measured.names(2)


def test_a_band_that_is_not_there_leaves_the_other():
    stamps = STAMPS.copy()
    stamps[:, 0] = np.nan
    found, whole = measured.measure(stamps), measured.measure(STAMPS)
    np.testing.assert_array_equal(found["image gini 1"], whole["image gini 1"])
    for name, values in found.items():
        assert np.isnan(values).all() == (name.endswith(" 0") or "colour" in name), name


def test_missing_pixels_change_little():
    stamps, random = STAMPS.copy(), np.random.default_rng(0)
    stamps[random.random(stamps.shape) < 0.02] = np.nan
    found, whole = measured.measure(stamps), measured.measure(STAMPS)
    for quantity, most in {"concentration": 0.2, "gini": 0.05, "m20": 0.2, "asymmetry": 0.06}.items():
        assert np.abs(found[f"image {quantity} 1"] - whole[f"image {quantity} 1"]).max() < most


def test_a_colour_is_the_difference_of_magnitudes():
    stamps = np.stack([NOISY, 2.512 * NOISY], axis=1)
    found = measured.measure(stamps)
    for k in range(6):
        assert found[f"image colour {k} 0-1"] == pytest.approx(1.0, abs=0.02)


def test_a_profile_falls_outwards():
    found = measured.measure(galaxies(3, single=True)[0][:, None])
    shares = np.array([found[f"image share {k} 0"] for k in range(7)])
    assert (np.diff(shares, axis=0) < 0).all()
    rings = np.array([found[f"image ring {k} 0"] for k in range(8)])
    assert (np.diff(rings, axis=0) < 0).all()
