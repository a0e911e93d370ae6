from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import column, columns
from skycnn import survey
from skycnn.errors import InputError
from skycnn.fits.tablecolumn import layout
from skycnn.photometry import bandsearch
from skycnn.photometry.fluxes import PhotometryOptions, find, presents, seen

SDSS = survey.load("sdss")
DATA = Path(__file__).parents[1].parent / "shared" / "data"
CLUTTER = (
    "OBJID RA DEC Z Z_ERR Z_SPEC z_phot e_zphot CLASS petroRad_r PSF_FWHM SNR_R FLUX_RADIUS COLOR_GR G_R M_r psfDepth_g"
)


def look(found, bands="ugriz", label="cat.fits[1]", header=None, **more):
    options = {k: more.pop(k) for k in list(more) if k in PhotometryOptions.__dataclass_fields__}
    bands = bands.split() if " " in bands else list(bands)
    return find(found, header or {}, bands, PhotometryOptions(**options), label, owner="photoz-sdss-flux", **more)


# what it is, bands asked for, its columns, family, columns of the first band present, its unit
HABITS = [
    ("SDSS", "ugriz", "psfMag psfMagErr modelMag modelMagErr fiberMag",
     "model", "modelMag_u modelMagErr_u", "mag(asinh)"),
    ("SDSS", "ugriz", "psfMag psfMagErr", "psf", "psfMag_u psfMagErr_u", "mag(asinh)"),
    ("SDSS", "ugriz", "cModelMag cModelMagErr psfMag psfMagErr", "cmodel", "cModelMag_u cModelMagErr_u", "mag(asinh)"),
    ("SDSS", "ugriz", "dered modelMagErr", "model", "dered_u modelMagErr_u", "mag(asinh)"),
    ("SDSS", "ugriz", "dered err", "model", "dered_u err_u", "mag(asinh)"),
    ("SDSS", "ugriz", "petroMag petroMagErr", "petro", "petroMag_u petroMagErr_u", "mag(asinh)"),
    ("SDSS", "ugriz", "modelFlux modelFluxIvar", "model", "modelFlux_u modelFluxIvar_u", "nanomaggy"),
    ("SDSS by TAP", "ugriz", "modelmag modelmagerr", "model", "modelmag_u modelmagerr_u", "mag(asinh)"),
    ("VizieR", "ugriz", "*mag e_*mag *Pmag e_*Pmag", "bare", "umag e_umag", "mag"),
    ("VizieR", "ugriz", "*Pmag e_*Pmag", "petro", "uPmag e_uPmag", "mag"),
    ("VizieR PS1", "grizy", "*mag e_*mag *Kmag e_*Kmag", "kron", "gKmag e_gKmag", "mag"),
    ("plain", "ugriz", "* err", "bare", "u err_u", "mag"),
    ("plain", "ugriz", "* *_err", "bare", "u u_err", "mag"),
    ("plain", "ugriz", "* *Err", "bare", "u uErr", "mag"),
    ("plain", "ugriz", "* sigma", "bare", "u sigma_u", "mag"),
    ("plain", "UGRIZ", "MAG MAGERR", "bare", "MAG_U MAGERR_U", "mag"),
    ("plain", "UGRIZ", "MAG MAG_*_ERR", "bare", "MAG_U MAG_U_ERR", "mag"),
    ("plain", "ugriz", "mag mag_err", "bare", "mag_u mag_err_u", "mag"),
    ("plain", "ugriz", "*_mag *_mag_err", "bare", "u_mag u_mag_err", "mag"),
    ("Legacy Surveys", "GRZ", "FLUX FLUX_IVAR", "bare", "FLUX_G FLUX_IVAR_G", "nanomaggy"),
    ("Legacy Surveys", "grz", "flux flux_ivar mag snr", "bare", "flux_g flux_ivar_g", "nanomaggy"),
    ("PS1", "grizy", "*MeanPSFMag *MeanPSFMagErr *MeanKronMag *MeanKronMagErr", "kron",
     "gMeanKronMag gMeanKronMagErr", "mag"),
    ("PS1", "grizy", "*MeanPSFMag *MeanPSFMagErr", "psf", "gMeanPSFMag gMeanPSFMagErr", "mag"),
    ("DES", "GRIZ", "MAG_AUTO MAGERR_AUTO MAG_APER_4 MAGERR_APER_4", "auto", "MAG_AUTO_G MAGERR_AUTO_G", "mag"),
    ("DES", "GRIZ", "FLUX_AUTO FLUXERR_AUTO", "auto", "FLUX_AUTO_G FLUXERR_AUTO_G", "zp30"),
    ("LSST", "ugrizy", "*_psfFlux *_psfFluxErr", "psf", "u_psfFlux u_psfFluxErr", "nJy"),
    ("LSST", "ugrizy", "*_cModelFlux *_cModelFluxErr *_psfFlux *_psfFluxErr", "cmodel",
     "u_cModelFlux u_cModelFluxErr", "nJy"),
    ("LSST", "ugrizy", "*_kronFlux *_kronFluxErr", "kron", "u_kronFlux u_kronFluxErr", "nJy"),
    ("LSST DESC", "ugrizy", "mag_*_lsst mag_err_*_lsst", "bare", "mag_u_lsst mag_err_u_lsst", "mag"),
    ("Euclid", "vis,y,j,h", "flux_*_psf fluxerr_*_psf", "psf", "flux_vis_psf fluxerr_vis_psf", "uJy"),
    ("Euclid", "griz", "flux_*_ext_decam_aper fluxerr_*_ext_decam_aper", "matched",
     "flux_g_ext_decam_aper fluxerr_g_ext_decam_aper", "uJy"),
    ("Euclid", "vis,u_ext_megacam,g_ext_hsc", "flux_*_aper fluxerr_*_aper", "matched",
     "flux_vis_aper fluxerr_vis_aper", "uJy"),
    ("CSST", "nuv,u,g,r,i,z,y", "mag magerr", "bare", "mag_nuv magerr_nuv", "mag"),
    ("COSMOS", "NUV,U,B,V,G,R,I,Z,J", "* ERR", "bare", "NUV ERR_NUV", "mag"),
    ("COSMOS", "NUV,U,B,V,G,R,I,Z,J", "MAG *_ERR", "bare", "MAG_NUV NUV_ERR", "mag"),
    ("COSMOS2020", "CFHT_u,HSC_g,HSC_r,HSC_i,HSC_z,HSC_y", "*_FLUX_AUTO *_FLUXERR_AUTO", "auto",
     "CFHT_u_FLUX_AUTO CFHT_u_FLUXERR_AUTO", "uJy"),
    ("COSMOS2020", "CFHT_u,HSC_g,HSC_r,HSC_i,HSC_z,HSC_y", "*_MAG *_MAGERR", "bare", "CFHT_u_MAG CFHT_u_MAGERR", "mag"),
    ("COSMOS2020", "GALEX_NUV,CFHT_u,SC_B,HSC_g,SC_V,HSC_r,HSC_i,HSC_z,UVISTA_J", "*_FLUX *_FLUXERR", "bare",
     "GALEX_NUV_FLUX GALEX_NUV_FLUXERR", "uJy"),
    ("DES Y6", "GRIZ", "BDF_MAG BDF_MAG_ERR PSF_MAG_APER_8", "cmodel", "BDF_MAG_G BDF_MAG_ERR_G", "mag"),
    ("DES Y3", "GRIZ", "SOF_CM_FLUX SOF_CM_FLUX_ERR", "cmodel", "SOF_CM_FLUX_G SOF_CM_FLUX_ERR_G", "zp30"),
    ("PS1 stack", "grizy", "*KronFlux *KronFluxErr *PSFFlux *PSFFluxErr", "kron", "gKronFlux gKronFluxErr", "Jy"),
    ("SDSS", "ugriz", "psfMag psfMagErr petroMag petroMagErr", "petro", "petroMag_u petroMagErr_u", "mag(asinh)"),
    ("SourceXtractor++", "ugriz", "auto_mag_* auto_mag_*_err", "auto", "auto_mag_u auto_mag_u_err", "mag"),
    ("COSMOS2015", "uBVr", "*_MAG_AUTO *_MAGERR_AUTO", "auto", "u_MAG_AUTO u_MAGERR_AUTO", "mag"),
    ("HSC", "grizy", "*_cmodel_flux *_cmodel_fluxerr", "cmodel", "g_cmodel_flux g_cmodel_fluxerr", "nJy"),
    ("HSC", "grizy", "*_cmodel_mag *_cmodel_magsigma", "cmodel", "g_cmodel_mag g_cmodel_magsigma", "mag"),
    ("KiDS", "ugri", "MAG_GAAP MAGERR_GAAP", "matched", "MAG_GAAP_u MAGERR_GAAP_u", "mag"),
    ("SkyMapper", "ugriz", "*_psf e_*_psf", "psf", "u_psf e_u_psf", "mag"),
    ("skycnn's stamps", "UGRIZ", "FLUX FLUXERR", "bare", "FLUX_U FLUXERR_U", "uJy"),
]  # fmt: skip
COSMOS2020 = ("CFHT_u,HSC_g,HSC_r,HSC_i,HSC_z,HSC_y", "GALEX_NUV,CFHT_u,SC_B,HSC_g,SC_V,HSC_r,HSC_i,HSC_z,UVISTA_J")
ASKED = {
    **dict(zip(COSMOS2020, ("ugrizy", "NUV U B G V R I Z J"), strict=True)),
    "UGRIZ": "ugriz",
    "GRZ": "ugriz",
    "GRIZ": "griz",
    "vis,y,j,h": "VIS Y J H",
    "uBVr": "uBVr",
}


