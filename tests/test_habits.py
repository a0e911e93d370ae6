import pytest

from skycnn.photometry import habits

# name, band asked for, family, style, quantity; column names as the surveys write them
NAMES = [
    ("modelMag_r", "r", "model", "modelMag_*", "mag"),  # SDSS CasJobs
    ("psfMag_u", "u", "psf", "psfMag_*", "mag"),
    ("cModelMag_i", "i", "cmodel", "cModelMag_*", "mag"),
    ("petroMag_r", "r", "petro", "petroMag_*", "mag"),
    ("fiberMag_r", "r", "fiber", "fiberMag_*", "mag"),
    ("fiber2Mag_u", "u", "fiber", "fiber2Mag_*", "mag"),
    ("dered_r", "r", "model", "dered_*", ""),
    ("modelmag_r", "r", "model", "modelmag_*", "mag"),  # as TAP services write it
    ("gmag", "g", "bare", "*mag", "mag"),  # VizieR
    ("gKmag", "g", "kron", "*Kmag", "mag"),  # PS1
    ("Kmag", "K", "bare", "*mag", "mag"),  # 2MASS
    ("uPmag", "u", "petro", "*Pmag", "mag"),  # SDSS DR16
    ("upmag", "u", "psf", "*pmag", "mag"),
    ("u", "u", "bare", "*", ""),
    ("MAG_U", "u", "bare", "MAG_*", "mag"),
    ("FLUX_G", "g", "bare", "FLUX_*", "flux"),  # Legacy Surveys
    ("dered_mag_g", "g", "bare", "dered_mag_*", "mag"),
    ("gMeanKronMag", "g", "kron", "*MeanKronMag", "mag"),  # PS1, MAST
    ("gMeanPSFMag", "g", "psf", "*MeanPSFMag", "mag"),
    ("gmeankronmag", "g", "kron", "*meankronmag", "mag"),
    ("MAG_AUTO_G", "g", "auto", "MAG_AUTO_*", "mag"),  # DES
    ("MAG_AUTO_G_DERED", "g", "auto", "MAG_AUTO_*_DERED", "mag"),
    ("MAG_DETMODEL_G", "g", "model", "MAG_DETMODEL_*", "mag"),
    ("MAG_APER_3_G", "g", "aper", "MAG_APER_3_*", "mag"),
    ("g_psfFlux", "g", "psf", "*_psfFlux", "flux"),  # LSST
    ("g_cModelFlux", "g", "cmodel", "*_cModelFlux", "flux"),
    ("g_kronFlux", "g", "kron", "*_kronFlux", "flux"),
    ("g_ap12Flux", "g", "aper", "*_ap12Flux", "flux"),
    ("mag_g_lsst", "g", "bare", "mag_*_lsst", "mag"),
    ("flux_vis_psf", "VIS", "psf", "flux_*_psf", "flux"),  # Euclid
    ("flux_g_ext_decam_aper", "g", "matched", "flux_*_aper", "flux"),
    ("FLUX_Y_APER", "Y", "matched", "FLUX_*_APER", "flux"),
    ("flux_y_2fwhm_aper", "Y", "aper", "flux_*_2fwhm_aper", "flux"),
    ("flux_z_ext_hsc_templfit", "z", "template", "flux_*_templfit", "flux"),
    ("mag_nuv", "NUV", "bare", "mag_*", "mag"),  # CSST
    ("g_cmodel_flux", "g", "cmodel", "*_cmodel_flux", "flux"),  # HSC
    ("g_psfflux_flux", "g", "psf", "*_psfflux_flux", "flux"),
    ("gcmodel_mag", "g", "cmodel", "*cmodel_mag", "mag"),
    ("MAG_GAAP_u", "u", "matched", "MAG_GAAP_*", "mag"),  # KiDS
    ("u_MAG_AUTO", "u", "auto", "*_MAG_AUTO", "mag"),  # COSMOS2015
    ("HSC_g", "g", "bare", "HSC_*", ""),
    ("ACS_F814W", "F814W", "bare", "ACS_*", ""),
]


@pytest.mark.parametrize(("name", "band", "family", "style", "quantity"), NAMES)
def test_names_are_read(name, band, family, style, quantity):
    read, spelled = habits.parse(name, band)
    assert (read.family, read.text, read.quantity) == (family, style, quantity)
    assert spelled.lower().startswith(band.lower())
    assert style.replace("*", spelled) == name
    assert read.dereddened == ("dered" in name.lower())


@pytest.mark.parametrize(
    "name", ["Z_SPEC", "z_phot", "zspec", "zphot", "ZPHOT", "z_spec_err", "zErr", "zWarning", "photoz", "ZRED"]
)
def test_redshifts_are_no_z_band(name):
    assert habits.parse(name, "z") is None


