"""resample: light is neither lost nor moved; the same as reproject's exact overlap; no value is made up."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from skycnn.images import resample as module
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.pixels import Pixels
from skycnn.images.resample import resample


class Held(Pixels):
    """An image in memory."""

    def __init__(self, image, broken=None):
        self.image, self.shape, self.label, self.broken, self.widest = image, image.shape, "held", broken, 0

    def cut(self, x0, y0, side, out):
        self.widest = max(self.widest, side)
        bad = np.zeros(len(x0), bool)
        for k, (x, y) in enumerate(zip(x0, y0, strict=True)):
            out[k] = np.nan
            ys, xs = (np.clip([first, first + side], 0, n) for first, n in zip((y, x), self.shape, strict=True))
            out[k][ys[0] - y : ys[1] - y, xs[0] - x : xs[1] - x] = self.image[slice(*ys), slice(*xs)]
            if self.broken is not None:
                bad[k] = x <= self.broken[0] < x + side and y <= self.broken[1] < y + side
        return bad


def header(shape, scale, turn=0.0, parity=-1, place=(150.0, 2.0), kind="TAN", **more):
    """Return a header whose middle pixel lies at a place; arcsec and degrees."""
    a, s = np.radians(turn), scale / 3600
    cards = fits.Header()
    cards["NAXIS"], cards["NAXIS1"], cards["NAXIS2"] = 2, shape[1], shape[0]
    cards["CTYPE1"], cards["CTYPE2"] = f"RA---{kind}", f"DEC--{kind}"
    cards["CRVAL1"], cards["CRVAL2"] = place
    cards["CRPIX1"], cards["CRPIX2"] = (shape[1] + 1) / 2, (shape[0] + 1) / 2
    cards["CD1_1"], cards["CD1_2"] = parity * s * np.cos(a), s * np.sin(a)
    cards["CD2_1"], cards["CD2_2"] = -parity * s * np.sin(a), s * np.cos(a)
    for name, value in more.items():
        cards[name] = value
    return cards


def wcs(cards):
    text = "".join(str(card) for card in cards.cards)
    return ImageWcs(text, (cards["NAXIS2"], cards["NAXIS1"]), "held")


def blob(shape, x, y, sigma):
    """Return a Gaussian of total 1, each pixel its value at the centre."""
    yy, xx = np.indices(shape)
    return np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)


def stamp(image, source, reference, ox, oy, side, step=1.0, pixels=None):
    out = np.full((1, side, side), 7, np.float32)
    broken = resample(
        pixels or Held(image), wcs(source), wcs(reference), np.array([ox]), np.array([oy]), step, side, out
    )
    return out[0], bool(broken[0])


GRIDS = {
    "turned": {"scale": 0.3, "turn": 25.0},
    "the same scale": {"scale": 0.4, "turn": -3.0},
    "mirrored": {"scale": 0.37, "turn": 140.0, "parity": 1},
    "coarser": {"scale": 0.9, "turn": 61.0},
    "much finer": {"scale": 0.07, "turn": 10.0},
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("place", [(150.0, 2.0), (0.0, -45.0), (33.0, 89.999)])
def test_the_flux_of_gaussians_is_kept(grid, place):
    n = int(160 * max(1, 0.4 / grid["scale"])) // 2 * 2 + 1
    source, reference = header((n, n), place=place, **grid), header((101, 101), 0.4, place=place)
    sigma = max(1.2, 1.0 / grid["scale"])
    image = 1000 * blob((n, n), n / 2 + 1.3, n / 2 - 2.2, sigma)
    got, broken = stamp(image.astype(np.float32), source, reference, 18.0, 18.0, 64)
    assert not broken
    assert got.sum(dtype=np.float64) == pytest.approx(1000, rel=1e-3)
    assert got.sum(dtype=np.float64) == pytest.approx(image.sum(), rel=3e-6)
    x, y = (np.average(index, weights=got) for index in np.indices(got.shape)[::-1])
    lon, lat = WCS(source).all_pix2world(n / 2 + 1.3, n / 2 - 2.2, 0)
    wanted = WCS(reference).all_world2pix(lon, lat, 0)
    assert (x + 18, y + 18) == pytest.approx([float(w) for w in wanted], abs=2e-3)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_every_pixel_agrees_with_reproject(grid):
    reproject = pytest.importorskip("reproject", reason="reproject is not installed")
    n = int(90 * max(1, 0.4 / grid["scale"])) // 2 * 2
    source, reference = header((n, n), **grid), header((60, 60), 0.4)
    image = np.random.default_rng(1).normal(1, 1, (n, n)).astype(np.float32)
    theirs, part = reproject.reproject_exact((image, WCS(source)), WCS(reference), shape_out=(60, 60), parallel=False)
    ratio = (0.4 / grid["scale"]) ** 2
    got, _ = stamp(image, source, reference, 10.0, 12.0, 40)
    theirs, part = (plane[12:52, 10:50] for plane in (theirs * ratio, part))
    assert np.isfinite(got).mean() > 0.6
    whole = part > 1 - 1e-6
    assert np.isfinite(got[whole]).all()
    assert np.allclose(got[whole], theirs[whole], rtol=0, atol=2e-5 * ratio)


def test_its_own_grid_is_a_slice():
    cards = header((150, 150), 0.4, turn=33.0)
    image = np.random.default_rng(2).normal(0, 1, (150, 150)).astype(np.float32)
    got, _ = stamp(image, cards, cards, 40.0, 55.0, 30)
    assert np.allclose(got, image[55:85, 40:70], atol=1e-5)


@pytest.mark.parametrize("piece", [7, 40])
def test_a_stamp_made_in_pieces_is_the_same(monkeypatch, piece):
    """Of coarse pixels, turned, with a hole, and over the image's edge."""
    source, reference = header((200, 200), 0.1, turn=33.0), header((60, 60), 0.4)
    image = np.random.default_rng(2).normal(3, 1, (200, 200)).astype(np.float32)
    image[90:97, 100:140] = np.nan
    whole, _ = stamp(image, source, reference, 3.0, 8.0, 18, step=3.0)
    held = Held(image, broken=(120, 93))
    monkeypatch.setattr(module, "PIECE", piece)
    parts, broken = stamp(image, source, reference, 3.0, 8.0, 18, step=3.0, pixels=held)
    assert 0 < np.isnan(whole).sum() < whole.size
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    assert broken and held.widest <= max(piece, 24)


