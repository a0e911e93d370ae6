"""Pixels where the catalogue says, bit for bit: every grid and every way to store an image, 10,000 positions each.

The truth is known before a program looks at it: places are drawn in pixels, astropy takes them to the sky, and the
stamps that come back for those places on the sky are held against slices of the array that was written.
"""

import numpy as np
import pytest
from astropy.io import fits

import imagemaker
import wcsheaders
from columns import column
from imagemaker import same
from skycnn.images.imageheader import ImageSpec
from skycnn.images.positions import positions
from skycnn.schema import Flag
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.mosaic import Mosaic
from wcsheaders import KINDS, SHAPE

N = 10_000
GRIDS = ("tan", "turned", "mirrored", "sip", "tpv", "scamp", "pole", "south pole", "across 0", "galactic", "fk4")
STORED = ("float32", "scaled", "rice rows", "rice tiles", "gz", "bz2", "float64", "uint8", "hcompress", "rice floats")
CASES = [(grid, stored) for grid in GRIDS for stored in STORED[:5]] + [("tan", stored) for stored in STORED[5:]]
SIDES = (16, 17)
CLOSE = 1e-6
"""px; what a way to the sky and back may cost."""


def values_for(stored):
    """Return an array without two pixels alike as far as the type goes."""
    rng = np.random.default_rng(11)
    if stored in ("float32", "gz"):
        made = rng.normal(size=SHAPE).astype(np.float32)
        made[100:110, 200] = np.inf, -np.inf, -0.0, 1e-42, 3e38, -3e38, 0, 1, -1, np.nan
        return made
    return rng.integers(0, 250, SHAPE).astype(float)


def written(folder, stored, head=None):
    """Write an image; return its path and the values that a reader must find."""
    values = values_for(stored)
    path, expected = imagemaker.write(folder / "image.fits", values, stored, head)
    assert expected.shape == SHAPE
    if values.dtype == np.float32:  # what went in, to the sign of zero
        expected = np.where(np.isnan(expected), expected, values)
        assert np.signbit(expected[102, 200])
    return path, expected


def drawn(seed, n=N, beyond=25):
    """Return places in pixels on the image and around it, some of them in its very corners."""
    ny, nx = SHAPE
    x, y = np.random.default_rng(seed).uniform((-beyond, -beyond), (nx + beyond, ny + beyond), (n, 2)).T
    x[:4], y[:4] = (0.2, nx - 1.2, 0.2, nx - 1.2), (0.3, 0.3, ny - 1.3, ny - 1.3)
    return x, y


def on_the_sky(head, x, y):
    """Return ICRS degrees by astropy alone."""
    from astropy.coordinates import SkyCoord
    from astropy.wcs.utils import wcs_to_celestial_frame

    theirs = wcsheaders.oracle(head)
    world = theirs.all_pix2world(x, y, 0)[:: -1 if theirs.wcs.lng == 1 else 1]
    there = SkyCoord(*world, unit="deg", frame=wcs_to_celestial_frame(theirs)).icrs
    return there.ra.deg, there.dec.deg


def firsts(at, side):
    """Return the first pixels by DESIGN.md's rule, and which places are too close to its step to be told apart."""
    exact = at - (side - 1) / 2 + 0.5
    return np.floor(exact).astype(int), abs(exact - np.round(exact)) < 2 * CLOSE


