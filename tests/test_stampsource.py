"""StampSource: which source of stamps the options name, and which options do not go together."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from mosaicking import SCALE, field, positions, wcs, write
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.remote.fetch import RemoteOptions
from skycnn.stamps import stampfacts, stampsource
from skycnn.stamps.mosaic.binnedmosaic import BinnedMosaic
from skycnn.stamps.mosaic.resampledmosaic import ResampledMosaic
from skycnn.stamps.rowimages.rowimages import RowImages
from skycnn.stamps.stampfile.cube import Cube
from skycnn.stamps.stampsource import LARGEST, StampOptions, find, offered, presents, side_of, training_side


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """g.fits and r.fits; catalogues with positions of three rows and without; their stamps; an image a row."""
    monkeypatch.chdir(tmp_path)
    for seed, band in enumerate("gr"):
        write(tmp_path / f"{band}.fits", field(seed), wcs())
    ids = {"ID": np.arange(3)}
    Table(ids | positions([50.0, 60.0, 70.0], [80.0, 90.0, 100.0]) | {"X": np.arange(3.0), "Y": np.ones(3)}).write(
        "cat.fits"
    )
    Table(ids).write("flat.fits")
    Table({"X": np.arange(3.0), "Y": np.ones(3)}).write("xy.fits")
    fits.PrimaryHDU(field()).writeto("bare.fits")  # without a WCS
    cube = fits.PrimaryHDU(np.zeros((3, 2, 8, 8), "f4"))
    cube.header.update(BANDS="g r", PIXSCALE=0.5)
    rows = fits.BinTableHDU(Table(ids | {"DX": np.zeros(3), "DY": np.zeros(3)}), name="CATALOGUE")
    fits.HDUList([cube, rows]).writeto("stamps.fits")
    fits.PrimaryHDU(np.zeros((2, 2, 8, 8), "f4")).writeto("short.fits")
    for row in range(3):
        write(f"row{row}.fits", field(row)[:20, :20], wcs())
    return tmp_path


IMAGES = {"g": ("g.fits",), "r": ("r.fits",)}
ROWS = {"g": ("row{ID}.fits",)}


def found(options, catalogue="cat.fits", ask=find):
    with Catalogue.open(catalogue) as opened, ask(opened, options) as source:
        return source


@pytest.mark.parametrize(
    ("options", "kind", "bands", "side", "scale"),
    [
        (StampOptions(images=IMAGES), BinnedMosaic, ("g", "r"), None, SCALE),
        (StampOptions(images=IMAGES, size="10arcsec", threads=3), BinnedMosaic, ("g", "r"), 20, SCALE),
        (StampOptions(images=IMAGES, resample=True, size="7"), ResampledMosaic, ("g", "r"), 7, SCALE),
        (StampOptions(images=IMAGES, xy=("X", "Y")), BinnedMosaic, ("g", "r"), None, None),
        (StampOptions(images={"g": ("bare.fits",)}, xy=("X", "Y")), BinnedMosaic, ("g",), None, None),
        (StampOptions(stamps="stamps.fits"), Cube, ("g", "r"), 8, 0.5),
        (StampOptions(images=ROWS), RowImages, ("g",), None, SCALE),
        (StampOptions(images=ROWS, size="8arcsec"), RowImages, ("g",), 16, SCALE),
        (StampOptions(stamps="row{ID}.fits"), RowImages, ("1",), None, SCALE),
    ],
)
def test_the_source_is_what_the_options_name(folder, options, kind, bands, side, scale):
    source = found(options)
    assert type(source) is kind
    assert (source.bands, source.side) == (bands, side)
    assert source.pixel_scale == (None if scale is None else pytest.approx(scale, rel=1e-5))


def test_what_the_user_says_reaches_the_source(folder):
    mask = {"r": ("g.fits",)}
    mosaic = found(StampOptions(images=IMAGES, mask=mask, weight={"g": ("r.fits",)}, threads=3, radec=("RA", "DEC")))
    assert mosaic.threads == 3
    assert [image.spec.path for image in mosaic.footprints["r"].masks] == ["g.fits"]
    assert [image.spec.path for image in mosaic.footprints["g"].weights] == ["r.fits"]
    assert mosaic.footprints["g"].masks == mosaic.footprints["r"].weights == [None]
    assert mosaic.columns == ("RA", "DEC")
    assert found(StampOptions(images=IMAGES, xy=("Y", "X"))).columns == ("Y", "X")
    remote = RemoteOptions(concurrency=5)
    rows = found(StampOptions(images=ROWS, remote=remote, xy=("X", "Y"), resample=True))
    assert (rows.files.options, rows.resample, rows.columns) == (remote, True, ("X", "Y", "ID"))
    assert found(StampOptions(images=ROWS, radec=("RA", "DEC"))).columns == ("RA", "DEC", "ID")


def test_a_file_of_stamps_offers_its_own(folder):
    source = found(StampOptions(), "stamps.fits", offered)
    assert type(source) is Cube
    with Catalogue.open("cat.fits") as catalogue:
        assert offered(catalogue, StampOptions()) is None
    assert type(found(StampOptions(stamps="stamps.fits"), ask=offered)) is Cube
    with Catalogue.open("stamps.fits") as catalogue, pytest.raises(InputError, match="no columns that are known as"):
        offered(catalogue, StampOptions(images=IMAGES))  # what is named is meant, not what is there


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (StampOptions(), "no images are named"),
        (StampOptions(images=IMAGES, stamps="stamps.fits"), "two sources of the same stamps"),
        (StampOptions(images=IMAGES, mask={"z": ("g.fits",)}), "--mask names a band without --images: 'z'"),
        (StampOptions(images=IMAGES, weight={"z": ("g.fits",)}), "--weight names a band without --images: 'z'"),
        (StampOptions(stamps="short.fits"), r"cat\.fits\[1\] has 3 rows and short\.fits.* 2 stamps"),
        (StampOptions(images=IMAGES, xy=("X", "Y"), resample=True), "--resample needs positions on the sky"),
        (StampOptions(images=IMAGES, xy=("X", "Y"), size="9arcsec"), "the images' pixel scale is not known"),
        (StampOptions(images=ROWS, mask={"g": ("g.fits",)}), "--mask does not go with an image a row"),
        (StampOptions(images=ROWS, weight={"g": ("g.fits",)}), "--weight does not go with an image a row"),
        (StampOptions(images={"g": ("no.fits",)}), r"no\.fits of band g does not exist"),
        (StampOptions(images=IMAGES, radec=("RA", "DEK")), "DEK"),
    ],
)
def test_options_that_do_not_go_together_are_refused(folder, options, what):
    with pytest.raises(InputError, match=what):
        found(options)


@pytest.mark.parametrize(("images", "scale"), [(IMAGES, 4 * SCALE), (ROWS, 4 * SCALE)])
def test_coarse_pixels_reach_the_source_and_not_stamps_of_a_file(folder, images, scale):
    source = found(StampOptions(images=images, bin=4, size="8arcsec"))
    assert (source.times, source.pixel_scale, source.side) == (4, pytest.approx(scale), 4)
    with pytest.raises(InputError, match="--bin is of images, and stamps of a file are cut already"):
        found(StampOptions(stamps="stamps.fits", bin=4))


def test_the_unit_that_the_user_names_reaches_the_source(folder):
    named = {"g": "nJy", "*": "uJy"}
    assert found(StampOptions(images=IMAGES, pixel_unit=named), ask=offered).named_units == named
    assert found(StampOptions(pixel_unit=named), "stamps.fits", offered).named_units == named
    with Catalogue.open("cat.fits") as catalogue, pytest.raises(InputError, match="--pixel-unit goes with images"):
        offered(catalogue, StampOptions(pixel_unit=named))


@pytest.mark.parametrize("name", ["mask", "weight"])
def test_a_mask_without_images_is_told_where_images_are_not_asked_for(folder, name):
    with Catalogue.open("cat.fits") as catalogue, pytest.raises(InputError, match=f"--{name} names a band without"):
        offered(catalogue, StampOptions(**{name: {"g": ("g.fits",)}}))


@pytest.mark.parametrize(
    ("table", "options", "fits_in"),
    [
        ("cat.fits", StampOptions(), False),
        ("stamps.fits", StampOptions(), True),
        ("flat.fits", StampOptions(stamps="stamps.fits"), True),
        ("cat.fits", StampOptions(images=IMAGES), True),
        ("flat.fits", StampOptions(images=IMAGES), False),
        ("flat.fits", StampOptions(images=ROWS), True),
        ("xy.fits", StampOptions(images=IMAGES), False),
        ("xy.fits", StampOptions(images=IMAGES, xy=("X", "Y")), True),
        ("flat.fits", StampOptions(images=IMAGES, xy=("X", "Y")), False),
        ("cat.fits", StampOptions(images=IMAGES, radec=("LON", "LAT")), False),
    ],
)
def test_a_table_that_goes_with_the_images_is_known_by_its_columns(folder, table, options, fits_in):
    with Catalogue.open(table) as catalogue:
        assert presents(catalogue.columns, options) == fits_in


@pytest.mark.parametrize(
    ("size", "side"),
    [
        ("64", 64),
        (" 64 px ", 64),
        ("64.0", 64),
        ("1", 1),
        (str(LARGEST), LARGEST),
        ("12arcsec", 24),
        ("12.2 arcsec", 24),
        ('12.3"', 25),
        ("0.2arcmin", 24),
        ("0.2'", 24),
        ("0.01deg", 72),
        (".3arcsec", 1),
    ],
)
def test_sizes(size, side):
    assert side_of(size, 0.5) == side


@pytest.mark.parametrize(
    "size", ["", "-3", "64.5", "64.5px", "big", "12 parsec", "1deg1", "nan", "inf", "1e3", "9" * 400]
)
def test_what_is_no_size_is_refused(size):
    with pytest.raises(InputError, match=r"--size is not understood.*pixels \(64\) or an angle \(12arcsec\)"):
        side_of(size, 0.5)


@pytest.mark.parametrize("size", ["0", "0.2arcsec", str(LARGEST + 1), "3deg", "9" * 400 + "arcsec"])
def test_stamps_of_no_pixel_or_of_too_many_are_refused(size):
    with pytest.raises(InputError, match=rf"makes stamps of \S+ pixels \(expected 1 to {LARGEST}\)"):
        side_of(size, 0.5)


def test_the_size_to_train_with_is_given_or_that_of_the_file(folder):
    cube, images = found(StampOptions(stamps="stamps.fits")), found(StampOptions(images=IMAGES))
    assert training_side(cube, StampOptions()) == 8
    assert training_side(cube, StampOptions(size="3arcsec")) == 6
    assert training_side(images, StampOptions(size="10arcsec")) == 20
    with pytest.raises(InputError, match="the size of the stamps is not given"):
        training_side(images, StampOptions())


def test_whether_anything_is_given():
    assert StampOptions(images=IMAGES).given
    assert StampOptions(stamps="x").given
    assert not StampOptions(size="64", xy=("X", "Y"), mask=IMAGES).given
    assert not stampsource.StampOptions().given


@pytest.mark.parametrize("options", [StampOptions(images=ROWS), StampOptions(stamps="row{ID}.fits")])
def test_the_first_row_s_image_tells_the_unit(folder, options):
    for row in range(3):
        with fits.open(f"row{row}.fits", mode="update") as file:
            file[0].header["BUNIT"] = "nJy"
    source = found(options)
    assert source.units() == {source.bands[0]: {"nJy": "the first image"}}
    assert stampfacts.cards(source)["BUNIT"] == "nJy"