def habit(bands, names):
    """Return the columns of a habit and the bands that a model asks for."""
    styles = [name if "*" in name else f"{name}_*" for name in names.split()]
    asked = ASKED.get(
        bands, " ".join(b.partition("_")[0] for b in bands.split(",")).replace("nuv", "NUV").replace("vis", "VIS")
    )
    return columns(" ".join(f"{style}|{bands}" for style in styles)), asked


@pytest.mark.parametrize(("whose", "spelled", "names", "family", "first", "unit"), HABITS)
def test_habits_are_found_without_options(whose, spelled, names, family, first, unit):
    own, asked = habit(spelled, names)
    found = [c for c in columns(CLUTTER) if c.name not in {o.name for o in own}] + own
    p = look(found, asked)
    value, error = first.split()
    assert p.family == family, whose
    assert p.table()[0] == {"band": p.bands[0], "column": value, "error": error, "unit": unit}
    assert p.columns[:2] == (value, error)
    assert len(p.bands) == len(own) / len(names.split())
    assert len({entry["unit"] for entry in p.table()}) == 1
    assert not {"Z_SPEC", "z_phot", "e_zphot"} & set(p.columns)
    assert presents(found, p.requested)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(HABITS), st.randoms(use_true_random=False), st.integers(0, 12))
