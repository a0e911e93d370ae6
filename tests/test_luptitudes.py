"""Which magnitudes are read as SDSS's asinh magnitudes, and with which softening."""

import numpy as np
import pytest

from columns import column, columns
from skycnn import survey
from skycnn.errors import InputError
from skycnn.photometry import luptitudes
from skycnn.photometry.fluxes import PhotometryOptions, find

SDSS, CSST = survey.load("sdss"), survey.load("csst")
BY_NAME = "SDSS asinh magnitudes, by the columns' names; --unit mag reads Pogson's"


def look(found, known=SDSS, **options):
    return find(found, {}, "ugriz", PhotometryOptions(**options), "cat.fits[1]", survey=known)


def units(p):
    return {entry["unit"] for entry in p.table()}


@pytest.mark.parametrize(
    ("names", "asinh"),
    [
        ("modelMag_* modelMagErr_*", True),
        ("MODELMAG_* MODELMAGERR_*", True),
        ("cModelMag_* cModelMagErr_*", True),
        ("psfMag_* psfMagErr_*", True),
        ("petroMag_* petroMagErr_*", True),
        ("dered_* modelMagErr_*", True),
        ("*mag e_*mag", False),  # VizieR, of any survey
        ("MAG_* MAGERR_*", False),
        ("mag_* magerr_*", False),
        ("MAG_AUTO_* MAGERR_AUTO_*", False),
        ("*_psfMag *_psfMagErr", False),  # LSST
        ("sdss_mag_* sdss_magerr_*", False),  # SDSS's filters, who knows whose magnitudes
        ("* err_*", False),
    ],
)
@pytest.mark.parametrize("unit", [None, "mag"])
def test_names_of_sdss_archive_tell_it(names, asinh, unit):
    found = columns(" ".join(f"{name}|ugriz" for name in names.split()), unit)
    p = look(found)
    assert units(p) == {"mag(asinh)" if asinh else "mag"}
    assert (f"unit of u g r i z: {BY_NAME}" in p.notes) == asinh
    assert units(look(found, None)) == units(look(found, CSST)) == units(p)  # the constants are SDSS's own
    assert units(look(found, unit={"*": "mag"})) == {"mag"}
    assert units(look(found, unit={"*": "luptitude"})) == {"mag(asinh)"}


@pytest.mark.parametrize("name", ["fiberMag", "fiber2Mag", "expMag", "deVMag"])
def test_other_names_of_the_archive_if_asked_for(name):
    found = columns(f"{name}_*|ugriz {name}Err_*|ugriz")
    named = {b: f"{name}_{b}" for b in "ugriz"}
    assert units(look(found, band=named, error={b: f"{name}Err_{b}" for b in "ugriz"})) == {"mag(asinh)"}


def test_vectors_of_its_files():
    found = [column("MODELMAG", "5E"), column("MODELMAGERR", "5E")]
    p = look(found, band={b: f"MODELMAG[{i}]" for i, b in enumerate("ugriz")},
             error={b: f"MODELMAGERR[{i}]" for i, b in enumerate("ugriz")})  # fmt: skip
    assert units(p) == {"mag(asinh)"}


@pytest.mark.parametrize(
    ("unit", "comment", "said"),
    [
        ("luptitude", None, "mag(asinh), by TUNIT"),
        ("asinh mag", None, "mag(asinh), by TUNIT"),
        ("mag(luptitudes)", None, "mag(asinh), by TUNIT"),
        ("SDSS asinh magnitude", None, "mag(asinh), by TUNIT"),
        ("mag", "Luptitude in the band", "asinh magnitudes, by the columns' descriptions; --unit mag reads Pogson's"),
        (None, "model magnitude (asinh)", "asinh magnitudes, by the columns' descriptions; --unit mag reads Pogson's"),
        ("mag(AB)", "arcsinh mag", "asinh magnitudes, by the columns' descriptions; --unit mag reads Pogson's"),
    ],
)
def test_units_and_descriptions_tell_it(unit, comment, said):
    found = [column(f"MAG_{b}", unit=unit, comment=comment) for b in "ugriz"] + columns("MAGERR_*|ugriz")
    p = look(found)
    assert units(p) == {"mag(asinh)"} and f"unit of u g r i z: {said}" in p.notes
    assert units(look(found, unit={"*": "pogson"})) == {"mag"}
    with pytest.raises(InputError, match="no survey gives softening for u") as error:
        look(found, CSST)
    assert "--unit 'mag(AB)'" in error.value.hint
    assert units(look(found, CSST, unit={"*": "mag(AB)"})) == {"mag(AB)"}


def test_a_unit_that_says_ab_outdoes_the_name():
    assert units(look(columns("modelMag_*|ugriz modelMagErr_*|ugriz", "mag(AB)"))) == {"mag(AB)"}


def test_fluxes_are_never_luptitudes():
    found = [column(f"FLUX_{b}", unit="nmgy", comment="from asinh magnitudes") for b in "ugriz"]
    assert units(look(found + columns("FLUXERR_*|ugriz", "nmgy"))) == {"nanomaggy"}


def test_a_band_that_sdss_has_not_keeps_its_unit():
    assert luptitudes.read(column("modelMag_y"), "y", luptitudes.UNIT, None) is None
    p = find(columns("modelMag_*|ryz modelMagErr_*|ryz"), {}, "ryz", PhotometryOptions(), "t")
    assert [entry["unit"] for entry in p.table()] == ["mag(asinh)", "mag", "mag(asinh)"]


def test_flux_and_error_are_those_of_the_definition():
    p = look(columns("modelMag_*|ugriz modelMagErr_*|ugriz"))
    magnitude, error = np.array([24.63, 26.0, 23.0, 17.0]), np.array([1.3, 1.0, 0.7, 0.02])
    chunk = {f"modelMag_{b}": magnitude for b in "ugriz"} | {f"modelMagErr_{b}": error for b in "ugriz"}
    f = p.fluxes(chunk)
    a, b = 2.5 / np.log(10), 1.4e-10  # u: Stoughton et al. 2002, table 21
    flux = 3631e6 * 2 * b * np.sinh(-magnitude / a - np.log(b))
    sigma = error / a * np.sqrt(flux**2 + (3631e6 * 2 * b) ** 2)  # Lupton et al. 1999, eq. 9, solved for sigma
    assert np.allclose(f.flux[:, 0], flux, rtol=2e-4, atol=1e-4)  # AB zero is 3630.78 Jy
    assert np.allclose(f.error[:, 0], sigma, rtol=2e-4)
