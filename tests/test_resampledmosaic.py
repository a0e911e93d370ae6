"""ResampledMosaic: bands on other pixel grids are brought to the first one's, and what shares it is cut as it is."""

import numpy as np
import pytest
from astropy.io import fits

from mosaicking import SIDE, field, mosaic, positions, sliced, stamps, wcs, write
from skycnn.schema import Flag
from skycnn.stamps import stamps as stampsmodule
from skycnn.stamps.mosaic.resampledmosaic import ResampledMosaic

X, Y = np.random.default_rng(3).uniform(40, SIDE - 40, (2, 30))


def gaussians(x, y, sigma, side=SIDE):
    """Return a field of sources of flux 1 by the integral over each pixel."""
    from scipy.special import erf

    edges = np.arange(side + 1) - 0.5
    image = np.zeros((side, side))
    for cx, cy in zip(x, y, strict=True):
        across, along = (np.diff(erf((edges - c) / (sigma * np.sqrt(2)))) / 2 for c in (cx, cy))
        image += along[:, None] * across
    return image.astype("f4")


def pair(folder, second, projection):
    one = write(folder / "g.fits", field(1), wcs())
    return {"g": [one], "r": [write(folder / "r.fits", second, projection)]}


def test_a_band_on_the_same_grid_is_cut_as_it_is(tmp_path):
    shifted = wcs(SIDE, 20, -10)  # the grid is the same, the corner is another
    big = field(2, SIDE)
    bands = pair(tmp_path, big, shifted)
    with mosaic(bands, made=ResampledMosaic) as source:
        found, rests, _ = stamps(source, positions(X, Y), ("g", "r"), 15)
    for i in range(len(X)):
        stamp, rest = sliced(field(1), X[i], Y[i], 15)
        np.testing.assert_array_equal(found[i, 0], stamp)
        np.testing.assert_array_equal(found[i, 1], sliced(big, X[i] - 20, Y[i] + 10, 15)[0])
        assert rests[i, 1] == pytest.approx(rest, abs=1e-6)


@pytest.mark.parametrize(
    "projection",
    [{"rotation": 25.0}, {"scale": 0.35}, {"rotation": -70.0, "scale": 0.6}],
    ids=["rotated", "finer", "coarser and rotated"],
)
def test_sources_stay_at_their_place_with_their_flux(tmp_path, projection):
    x, y = np.meshgrid(np.linspace(85, 215, 3) + 0.3, np.linspace(85, 215, 3) - 0.2)
    x, y = x.ravel(), y.ravel()
    there = wcs(**projection).all_world2pix(*positions(x, y).values(), 0)
    sigma = 2.5
    bands = pair(tmp_path, gaussians(*there, sigma), wcs(**projection))
    with mosaic(bands, made=ResampledMosaic) as source:
        found, rests, flags = stamps(source, positions(x, y), ("g", "r"), 41)
    assert (flags & ~Flag.EDGE == 0).all()
    light = found[:, 1].astype("f8")
    axis = np.arange(41) - 20
    assert light.sum((1, 2)) == pytest.approx(1.0, abs=1e-3)
    assert (light.sum(1) * axis).sum(1) == pytest.approx(rests[:, 1, 0], abs=2e-3)
    assert (light.sum(2) * axis).sum(1) == pytest.approx(rests[:, 1, 1], abs=2e-3)
    np.testing.assert_array_equal(rests[:, 0], rests[:, 1])


def test_a_grid_half_a_pixel_off_is_resampled(tmp_path):
    shifted = wcs()
    shifted.wcs.crpix = shifted.wcs.crpix + 0.5
    second = field(2)
    with mosaic(pair(tmp_path, second, shifted), made=ResampledMosaic) as source:
        found, _, _ = stamps(source, positions([100.0], [100.0]), ("g", "r"), 5)
    x0 = 98 + np.arange(5)
    wanted = sum(second[np.ix_(x0 + j, x0 + i)].astype("f8") for i in (0, 1) for j in (0, 1)) / 4
    assert found[0, 1] == pytest.approx(wanted, abs=1e-5)