def test_neither_order_nor_strangers_change_the_answer(entry, random, n):
    own, asked = habit(*entry[1:3])
    expected = look(own, asked)
    strangers = [c for c in columns(CLUTTER) if c.name not in {o.name for o in own}]
    shuffled = own + random.sample(strangers, n)
    random.shuffle(shuffled)
    got = look(shuffled, asked)
    assert (got.table(), got.columns, got.notes) == (expected.table(), expected.columns, expected.notes)


@settings(max_examples=40, deadline=None)
@given(st.permutations("ugriz"))
def test_bands_come_in_the_order_asked(bands):
    p = look(columns("modelMag_*|ugriz modelMagErr_*|ugriz"), "".join(bands))
    assert p.bands == tuple(bands)


def test_the_message_of_a_table_without_photometry():
    found = columns("ID RA DEC MAG_R MAGERR_R")
    with pytest.raises(InputError) as error:
        look(found)
    assert str(error.value) == (
        "cat.fits[1] has no column 'MAG_U' 'MAG_G' 'MAG_I' 'MAG_Z'; photoz-sdss-flux needs u g r i z. "
        "Name them with --band u=COLUMN,g=COLUMN,r=MAG_R,i=COLUMN,z=COLUMN. It has: ID, RA, DEC, MAG_R, MAGERR_R"
    )
    assert error.value.exit_code == 2
    assert not presents(found, "ugriz")


@pytest.mark.parametrize("missing", ["u", "gr", "riz"])
def test_two_bands_are_enough(missing):
    left = "".join(b for b in "ugriz" if b not in missing)
    p = look(columns(f"MAG_*|{left} MAGERR_*|{left}"))
    assert (p.bands, p.missing) == (tuple(left), tuple(missing))
    assert f"no photometry for {' '.join(missing)}: the intervals are wider for it" in p.notes


FAMILIES = ["modelMag", "cModelMag", "MAG_AUTO", "kronMag", "MAG", "petroMag", "psfMag"]


@pytest.mark.parametrize("n", range(len(FAMILIES)))
def test_families_have_an_order(n):
    names = " ".join(f"{f}_*|ugriz {f}Err_*|ugriz" for f in ["fiberMag", *FAMILIES[: n - 1 if n else None : -1]])
    p = look(columns(names.replace("MAG_AUTOErr", "MAGERR_AUTO")))
    assert p.family == ["model", "cmodel", "auto", "kron", "bare", "petro", "psf"][n]


def test_families_are_never_mixed():
    p = look(columns("modelMag_*|gri modelMagErr_*|gri psfMag_*|uz psfMagErr_*|uz"))
    assert p.bands == ("g", "r", "i")


def test_the_family_with_most_bands_comes_first():
    assert look(columns("modelMag_*|ri modelMagErr_*|ri psfMag_*|ugriz psfMagErr_*|ugriz")).family == "psf"


