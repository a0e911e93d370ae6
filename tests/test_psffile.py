"""Images of PSFs in files: where the scale is found, which image is taken, what is refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.images import psffile

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
        fits.HDUList(made).writeto(path, output_verify="silentfix", overwrite=True)
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
    with pytest.raises(InputError, match="is text, not FITS"):
        psffile.read(str(tmp_path / "p.fits"))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        psffile.read(str(tmp_path / "none.fits"))


def spoilt(path, old=b"", new=b"", end=None):
    """Change a file's bytes, or cut it off."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1)[:end])
    return str(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"end": 5000}, "cannot be read: it is no valid FITS"),
        ({"end": 2880}, "cannot be read: it is no valid FITS"),
        ({"end": 1000}, "the header has no END card"),
        ({"old": b"-64 /", "new": b"-65 /"}, "BITPIX is unreadable: -65"),
        (
            {"old": b"NAXIS1  =                   64", "new": b"NAXIS1  =                  'a'"},
            "NAXIS1 is unreadable: 'a'",
        ),
        (
            {"old": b"NAXIS1  =                   64", "new": b"NAXIS1  =                  -64"},
            "NAXIS1 is unreadable: -64",
        ),
        (
            {"old": b"NAXIS1  =                   64", "new": b"NAXIS1  =                 6400"},
            "holds an image of 6400x64 ",
        ),
    ],
)
def test_a_spoilt_file_is_told_by_its_name(write, tmp_path, change, told):
    write((np.ones((64, 64)), {"PIXSCALE": 0.1}))
    path = spoilt(tmp_path / "psf.fits", **change)
    with pytest.raises(InputError, match=rf"^{path}(\[0\]:)? {told}"):
        psffile.read(path)


@pytest.mark.parametrize("number", [1000, 2**31, 2**62])
def test_a_table_of_more_fields_than_there_are_is_refused_at_once(write, tmp_path, number):
    """Astropy goes through them all."""
    write((np.ones((64, 64)), {"PIXSCALE": 0.1}))
    with fits.open(tmp_path / "psf.fits", "append") as file:
        file.append(fits.BinTableHDU.from_columns([fits.Column("A", "E", array=[1.0])]))
    path = spoilt(tmp_path / "psf.fits", b"TFIELDS =                    1", f"TFIELDS = {number:20}".encode())
    with pytest.raises(InputError, match=f"TFIELDS is {number}"):
        psffile.read(path)


@pytest.mark.parametrize(
    ("cards", "told"),
    [
        ({"CUNIT1": "foo", "CUNIT2": "foo"}, "cunit1 is no unit"),
        ({"CD1_1": 0.0, "CD2_2": 0.0}, "gives no scale: neither cd"),
        ({"CRVAL1": "x%s%n"}, "crval1 is unreadable"),
        ({"CTYPE2": "GLAT-TAN"}, "inconsistent projection"),
    ],
)
def test_a_wcs_without_sense_is_told_by_its_file(write, cards, told):
    path = write((STAR, WCS | cards))
    with pytest.raises(InputError) as error:
        psffile.read(path)
    assert str(error.value).startswith(f"the WCS of {path} cannot be read: ")
    assert told in str(error.value).lower()
    assert str(error.value).endswith("Write the scale into its header: PIXSCALE = 0.02, in arcsec.")
    assert psffile.read(write((STAR, WCS | cards | {"PIXSCALE": 0.1})))[1] == 0.1  # a card of its own comes first


@pytest.mark.parametrize(
    ("cards", "told"),
    [
        (
            {"PIXSCALE": 1e-8},
            r"tells a scale that no image of a PSF has: 1e-08 arcsec a pixel \(expected 0\.0001",
        ),
        ({"PIXSCALE": 1e8}, "tells a scale that no image of a PSF has"),
        ({"PIXSCALE": True}, "does not tell the scale"),
        ({"PIXSCALE": -1.0}, "does not tell the scale"),
        (WCS | {"CD2_2": 1 / 3600}, "pixels that are not square: 0.02 by 1 arcsec"),
    ],
)
def test_a_scale_that_is_none_is_refused(write, cards, told):
    with pytest.raises(InputError, match=told):
        psffile.read(write((STAR, cards)))


def test_a_large_image_is_refused_before_it_is_read(write, tmp_path):
    largest = np.ones((psffile.WIDEST, 2))
    assert psffile.read(write((largest, {"PIXSCALE": 0.1})))[0].shape == largest.shape
    write((np.ones((psffile.WIDEST + 1, 2)), {"PIXSCALE": 0.1}))
    told = r"holds an image of 2x514 pixels \(expected a PSF of at most 513 pixels along an edge\)\. Cut its edges off"
    with pytest.raises(InputError, match=told):
        psffile.read(spoilt(tmp_path / "psf.fits", end=2880))


def test_what_follows_the_last_unit_is_not_read_to_its_end(write, tmp_path):
    path = write((STAR, {"PIXSCALE": 0.02}))
    whole, packed = Path(path).read_bytes(), tmp_path / "psf.fits.gz"
    for behind, told in ((bytes(28800), None), (bytes(3 << 20), "more than 1 MB of no FITS follow its last HDU")):
        packed.write_bytes(gzip.compress(whole + behind))
        if told is None:
            assert psffile.read(str(packed))[1] == 0.02
        else:
            with pytest.raises(InputError, match=told):
                psffile.read(str(packed))


def test_cards_that_do_not_matter_do_not(write):
    """A plate's cards, dates and spectra are nothing to the scale, and no text in them ends the process."""
    cards = {"XPIXELSZ": "%s%n", "CNPIX1": "", "DATE-OBS": "%n", "RESTFRQ": "x", "WCSAXES": 7, "VELREF": "y"}
    assert psffile.read(write((STAR, WCS | cards)))[1] == pytest.approx(0.02)
