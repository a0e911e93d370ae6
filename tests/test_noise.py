"""Noise: depths measured on blank images are the survey's, photons are counted, bits do not depend on the chunk."""

import math
from dataclasses import replace

import numpy as np
import pytest

from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate.aperture import circles
from skycnn.simulate.components import Components
from skycnn.simulate.correlation import Correlation
from skycnn.simulate.noise import Noise, aperture_area
from skycnn.simulate.optics import psf_of
from skycnn.simulate.render import Renderer

CSST, COSMOS, SDSS = map(survey.load, ("csst", "cosmos", "sdss"))


def circle(side, radius, centre, fine=21):
    """Return the share (side, side) of each pixel that lies within a circle about (x, y), by a fine grid."""
    steps = (np.arange(side * fine) + 0.5) / fine - 0.5
    inside = np.hypot(steps[None, :] - centre[0], steps[:, None] - centre[1]) <= radius
    return inside.reshape(side, fine, side, fine).mean(axis=(1, 3))


def blank(noise, count, side):
    return noise.add(np.zeros((count, len(noise.sigma), side, side), np.float32), 1, range(count))


def limits(pixels, weights):
    """Return the 5 sigma limit (band,), mag, of sums over weights (m, side, side), all sums taken together."""
    sums = np.einsum("nbyx,myx->nmb", pixels, weights)
    return 23.9 - 2.5 * np.log10(5 * sums.std(axis=(0, 1)))


def centres(side, count=12):
    """Return where apertures are put: about the stamp's middle, anywhere within a pixel."""
    return (side - 1) / 2 + np.random.default_rng(4).uniform(-0.5, 0.5, (count, 2))


def stars(where, bands, side, count, magnitude):
    """Return stars (count, band, side, side) of these magnitudes, without noise, anywhere in a pixel, and where."""
    flux = 10 ** (0.4 * (23.9 - np.array(magnitude, np.float32)))
    offset = np.random.default_rng(7).uniform(-0.5, 0.5, (count, 2))
    ones, dots = np.ones((count, 1)), np.full((count, 1), 1e-4)
    light = Components(np.tile(flux, (count, 1, 1)), dots, ones, ones, 0 * ones)
    return light.stamps(Renderer([psf_of(where, band) for band in bands], where.pixel_scale, side), offset), offset


def limit(where, noise, band, weigh, side, count=3000):
    """Return how much fainter than its depth a star has signal to noise 5, mag; weigh(stars, offset) gathers it."""
    clean, offset = stars(where, [band], side, count, [where.depth[band]])
    weights, seen = weigh(clean[:, 0], offset), noise.add(clean, 3, range(count))[:, 0]
    light, scatter = (weights * clean[:, 0]).sum(axis=(1, 2)), (weights * (seen - clean[:, 0])).sum(axis=(1, 2))
    return 2.5 * math.log10(np.mean(light) / scatter.std() / 5)


@pytest.mark.parametrize("band", CSST.bands)
def test_stars_of_the_depth_have_signal_to_noise_5_in_the_aperture_of_their_r80(band):
    radius = CSST.r80[band] / CSST.pixel_scale
    weigh = lambda stars, offset: circles(np.full(len(stars), radius), offset, 16)  # noqa: E731
    assert limit(CSST, Noise.of(CSST, [band]), band, weigh, 16) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("band", SDSS.bands)
def test_stars_of_the_depth_have_signal_to_noise_5_by_psf_photometry(band):
    weigh = lambda stars, _: stars / (stars**2).sum(axis=(1, 2), keepdims=True)  # noqa: E731
    gain = 80 / 10 ** (0.4 * (23.9 - SDSS.depth[band]))  # 80 electrons of the star: half of the noise is theirs
    for where in (SDSS, replace(SDSS, electrons={band: gain})):
        assert limit(where, Noise.of(where, [band]), band, weigh, 32) == pytest.approx(0, abs=0.03)