@pytest.mark.parametrize(
    ("own", "family"), [("psf", "psf"), ("model", "model"), (None, "model"), ("unknown", "model"), ("kron", "model")]
)
def test_the_models_own_family_is_preferred(own, family):
    found = columns("modelMag_*|ugriz modelMagErr_*|ugriz psfMag_*|ugriz psfMagErr_*|ugriz")
    p = look(found, card_photometry=own)
    assert p.family == family
    assert ("photoz-sdss-flux was trained on kron photometry" in p.notes) == (own == "kron")


@pytest.mark.parametrize(
    ("names", "family"),
    [("fiberMag_*|ugriz fiberMagErr_*|ugriz", "fiber"), ("MAG_APER_*|UGRIZ MAGERR_APER_*|UGRIZ", "aper")],
)
def test_parts_of_the_light_are_taken_by_name_only(names, family):
    with pytest.raises(
        InputError, match=f"a part of the light alone: .* To take it nevertheless: --photometry {family}"
    ):
        look(columns(names))
    assert look(columns(names), photometry=family.upper()).family == family


def test_a_family_that_is_not_there():
    found = columns("modelMag_*|ugriz modelMagErr_*|ugriz psfMag_*|ugriz psfMagErr_*|ugriz")
    with pytest.raises(
        InputError,
        match=r"has no photometry of this kind: 'kron' \(expected model or psf\). Type --photometry model. .*It has",
    ):
        look(found, photometry="kron")


def test_a_pattern_names_the_columns():
    found = columns("MAG_AUTO_*|UGRIZ MAGERR_AUTO_*|UGRIZ FLUX_AUTO_*|UGRIZ FLUXERR_AUTO_*|UGRIZ")
    assert look(found, photometry="mag_auto_*").table()[0]["error"] == "MAGERR_AUTO_U"
    assert look(found, photometry="FLUX_AUTO_*").table()[0]["unit"] == "zp30"
    assert look(columns("my_*_best|ugriz e_my_*_best|ugriz"), photometry="my_*_best").bands == tuple("ugriz")
    with pytest.raises(InputError, match="has no column 'nothing_u' 'nothing_g'"):
        look(found, photometry="nothing_*")


@pytest.mark.parametrize(
    ("names", "both"),
    [
        ("MAG_*|ugriz MAGERR_*|ugriz FLUX_*|ugriz FLUXERR_*|ugriz", ["MAG_*", "FLUX_*"]),
        ("MAG_AUTO_*|GRIZ MAGERR_AUTO_*|GRIZ FLUX_AUTO_*|GRIZ FLUXERR_AUTO_*|GRIZ", ["MAG_AUTO_*", "FLUX_AUTO_*"]),
        ("sdss_*|gri sdss_*_err|gri hsc_*|gri hsc_*_err|gri", ["sdss_*", "hsc_*"]),
    ],
)
def test_a_family_found_twice_is_an_error_that_lists_both(names, both):
    found = columns(names)
    with pytest.raises(InputError, match="photometry twice: ") as error:
        look(found)
    for style in both:
        assert f"--photometry '{style}'" in str(error.value)
        assert style.replace("*", "g") in str(error.value) or style.replace("*", "G") in str(error.value)
        assert look(found, photometry=style).table()[-1]["column"].startswith(style.partition("*")[0])
    assert presents(found, "ugriz")  # it is there, though twice


def test_options_that_name_every_band_end_the_doubt():
    found = columns("MAG_*|gr MAGERR_*|gr FLUX_*|gr FLUXERR_*|gr")
    p = look(found, "gr", band={"g": "MAG_g", "r": "FLUX_r"})
    assert [(e["column"], e["error"], e["unit"]) for e in p.table()] == [
        ("MAG_g", "MAGERR_g", "mag"),
        ("FLUX_r", "FLUXERR_r", "uJy"),
    ]
    assert p.family == "named"


def test_what_options_name_needs_no_family():
    found = columns("MAG_*|gr MAGERR_*|gr FLUX_*|ui FLUXERR_*|ui")
    p = look(found, "ugri", band={"u": "FLUX_u", "i": "FLUX_i"})  # the bare FLUX_ are no second family for g and r
    assert [e["column"] for e in p.table()] == ["FLUX_u", "MAG_g", "MAG_r", "FLUX_i"]
    assert look(found, "ui", band={"u": "FLUX_u", "i": "FLUX_i"}, photometry="psf").family == "named"


