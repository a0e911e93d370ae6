"""Columns of Galactic extinction: found by known names or by the user's, and what they take off."""

import numpy as np
import pytest

from columns import column, columns
from skycnn import survey
from skycnn.errors import InputError
from skycnn.photometry import dustcolumns
from skycnn.photometry.fields import Fields

SDSS = survey.load("sdss")


def look(found, option=None, bands="gr", known=SDSS):
    fields = Fields(found, "cat.fits[1]", "m needs g r")
    return dustcolumns.given(fields, bands, known, option) if option else dustcolumns.find(fields, bands, known)


@pytest.mark.parametrize("option", [None, "MW_TRANSMISSION_*", "mw_transmission_g"])
def test_transmission(option):
    dust = look(columns("MW_TRANSMISSION_*|GR"), option)
    assert dust.kind == "transmission"
    chunk = {"MW_TRANSMISSION_G": np.array([0.5, 1.0, 0, -99, np.nan, 2]), "MW_TRANSMISSION_R": np.ones(6)}
    assert np.array_equal(dust.attenuation(chunk, "g"), [0.5, 1, *[np.nan] * 4], equal_nan=True)


@pytest.mark.parametrize("option", [None, "{}_*", "{}_g"])
@pytest.mark.parametrize("name", ["extinction", "a"])
def test_magnitudes_of_extinction(name, option):
    found = columns(f"{name}_*|gr")
    dust = look(found, option and option.format(name))
    assert dust.kind == "A"
    value = np.array([0.0, 2.5, -0.01, 99, -99, np.nan])
    expected = [1, 0.1, 10**0.004, *[np.nan] * 3]
    assert np.allclose(dust.attenuation({c.name: value for c in found}, "r"), expected, equal_nan=True)


@pytest.mark.parametrize("name", ["EBV", "ebv", "E_BV", "E(B-V)", "EBV_SFD98", "gal_ebv"])
def test_reddening(name):
    dust = look(columns(name))
    expected = 10 ** (-0.4 * 3.303 * 0.1)  # Schlafly & Finkbeiner 2011
    assert np.allclose(dust.attenuation({name: np.array([0.1, -999])}, "g"), [expected, np.nan], equal_nan=True)


@pytest.mark.parametrize("name", ["DUST", "extinction_ebv", "GAL_EXTINCTION_EBV", "Ebmv"])
def test_any_column_may_be_reddening_if_named(name):
    assert look(columns(name), name.lower()).kind == "E(B-V)"
    assert look(columns("DUST")) is None


@pytest.mark.parametrize("option", [None, "EXTINCTION", "extinction"])
def test_a_vector_holds_the_bands_in_sdss_order(option):
    dust = look([column("EXTINCTION", "5E")], option)
    assert dust.kind == "A"
    rows = {"EXTINCTION": np.array([[0.5, 0.4, 0.3, 0.2, 0.1]])}
    assert dust.attenuation(rows, "r") == pytest.approx(10 ** (-0.4 * 0.3))
    transmissions = look([column("DECAM_MW_TRANSMISSION", "6E")], "DECAM_MW_TRANSMISSION", "gz")
    assert transmissions.kind == "transmission"
    rows = {"DECAM_MW_TRANSMISSION": np.array([[0.5, 0.6, 0.7, 0.8, 0.9, 1.0]])}
    assert transmissions.attenuation(rows, "z") == 0.9


def test_the_best_columns_are_taken():
    assert look(columns("EBV MW_TRANSMISSION_*|gr extinction_*|gr")).kind == "transmission"
    assert look(columns("EBV MW_TRANSMISSION_G extinction_*|gr")).kind == "A"
    assert look(columns("MW_TRANSMISSION_*|gr EBV"), "EBV").kind == "E(B-V)"
    assert look(columns("RA DEC")) is None


def test_options_that_name_no_column():
    with pytest.raises(InputError, match=r"has no column 'EBW'; m needs g r\. Did you mean EBV"):
        look(columns("EBV"), "EBW")
    with pytest.raises(InputError, match="holds text"):
        look([column("DUST", "4A")], "DUST")
    with pytest.raises(InputError, match="holds 3 numbers a row"):
        look([column("EXTINCTION", "3E")], "EXTINCTION")


@pytest.mark.parametrize(
    ("names", "option"),
    [
        ("EBV", "MW_*"),
        ("extinction_*|ug", "extinction_g"),
        ("extinction_*|ug", "extinction_*"),
        ("MW_TRANSMISSION_G", "MW_TRANSMISSION_G"),
        ("A_V", "A_V"),
        ("AV", "av"),
    ],
)
def test_extinction_in_some_bands_is_no_reddening(names, option):
    with pytest.raises(InputError, match=r"no column for every band: '.*'. Give --extinction MW_TRANSMISSION_\*"):
        look(columns(names), option)