def test_the_depth_in_an_aperture_is_the_survey_s():
    pixels = blank(Noise.of(COSMOS), 2000, 22)
    found = limits(pixels, np.stack([circle(22, 1.5 / 0.15, centre) for centre in centres(22, 3)]))
    np.testing.assert_allclose(found, [COSMOS.depth[band] for band in COSMOS.bands], atol=0.03)


def test_another_pixel_scale_has_the_same_depth():
    fine = replace(CSST, pixel_scale=0.03)  # its PSF loses less to the pixels
    radius = np.full(3000, CSST.r80["g"] / 0.03)
    weigh = lambda _, offset: circles(radius, offset, 40)  # noqa: E731
    assert limit(fine, Noise.of(CSST, ["g"], 0.03), "g", weigh, 40) == pytest.approx(0, abs=0.05)


def test_counted_noise_is_that_of_sky_dark_current_and_reading():
    noise = Noise.counted(CSST, ["g", "NUV"])
    sky = 10 ** (0.4 * (23.9 - CSST.sky["g"])) * 0.074**2 * CSST.electrons["g"]
    assert noise.sigma[0] * CSST.electrons["g"] == pytest.approx(math.sqrt(sky + 6 + 7.07**2), rel=1e-6)
    ratio = Noise.of(CSST).sigma / Noise.counted(CSST).sigma
    assert (ratio > 1.3).all() and (ratio < 1.8).all()  # the file's depths are not as deep as its sky allows
    with pytest.raises(InputError, match="survey sdss does not tell 'sky' of u, which noise is counted from"):
        Noise.counted(SDSS)


def test_noise_times_a_factor_is_that_of_the_photons_too():
    light = np.full((1500, 1, 4, 4), 0.5, np.float32)
    noise = Noise(np.array([0.02]), np.array([2000.0]))
    for factor in (3.0, np.tile([3.0], 1500)):
        scatter = (noise.times(factor).add(light, 2, range(1500)) - light).std()
        assert scatter == pytest.approx(3 * math.sqrt(0.02**2 + 0.5 / 2000), rel=0.02)


def test_a_depth_beyond_a_star_s_own_photons_is_refused():
    few = replace(CSST, electrons={"g": 10.0})
    with pytest.raises(InputError, match=r"survey csst: a star of 26.3 mag in g gives 1.1 electrons, too few"):
        Noise.of(few, ["g"])


def test_correlated_noise_has_the_same_depth():
    y, x = np.mgrid[-3:4, -3:4]
    correlation = Correlation.of(np.maximum(1 - abs(y) / 3, 0) * np.maximum(1 - abs(x) / 2, 0))
    noise = Noise.of(CSST, ["g", "z"], correlation=correlation)
    assert (noise.sigma < 0.6 * Noise.of(CSST, ["g", "z"]).sigma).all()
    weights = np.stack([circle(12, CSST.r80["g"] / 0.074, centre) for centre in centres(12)])
    pixels = blank(noise, 4000, 12)
    blank_limit = limits(pixels[:, [0]], weights)[0] + 2.5 * math.log10(0.774)  # of the light is in the aperture
    own = 10 ** (0.4 * (23.9 - 26.3)) * 0.774 / CSST.electrons["g"] / (0.774 * 10 ** (0.4 * (23.9 - 26.3)) / 5) ** 2
    assert blank_limit + 1.25 * math.log10(1 - 0.92 * own) == pytest.approx(26.3, abs=0.03)
    apart = np.mean(pixels[:, 0, :, 1:] * pixels[:, 0, :, :-1]) / np.mean(pixels[:, 0] ** 2)
    assert apart == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("radius", [0.3, 1.0, 2.03, 6.4])