def test_corrected_and_observed_magnitudes_side_by_side():
    found = columns("modelMag_*|ugriz modelMagErr_*|ugriz dered_*|ugriz")
    with pytest.raises(
        InputError, match=r"model photometry twice.*--extinction corrected takes it, --extinction none the other"
    ):
        look(found)
    for more in ({"dereddened": "yes"}, {"extinction": "corrected"}):
        assert look(found, **more).columns[0] == "dered_u"
    for more in ({"dereddened": "no"}, {"extinction": "none"}):
        assert look(found, **more).columns[0] == "modelMag_u"


def test_cameras_of_one_band_are_told_apart_by_its_spelling():
    cameras = "CFHT_u,HSC_g,HSC_r,HSC_y,UVISTA_Y"
    p = look(columns(f"*_FLUX|{cameras} *_FLUXERR|{cameras}"), "u g r y")
    assert [e["column"] for e in p.table()] == ["CFHT_u_FLUX", "HSC_g_FLUX", "HSC_r_FLUX", "HSC_y_FLUX"]
    assert look(columns(f"*_FLUX|{cameras} *_FLUXERR|{cameras}"), "g Y").columns[2] == "UVISTA_Y_FLUX"
    both = columns(f"*_FLUX|{cameras} *_FLUXERR|{cameras} *_MAG|{cameras} *_MAGERR|{cameras}")
    with pytest.raises(InputError, match=r"Choose with --photometry '\*_FLUX' or --photometry '\*_MAG'"):
        look(both, "u g r y")
    assert look(both, "u g r y", photometry="*_MAG").columns[:2] == ("CFHT_u_MAG", "CFHT_u_MAGERR")


TWICE = layout(
    {"TFIELDS": 12, "NAXIS1": 48}
    | {f"TFORM{i}": "E" for i in range(1, 13)}
    | {f"TTYPE{i + 1}": f"{e}{b}mag" for i, (b, e) in enumerate((b, e) for b in "grigri" for e in ("", "e_"))},
    "cat.fits[1]",
)


def test_names_that_stand_twice_are_chosen_by_number():
    with pytest.raises(InputError) as error:
        look(TWICE, "gri")
    assert str(error.value) == (
        "cat.fits[1] has g twice: gmag#1 and gmag#7; r twice: rmag#3 and rmag#9; i twice: imag#5 and imag#11. "
        "Choose with --band 'g=gmag#1,r=rmag#3,i=imag#5'. NAME#7 is the table's column 7."
    )
    first = look(TWICE, "gri", band={"g": "gmag#1", "r": "rmag#3", "i": "imag#5"})
    assert first.columns == ("gmag", "e_gmag", "rmag", "e_rmag", "imag", "e_imag")
    named = {"g": "gmag#1", "r": "rmag#3", "i": "imag#5"}
    for band, error in ((named | {"g": "gmag"}, {}), (named, {"g": "e_gmag"})):
        with pytest.raises(InputError, match=r"column '(e_)?gmag' more than once.* the number in the table: --\w+ g="):
            look(TWICE, "gri", band=band, error=error)
    assert look(TWICE, "gri", band=named, error={"g": "e_gmag#8"}).columns[1] == "e_gmag#8"
    second = look(TWICE, "gri", band={"g": "gmag#7", "r": "rmag#9", "i": "imag#11"})
    assert second.columns == ("gmag#7", "e_gmag#8", "rmag#9", "e_rmag#10", "imag#11", "e_imag#12")


def test_bands_without_an_error_are_told_though_others_answer():
    p = look(columns("MAG_*|ugriz MAGERR_*|ugr"))
    assert p.bands == ("u", "g", "r")
    assert p.warnings == (
        "no error for MAG_i MAG_z: left out; --error i=COLUMN,z=COLUMN names it, or a number in its place",
    )


def test_what_a_table_seems_to_hold_is_counted_whatever_is_wrong_with_it():
    assert seen(columns("MAG_*|UGRIZ"), "ugriz") == 5  # without errors
    assert seen(columns("MAG_*|UGRIZ FLUX_*|UG"), "ugriz") == 5
    assert seen(columns("RA DEC Z"), "ugriz") == 0
    assert seen(columns("a b"), "ugriz", PhotometryOptions(band={"u": "a"})) == 1
    assert seen(columns("MODELFLUX", form="5E"), "ugriz") == 5
    assert seen(columns("MODELFLUX", form="5E"), ("NUV", *"ugrizy")) == 5


def test_exact_case_comes_first():
    found = columns("*mag|UBVRI e_*mag|UBVRI *mag|gri e_*mag|gri")
    assert [e["column"] for e in look(found, "U B V R I").table()] == ["Umag", "Bmag", "Vmag", "Rmag", "Imag"]
    assert [e["column"] for e in look(found, "gri").table()] == ["gmag", "rmag", "imag"]
    both = look(found, "V R r I i")
    assert [e["column"] for e in both.table()] == ["Vmag", "Rmag", "rmag", "Imag", "imag"]


