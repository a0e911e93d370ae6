"""Which images are meant: no more of a file is read than that takes. More cases stand in test_imageheader.py."""

import pytest
from astropy.io import fits

import imagemaker
from skycnn.errors import InputError
from skycnn.fits.images.archive import plain, units
from skycnn.fits.images.imagechoice import choose, image_axes


@pytest.mark.parametrize(("extension", "taken"), [(None, 1), ("0", 1), ("2", 3), ("*", 4), ("A", 4)])
def test_no_more_units_are_read_than_needed(tmp_path, extension, taken):
    path = tmp_path / "a.fits"
    pixels = imagemaker.array((5, 6))
    fits.HDUList([fits.PrimaryHDU(pixels)] + [fits.ImageHDU(pixels, name=name) for name in "ABC"]).writeto(path)
    seen = []

    def watched(found):
        for unit in found:
            seen.append(unit.number)
            yield unit

    with path.open("rb") as file, plain(file, "", "a") as stream:
        choose(watched(units(stream, "a")), extension, "a")
    assert len(seen) == taken


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ((4, 3), [(1, 4), (2, 3)]),
        ((4, 3, 1), [(1, 4), (2, 3)]),
        ((4, 1, 3), [(1, 4), (3, 3)]),
        ((1, 4, 3), [(2, 4), (3, 3)]),
        ((1, 1, 1), [(1, 1), (2, 1)]),
        ((4, 1), [(1, 4), (2, 1)]),
        ((4, 3, 2, 1), [(1, 4), (2, 3), (3, 2)]),
    ],
)
def test_axes(sizes, kept):
    header = {"ZNAXIS": len(sizes), **{f"ZNAXIS{i}": size for i, size in enumerate(sizes, 1)}}
    assert image_axes(header, "Z", "a") == kept


def test_an_axis_that_is_no_number():
    with pytest.raises(InputError, match="NAXIS2 is unreadable"):
        image_axes({"NAXIS": 2, "NAXIS1": 4, "NAXIS2": "x"}, "", "a")
