"""clusterapertures: light and counts mean the same at all redshifts, the sky is off, absent pixels are made up."""

import numpy as np
import pytest

from skycnn.shapes import clusterapertures
from skycnn.shapes.clusterapertures import RADII, measure, names
from ugrizclusters import NOISE, PIXEL, SIDE, cluster


def measured(stamps, redshift, bands="ugriz", pixel=PIXEL):
    stamps = np.asarray(stamps)
    about = {"bands": np.array(list(bands)), "pixel_scale": np.array(pixel)}
    return measure({"image": stamps, "redshift": np.broadcast_to(redshift, len(stamps))} | about)


def several(z, members, n=12, **options):
    return measured([cluster(z, members, np.random.default_rng(k), **options) for k in range(n)], z)


@pytest.mark.parametrize("z", [0.12, 0.2, 0.29])
def test_light_within_circles_is_told_in_galaxies_at_any_redshift(z):
    found = several(z, 30, diffuse=6.0)
    assert np.median(found["image i 1000"]) == pytest.approx(41, rel=0.15)
    assert np.median(found["image i 60"]) == pytest.approx(5.2, rel=0.15)
    assert np.median(found["image brightest"]) == pytest.approx(5, rel=0.1)
    inside = np.array([np.median(found[f"image i {radius}"]) for radius in RADII])
    assert (np.diff(inside) > -0.5).all()


def test_red_galaxies_are_counted_and_blue_ones_are_not():
    many, few, blue = several(0.2, 40), several(0.2, 10), several(0.2, 10, blue=30)
    for what, share in (("count", 0.5), ("red", 0.45)):
        counts = [np.median(found[f"image {what} 500"]) for found in (many, few, blue)]
        assert counts[0] - counts[1] > share * 30
        assert abs(counts[2] - counts[1]) < 0.1 * (counts[0] - counts[1])
    assert np.median(blue["image i 500"]) > np.median(few["image i 500"]) + 20


def test_light_between_galaxies_is_seen_beside_them():
    smooth, plain = several(0.2, 20, diffuse=10.0), several(0.2, 20)
    for outer, share in ((120, 0.12), (250, 0.53)):
        less = np.median(smooth[f"image diffuse {outer}"] - plain[f"image diffuse {outer}"])
        assert less == pytest.approx(10 * share, rel=0.15)
    assert abs(np.median(smooth["image diffuse 500"] - plain["image diffuse 500"])) < 0.7


def test_a_level_changes_nothing_and_the_noise_is_told():
    stamp = cluster(0.2, 20, np.random.default_rng(0))
    first, second = measured([stamp, stamp + np.float32(3)], 0.2).items(), measured([stamp], 0.2)
    for name, (one, other) in first:
        assert other == pytest.approx(one, abs=2e-3, rel=2e-3), name
    assert second["image depth"] == pytest.approx(NOISE[3], rel=0.1)


def test_pixels_that_are_absent_are_made_up_for_and_too_many_are_not():
    stamp = cluster(0.2, 60, np.random.default_rng(0), central=0.0, noise=0.1)
    part, half, none = stamp.copy(), stamp.copy(), stamp.copy()
    part[:, :, : SIDE // 4] = np.nan
    half[:, :, : 3 * SIDE // 4] = np.nan
    none[3] = np.nan
    found = measured([stamp, part, half, none], 0.2)["image i 1000"]
    assert found[1] == pytest.approx(found[0], rel=0.15)
    assert np.isnan(found[2:]).all()
    bare = stamp.copy()
    bare[1] = np.nan
    seen = measured([bare], 0.2)
    assert seen["image count 500"] > 20 and seen["image i 500"] > 0


def test_without_a_redshift_or_in_other_bands_nothing_is_measured():
    stamp = cluster(0.2, 20, np.random.default_rng(0))
    found = measured([stamp] * 3, np.array([np.nan, 0.01, 0.2]))
    assert all(np.isnan(values[:2]).all() and np.isfinite(values[2]) for values in found.values())
    assert all(np.isnan(values).all() for values in measured([stamp[:3]], 0.2, "ugr").values())
    none = measured(np.zeros((0, 5, 8, 8), np.float32), 0.2)
    assert list(none) == names() and all(values.shape == (0,) for values in none.values())
    assert all(name.startswith("image ") for name in names())


def test_bands_are_taken_by_name_and_pixels_may_have_any_size():
    stamp = cluster(0.2, 40, np.random.default_rng(0))
    whole = measured([stamp], 0.2)
    for name, value in measured([stamp[[3, 1, 2, 4]]], 0.2, ["i", "g", "r", "z"]).items():
        assert value == whole[name], name
    part = measured([stamp[1:4]], 0.2, "gri")
    assert part["image i 500"] == whole["image i 500"]
    assert part["image count 500"] == pytest.approx(whole["image count 500"], rel=0.3)
    fine = np.repeat(np.repeat(stamp, 2, axis=1), 2, axis=2)[:, SIDE // 2 : -SIDE // 2, SIDE // 2 : -SIDE // 2] / 4
    assert measured([fine], 0.2, pixel=PIXEL / 2)["image i 250"] == pytest.approx(whole["image i 250"], rel=0.15)


def test_rows_are_measured_by_themselves(monkeypatch):
    stamps = [cluster(z, 20, np.random.default_rng(k)) for k, z in enumerate((0.12, 0.2, 0.29))]
    whole = measured(stamps, np.array([0.12, 0.2, 0.29]))
    monkeypatch.setattr(clusterapertures, "PART", 1)
    again = measured(stamps, np.array([0.12, 0.2, 0.29]))
    for name in names():
        assert whole[name] == pytest.approx(again[name], rel=1e-5, abs=1e-5)