def test_a_spelling_is_not_given_to_two_bands():
    p = look(columns("*mag|BVr e_*mag|BVr"), "B V R r")
    assert p.missing == ("R",)


def test_two_cameras_for_one_band():
    found = columns("flux_*_aper|g_ext_decam,g_ext_hsc,r_ext_decam fluxerr_*_aper|g_ext_decam,g_ext_hsc,r_ext_decam")
    message = r"has g twice: flux_g_ext_decam_aper and flux_g_ext_hsc_aper\. Choose with --band g=flux_g_ext_decam_aper"
    with pytest.raises(InputError, match=message):
        look(found, "gr")
    assert look(found, "gr", band={"g": "flux_g_ext_hsc_aper"}).table()[0]["error"] == "fluxerr_g_ext_hsc_aper"


@pytest.mark.parametrize("z", ["z", "Z"])
def test_a_lone_z_is_a_redshift(z):
    found = columns(f"MAG_*|GRI MAGERR_*|GRI {z} {z}_ERR")
    assert look(found).missing == ("u", "z")
    assert look(columns(f"modelMag_*|ugriz modelMagErr_*|ugriz {z} {z}Err")).columns[8] == "modelMag_z"
    with pytest.raises(InputError, match="has no column for u g r i z"):
        look(columns(f"RA DEC {z} {z}_ERR"))


def test_a_z_beside_its_siblings_is_a_band_unless_it_is_said_to_be_a_redshift():
    siblings, errors = columns("*|ugri", unit="mag"), columns("*_err|ugriz")
    assert look([*siblings, *errors, column("z", unit="mag")]).bands == tuple("ugriz")
    for z in (column("z"), column("z", unit="mag", comment="Redshift"), column("z", unit="mag", ucd="src.redshift")):
        p = look([*siblings, *errors, z])
        assert p.missing == ("z",)
        assert (p.warnings == ()) == bool(z.ucd)  # with a UCD it is plain
        assert z.ucd or p.warnings[0].startswith("'z' is taken for a redshift")
    assert look([*siblings, *errors, column("z")], band={"z": "z"}).bands == tuple("ugriz")


def test_columns_by_ucd():
    found = [column(f"c{i}", ucd=f"phot.mag;em.opt.{b}") for i, b in enumerate("UBRI")]
    found += [column(f"s{i}", ucd=f"stat.error;phot.mag;em.opt.{b}") for i, b in enumerate("UBRI")]
    p = look(found)
    assert [(e["band"], e["column"], e["error"]) for e in p.table()] == [
        ("u", "c0", "s0"),
        ("g", "c1", "s1"),
        ("r", "c2", "s2"),
        ("i", "c3", "s3"),
    ]
    assert presents(found, "ugriz")
    assert look(found, "u B g r").missing == ("g",)  # em.opt.B is B's
    fluxes = [column(f"c{b}", unit="Jy", ucd=f"phot.flux.density;em.opt.{b};meta.main") for b in "RI"]
    p = look([*fluxes, *columns("e_c*|RI", unit="Jy")])  # errors by name
    assert p.table()[0] == {"band": "r", "column": "cR", "error": "e_cR", "unit": "Jy"}
    with pytest.raises(InputError, match=r"has i twice: a and b\. Choose with --band i=a"):
        look([*found, column("a", ucd="phot.mag;em.opt.I"), column("b", ucd="phot.mag;em.opt.I")][4:] + found[:2])


def test_columns_by_unit():
    found = columns("my_*_x|ugriz my_*_x_err|ugriz", unit="nanomaggies") + columns(
        "EXT_*|ugriz EXT_*_err|ugriz A_*|ugriz", unit="mag"
    )
    p = look(found)
    assert p.table()[0] == {"band": "u", "column": "my_u_x", "error": "my_u_x_err", "unit": "nanomaggy"}
    with pytest.raises(InputError, match="has no column for u g"):
        look(columns("my_*_x|ugriz my_*_x_err|ugriz"))
    assert look(found, error={"*": "0.1"}).columns[0] == "my_u_x"  # errors and extinctions are no second family


def test_a_name_without_mag_or_flux_must_not_have_another_unit():
    with pytest.raises(InputError, match="has no column"):
        look(columns("*|gri *_err|gri", unit="arcsec"))


