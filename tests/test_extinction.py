import numpy as np
import pytest

from columns import column, columns
from skycnn import survey
from skycnn.errors import InputError
from skycnn.photometry.extinction import plan
from skycnn.photometry.fields import Fields

SDSS = survey.load("sdss")
CORRECTED, OBSERVED, UNTOLD = [*columns("dered_*|gr"), column("EBV")], columns("EBV"), columns("RA")


def run(found, trained, option=None, named=False, bands="gr", known=SDSS):
    return plan(Fields(found, "cat.fits[1]", "m needs g r"), list(bands), named, option, trained, known)


@pytest.mark.parametrize(
    ("found", "named", "option", "trained", "power"),
    [
        # the model says nothing: nothing is done
        (OBSERVED, False, None, "unknown", 0),
        (OBSERVED, False, "EBV", "unknown", 0),
        # the input says nothing: taken as trained
        (UNTOLD, False, None, "yes", 0),
        (UNTOLD, False, None, "no", 0),
        # known names tell the state, and mend it
        (OBSERVED, False, None, "yes", -1),
        (OBSERVED, False, None, "no", 0),
        (CORRECTED, True, None, "yes", 0),
        (CORRECTED, True, None, "no", 1),
        # the option has the last word
        (OBSERVED, False, "corrected", "yes", 0),
        (OBSERVED, False, "corrected", "no", 1),
        (OBSERVED, False, "none", "yes", -1),
        (OBSERVED, False, "none", "no", 0),
        (CORRECTED, True, "none", "no", 0),
        (OBSERVED, False, "EBV", "yes", -1),
        (OBSERVED, False, "EBV", "no", 0),
        (UNTOLD, False, "corrected", "yes", 0),
        (UNTOLD, False, "None", "no", 0),
    ],
)
def test_what_is_done(found, named, option, trained, power):
    correction = run(found, trained, option, named)
    assert correction.power == power
    assert (correction.dust is not None) == (power != 0)
    assert correction.note.startswith("Galactic extinction: ")


@pytest.mark.parametrize(
    ("note", "arguments"),
    [
        ("as the catalogue has it; the model's training does not say", (OBSERVED, "unknown")),
        ("assumed to be as in training; --extinction none|corrected|COLUMN tells", (UNTOLD, "yes")),
        ("corrected in the catalogue, as in training", (CORRECTED, "yes", None, True)),
        ("not corrected, as in training", (OBSERVED, "no")),
        ("corrected with E(B-V) of EBV", (OBSERVED, "yes")),
        ("put back with E(B-V) of EBV", (CORRECTED, "no", None, True)),
        ("corrected with A of extinction_g extinction_r", (columns("extinction_*|gr"), "yes")),
    ],
)
def test_what_is_said(note, arguments):
    assert run(*arguments).note == f"Galactic extinction: {note}"


@pytest.mark.parametrize(
    ("found", "trained", "option", "named", "message"),
    [
        (
            UNTOLD,
            "yes",
            "none",
            False,
            "fluxes are not corrected for Galactic extinction, the model's are corrected, and no",
        ),
        (
            UNTOLD,
            "no",
            "corrected",
            False,
            "are corrected for Galactic extinction, the model's are not corrected, and no column",
        ),
        (
            columns("dered_*|gr"),
            "no",
            None,
            True,
            r"tells how much it is. Name the dust with --extinction COLUMN; ",
        ),
    ],
)
def test_a_known_mismatch_that_cannot_be_mended(found, trained, option, named, message):
    with pytest.raises(InputError, match=message) as error:
        run(found, trained, option, named)
    assert error.value.exit_code == 2


def test_reddening_needs_coefficients_of_every_band():
    for known in (None, SDSS):
        with pytest.raises(InputError, match=r"no survey gives R_band for EBV\. .*--extinction corrected if"):
            run(OBSERVED, "yes", bands=["g", "NUV"], known=known)


def test_an_option_that_names_no_column():
    with pytest.raises(InputError, match=r"has no column 'EBW'; m needs g r\. Did you mean EBV"):
        run(OBSERVED, "yes", "EBW")
    with pytest.raises(InputError, match=r"no column for every band: 'MW_\*'. Give --extinction MW_TRANSMISSION_\*"):
        run(OBSERVED, "yes", "MW_*")
    with pytest.raises(InputError, match="holds text"):
        run([column("DUST", "4A")], "yes", "DUST")


@pytest.mark.parametrize("option", [None, "MW_TRANSMISSION_*", "mw_transmission_g"])
def test_transmission(option):
    dust = run(columns("MW_TRANSMISSION_*|GR"), "yes", option).dust
    assert dust.kind == "transmission"
    chunk = {"MW_TRANSMISSION_G": np.array([0.5, 1.0, 0, -99, np.nan, 2]), "MW_TRANSMISSION_R": np.ones(6)}
    assert np.array_equal(dust.attenuation(chunk, "g"), [0.5, 1, *[np.nan] * 4], equal_nan=True)


@pytest.mark.parametrize("option", [None, "{}_*", "{}_g"])
@pytest.mark.parametrize("name", ["extinction", "a"])
def test_magnitudes_of_extinction(name, option):
    found = columns(f"{name}_*|gr")
    dust = run(found, "yes", option and option.format(name)).dust
    assert dust.kind == "A"
    value = np.array([0.0, 2.5, -0.01, 99, -99, np.nan])
    expected = [1, 0.1, 10**0.004, *[np.nan] * 3]
    assert np.allclose(dust.attenuation({c.name: value for c in found}, "r"), expected, equal_nan=True)


@pytest.mark.parametrize("name", ["EBV", "ebv", "E_BV", "E(B-V)", "EBV_SFD98", "gal_ebv"])
def test_reddening(name):
    dust = run(columns(name), "yes").dust
    expected = 10 ** (-0.4 * 3.303 * 0.1)  # Schlafly & Finkbeiner 2011
    assert np.allclose(dust.attenuation({name: np.array([0.1, -999])}, "g"), [expected, np.nan], equal_nan=True)


def test_any_column_may_be_reddening_if_named():
    assert run(columns("DUST"), "yes", "dust").dust.kind == "E(B-V)"


def test_the_best_column_is_taken():
    assert run(columns("EBV MW_TRANSMISSION_*|gr extinction_*|gr"), "yes").dust.kind == "transmission"
    assert run(columns("EBV MW_TRANSMISSION_G extinction_*|gr"), "yes").dust.kind == "A"
    assert run(columns("MW_TRANSMISSION_*|gr EBV"), "yes", "EBV").dust.kind == "E(B-V)"
