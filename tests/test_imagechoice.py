"""Which images are meant: no more of a file is read than that takes. More cases stand in test_imageheader.py."""

import numpy as np
import pytest
from astropy.io import fits

import imagemaker
from skycnn.errors import InputError
from skycnn.images.archive import plain, units
from skycnn.images.imagechoice import choose, image_axes


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


def chosen(tmp_path, images, extension):
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    with path.open("rb") as file, plain(file, "", "a") as stream:
        return [unit.number for unit, _ in choose(units(stream, "a.fits"), extension, "a.fits")[0]]


def test_a_name_with_a_comma(tmp_path):
    pixels = imagemaker.array((5, 6))
    images = [fits.ImageHDU(pixels, name=name) for name in ("A", "A,2")]
    assert chosen(tmp_path, images, "a,2") == [2]


def test_a_cube_is_told_with_its_axes_and_the_way_to_a_plane(tmp_path):
    with pytest.raises(InputError, match=r"\[1\] CUBE 6 x 5 x 3.*imcopy 'a.fits\[1\]\[\*,\*,1:1\]' plane.fits"):
        chosen(tmp_path, [fits.ImageHDU(np.zeros((3, 5, 6)), name="CUBE")], None)


def test_a_long_list_is_cut_short(tmp_path):
    images = [fits.ImageHDU(np.zeros((2, 2)), name=f"N{number}") for number in range(60)]
    with pytest.raises(InputError) as caught:
        chosen(tmp_path, images, None)
    assert "60 images" in str(caught.value) and "... [60] N59 2 x 2" in str(caught.value)
    assert len(str(caught.value)) < 500
