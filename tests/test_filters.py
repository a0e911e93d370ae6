"""Whose filters the names of columns tell of, and where that is said."""

import pytest

from columns import columns
from skycnn import survey
from skycnn.photometry import filters
from skycnn.photometry.fluxes import PhotometryOptions, find

SDSS, COSMOS, CSST = (survey.load(name) for name in ("sdss", "cosmos", "csst"))


def warnings(names, model=SDSS, bands="ugriz", requested=None, **options):
    found = columns(names)
    return find(
        found, {}, bands, PhotometryOptions(**options), survey=model, catalogue_survey=requested, owner="model"
    ).warnings


@pytest.mark.parametrize(
    ("names", "whose"),
    [
        ("FLUX_*|GRZ FLUX_IVAR_*|GRZ", "Legacy Surveys"),
        ("*_psfFlux|ugrizy *_psfFluxErr|ugrizy", "LSST"),
        ("*_cModelFlux|ugrizy *_cModelFluxErr|ugrizy", "LSST"),
        ("*_gaap1p0Flux|ugrizy *_gaap1p0FluxErr|ugrizy", "LSST"),
        ("SOF_CM_MAG_CORRECTED_*|GRIZ SOF_CM_MAG_ERR_*|GRIZ", "DES"),
        ("*_petro|ugriz e_*_petro|ugriz", "SkyMapper"),
        ("mag_*_lsst|ugrizy mag_err_*_lsst|ugrizy", "LSST"),
        ("*_cmodel_mag|grizy *_cmodel_magerr|grizy", "HSC"),
        ("*cmodel_flux|grizy *cmodel_fluxerr|grizy", "HSC"),
        ("HSC_*|griz HSC_*_err|griz", "HSC"),
        ("*MeanPSFMag|grizy *MeanPSFMagErr|grizy", "Pan-STARRS1"),
        ("*KronMag|grizy *KronMagErr|grizy", "Pan-STARRS1"),
        ("*Kmag|grizy e_*Kmag|grizy", "Pan-STARRS1"),
        ("mag_*_ps1|griz mag_err_*_ps1|griz", "Pan-STARRS1"),
        ("MAG_GAAP_*|ugriZ MAGERR_GAAP_*|ugriZ", "KiDS"),
        ("kids_mag_*|ugri kids_magerr_*|ugri", "KiDS"),
        ("BDF_MAG_*|GRIZ BDF_MAG_ERR_*|GRIZ", "DES"),
        ("SOF_CM_MAG_*_CORRECTED|GRIZ SOF_CM_MAG_ERR_*|GRIZ", "DES"),
        ("MAG_AUTO_*|GRIZ MAGERR_AUTO_*|GRIZ", "DES"),
        ("mag_des_*|griz magerr_des_*|griz", "DES"),
        ("decam_*|griz decam_*_err|griz", "DECam"),
        ("flux_*_ext_decam_unif|griz fluxerr_*_ext_decam_unif|griz", "DECam"),
        ("CFHT_*_MAG_AUTO|ugriz CFHT_*_MAGERR_AUTO|ugriz", "CFHT"),
        ("MAG_*|ugriyz MAGERR_*|ugriyz", "a survey with a y band"),  # CFHTLenS
    ],
)
def test_names_of_another_survey_are_a_warning(names, whose):
    (text,) = warnings(names)
    assert f"are named as those of {whose}, whose filters are not the sdss filters that" in text
    assert text.endswith("If they are sdss filters: --survey sdss")
    assert warnings(names, requested="sdss") == ()


@pytest.mark.parametrize(
    "names",
    [
        "modelMag_*|ugriz modelMagErr_*|ugriz",
        "dered_*|ugriz err_*|ugriz",
        "psfMag_*|ugriz psfMagErr_*|ugriz",
        "sdss_*|ugriz sdss_*_err|ugriz",
        "*mag|ugriz e_*mag|ugriz",
        "*|ugriz *_err|ugriz",
        "MAG_*|UGRIZ MAGERR_*|UGRIZ",
        "MAG_AUTO_*|ugriz MAGERR_AUTO_*|ugriz",
        "FLUX_*|UGRIZ FLUXERR_*|UGRIZ",
    ],
)
def test_names_of_the_models_survey_or_of_none_are_no_warning(names):
    assert warnings(names) == ()


def test_other_models_have_other_strangers():
    (text,) = warnings("modelMag_*|ugriz modelMagErr_*|ugriz", CSST, [*"ugriz"])
    assert "are named as those of SDSS, whose filters are not the csst filters" in text
    cameras = "CFHT_u,SC_B,HSC_g,SC_V,HSC_r,HSC_i,HSC_z,HSC_y,UVISTA_J"
    assert warnings(f"*_FLUX|{cameras} *_FLUXERR|{cameras}", COSMOS, ["U", "B", "G", "V", "R", "I", "Z", "J"]) == ()
    assert warnings("FLUX_*|GRZ FLUX_IVAR_*|GRZ", None) == ()  # a model of no known survey


def test_a_survey_that_is_said_counts_more_than_names():
    (text,) = warnings("MAG_*|UGRIZ MAGERR_*|UGRIZ", requested="hsc")
    assert text == "the filters are those of hsc, and model was trained on those of sdss: expect a bias"


def test_who_says_it_stands_in_the_note():
    assert filters.note(None, None, "m") == "assumed to be those of m"
    assert filters.note("SDSS", "sdss", "m") == "SDSS, by the SURVEY card"
    assert filters.note("DES", "sdss", "m") == "sdss, by --survey (the SURVEY card says DES)"


def test_names_may_tell_that_the_filters_are_the_models():
    def native(names, model, bands):
        return find(columns(names), {}, bands, survey=model, owner="model").native

    cameras = "CFHT_u,SC_B,HSC_g,SC_V,HSC_r,HSC_i,HSC_z"
    assert native(f"*_FLUX|{cameras} *_FLUXERR|{cameras}", COSMOS, ["U", "B", "G", "V", "R", "I", "Z"])
    assert native("modelMag_*|ugriz modelMagErr_*|ugriz", SDSS, "ugriz")
    assert not native("MAG_*|ugriz MAGERR_*|ugriz", SDSS, "ugriz")  # they tell nothing
    assert not native("*_cmodel_mag|griz *_cmodel_magerr|griz", SDSS, "ugriz")
    assert not native("modelMag_*|ugriz modelMagErr_*|ugriz", None, "ugriz")


def test_the_survey_of_a_name_that_its_unit_alone_makes_photometry():
    assert filters.named("u_free_cModelFlux", "u", "u_free_cModelFluxErr") == "LSST"
    assert filters.named("u_thing", "u", "u_thing_err") is None
