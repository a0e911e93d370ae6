"""Available: which survey a catalogue is of."""

import numpy as np
import pytest
from astropy.table import Table

from galaxies import table, write
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.available import ROWS, STRETCHES, Sample, survey_of


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


@pytest.mark.parametrize("rows", [0, 1, 255, 257, 5000])
def test_a_sample_comes_from_all_over_the_catalogue_and_is_read_once(tmp_path, rows, monkeypatch):
    path = write(tmp_path / "cat.fits", Table({"n": np.arange(rows), "m": np.arange(rows) + 0.5}))
    with Catalogue.open(path) as catalogue:
        sample = Sample(catalogue)
        seen = sample(["n"])["n"]
        assert set(seen) <= set(range(rows)) and len(seen) <= STRETCHES * ROWS
        if rows:
            assert seen[0] == 0 and seen[-1] == rows - 1
        monkeypatch.setattr(Catalogue, "read", lambda *_: pytest.fail("read again"))
        assert sample(["n", "n"])["n"] is seen
