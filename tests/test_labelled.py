"""Rows of a catalogue whose truth is known: which are read, and in which bands."""

import numpy as np
import pytest

from galaxies import galaxies, table, write
from skycnn.errors import InputError
from skycnn.fits import labelled, trainingfeed
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.feed import Needs
from skycnn.fits.fluxes import PhotometryOptions
from skycnn.fits.stampsource import StampOptions

BOUNDS = (0.0, 15.0)


@pytest.fixture
def opened(tmp_path):
    """Open a table as a catalogue."""
    files = []

    def call(content):
        files.append(Catalogue.open(write(tmp_path / "cat.fits", content)))
        return files[-1]

    yield call
    for file in files:
        file.close()


def read(catalogue, truth="Z_SPEC", options=None, **changes):
    feed = trainingfeed.feed(
        catalogue, Needs("training", ("flux",), ()), options or PhotometryOptions(), StampOptions()
    )
    return labelled.read(catalogue, feed, truth, bounds=BOUNDS, **changes)


def test_rows_come_as_they_are(opened):
    z, flux, error = galaxies(50)
    found = read(opened(table(50, TILE=np.arange(50), PART=np.full(50, "test"))), group="TILE", split="PART")
    assert np.allclose(found.inputs["flux"], flux, rtol=1e-6)
    assert np.allclose(found.inputs["error"], error, rtol=1e-6)
    assert np.allclose(found.truth, z)
    assert (found.number == np.arange(50)).all()
    assert (found.group == np.arange(50)).all()
    assert (found.split == "test").all()
    assert found.left_out == {}


def test_rows_without_truth_or_two_bands_or_bad_are_counted(opened):
    content = table(60, FLAG=(np.arange(60) < 3).astype("i2"))
    content["Z_SPEC"][2:7] = [np.nan, -9, 99, 15.01, np.inf]
    content["FLUX_G"][10:12] = content["FLUX_R"][10:12] = np.nan
    content["FLUX_G"][12] = np.nan
    found = read(opened(content), options=PhotometryOptions(bad=("FLAG != 0",)))
    assert found.left_out == {"bad": 3, "fewer than two bands": 2, "no truth": 4}
    assert found.number.tolist() == [*range(7, 10), *range(12, 60)]
    assert np.isnan(found.inputs["flux"][3]).tolist() == [True, False, False]


def test_a_range_of_rows_is_read(opened):
    catalogue = opened(table(60))
    assert read(catalogue, rows=(5, 9)).number.tolist() == [5, 6, 7, 8]
    assert len(read(catalogue, rows=(5, None)).number) == 55


def test_one_column_may_be_group_and_split(opened):
    found = read(opened(table(20, PART=np.full(20, "train"))), group="PART", split="PART")
    assert (found.group == found.split).all()


def test_a_table_without_rows_is_refused(opened):
    with pytest.raises(InputError, match=r"cat\.fits\[1\] has no rows"):
        read(opened(table(5)[:0]))


def test_the_truth_is_the_column_given_or_a_known_name(opened):
    catalogue = opened(table(5, TRUTH=np.ones(5), WORD=np.full(5, "abc")))
    assert labelled.truth_column(catalogue, "truth", ()) == "TRUTH"
    assert labelled.truth_column(catalogue, None, ("ZSPEC", "Z_SPEC")) == "Z_SPEC"
    with pytest.raises(InputError, match=r"cat\.fits\[1\] has no column ZSPEC or REDSHIFT") as caught:
        labelled.truth_column(catalogue, None, ("ZSPEC", "REDSHIFT"))
    assert caught.value.hint == "Name it with --truth COLUMN."
    with pytest.raises(InputError, match="expected one number a row"):
        labelled.truth_column(catalogue, "WORD", ())


@pytest.mark.parametrize(
    ("arguments", "bands"),
    [
        ({}, ("g", "r", "i")),
        ({"survey": "sdss"}, ("g", "r", "i")),
        ({"bands": ("i", "g")}, ("i", "g")),
        ({"survey": "nowhere"}, ("g", "r", "i")),
    ],
)
def test_bands_are_those_given_or_found(opened, arguments, bands):
    found = trainingfeed.photometry(opened(table(5)), PhotometryOptions(), **arguments)
    assert found.asked == found.bands == bands


def test_two_bands_named_by_their_columns_are_the_bands(opened):
    options = PhotometryOptions(
        band={"a": "FLUX_G", "b": "FLUX_R"}, error={"a": "FLUXERR_G", "b": "FLUXERR_R"}, unit={"*": "uJy"}
    )
    assert trainingfeed.photometry(opened(table(5)), options).asked == ("a", "b")


def test_a_band_given_but_absent_is_named(opened):
    with pytest.raises(InputError, match="has no photometry for z, which --bands needs") as caught:
        trainingfeed.photometry(opened(table(5)), PhotometryOptions(), bands=("g", "r", "z"), owner="--bands")
    assert "--band z=COLUMN" in caught.value.hint


def test_the_survey_is_the_one_given_else_the_cards(opened):
    content = table(5)
    content.meta["SURVEY"] = "SDSS "
    catalogue = opened(content)
    assert labelled.survey_of(catalogue, None) == "sdss"
    assert labelled.survey_of(catalogue, "DES") == "des"
    assert labelled.survey_of(opened(table(5)), None) == ""
