"""Which image of a file holds its stamps, and what is said where none does."""

import shlex
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits

from skycnn.errors import InputError
from skycnn.fits.fitsfile import open_fits
from skycnn.fits.source import parse
from skycnn.stamps.stampfile import cubechoice
from skycnn.stamps.stampfile.cube import Cube

ROWS = 3


def write(path, **shapes):
    """Write images of these shapes by name, the first behind an empty primary."""
    units = [fits.ImageHDU(np.full(shape, i, "f4"), name=name) for i, (name, shape) in enumerate(shapes.items())]
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto(path)
    return str(path)


def chosen(path, extension=None):
    source, units = open_fits(parse(path))
    with source.file:
        unit = cubechoice.find(units, "stamps.fits", extension)
        return None if unit is None else unit.name


CUBE, FLAT, DEEP = (ROWS, 2, 8, 8), (8, 8), (ROWS, 8, 8)


@pytest.mark.parametrize(
    ("shapes", "extension", "name"),
    [
        ({"G": CUBE}, None, "G"),
        ({"WEIGHTS": CUBE, "IMAGES": CUBE}, None, "IMAGES"),
        ({"WEIGHTS": CUBE, "IMAGES": CUBE}, "weights", "WEIGHTS"),
        ({"WEIGHTS": CUBE, "IMAGES": CUBE}, "1", "WEIGHTS"),
        ({"A": FLAT, "B": CUBE}, None, "B"),
        ({"A": FLAT, "B": CUBE}, "A", None),
        ({"A": FLAT}, None, None),
    ],
)
def test_the_one_named_else_the_usual_one_else_the_only_one(tmp_path, shapes, extension, name):
    assert chosen(write(tmp_path / "s.fits", **shapes), extension) == name


def test_several_are_told_with_their_names(tmp_path):
    with pytest.raises(InputError, match=r"stamps.fits holds 2 cubes of stamps: NEAR FAR") as error:
        chosen(write(tmp_path / "s.fits", NEAR=CUBE, FAR=CUBE))
    assert error.value.hint == "Name one: --stamps 'stamps.fits[NEAR]' or --stamps 'stamps.fits[FAR]'."
    with Cube.open(f"{tmp_path / 's.fits'}[FAR]") as cube:
        assert cube.label.endswith("s.fits[FAR]")


def test_bands_in_images_of_their_own_are_stacked_by_the_line_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "s.fits", g=DEEP, r=DEEP)
    with pytest.raises(InputError, match=r"s.fits has no stamps \(expected an image of four axes") as error:
        Cube.open("s.fits")
    words = shlex.split(error.value.hint.partition(": ")[2])
    subprocess.run([sys.executable, *words[1:]], check=True, timeout=60)
    with Cube.open("s-stamps.fits") as cube:
        assert (cube.bands, cube.rows, cube.side) == (("G", "R"), ROWS, 8)
        (batch,) = cube.batches(0, {}, np.ones(ROWS, bool), bands=cube.bands, side=8)
    assert (batch.pixels[:, 0] == 0).all() and (batch.pixels[:, 1] == 1).all()


def test_images_of_the_sky_are_named_for_each_band(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "s.fits", g=FLAT, r=FLAT)
    with pytest.raises(InputError, match="has no stamps") as error:
        Cube.open("s.fits")
    assert error.value.hint == "Images of the sky are named for each band: --images 'G=s.fits[G]'"
