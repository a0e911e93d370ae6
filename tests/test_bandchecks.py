"""What is told of options and columns before they are read: once for all bands."""

import pytest

from columns import column, columns
from skycnn.errors import BandError, InputError
from skycnn.photometry import bandchecks, bandsearch, bandsets
from skycnn.photometry.fields import Fields
from skycnn.photometry.photometry import PhotometryOptions


def check(found, bands="gri", named=(), given=()):
    fields = Fields(found, "cat.fits[1]", "m needs g r i")
    sets = bandsearch.find(fields, bands, given)
    chosen = bandsets.choose(sets, None, None, None, fields, given) or max(sets, key=lambda s: len(s.values))
    bandchecks.check_columns(fields, chosen, bands, named, given)


@pytest.mark.parametrize("option", bandchecks.OPTIONS)
def test_an_option_names_a_band_of_the_model(option):
    bandchecks.check_named(PhotometryOptions(**{option: {"g": "x"}}), "gri", "m")
    with pytest.raises(BandError, match=r"names a band that m has not: 'y' \(expected g r i\)"):
        bandchecks.check_named(PhotometryOptions(**{option: {"y": "x"}}), "gri", "m")


def test_sound_columns_pass():
    check(columns("MAG_*|gri MAGERR_*|gri"))
    check(columns("MAG_*|gri MAGERR_*|gr"))  # two of three
    check(columns("MAG_*|gri MAGERR_*|g"), given=("r",))
    check(columns("MAG_*|gri MAGERR_*|g"), named=("r",))
    bandchecks.check_columns(Fields([], "", ""), None, "gri", (), ())


def test_errors_that_most_bands_lack_are_told_with_numbers_for_these_alone():
    with pytest.raises(InputError, match="has no error for MAG_g, MAG_r") as error:
        check(columns("MAG_*|gri MAGERR_i"))
    assert "--error g=COLUMN,r=COLUMN, or give numbers: --error g=0.1,r=0.1. It has" in error.value.hint
    with pytest.raises(InputError) as error:
        check(columns("MAG_*|gri"))
    assert "or give one number for all: --error 0.1. It has" in error.value.hint


def test_text_is_told_once_with_the_line_that_makes_numbers_of_it():
    found = [column("ID", "J"), *(column(f"{e}{b}mag", "8A") for b in "gr" for e in ("", "e_"))]
    with pytest.raises(InputError, match="holds text in gmag, rmag, e_gmag, e_rmag, not numbers") as error:
        check(found)
    assert error.value.hint == (
        "Make numbers of it, and run on cat-numbers.fits: stilts tpipe in='cat.fits#1' "
        "cmd='replacecol $2 parseDouble($2)' cmd='replacecol $3 parseDouble($3)' "
        "cmd='replacecol $4 parseDouble($4)' cmd='replacecol $5 parseDouble($5)' "
        "ofmt=fits-basic out=cat-numbers.fits"
    )
