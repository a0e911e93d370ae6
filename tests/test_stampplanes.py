"""StampPlanes: ranges of rows as they lie in a file."""

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import ChangedError, InputError
from skycnn.fits.stamplayout.stampplanes import PlainPlanes
from skycnn.fits.tablebytes import scan


@pytest.fixture
def opened(tmp_path):
    """Write an image and open it."""
    files = []

    def make(content, **cards):
        path = tmp_path / "c.fits"
        unit = fits.PrimaryHDU(content)
        unit.header.update(cards)
        unit.writeto(path)
        files.append(open(path, "r+b"))  # noqa: SIM115 - closed below
        return PlainPlanes(files[-1].fileno(), scan(files[-1].fileno(), path.stat().st_size, "c")[0], "c[0]"), files[-1]

    yield make
    for file in files:
        file.close()


@pytest.mark.parametrize(("first", "end"), [(0, 6), (2, 3), (5, 6), (4, 4)])
def test_a_range_of_rows(opened, first, end):
    content = np.random.default_rng(0).normal(size=(6, 2, 3, 3)).astype(np.float32)
    planes, _ = opened(content)
    assert (planes.rows, planes.bands, planes.side) == (6, 2, 3)
    pixels, broken = planes.read(first, end)
    np.testing.assert_array_equal(pixels, content[first:end])
    assert broken.shape == (end - first,)
    assert not broken.any()


def test_scale_zero_and_blank(opened):
    raw = np.arange(-8, 10, dtype=np.int16).reshape(2, 1, 3, 3)
    planes, file = opened(raw)
    octets = file.seek(0) or bytearray(file.read())
    at = octets.index(b"EXTEND  ")
    for name, value in (("BSCALE", 0.1), ("BZERO", 5.5), ("BLANK", 3)):
        at += 80
        octets[at : at + 80] = f"{name:8}= {value:>20}".ljust(80).encode()
    octets[at + 80 : at + 83] = b"END"
    file.seek(0)
    file.write(octets)
    file.flush()
    planes = PlainPlanes(file.fileno(), scan(file.fileno(), len(octets), "c")[0], "c[0]")
    expected = (raw.astype(float) * 0.1 + 5.5).astype(np.float32)
    expected[raw == 3] = np.nan
    np.testing.assert_array_equal(planes.read(0, 2)[0], expected)


def test_numbers_too_large_for_float32_are_infinite(opened):
    planes, _ = opened(np.full((1, 1, 2, 2), 1e300))
    assert np.isposinf(planes.read(0, 1)[0]).all()


def test_a_file_cut_short(opened):
    planes, file = opened(np.zeros((90, 1, 4, 4), np.float32))
    file.truncate(4000)
    with pytest.raises(ChangedError):
        planes.read(0, 90)


@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 1, 3, 4)])
def test_other_shapes_are_refused(opened, shape):
    with pytest.raises(InputError):
        opened(np.zeros(shape, np.float32))
