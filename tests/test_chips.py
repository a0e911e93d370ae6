"""Images of a file that are a camera's chips, and those that are planes of one image."""

import numpy as np
import pytest
from astropy.io import fits

import imagemaker
from skycnn.errors import InputError
from skycnn.images.imageheader import ImageSpec, read_headers
from skycnn.images.imagewcs import ImageWcs

SHAPE = (30, 40)


def camera(path, places, tiled=False, **changes):
    """Write images whose reference pixels lie at ``places``; ``changes`` are those of the last image's cards."""
    units = [fits.PrimaryHDU()]
    for number, (x, y) in enumerate(places):
        header = fits.Header(imagemaker.header("tan", SHAPE), copy=True)
        header["CRPIX1"], header["CRPIX2"] = x, y
        if number == len(places) - 1:
            header.update(changes)
        pixels = np.full(SHAPE, number, np.int16)
        units.append((fits.CompImageHDU if tiled else fits.ImageHDU)(pixels, header, name=f"N{number}"))
    fits.HDUList(units).writeto(path)
    return str(path)


def numbers(path):
    return [header.number for header in read_headers(ImageSpec(path))]


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("places", [[(1, 1), (42, 1)], [(20, 15), (-25, 15), (-25, -20), (20, -20)]])
def test_chips_are_all_taken(tmp_path, places, tiled):
    assert numbers(camera(tmp_path / "a.fits", places, tiled)) == list(range(1, len(places) + 1))


def test_chips_about_a_pole_and_by_the_other_cards(tmp_path):
    changes = {"CRVAL1": 10.0, "CRVAL2": 89.9999}
    path = camera(tmp_path / "a.fits", [(1, 1)], **changes)
    with fits.open(path) as units:
        other = units[1].copy()
        other.header["CRVAL1"] = 190.0  # beyond the pole: near it, not the same place
        other.header["CRPIX2"] += 40
        for axis in (1, 2):
            for name in (f"CD{axis}_1", f"CD{axis}_2"):
                other.header.remove(name, ignore_missing=True)
        other.header["CDELT1"], other.header["CDELT2"] = -0.4 / 3600, 0.4 / 3600
        both = fits.HDUList([fits.PrimaryHDU(), units[1].copy(), other])
        both.writeto(tmp_path / "b.fits")
    found = read_headers(ImageSpec(str(tmp_path / "b.fits")))
    assert len(found) == 2
    first, second = (ImageWcs(header.text, header.shape, "a") for header in found)
    x, y = second.to_pixel(np.array([first.centre[0]]), np.array([first.centre[1]]))
    assert max(abs(x[0] - 19.5), abs(y[0] - 14.5)) > 15  # so says the whole WCS too


@pytest.mark.parametrize(
    ("places", "changes"),
    [
        ([(20, 15), (20, 15)], {}),  # science and mask, or two bands
        ([(20, 15), (-25, 15), (20, 15)], {}),
        ([(20, 15), (22, 16)], {}),  # another band, a little off
        ([(20, 15), (-25, 15)], {"CTYPE1": "LINEAR"}),
        ([(20, 15), (-25, 15)], {"CD1_1": 0, "CD1_2": 0, "CD2_1": 10**40}),
        ([(20, 15), (-25, 15)], {"CRPIX1": 10**40, "CRVAL2": "x"}),
        ([(20, 15), (-25, 15)], {"CRVAL1": "150"}),
        ([(20, 15), (-25, 15)], {"CD1_1": 0.0, "CD1_2": 0.0, "CDELT1": 0.0, "CDELT2": 0.0, "PC1_1": 0.0}),
    ],
)
def test_planes_are_not_taken_together(tmp_path, places, changes):
    with pytest.raises(InputError, match=r"holds \d images"):
        numbers(camera(tmp_path / "a.fits", places, **changes))


def test_images_of_two_shapes_are_no_chips(tmp_path):
    path = camera(tmp_path / "a.fits", [(20, 15), (-25, 15)])
    with fits.open(path, mode="append") as units:
        header = fits.Header(imagemaker.header("tan", SHAPE), copy=True)
        header["CRPIX1"] = 90
        units.append(fits.ImageHDU(np.zeros((5, 5), np.int16), header))
    with pytest.raises(InputError, match=r"holds \d images"):
        numbers(path)