@pytest.mark.parametrize(
    ("gone", "least", "known"), [(0, None, True), (1, None, False), (1, 0.5, True), (3, 0.5, True), (4, 0.5, False)]
)
def test_pixels_may_lack_more_where_asked(gone, least, known):
    cards, image = header((40, 40), 0.4), np.ones((40, 40), np.float32)
    image[:, :gone] = np.nan
    out, at = np.full((1, 4, 4), 7, np.float32), np.array([2.75])  # pixels of 6.5, the first from the image's edge
    options = () if least is None else (least,)
    resample(Held(image), wcs(cards), wcs(cards), at, at, 6.5, 4, out, *options)
    assert (np.isfinite(out[0, :, 0]) == known).all()
    np.testing.assert_allclose(out[0][np.isfinite(out[0])], 6.5**2, rtol=1e-5)


def test_a_half_pixel_shift_is_the_mean_of_neighbours():
    cards = header((50, 50), 0.4)
    image = np.random.default_rng(3).normal(0, 1, (50, 50)).astype(np.float32)
    got, _ = stamp(image, cards, cards, 10.5, 20.0, 9)
    assert np.allclose(got, (image[20:29, 10:19] + image[20:29, 11:20]) / 2, atol=1e-5)


@given(
    st.floats(0.05, 3.0),
    st.floats(-180, 180),
    st.sampled_from([-1, 1]),
    st.floats(10, 40),
    st.floats(10, 40),
    st.integers(1, 9),
)
@settings(max_examples=60, deadline=None)
def test_a_constant_is_the_ratio_of_the_pixels(step, turn, parity, ox, oy, side):
    source, reference = header((50, 50), 0.4, turn, parity), header((50, 50), 0.4)
    got, _ = stamp(np.full((50, 50), 3.0, np.float32), source, reference, ox, oy, side, step)
    known = got[np.isfinite(got)]
    assert np.allclose(known, 3 * step**2, rtol=1e-5)