def test_the_area_of_an_aperture_is_the_mean_of_its_squared_weights(radius):
    middles = 9.5 + (np.mgrid[0:8, 0:8].reshape(2, -1).T + 0.5) / 8 - 0.5
    squares = [(circle(20, radius, centre, 31) ** 2).sum() for centre in middles]
    assert aperture_area(radius) == pytest.approx(np.mean(squares), rel=0.015)
    assert aperture_area(radius) < math.pi * radius**2


def test_photons_are_counted():
    noise = Noise(np.array([1e-6, 1e-6, 1e-6]), np.array([3.0, 2000.0, math.nan]))
    light = np.zeros((900, 3, 4, 4), np.float32) + np.float32(0.5)
    found = noise.add(light, 2, range(900)) - light
    np.testing.assert_allclose(found.mean(axis=(0, 2, 3)), 0, atol=0.015)
    np.testing.assert_allclose(found[:, :2].var(axis=(0, 2, 3)), [0.5 / 3, 0.5 / 2000], rtol=0.03)
    assert found[:, 2].std() < 2e-6
    counts = (found + light)[:, 0] * 3
    assert np.abs(counts - np.round(counts)).max() < 1e-4  # whole electrons


def test_ringing_below_zero_is_kept():
    noise = Noise(np.array([1e-9]), np.array([10.0]))
    image = np.full((1, 1, 2, 2), -0.01, np.float32)
    np.testing.assert_allclose(noise.add(image, 1, [0]), image, atol=1e-7)


@pytest.mark.parametrize("correlated", [False, True])
def test_bits_do_not_depend_on_the_chunk(correlated):
    correlation = Correlation.of(np.array([[0.1, 0.2, 0.1], [0.2, 1, 0.2], [0.1, 0.2, 0.1]])) if correlated else None
    noise = Noise.of(CSST, correlation=correlation)
    images = np.random.default_rng(0).uniform(0, 0.1, (10, 7, 8, 8)).astype(np.float32)
    rows = np.arange(1020, 1030)
    whole = noise.add(images, 9, rows)
    for size in (1, 3):
        parts = [noise.add(images[k : k + size], 9, rows[k : k + size]) for k in range(0, 10, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(noise.add(images[::-1], 9, rows[::-1])[::-1], whole)
    for seed, name in ((8, "noise"), (9, "again")):
        assert (noise.add(images, seed, rows, name) != whole).any(axis=(1, 2, 3)).all()
    assert len(np.unique(whole)) > 0.99 * whole.size


def test_what_cannot_be_told_is_refused():
    with pytest.raises(InputError, match=r"tell a depth that noise can be made from: 'completeness'.*depth_kind point"):
        Noise.of(replace(SDSS, depth_kind="completeness"))
    with pytest.raises(InputError, match="tell a depth that noise"):
        Noise.of(replace(SDSS, depth_kind=""))
    with pytest.raises(InputError, match=r"survey sdss has no band y \(expected u g r i z\)"):
        Noise.of(SDSS, ["g", "y"])
    with pytest.raises(InputError, match="by PSF photometry"):
        Noise.of(SDSS, correlation=Correlation.of(np.ones((1, 1))))
    with pytest.raises(InputError, match="noise of 5 bands for images of another shape"):
        Noise.of(SDSS).add(np.zeros((2, 4, 3, 3), np.float32), 1, [0, 1])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "",
            r"^a\.toml: survey a does not tell a depth that noise can be made from \(expected depth_kind point or psf",
        ),
        (
            'depth_kind = "completeness"',
            r"^a\.toml:4: survey a does not tell a depth .* from: 'completeness' \(expected d",
        ),
    ],
)
def test_a_users_survey_without_a_depth_is_told_with_its_file(line, told):
    each = "{ g = 25 }"
    text = f'name = "a"\nbands = ["g"]\npixel_scale = 1\n{line}\npsf = {{ g = 1 }}\ndepth = {each}\n'
    facts = survey.parse(text + "extinction = { g = 1 }\nelectrons = { g = 9 }", "a.toml", cited=False)
    with pytest.raises(InputError, match=told):
        Noise.of(facts)
