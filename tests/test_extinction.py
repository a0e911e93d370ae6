import pytest

from columns import columns
from skycnn import survey
from skycnn.errors import InputError
from skycnn.photometry.extinction import plan
from skycnn.photometry.fields import Fields

SDSS = survey.load("sdss")
BARE, DUSTY = columns("RA"), columns("EBV")
LEGACY, ARCHIVE = columns("MW_TRANSMISSION_*|gr"), columns("extinction_*|gr")


def run(found, trained, option=None, named=None, bands="gr", known=SDSS):
    return plan(Fields(found, "cat.fits[1]", "m needs g r"), list(bands), named, option, trained, known)


@pytest.mark.parametrize(
    ("found", "named", "option", "trained", "power", "warned"),
    [
        # nothing is said: as in training
        (BARE, None, None, "yes", 0, ""),
        (BARE, None, None, "no", 0, ""),
        (BARE, None, None, "unknown", 0, ""),
        (BARE, True, None, "unknown", 0, ""),
        # names of dust: observed fluxes, which is a guess where a survey's habit does not say so
        (DUSTY, None, None, "yes", -1, "and are corrected; --extinction corrected if they are already"),
        (DUSTY, None, None, "no", 0, "as in training; --extinction corrected if they are"),
        (ARCHIVE, None, None, "yes", -1, "cat.fits[1] has extinction_g extinction_r: its fluxes are taken as not"),
        (LEGACY, None, None, "yes", -1, ""),
        (LEGACY, None, None, "no", 0, ""),
        (DUSTY, None, None, "unknown", 0, "EBV is not used, the fluxes are taken as they are: whether the model's"),
        # names of the values
        (DUSTY, True, None, "yes", 0, ""),
        (DUSTY, True, None, "no", 1, ""),
        (BARE, True, None, "yes", 0, ""),
        (DUSTY, False, None, "yes", -1, ""),
        (ARCHIVE, False, None, "no", 0, ""),
        (BARE, False, None, "yes", 0, ""),
        (BARE, False, None, "no", 0, ""),
        # the option has the last word
        (DUSTY, None, "corrected", "yes", 0, ""),
        (DUSTY, None, "corrected", "no", 1, ""),
        (DUSTY, None, "none", "yes", -1, ""),
        (DUSTY, None, "none", "no", 0, ""),
        (DUSTY, True, "none", "no", 0, "by the columns' names the fluxes are corrected; --extinction none says not"),
        (DUSTY, True, "EBV", "yes", -1, "by the columns' names the fluxes are corrected; --extinction EBV says not"),
        (DUSTY, False, "corrected", "yes", 0, ""),
        (DUSTY, None, "EBV", "yes", -1, ""),
        (DUSTY, None, "EBV", "no", 0, ""),
        (LEGACY, None, "MW_TRANSMISSION_*", "yes", -1, ""),
        (BARE, None, "corrected", "yes", 0, ""),
        (BARE, None, "None", "no", 0, ""),
        (BARE, None, "none", "unknown", 0, "--extinction none chooses among columns and corrects nothing: whether"),
        (DUSTY, True, "corrected", "unknown", 0, "--extinction corrected chooses among columns and corrects nothing"),
    ],
)
def test_what_is_done(found, named, option, trained, power, warned):
    correction = run(found, trained, option, named)
    assert correction.power == power
    assert (correction.dust is not None) == (power != 0)
    assert correction.note.startswith("Galactic extinction: ")
    assert warned in correction.warning and bool(warned) == bool(correction.warning)


@pytest.mark.parametrize(
    ("note", "arguments"),
    [
        ("as the catalogue has it; the model's training does not say", (DUSTY, "unknown")),
        ("assumed to be as in training; --extinction none|corrected|COLUMN tells", (BARE, "yes")),
        ("corrected in the catalogue, as in training", (DUSTY, "yes", None, True)),
        ("not corrected, as in training", (DUSTY, "no")),
        (
            "not corrected, by the columns' names, and left so; --extinction COLUMN corrects with its E(B-V)",
            (BARE, "yes", None, False),
        ),
        ("corrected with E(B-V) of EBV", (DUSTY, "yes")),
        ("put back with E(B-V) of EBV", (DUSTY, "no", None, True)),
        ("corrected with A of extinction_g extinction_r", (ARCHIVE, "yes")),
    ],
)
def test_what_is_said(note, arguments):
    assert run(*arguments).note == f"Galactic extinction: {note}"


@pytest.mark.parametrize("option", ["EBV", "ebv", "MW_TRANSMISSION_*", "extinction_*", "extinction_g"])
def test_a_model_of_unknown_state_refuses_a_column(option):
    with pytest.raises(
        InputError, match=rf"--extinction {option[:3]}.* cannot act: whether the model's fluxes"
    ) as error:
        run([*DUSTY, *LEGACY, *ARCHIVE], "unknown", option)
    assert error.value.exit_code == 2
    assert error.value.hint.startswith("Leave it out to take the fluxes as they are; ")
    assert run([*DUSTY, *LEGACY, *ARCHIVE], "unknown").power == 0  # as the hint says


@pytest.mark.parametrize(
    ("found", "trained", "option", "named", "message"),
    [
        (BARE, "yes", "none", None, "fluxes are not corrected for Galactic extinction, the model's are corrected, and"),
        (BARE, "yes", "none", False, "and no column tells how much it is. Name the dust with --extinction COLUMN; "),
        (BARE, "no", "corrected", None, "are corrected for Galactic extinction, the model's are not corrected, and no"),
        (BARE, "no", None, True, r"tells how much it is. Name the dust with --extinction COLUMN; "),
    ],
)
def test_a_known_mismatch_that_cannot_be_mended(found, trained, option, named, message):
    with pytest.raises(InputError, match=message) as error:
        run(found, trained, option, named)
    assert error.value.exit_code == 2


def test_reddening_needs_coefficients_of_every_band():
    for known in (None, SDSS):
        with pytest.raises(InputError, match=r"no survey gives R_band for EBV\. .*--extinction corrected if"):
            run(DUSTY, "yes", bands=["g", "NUV"], known=known)


@pytest.mark.parametrize(("trained", "removed"), [("yes", True), ("no", True), ("unknown", True)])
def test_what_the_catalogue_took_off_is_known(trained, removed):
    assert (run(ARCHIVE, trained, None, named=True).removed is not None) == removed
    assert run(ARCHIVE, trained, None, named=False).removed is None
