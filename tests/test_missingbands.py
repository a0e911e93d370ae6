import pytest

from columns import columns
from skycnn.photometry import bandsearch, missingbands
from skycnn.photometry.fields import Fields


def told(names, bands="ugr", form="E", given=()):
    fields = Fields(columns(names, form=form), "cat.fits[1]", "m needs u g r")
    return str(missingbands.bands(fields, bands, bandsearch.find(fields, bands), given))


def test_nothing_there():
    assert told("RA DEC") == (
        "cat.fits[1] has no column for u g r; m needs u g r. "
        "Name them with --band u=COLUMN,g=COLUMN,r=COLUMN. It has: RA, DEC"
    )


def test_one_band_tells_how_the_others_would_be_called():
    assert told("MAG_R MAGERR_R").startswith("cat.fits[1] has no column 'MAG_U' 'MAG_G'; m needs u g r.")
    assert told("modelMag_r").startswith("cat.fits[1] has no column 'modelMag_u' 'modelMag_g'; ")


def test_values_without_errors():
    assert told("MAG_*|UG") == (
        "cat.fits[1] has no error for MAG_U, MAG_G; m needs u g r, each with its error. "
        "Name the errors with --error u=COLUMN,g=COLUMN, or give one number for all: --error 0.1. It has: MAG_U, MAG_G"
    )


@pytest.mark.parametrize(
    ("names", "form", "hint"),
    [
        (
            "MAG SHAPE",
            "5E",
            "MAG holds 5 numbers a row: --band 'u=MAG[0],g=MAG[1],r=MAG[2]', in the order ugriz. It has: MAG, SHAPE",
        ),
        (
            "PSFFLUX PSFFLUX_IVAR MODELFLUX MODELFLUX_IVAR",
            "5E",
            "--band 'u=MODELFLUX[0],g=MODELFLUX[1],r=MODELFLUX[2]', in",
        ),
        ("MODELFLUX PSFFLUX PSFFLUX_IVAR FIBERFLUX", "5E", "--band 'u=MODELFLUX[0],"),
        (
            "DECAM_FLUX DECAM_FLUX_IVAR",
            "6E",
            "u=DECAM_FLUX[0],g=DECAM_FLUX[1],r=DECAM_FLUX[2]', in the order ugrizY.",
        ),
        ("auto_mag auto_mag_err", "3E", "counted from 0, with --band 'u=auto_mag[0]' and so on."),
        ("MAG_APER MAGERR_APER", "5E", "Name them with --band u=COLUMN,g=COLUMN,r=COLUMN."),
    ],
)
def test_vectors_are_told_with_the_elements_of_all_bands(names, form, hint):
    assert hint in told(names, form=form)


def test_the_order_of_a_vector_is_that_of_its_survey():
    fields = Fields(columns("DECAM_FLUX", form="6E"), "cat.fits[1]", "m needs u g r")
    assert missingbands.vectors(fields, ("g", "y", "NUV"))[1] == {"g": "DECAM_FLUX[1]", "y": "DECAM_FLUX[5]"}
    assert missingbands.vectors(fields, ("U", "G", "R"))[1]["R"] == "DECAM_FLUX[2]"


def test_names_of_joined_tables():
    assert "--photometry '*mag_1' takes those" in told("umag_1 gmag_1 e_umag_1 e_gmag_1 umag_2")
    assert "--photometry 'modelMag_*_2'" in told("psfMag_u_2 psfMag_g_2 modelMag_u_2 modelMag_g_2")
    assert "--photometry" not in told("MAG_1 MAG_2 u_1 fiberMag_u_1 fiberMag_g_1")
