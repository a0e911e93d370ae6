"""Images of PSFs in files: where the scale is found, which image is taken, what is refused."""

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.fits import psffile

STAR = np.arange(1.0, 13).reshape(3, 4)


@pytest.fixture
def write(tmp_path):
    """Return what writes images with cards, the primary HDU first, and names the file."""

    def written(*units, name="psf.fits"):
        made = [fits.PrimaryHDU() if pixels is None else fits.ImageHDU(pixels) for pixels, _ in units]
        made = [fits.PrimaryHDU(unit.data) if i == 0 else unit for i, unit in enumerate(made)]
        for unit, (_, cards) in zip(made, units, strict=True):
            unit.header.update(cards)
        path = tmp_path / name
        fits.HDUList(made).writeto(path, output_verify="silentfix")
        return str(path)

    return written


WCS = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": -0.02 / 3600, "CD2_2": 0.02 / 3600}


@pytest.mark.parametrize("cards", [{"PIXSCALE": 0.02}, {"PIXELSCL": 0.02}, WCS])
def test_the_scale_is_found(write, cards):
    pixels, scale = psffile.read(write((STAR, cards)))
    assert np.array_equal(pixels, STAR)
    assert scale == pytest.approx(0.02)


def test_the_first_image_or_the_one_named(write):
    path = write(
        (None, {}), (STAR, {"PIXSCALE": 0.1, "EXTNAME": "A"}), (2 * STAR[None], {"PIXSCALE": 0.2}), name="p.fits.gz"
    )
    assert psffile.read(path)[1] == 0.1
    assert psffile.read(path, "a")[1] == 0.1
    assert np.array_equal(psffile.read(path, "2")[0], 2 * STAR)
    with pytest.raises(InputError, match="has no HDU 7"):
        psffile.read(path, "7")


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ([(STAR, {})], "does not tell the scale"),
        ([(None, {"PIXSCALE": 0.1})], "holds no image of two axes"),
        ([(np.full((3, 3), np.nan), {"PIXSCALE": 0.1})], "is no image of a PSF"),
        ([(-STAR, {"PIXSCALE": 0.1})], "is no image of a PSF"),
    ],
)
def test_what_is_no_psf_is_refused(write, units, told):
    with pytest.raises(InputError, match=told):
        psffile.read(write(*units))


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "p.fits").write_text("no FITS")
    with pytest.raises(InputError, match="cannot be read: it is no FITS file"):
        psffile.read(str(tmp_path / "p.fits"))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        psffile.read(str(tmp_path / "none.fits"))