def slices(expected, x0, y0, side, rows=slice(None)):
    """Return slices of the array, NaN beyond it."""
    far = side + 40
    wide = np.pad(expected, far, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(wide, (side, side))
    return windows[y0[rows] + far, x0[rows] + far]


def mosaic(path, found, sky=True, **settings):
    return Mosaic({"r": Footprints("r", [ImageSpec(str(path))], sky=sky)}, found, **settings)


def check(source, values, x, y, side, expected):
    """Hold every stamp against its slice, and its rests and flags against the truth."""
    (x0, tight_x), (y0, tight_y) = firsts(x, side), firsts(y, side)
    tight, seen = tight_x | tight_y, np.zeros(len(x), bool)
    assert tight.sum() < 10
    ny, nx = SHAPE
    on = (x >= -0.5) & (x < nx - 0.5) & (y >= -0.5) & (y < ny - 0.5)
    reaches = (x0 < nx) & (x0 + side > 0) & (y0 < ny) & (y0 + side > 0)
    over = reaches & ((x0 < 0) | (x0 + side > nx) | (y0 < 0) | (y0 + side > ny))
    for batch in source.batches(0, values, np.ones(len(x), bool), bands=("r",), side=side):
        rows = batch.rows[~tight[batch.rows]]
        keep = ~tight[batch.rows]
        assert not seen[batch.rows].any()
        seen[batch.rows] = True
        assert same(batch.pixels[keep, 0], slices(expected, x0, y0, side, rows))
        there = reaches[rows]
        rests = np.stack([x - x0, y - y0], axis=1)[rows] - (side - 1) / 2
        assert abs(batch.rests[keep, 0] - rests)[there].max() < CLOSE
        flags = batch.flags[keep]
        np.testing.assert_array_equal(flags & Flag.OFF_IMAGE != 0, ~on[rows])
        np.testing.assert_array_equal(flags & (Flag.UNREADABLE | Flag.NO_POSITION), 0)
        whole = np.isnan(expected).sum() == 0
        if whole:
            np.testing.assert_array_equal(flags & Flag.EDGE != 0, over[rows])
    assert seen.all()


@pytest.mark.parametrize(("grid", "stored"), CASES)
def test_stamps_are_slices(tmp_path, grid, stored):
    head = KINDS[grid]
    path, expected = written(tmp_path, stored, head)
    found = positions.find([column("RA", "D", "deg"), column("DEC", "D", "deg")], {"RADESYS": "ICRS"})
    with mosaic(path, found, threads=2) as source:
        for side in SIDES:
            x, y = drawn(side)
            lon, lat = on_the_sky(head, x, y)
            check(source, {"RA": lon, "DEC": lat}, x, y, side, expected)


@pytest.mark.parametrize("grid", KINDS)
def test_positions_survive_a_round_trip(tmp_path, grid):
    """From the header as it is read from the file: pixels to the sky by astropy, and back by ourselves."""
    path = tmp_path / "image.fits"
    fits.PrimaryHDU(np.zeros(SHAPE, np.uint8), _two_axes(KINDS[grid])).writeto(path)
    wcs = Footprints("r", [ImageSpec(str(path))]).wcs(0)
    x, y = drawn(3)
    back = wcs.to_pixel(*on_the_sky(KINDS[grid], x, y))
    assert np.hypot(back[0] - x, back[1] - y).max() < CLOSE


@pytest.mark.parametrize("side", [1, 2, 5, 64, 1200])
def test_other_sizes(tmp_path, side):
    """One pixel, and more than the image."""
    n = 40 if side > 100 else 1000
    path, expected = written(tmp_path, "float32", KINDS["sip"])
    found = positions.find([column("RA", "D"), column("DEC", "D")], {})
    x, y = drawn(side, n)
    lon, lat = on_the_sky(KINDS["sip"], x, y)
    with mosaic(path, found) as source:
        (x0, _), (y0, _) = firsts(x, side), firsts(y, side)
        wide = np.pad(expected, side + 40, constant_values=np.nan)
        for batch in source.batches(0, {"RA": lon, "DEC": lat}, np.ones(n, bool), bands=("r",), side=side):
            for row, stamp in zip(batch.rows, batch.pixels[:, 0], strict=True):
                at_y, at_x = y0[row] + side + 40, x0[row] + side + 40
                assert same(stamp, wide[at_y : at_y + side, at_x : at_x + side])


@pytest.mark.parametrize("grid", ["tan", "sip", "tpv", "pole", "across 0", "fk4"])
def test_on_the_very_middle_or_corner_of_a_pixel(tmp_path, grid):
    """Where the first pixel of a stamp is decided by the last bit, the way through the sky does not change it."""
    path, expected = written(tmp_path, "float32", KINDS[grid])
    found = positions.find([column("RA", "D"), column("DEC", "D")], {})
    x, y = np.random.default_rng(9).integers(-20, 2 * SHAPE[0] + 20, (2, N)) / 2
    lon, lat = on_the_sky(KINDS[grid], x, y)
    with mosaic(path, found) as source:
        for side in (6, 7):
            x0, y0 = (firsts(at, side)[0] for at in (x, y))
            for batch in source.batches(0, {"RA": lon, "DEC": lat}, np.ones(N, bool), bands=("r",), side=side):
                assert same(batch.pixels[:, 0], slices(expected, x0, y0, side, batch.rows))


@pytest.mark.parametrize("side", [4, 5])
def test_pixel_columns_to_the_very_edge_of_a_pixel(tmp_path, side):
    """Without a WCS nothing is rounded on the way: halves and corners too, counted from 1."""
    path, expected = written(tmp_path, "float32")
    found = positions.find([column("X", "D"), column("Y", "D")], {}, xy=("X", "Y"))
    grid = np.arange(-3, 12, 0.25)
    x, y = (axis.ravel() for axis in np.meshgrid(np.concatenate([grid, SHAPE[1] - grid]), grid))
    x0, y0 = (np.floor(at - (side - 1) / 2 + 0.5).astype(int) for at in (x, y))
    with mosaic(path, found, sky=False) as source:
        for batch in source.batches(0, {"X": x + 1, "Y": y + 1}, np.ones(len(x), bool), bands=("r",), side=side):
            assert same(batch.pixels[:, 0], slices(expected, x0, y0, side, batch.rows))
            there = np.isfinite(batch.rests[:, 0, 0])
            assert ((batch.rests[there] >= -0.5) & (batch.rests[there] < 0.5)).all()
            np.testing.assert_array_equal(batch.rests[there, 0, 0], (x - x0 - (side - 1) / 2)[batch.rows][there])


def _two_axes(head):
    """Return a header for an array of two axes."""
    return fits.Header([card for card in head.cards if card.keyword not in ("NAXIS", "NAXIS1", "NAXIS2", "NAXIS3")])