def test_options_overrule():
    found = columns("MAG_*|ugriz MAGERR_*|ugriz weird sigma_weird W", unit="mag")
    p = look(found, band={"u": "WEIRD"}, error={"g": "W"}, unit={"r": "nJy"})
    assert [(e["column"], e["error"], e["unit"]) for e in p.table()[:3]] == [
        ("weird", "sigma_weird", "mag"),
        ("MAG_g", "W", "mag"),
        ("MAG_r", "MAGERR_r", "nJy"),
    ]
    assert {e["unit"] for e in look(found, unit={"*": "uJy"}).table()} == {"uJy"}
    assert {e["error"] for e in look(found, error={"*": "0.1"}).table()} == {"0.1"}
    assert {e["error"] for e in look(columns("MAG_*|ugriz S_*|UGRIZ"), error={"*": "S_*"}).table()} == {
        f"S_{b}" for b in "UGRIZ"
    }


def test_vectors_by_their_elements():
    found = columns("MODELFLUX MODELFLUX_IVAR", form="5E", unit="nanomaggies")
    p = look(found, band={b: f"modelflux[{i}]" for i, b in enumerate("ugriz")})
    assert p.columns == ("MODELFLUX", "MODELFLUX_IVAR")
    assert p.table()[2] == {"band": "r", "column": "MODELFLUX[2]", "error": "MODELFLUX_IVAR[2]", "unit": "nanomaggy"}
    chunk = {"MODELFLUX": np.arange(10.0).reshape(2, 5), "MODELFLUX_IVAR": np.full((2, 5), 4.0)}
    assert np.allclose(p.fluxes(chunk).flux, chunk["MODELFLUX"] * 3.6307805)
    assert np.allclose(p.fluxes(chunk).error, 0.5 * 3.6307805)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"band": {"u": "MAGU"}}, r"no column 'MAGU'; photoz-sdss-flux needs u g r i z. Did you mean MAG_U\? Name it"),
        ({"band": {"u": "NAME"}}, r"column 'NAME' holds text \(8A\), not one number. Name a column of numbers"),
        ({"band": {"u": "VEC"}}, r"column 'VEC' holds 5 numbers a row, not one number. Name one.*--band u=VEC\[0\]"),
        ({"band": {"u": "VEC[5]"}}, r"no column 'VEC\[5\]'"),
        ({"band": {"y": "RA"}}, r"--band names a band that photoz-sdss-flux has not: 'y' \(expected u g r i z\)"),
        ({"band": {"*": "RA"}}, "--band names a band"),
        ({"error": {"y": "RA"}}, "--error names a band"),
        ({"unit": {"y": "mag"}}, "--unit names a band"),
        ({"mask_band": {"*": "RA"}}, "--mask-band names a band"),
        ({"band": {"u": "RA"}}, "has no error for RA; photoz-sdss-flux needs .*with --error u=COLUMN, or"),
        ({"error": {"u": "nope"}}, "has no column 'nope'.*--error u=COLUMN"),
        ({"error": {"u": "-1"}}, r"--error is no positive number: '-1' \(expected a column or"),
        ({"error": {"u": "NAME"}}, "'NAME' holds text"),
        ({"unit": {"u": "parsec"}}, "--unit u is not understood: 'parsec'"),
        ({"bad": ("FLAGZ != 0",)}, "has no column 'FLAGZ'.*Did you mean FLAGS"),
        ({"bad": ("FLAGS == 'A'",)}, "--bad compares numbers with text: FLAGS holds numbers: 'A'"),
        ({"bad": ("FLAGS = 0",)}, "--bad cannot be read at '= 0': 'FLAGS = 0'"),
        ({"mask_band": {"u": "FLAGZ"}}, "has no column 'FLAGZ'.*--mask-band u=COLUMN"),
        ({"mask_band": {"u": "EBV !"}}, "--mask-band u cannot be read at '!': 'EBV !'"),
        ({"extinction": "EBW"}, "has no column 'EBW'"),
        ({"unit": {"u": "vega"}}, "no survey gives a Vega zero point for u"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_the_table(options, message):
    found = [*columns("RA MAG_*|UGRIZ MAGERR_*|UGRIZ FLAGS EBV"), column("NAME", "8A"), column("VEC", "5E")]
    with pytest.raises(InputError, match=message) as error:
        look(found, survey=SDSS, dereddened="yes", **options)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("form", "held"), [("8A", r"text \(8A\)"), ("5E", "5 numbers a row"), ("1M", "complex numbers")]
)
def test_a_band_of_the_wrong_type_is_not_passed_over(form, held):
    found = [*columns("MAG_*|UGIZ MAGERR_*|UGRIZ"), column("MAG_R", form)]
    with pytest.raises(InputError, match=f"column 'MAG_R' holds {held}.*--band r="):
        look(found)


