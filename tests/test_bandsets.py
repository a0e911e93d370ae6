import pytest

from columns import columns
from skycnn.errors import InputError
from skycnn.photometry import bandsearch, bandsets
from skycnn.photometry.fields import Fields


def fields(names, unit=None):
    return Fields(columns(names, unit), "cat.fits[1]", "m needs g r")


def test_nothing_to_choose_from():
    table = fields("RA DEC")
    assert bandsets.choose(bandsearch.find(table, "gr"), None, None, None, table) is None


def test_twice_is_told_with_what_to_type():
    table = fields("MAG_*|gr MAGERR_*|gr FLUX_*|gr FLUXERR_*|gr")
    with pytest.raises(InputError) as error:
        bandsets.choose(bandsearch.find(table, "gr"), None, None, None, table)
    assert str(error.value) == (
        "cat.fits[1] has bare photometry twice: MAG_g MAG_r and FLUX_g FLUX_r. "
        "Choose with --photometry 'MAG_*' or --photometry 'FLUX_*'."
    )


@pytest.mark.parametrize(("names", "plausible"), [("Z R", False), ("g r i", True), ("MAG_R", True)])
def test_a_lone_letter_is_hardly_photometry(names, plausible):
    assert bandsearch.find(fields(names), "griz")[0].plausible is plausible


def test_names_that_bands_would_have():
    (s,) = [s for s in bandsearch.find(fields("MAG_G"), "gr") if s.values]
    assert s.named("r") == "MAG_R"
    (s,) = [s for s in bandsearch.find(fields("modelMag_g"), "gr") if s.values]
    assert s.named("r") == "modelMag_r"
