from columns import columns
from skycnn.photometry import bandsearch, missingbands
from skycnn.photometry.fields import Fields


def told(names, bands="ugr", form="E", given=()):
    fields = Fields(columns(names, form=form), "cat.fits[1]", "m needs u g r")
    return str(missingbands.bands(fields, bands, bandsearch.find(fields, bands), given))


def test_nothing_there():
    assert told("RA DEC") == (
        "cat.fits[1] has no column for u g r; m needs u g r. Name them with --band u=COLUMN. It has: RA, DEC"
    )


def test_one_band_tells_how_the_others_would_be_called():
    assert told("MAG_R MAGERR_R").startswith("cat.fits[1] has no column 'MAG_U' 'MAG_G'; m needs u g r.")
    assert told("modelMag_r").startswith("cat.fits[1] has no column 'modelMag_u' 'modelMag_g'; ")


def test_values_without_errors():
    assert told("MAG_*|UG") == (
        "cat.fits[1] has no error for MAG_U, MAG_G; m needs u g r, each with its error. "
        "Name the errors with --error u=COLUMN --error g=COLUMN, or give a number: --error u=0.1. It has: MAG_U, MAG_G"
    )


def test_a_vector_may_be_what_is_meant():
    assert "MAG holds 5 numbers a row: --band u=MAG[0]. It has: MAG, SHAPE" in told("MAG SHAPE", form="5E")