def test_the_assumptions_are_said():
    found = columns("FLUX_*|GRZ FLUX_IVAR_*|GRZ ALLMASK_*|GRZ FLAGS")
    p = look(found, bad=("FLAGS != 0",), mask_band={"g": "FLAGS > 3"})
    assert p.notes == (
        "photometry: bare: g FLUX_G with FLUX_IVAR_G, r FLUX_R with FLUX_IVAR_R, z FLUX_Z with FLUX_IVAR_Z",
        "no photometry for u i: the intervals are wider for it",
        "unit of g r z: nanomaggy, by the habit of Legacy Surveys",
        "filters: assumed to be those of photoz-sdss-flux",
        "flags honoured: ALLMASK_G ALLMASK_R ALLMASK_Z",
        "band g dropped where FLAGS > 3",
        "Galactic extinction: as the catalogue has it; the model's training does not say",
        "dropped rows: FLAGS != 0",
    )
    assert "filters: DECaLS, by the SURVEY card" in look(found, header={"SURVEY": "DECaLS"}).notes
    assert "filters: sdss, by --survey" in look(found, catalogue_survey="sdss").notes


def test_presents_is_true_where_options_name_two_bands():
    found = columns("a b")
    assert presents(found, "ugriz", PhotometryOptions(band={"g": "A", "r": "b"}))
    assert not presents(found, "ugriz", PhotometryOptions(band={"g": "a", "r": "c"}))
    assert not presents(found, "ugriz")


def test_presents_counts_named_and_found_bands_together():
    assert not presents(columns("MAG_G MAGERR_G x"), "ugriz")
    assert presents(columns("MAG_*|GI MAGERR_*|GI x"), "ugriz", PhotometryOptions(band={"r": "x"}))


REAL = [
    ("sdss_galaxies.fits", "ugriz", "MAG_U MAGERR_U MAG_G MAGERR_G MAG_R MAGERR_R MAG_I MAGERR_I MAG_Z MAGERR_Z"),
    (
        "cosmos_galaxies.fits",
        "NUV U B V G R I Z J",
        " ".join(f"MAG_{b} ERR_{b}" for b in ["NUV", "U", "B", "V", "G", "R", "I", "Z", "J"]),
    ),
    ("clusters/test_dr8_gals_with_zred.fit", "ugriz", "RMAG RMAG_ERR IMAG IMAG_ERR"),
]


@pytest.mark.parametrize(("name", "bands", "expected"), REAL)
def test_real_catalogues(name, bands, expected):
    header, found = real(name)
    p = look(found, bands, name, header)
    assert p.columns == tuple(expected.split())


def test_a_real_catalogue_with_vectors():
    header, found = real("clusters/dr8_test_galaxies_0009768.fit")
    with pytest.raises(InputError, match=r"MAG holds 5 numbers a row: --band 'u=MAG\[0\],g=MAG\[1\],r=MAG\[2\],i="):
        look(found, header=header)
    p = look(found, header=header, band={b: f"MAG[{i}]" for i, b in enumerate("ugriz")})
    assert p.columns == ("MAG", "MAG_ERR")


def test_a_search_serves_presents_and_find_until_columns_bands_or_errors_differ(monkeypatch):
    searches, search = [], bandsearch.find
    monkeypatch.setattr(bandsearch, "find", lambda *asked: searches.append(asked[1:]) or search(*asked))
    found = columns("OnceMag OnceMag_*|gri OnceMagErr_*|gri mag_*|gri mag_err_*|gri")
    assert presents(found, "gri")
    assert look(list(found), "gri").bands == look(found, "gri", label="other").bands == ("g", "r", "i")
    assert len(searches) == 1
    assert look(found, "gr").bands == ("g", "r")
    assert look(found[1:], "gri").bands == ("g", "r", "i")
    assert look(found, "gri", error={"*": "0.1"}).bands == ("g", "r", "i")
    assert len(searches) == 4


def test_a_real_catalogue_without_errors():
    header, found = real("galaxies/real_galaxy_catalog_26_extension_example_fits.fits")
    with pytest.raises(
        InputError, match=r"has no error for HSC_g, HSC_r, HSC_i, HSC_z; .* or give one number for all: --error 0.1"
    ):
        look(found, header=header)
    assert look(found, header=header, error={"*": "0.05"}).bands == tuple("griz")


def test_real_catalogues_of_other_things():
    for name in (
        "act_E-D56.fits",
        "test_cluster_members.fit",
        "test_dr8_trainred_spec.fit",
        "test_dr8_trainredseq_gals.fit",
    ):
        header, found = real(f"clusters/{name}")
        with pytest.raises(InputError, match="has no column for u g r i z"):
            look(found, header=header)


def real(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data are absent: {name}")
    from astropy.io import fits

    header = dict(fits.getheader(path, 1))
    return header, layout(header, f"{path.name}[1]")
