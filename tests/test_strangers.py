"""Columns that hold something else than their name says are found by their values."""

import numpy as np
import pytest

from columns import column, columns
from skycnn.errors import InputError
from skycnn.photometry.fluxes import PhotometryOptions, find

ROWS = 200
NORMAL = np.random.default_rng(1).normal
BRIGHT = {b: NORMAL(20 - 0.5 * i, 1.0, ROWS) for i, b in enumerate("ugriz")}


def look(values, names="* err_*", **options):
    """Return the photometry of columns of these values by band, and errors."""
    value, error = names.split()
    held = {value.replace("*", band): content for band, content in values.items()}
    found = columns(" ".join(f"{value}|{band} {error}|{band}" for band in values))
    return find(found, {}, "ugriz", PhotometryOptions(**options), sample=lambda asked: {n: held[n] for n in asked})


REDSHIFTS = {
    "galaxies": np.abs(NORMAL(0.4, 0.2, ROWS)),
    "stars": NORMAL(0, 1e-3, ROWS),
    "quasars": NORMAL(2.5, 1.0, ROWS).clip(0.1, 7),
    "galaxies, some unknown": np.where(np.arange(ROWS) % 3 == 0, -99.0, 0.3),
    "galaxies, most at zero": np.where(np.arange(ROWS) % 3 == 0, 0.3, 0.0),
}


@pytest.mark.parametrize("kind", REDSHIFTS)
@pytest.mark.parametrize("names", ["* err_*", "* *_err", "sdss_* sdss_*_err"])
def test_a_redshift_beside_magnitudes_is_left_out(kind, names):
    p = look(BRIGHT | {"z": REDSHIFTS[kind]}, names)
    assert p.missing == ("z",)
    (text,) = p.warnings
    z = names.split()[0].replace("*", "z")
    assert text.startswith(f"'{z}' holds no magnitudes, its median is ") and text.endswith(
        ": a redshift? It is left out"
    )


def test_one_other_band_is_enough_to_tell():
    with pytest.raises(InputError, match="has no column"):
        look({"i": BRIGHT["i"], "z": REDSHIFTS["galaxies"]})
    assert look({"g": BRIGHT["g"], "i": BRIGHT["i"], "z": REDSHIFTS["galaxies"]}).bands == ("g", "i")


def test_a_radius_is_no_magnitude_either():
    p = look(BRIGHT | {"r": NORMAL(2.0, 0.1, ROWS)})
    assert p.missing == ("r",)
    assert p.warnings[0].endswith("where those of u g i z lie at 18 to 20: a radius? It is left out")


@pytest.mark.parametrize(
    "z",
    [
        BRIGHT["z"],
        np.where(np.arange(ROWS) < 150, 0.0, BRIGHT["z"]),  # 0 is no value
        np.where(np.arange(ROWS) < 150, 99.0, BRIGHT["z"]),
        np.full(ROWS, np.nan),
    ],
)
def test_magnitudes_are_left_as_they_are(z):
    p = look(BRIGHT | {"z": z})
    assert p.missing == () and p.warnings == ()


def test_bright_stars_are_bright_in_all_bands():
    assert look({b: value - 13 for b, value in BRIGHT.items()}).warnings == ()


def test_a_word_such_as_mag_tells_more_than_values():
    assert look(BRIGHT | {"z": np.full(ROWS, 0.3)}, "MAG_* MAGERR_*").missing == ()


def test_who_names_the_column_gets_it_with_a_warning():
    p = look(BRIGHT | {"z": np.full(ROWS, 0.3)}, band={"z": "z"})
    assert p.missing == () and p.warnings[0].endswith("It is read nevertheless, for --band names it")


def test_without_values_nothing_is_judged():
    assert find([column(n) for b in "ugriz" for n in (b, f"{b}_err")], {}, "ugriz").warnings == ()
