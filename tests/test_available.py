"""Available: which survey a catalogue is of."""

import pytest

from galaxies import table, write
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.available import survey_of


@pytest.mark.parametrize(
    ("card", "requested", "survey"),
    [(None, None, None), ("SDSS ", None, "sdss"), ("SDSS", "DES", "des"), (7, None, None), (" ", None, None)],
)
def test_the_survey_is_the_one_requested_else_the_card_s(tmp_path, card, requested, survey):
    content = table(1)
    if card is not None:
        content.meta["SURVEY"] = card
    with Catalogue.open(write(tmp_path / "cat.fits", content)) as catalogue:
        assert survey_of(catalogue, requested) == survey
