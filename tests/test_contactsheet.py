"""contactsheet: every stamp at its place, its pixels as they are, number and flags beneath, a bar of true length."""

import io
import re

import numpy as np
import pytest

from skycnn.report import contactsheet, plotfile
from skycnn.report.contactsheet import MOST, choose, draw, picture
from skycnn.schema import NOT_RUN, Flag

pytest.importorskip("matplotlib", reason="matplotlib is not installed")


def stamps(n, bands=3, side=16, seed=0):
    return np.random.default_rng(seed).standard_normal((n, bands, side, side)).astype(np.float32)


def seen(page):
    """Return a PNG's pixels, (height, width, 3) within 0..1."""
    from matplotlib import image

    return image.imread(io.BytesIO(page))[..., :3]


def words(n, flags=None, **options):
    return picture("svg", stamps(n), "gri", range(n), flags or [0] * n, **options).decode()


@pytest.mark.parametrize("kind", plotfile.FORMATS)
def test_sheets_are_files_of_their_format_and_the_same_again(tmp_path, kind):
    path = tmp_path / f"sheet.{kind}"
    draw(str(path), stamps(5), "gri", [3, 1, 4, 1, 5], [0] * 5, 0.396)
    page = path.read_bytes()
    assert page.startswith({"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[kind])
    draw(str(path), stamps(5), "gri", [3, 1, 4, 1, 5], [0] * 5, 0.396)
    assert path.read_bytes() == page
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("n", "side"), [(0, 64), (1, 1), (1, 2), (1, 500), (7, 63), (31, 65)])
def test_any_number_of_any_size_can_be_drawn(n, side):
    assert picture("png", stamps(n, 1, side), "r", range(n), [0] * n).startswith(b"\x89PNG")


def test_a_pixel_is_a_square_of_the_page_and_y_goes_up():
    pixels = stamps(7, 1, 4)
    pixels[6, 0, 0, 1] = 1000  # lowest row, second column of the first stamp in the second line
    page = seen(picture("png", pixels, "r", range(7), [0] * 7))
    line = page[contactsheet.HEAD + 256 :, contactsheet.MARGIN : contactsheet.MARGIN + 256].min(axis=-1)
    top = int(np.flatnonzero((line[:, :64] < 0.9).all(axis=1))[0])  # below the caption
    lit = line[top : top + 256] > 0.99
    assert lit[192:, 64:128].all()
    assert lit.sum() == 64 * 64


def test_pixels_without_a_value_are_striped_blue():
    pixels = stamps(2, 3, 64)
    pixels[1, :, 32:] = np.nan
    page = seen(picture("png", pixels, "gri", range(2), [0, Flag.EDGE]))
    blue = (page[..., 2] > page[..., 0] + 0.1) & (page[..., 2] > page[..., 1] + 0.05)
    left = contactsheet.MARGIN + 384 + contactsheet.GAP
    there = blue[contactsheet.HEAD :, left : left + 384]
    assert there[:192].mean() > 0.99
    assert there[192:384].mean() < 0.3
    light = np.isclose(page[contactsheet.HEAD, left : left + 384], contactsheet.HATCH[1], atol=0.01).all(-1)
    assert 0.2 < light.mean() < 0.3


def test_a_band_that_lacks_is_striped_over_what_is_there():
    pixels = stamps(1, 3, 64)
    whole = seen(picture("png", pixels, "gri", [0], [0]))
    pixels[0, 1] = np.nan
    page = seen(picture("png", pixels, "gri", [0], [Flag.MISSING_BAND]))
    area = np.s_[contactsheet.HEAD : contactsheet.HEAD + 384, contactsheet.MARGIN : contactsheet.MARGIN + 384]
    striped = np.isclose(page[area], contactsheet.HATCH[1], atol=0.01).all(-1)
    assert 0.2 < striped.mean() < 0.3
    assert not np.isclose(whole[area], contactsheet.HATCH[1], atol=0.01).all(-1).any()


def test_numbers_flags_title_and_count_are_told():
    flags = [0, Flag.EDGE | Flag.NAN_PIXELS, NOT_RUN, Flag.NO_POSITION]
    text = words(4, flags, title="cat.fits $x$ & more", total=123456)
    for word in ("row 0", "row 3", "EDGE", "NAN_PIXELS", "not run", "NO_POSITION", "4 of 123,456 rows", "red i"):
        assert word in text
    assert ">cat.fits $x$ &amp; more<" in text
    assert "OFF_IMAGE" not in text
    assert " rows" not in words(4, total=4)


@pytest.mark.parametrize(
    ("scale", "side", "label"),
    [
        (0.396, 16, "2 arcsec"),
        (0.25, 16, "2 arcsec"),
        (0.24, 16, "1 arcsec"),
        (10.0, 16, "50 arcsec"),
        (20.0, 16, "2 arcmin"),
        (40.0, 16, "5 arcmin"),
        (None, 16, "5 pixels"),
        (None, 1, "0.5 pixels"),
        (0.01, 1, "0.005 arcsec"),
        (0.1, 1000, "50 arcsec"),
    ],
)
def test_the_bar_is_a_round_number_and_as_long_as_it_says(scale, side, label):
    page = picture("svg", stamps(1, 1, side), "r", [0], [0], scale).decode()
    assert f"{label}     striped" in page
    start, end = (float(x) for x in re.search(r"M ([\d.]+) [\d.]+ \nL ([\d.]+) [\d.]+ \n\" clip-path", page).groups())
    number, unit = label.split()
    pixels = float(number) * {"arcsec": 1, "arcmin": 60}.get(unit, 1) / (scale or 1)
    binned = -(-side // 384)
    zoom = max(1, round(384 / -(-side // binned))) / binned
    assert (end - start) * contactsheet.DPI / 72 == pytest.approx(pixels * zoom, rel=1e-3)


def test_large_stamps_are_binned_and_keep_their_light():
    pixels = np.zeros((1, 1, 1001, 1001), np.float32)
    pixels[0, 0, 300:600, 300:600] = 5
    page = seen(picture("png", pixels, "r", [0], [0]))
    assert page.shape[0] < 700
    binned = contactsheet._bin(pixels, 3)
    assert binned.shape == (1, 1, 334, 334)
    assert binned[0, 0, 150, 150] == 5
    assert np.isnan(binned[0, 0, -1]).all()
    assert contactsheet._bin(pixels, 1) is pixels


def test_the_rows_shown_are_spread_over_all():
    assert choose(0).tolist() == []
    assert choose(1).tolist() == [0]
    assert choose(MOST).tolist() == list(range(MOST))
    many = choose(1_000_003)
    assert (len(many), many[0], many[-1]) == (MOST, 0, 1_000_002)
    assert np.ptp(np.diff(many)) <= 1


def test_more_stamps_than_a_sheet_holds_are_left_out():
    n = MOST + 20
    text = picture("svg", stamps(n, 1, 2), "r", range(n), [0] * n, total=n).decode()
    assert f"row {MOST - 1}<" in text
    assert f"row {MOST}<" not in text
    assert f"{MOST} of {n} rows" in text


def test_the_stamps_are_left_as_they_were():
    pixels = stamps(3)
    before = pixels.copy()
    picture("png", pixels, "gri", range(3), [0] * 3)
    assert (pixels == before).all()


def test_files_of_the_other_byte_order_can_be_drawn():
    pixels = stamps(3)
    page = picture("png", pixels, "gri", range(3), [0] * 3)
    assert picture("png", pixels.astype(">f4"), "gri", range(3), np.zeros(3, ">i4")) == page