def test_the_pixels_of_a_stamp_are_steps_of_the_reference():
    cards = header((120, 120), 0.4)
    image = np.random.default_rng(4).normal(0, 1, (120, 120)).astype(np.float32)
    got, _ = stamp(image, cards, cards, 20.5, 30.5, 8, step=2.0)  # the first pixel covers [20, 22) x [30, 32)
    assert np.allclose(got, image[30:46, 20:36].reshape(8, 2, 8, 2).sum(axis=(1, 3)), atol=2e-5)
    got, _ = stamp(image, cards, cards, 19.75, 29.75, 16, step=0.5)  # a quarter of a pixel each
    assert np.allclose(got, np.kron(image[30:38, 20:28], np.full((2, 2), 0.25)), atol=1e-5)


def test_an_axis_is_not_the_other():
    source, reference = header((80, 40), 0.4), header((60, 90), 0.4)
    image = np.zeros((80, 40), np.float32)
    image[60, 10] = 1
    x, y = WCS(reference).all_world2pix(*WCS(source).all_pix2world(10, 60, 0), 0)
    got, _ = stamp(image, source, reference, float(np.round(x)) - 3, float(np.round(y)) - 5, 9)
    assert got[5, 3] == pytest.approx(np.max(got))
    assert got.sum() == pytest.approx(1, rel=1e-4)


def test_what_the_image_does_not_cover_has_no_value():
    source, reference = header((41, 41), 0.4), header((41, 41), 0.4)
    image = np.ones((41, 41), np.float32)
    got, broken = stamp(image, source, reference, -3.0, 36.0, 8)
    there = np.zeros((8, 8), bool)
    there[:5, 3:] = True
    assert (np.isfinite(got) == there).all()
    assert not broken
    got, _ = stamp(image, source, reference, -3.5, 10.0, 8)  # half of the column at the edge is covered
    assert np.isnan(got[:, :4]).all()
    assert np.allclose(got[:, 4:], 1, rtol=1e-5)
    got, _ = stamp(image, source, reference, -4.005, 10.0, 8)  # half a hundredth lacks: taken to be like the rest
    assert np.allclose(got[:, 4:], 1, rtol=1e-5)
    far, broken = stamp(image, source, reference, 5000.0, -5000.0, 8)
    assert np.isnan(far).all()
    assert not broken


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_what_touches_a_pixel_without_value_has_none_and_no_more(hole):
    cards = header((41, 41), 0.4)
    image = np.ones((41, 41), np.float32)
    image[20, 20] = hole
    got, _ = stamp(image, cards, cards, 15.5, 15.5, 10)
    lost = np.zeros((10, 10), bool)
    lost[4:6, 4:6] = True
    assert (np.isnan(got) == lost).all()
    assert np.allclose(got[~lost], 1, rtol=1e-5)


def test_the_far_side_of_the_sky_and_beyond_the_map_is_nothing():
    source = header((50, 50), 0.4)
    for place in ((330.0, -2.0), (150.0, 60.0)):
        got, broken = stamp(np.ones((50, 50), np.float32), source, header((50, 50), 0.4, place=place), 20.0, 20.0, 8)
        assert np.isnan(got).all()
        assert not broken