@pytest.mark.parametrize(
    ("name", "band"),
    [
        *(
            ("RA", "r"),
            ("ra_error", "r"),
            ("petroRad_r", "r"),
            ("extinction_r", "r"),
            ("REFMAG", "r"),
            ("psfModelMag_r", "r"),
        ),
        *(("IMAGE", "i"), ("id", "i"), ("flags_i", "i"), ("MAG_IC", "I"), ("MAG_NUV", "u"), ("magerr_g", "g")),
        *(("g_r", "g"), ("e_gmag", "g"), ("flux_ivar_g", "g"), ("flux_radius_g", "g"), ("maglim_g", "g")),
    ],
)
def test_what_is_no_photometry_is_not_read(name, band):
    assert habits.parse(name, band) is None


# value, error, as found in the surveys' own tables
ERRORS = [
    ("modelMag_*", "modelMagErr_*"),
    ("dered_*", "modelMagErr_*"),
    ("dered_*", "err_*"),
    ("*mag", "e_*mag"),
    ("*Pmag", "e_*Pmag"),
    ("*", "err_*"),
    ("*", "*_err"),
    ("*", "*Err"),
    ("*", "sigma_*"),
    ("MAG_*", "MAGERR_*"),
    ("MAG_*", "ERR_*"),
    ("MAG_*", "MAG_*_ERR"),
    ("MAG_*", "*_ERR"),
    ("FLUX_*", "FLUXERR_*"),
    ("FLUX_*", "FLUX_IVAR_*"),
    ("dered_flux_*", "flux_ivar_*"),
    ("*MeanKronMag", "*MeanKronMagErr"),
    ("MAG_AUTO_*", "MAGERR_AUTO_*"),
    ("MAG_AUTO_*_DERED", "MAGERR_AUTO_*"),
    ("*_psfFlux", "*_psfFluxErr"),
    ("*_cModelFlux", "*_cModelFluxErr"),
    ("mag_*_lsst", "mag_err_*_lsst"),
    ("mag_*_lsst", "mag_*_lsst_err"),
    ("flux_*_psf", "fluxerr_*_psf"),
    ("*_cmodel_flux", "*_cmodel_fluxerr"),
    ("*_cmodel_mag", "*_cmodel_magsigma"),
    ("*_psfflux_flux", "*_psfflux_fluxerr"),
    ("*_psf", "e_*_psf"),
    ("MODELFLUX[2]", "MODELFLUX_IVAR[2]"),
    ("MAG[0]", "MAG_ERR[0]"),
]


@pytest.mark.parametrize(("value", "error"), ERRORS)
def test_errors_are_spelled_as_surveys_do(value, error):
    assert error.lower() in [name.lower() for name in habits.errors(value)]


@pytest.mark.parametrize("value", ["psfMag_*", "cModelMag_*", "MAG_AUTO_*", "MAG_*"])
def test_errors_of_another_family_are_not_taken(value):
    assert "modelmagerr_*" not in [name.lower() for name in habits.errors(value)]


@pytest.mark.parametrize(
    ("style", "error", "unit"),
    [
        ("MAG_*", "MAGERR_G", "mag"),
        ("*", "err_g", "mag"),
        ("FLUX_*", "FLUX_IVAR_G", "nanomaggy"),
        ("FLUX_*", "FLUXERR_G", "uJy"),
        ("FLUX_*", "FLUX_ERR_G", ""),
        ("FLUX_AUTO_*", "FLUXERR_AUTO_G", "zp30"),
        ("*_psfFlux", "g_psfFluxErr", "nJy"),
        ("*_cModelFlux", "", "nJy"),
        ("*_cmodel_flux", "", "nJy"),
        ("flux_*_psf", "", "uJy"),
        ("FLUX_*_APER", "", "uJy"),
        ("modelFlux_*", "", "nanomaggy"),
        ("MODELFLUX[2]", "", "nanomaggy"),
        ("my_flux_*", "", ""),
    ],
)
def test_units_by_habit(style, error, unit):
    assert habits.unit(style, error)[0] == unit


@pytest.mark.parametrize(
    ("style", "flag"),
    [
        ("*_psfFlux", "*_psfflux_flag"),
        ("*_cModelFlux", "*_cmodel_flag"),
        ("*_psfMag", "*_psfflux_flag"),
        ("*_cmodel_flux", "*_cmodel_flag"),
        ("FLUX_*", "allmask_*"),
        ("MAG_AUTO_*", "imaflags_iso_*"),
    ],
)
def test_flags_by_style(style, flag):
    assert flag in habits.flags(style)


def test_other_styles_have_no_known_flags():
    assert habits.flags("*") == habits.flags("*mag") == habits.flags("modelMag_*") == ()


def test_every_family_has_its_place_in_the_order():
    order = [f for f in habits.FAMILIES if f in ("model", "cmodel", "auto", "kron", "bare", "psf")]
    assert order == ["model", "cmodel", "auto", "kron", "bare", "psf"]
    assert set(habits.BY_NAME) <= set(habits.FAMILIES)