def test_another_scale_puts_the_object_at_the_very_centre(tmp_path):
    x, y = X[:8], Y[:8]
    path = write(tmp_path / "g.fits", gaussians(x, y, 2.0), wcs())
    with mosaic({"g": [path]}, made=ResampledMosaic) as source:
        assert source.rescaled(0.5, "it").pixel_scale == 0.5
        twice = source.rescaled(1.0, "it")
        found, rests, _ = stamps(twice, positions(x, y), ("g",), 17)
        assert twice.facts()["resample"] == 1.0
        assert source.facts()["resample"] is True
        assert source.pixel_scale == pytest.approx(0.5)
    alone = np.array([np.hypot(x - x[i], y - y[i])[np.arange(8) != i].min() > 40 for i in range(8)])
    assert alone.sum() >= 3
    light = found[alone, 0].astype("f8")
    assert (rests == 0).all()
    assert light.sum((1, 2)) == pytest.approx(1.0, abs=1e-3)
    assert (light.sum(1) * (np.arange(17) - 8)).sum(1) == pytest.approx(0, abs=2e-3)


@pytest.mark.parametrize(("unit", "light"), [("nanomaggy", (4.0, 9.0)), ("MJy/sr", (1.0, 1.0))])
def test_a_surface_brightness_stays_one(tmp_path, unit, light):
    flat = np.ones((SIDE, SIDE), "f4")
    turned = wcs(rotation=20.0, scale=1 / 3)
    paths = [write(tmp_path / "g.fits", flat, wcs()), write(tmp_path / "r.fits", flat, turned)]
    for path in paths:
        fits.setval(path, "BUNIT", value=unit)
    with mosaic({"g": paths[:1], "r": paths[1:]}, made=ResampledMosaic) as source:
        for made in (source.binned(2), source.rescaled(1.0, "it")):
            found, _, _ = stamps(made, positions([150.0], [151.3]), ("g", "r"), 8)
            for plane, value in zip(found[0], light, strict=True):
                np.testing.assert_allclose(plane, value, rtol=1e-3)


def test_a_row_without_the_first_band_takes_the_next_ones_grid(tmp_path):
    half = write(tmp_path / "g.fits", field(1)[:, :100], wcs())
    rest = write(tmp_path / "r.fits", field(2), wcs(rotation=10.0))
    with mosaic({"g": [half], "r": [rest]}, made=ResampledMosaic) as source:
        found, _, flags = stamps(source, positions([200.0], [150.0]), ("g", "r"), 9)
    u, v = wcs(rotation=10.0).all_world2pix(*positions([200.0], [150.0]).values(), 0)
    np.testing.assert_array_equal(found[0, 1], sliced(field(2), u[0], v[0], 9)[0])
    assert np.isnan(found[0, 0]).all()
    assert flags[0] == Flag.MISSING_BAND


def test_a_stamp_over_the_edge_of_the_other_band_is_flagged(tmp_path):
    small = wcs(rotation=10.0)
    part = field(2)[:160, :160]
    with mosaic(pair(tmp_path, part, small), made=ResampledMosaic) as source:
        x, y = wcs().all_world2pix(*small.all_pix2world([155.0, 80.0], [80.0, 80.0], 0), 0)
        _, _, flags = stamps(source, positions(x, y), ("g", "r"), 21)
    assert flags.tolist() == [Flag.EDGE, 0]


def test_a_row_depends_on_itself_alone(tmp_path):
    bands = pair(tmp_path, field(2), wcs(rotation=25.0, scale=0.45))
    x, y = np.random.default_rng(4).uniform(-10, SIDE + 10, (2, 60))
    with mosaic(bands, made=ResampledMosaic) as source:
        whole = stamps(source, positions(x, y), ("g", "r"), 12)
    rows = np.random.default_rng(5).permutation(60)[:25]
    with pytest.MonkeyPatch.context() as patch, mosaic(bands, made=ResampledMosaic, threads=3) as source:
        patch.setattr(stampsmodule, "BATCH_BYTES", 4 * 4 * 2 * 12 * 12)
        some = stamps(source, positions(x[rows], y[rows]), ("g", "r"), 12)
    for one, other in zip(whole, some, strict=True):
        np.testing.assert_array_equal(one[rows], other)