def test_a_seam_of_the_projection_is_not_filled():
    n = 720
    sky = header((360, n), 1800.0, place=(180.0, 0.0), kind="CAR")
    image = np.ones((360, n), np.float32)
    got, broken = stamp(image, sky, header((50, 50), 1500.0, place=(0.0, 10.0)), 10.0, 10.0, 30)
    assert not broken
    assert np.isnan(got).any()
    assert np.nanmax(np.abs(got)) < 1.05 * (1500 / 1800) ** 2


def test_a_strong_distortion_is_followed_to_a_thousandth_of_a_pixel():
    sip = {"A_ORDER": 3, "B_ORDER": 3, "A_2_0": 3e-5, "A_0_3": 2e-7, "B_1_1": -4e-5, "B_3_0": 1e-7}
    source = header((400, 400), 0.4, 20.0, kind="TAN-SIP", **sip)
    reference = header((400, 400), 0.4)
    for side in (5, 64, 200):
        x, y = module._corners(wcs(source), wcs(reference), (150.0, 170.0), 1.0, side)
        at = np.stack(np.meshgrid(150.0 + np.arange(side + 1), 170.0 + np.arange(side + 1)))
        there = WCS(source).all_world2pix(*WCS(reference).all_pix2world(*at.reshape(2, -1), 0), 0, tolerance=1e-8)
        assert np.abs(np.stack([x.ravel(), y.ravel()]) - there).max() < 1e-3


def test_where_no_polynomial_serves_every_corner_is_asked():
    class Rough:
        """A mapping with waves shorter than a stamp."""

        def to_sky(self, x, y):
            return x, y

        def to_pixel(self, lon, lat):
            return lon + 0.2 * np.sin(lon), lat

    x, _ = module._corners(Rough(), Rough(), (10.0, 10.0), 1.0, 64)
    assert np.allclose(x[3], (10.0 + np.arange(65)) + 0.2 * np.sin(10.0 + np.arange(65)))


def test_no_stamp_depends_on_the_others_or_on_the_byte_order():
    source, reference = header((180, 180), 0.3, 25.0), header((120, 120), 0.4)
    image = np.random.default_rng(5).normal(0, 1, (180, 180)).astype(np.float32)
    random = np.random.default_rng(6)
    ox, oy = random.integers(-20, 110, (2, 40)).astype(float)
    whole = np.empty((40, 24, 24), np.float32)
    resample(Held(image), wcs(source), wcs(reference), ox, oy, 1.0, 24, whole)
    order = random.permutation(40)
    parts = np.empty((40, 24, 24), ">f4")
    for some in np.array_split(order, 7):
        part = np.empty((len(some), 24, 24), ">f4")
        resample(Held(image), wcs(source), wcs(reference), ox[some], oy[some], 1.0, 24, part)
        parts[some] = part
    assert np.isfinite(whole).any()
    assert whole.tobytes() == parts.astype("<f4").tobytes()


def test_stamps_that_touch_what_cannot_be_read_are_told():
    cards = header((100, 100), 0.4)
    image = np.ones((100, 100), np.float32)
    image[50, 50] = np.nan
    pixels = Held(image, broken=(50, 50))
    assert stamp(image, cards, cards, 45.0, 45.0, 10, pixels=pixels)[1]
    assert not stamp(image, cards, cards, 5.0, 5.0, 10, pixels=pixels)[1]


def test_a_stamp_that_would_need_half_the_sky_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 60)
    cards = header((100, 100), 0.4)
    pixels = Held(np.ones((100, 100), np.float32))
    got, broken = stamp(None, cards, cards, 10.0, 10.0, 8, step=9.0, pixels=pixels)
    assert broken
    assert np.isnan(got).all()
    assert pixels.widest == 0


@pytest.mark.parametrize("value", [3.4e38, -3.4e38, 1e-44])
def test_extreme_values_do_not_warn(value):
    cards, fine = header((30, 30), 0.4), header((30, 30), 0.4)
    got, _ = stamp(np.full((30, 30), value, np.float32), cards, fine, 10.2, 10.0, 3, step=2.0)
    assert np.isfinite(got).all() == (abs(value) < 1)
