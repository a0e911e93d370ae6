"""Rows of a catalogue whose truth is known: which are read, and in which bands."""

import os

import numpy as np
import pytest
from astropy.io import fits

import redness
from carding import card
from galaxies import galaxies, table, write
from imagined import Imagined
from skycnn.errors import InputError
from skycnn.files import pixelstore
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import labelled, trainingfeed
from skycnn.inputs.available import InputOptions
from skycnn.inputs.feed import BadRows, Feed
from skycnn.inputs.fluxkind import FluxInput
from skycnn.inputs.imagekind import ImageInput
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.schema import Flag
from skycnn.task import Truth

Z = Truth(("ZSPEC", "Z_SPEC"), 0.0, 15.0)


@pytest.fixture
def opened(tmp_path):
    """Open a table as a catalogue."""
    files = []

    def call(content, **cards):
        path = write(tmp_path / "cat.fits", content)
        for keyword, value in cards.items():
            fits.setval(path, f"{keyword}{len(content.columns)}", value=value, ext=1)  # of the last column
        files.append(Catalogue.open(path))
        return files[-1]

    yield call
    for file in files:
        file.close()


def read(catalogue, truth="Z_SPEC", options=None, **changes):
    feed = trainingfeed.feed(
        redness.TASK,
        catalogue,
        card("training", ("flux",), ()),
        InputOptions(photometry=options or PhotometryOptions()),
    )
    return labelled.read(catalogue, feed, {truth: Z}, **changes)


def test_rows_come_as_they_are(opened):
    z, flux, error = galaxies(50)
    found = read(opened(table(50, TILE=np.arange(50), PART=np.full(50, "test"))), group="TILE", split="PART")
    assert np.allclose(found.inputs["flux"], flux, rtol=1e-6)
    assert np.allclose(found.inputs["error"], error, rtol=1e-6)
    assert np.allclose(found.truth[:, 0], z)
    assert found.present.all() and not found.flags.any()
    assert (found.number == np.arange(50)).all()
    assert found.group.tolist() == [str(i) for i in range(50)]
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


def test_rows_that_are_not_there_are_refused(opened):
    catalogue = opened(sky(60))
    for call in (read, look_at_imagined):
        assert call(catalogue, rows=(59, 6000)).number.tolist() == [59]
        with pytest.raises(InputError, match=r"--rows begins at 5000, and .*cat\.fits\[1\] has 60 rows"):
            call(catalogue, rows=(5000, 6000))
    with pytest.raises(InputError, match="--rows begins at 60"):
        labelled.known_truths(catalogue, {"Z_SPEC": Z}, (60, None))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"group": "WIDE"}, "one number or text a row"),
        ({"split": "WIDE"}, "one number or text a row"),
        ({"truth": "WIDE"}, "one number a row"),
    ],
)
def test_a_column_of_vectors_names_nothing(opened, changes, expected):
    with pytest.raises(InputError, match=r"cat\.fits\[1\]: column 'WIDE' is 3K") as caught:
        read(opened(table(5, WIDE=np.ones((5, 3), int))), **changes)
    assert caught.value.expected == expected


IDS = np.array([5, 2**53, 2**53 + 1, 2**62 + 3, 7, 7])


@pytest.mark.parametrize(
    ("ids", "null", "stored"),
    [
        (IDS, 7, 7),
        (IDS.astype("u8") + np.uint64(2**63), 2**63 + 7, 7),
        (np.array([5, 6, 2**31 - 1, -9, 7, 7], "i4"), 7, 7),
        (np.array([5, 6, 2**32 - 1, 1, 7, 7], "u4"), 7, 7 - 2**31),
        (np.array([5, 6, 255, 1, 7, 7], "u1"), 7, 7),
    ],
)
def test_groups_are_exact_where_the_column_has_nulls(opened, ids, null, stored):
    plain = read(opened(table(6, TILE=ids)), group="TILE").group
    assert plain.tolist() == [str(one) for one in ids]
    assert read(opened(table(6, TILE=ids), TNULL=-99), group="TILE").group.tolist() == [str(one) for one in ids]
    found = read(opened(table(6, TILE=ids), TNULL=stored), group="TILE").group
    assert found.tolist() == ["" if one == null else str(one) for one in ids.tolist()]


def test_truths_are_counted_alone(opened):
    content = table(60)
    content["Z_SPEC"][2:7] = [np.nan, -9, 99, 15.01, np.inf]
    known, left_out = labelled.known_truths(opened(content), {"Z_SPEC": Z}, (4, 20))
    assert known.tolist() == read(opened(content), rows=(4, 20)).truth.tolist()
    assert left_out == {"no truth": 3}
    assert labelled.known_truths(opened(table(5)), {"z_spec": Z})[1] == {}


def test_a_table_without_rows_is_refused(opened):
    with pytest.raises(InputError, match=r"cat\.fits\[1\] has no rows"):
        read(opened(table(5)[:0]))


def test_the_truth_is_the_column_given_or_a_known_name(opened):
    catalogue = opened(table(5, TRUTH=np.ones(5), WORD=np.full(5, "abc")))
    assert labelled.truth_columns(catalogue, ("truth",), {"Z": Z}) == {"Z": "TRUTH"}
    assert labelled.truth_columns(catalogue, (), {"Z": Z}) == {"Z": "Z_SPEC"}
    with pytest.raises(InputError, match=r"cat\.fits\[1\] has no column ZSPEC or REDSHIFT") as caught:
        labelled.truth_columns(catalogue, (), {"Z": Truth(("ZSPEC", "REDSHIFT"))})
    assert caught.value.hint == "Name it with --truth COLUMN."
    with pytest.raises(InputError, match="expected one number a row"):
        labelled.truth_columns(catalogue, ("WORD",), {"Z": Z})


AGES = {"LOG_AGE": Truth(("AGE",), 6, 11), "A_V": Truth(("AV",), 0, 5), "P": Truth(("IS",), 0, 1)}


def test_a_column_of_answers_is_no_truth_by_its_name(opened, monkeypatch):
    catalogue = opened(table(5, ZSPEC=np.ones(5)))
    monkeypatch.setattr(catalogue, "answered", lambda: {"zspec"})
    assert labelled.truth_columns(catalogue, (), {"Z": Z}) == {"Z": "Z_SPEC"}
    assert labelled.truth_columns(catalogue, ("ZSPEC",), {"Z": Z}) == {"Z": "ZSPEC"}


def test_each_of_several_truths_has_its_column(opened):
    catalogue = opened(table(5, AGE=np.ones(5), OLD=np.ones(5), IS=np.ones(5)))
    assert labelled.truth_columns(catalogue, (), AGES) == {"LOG_AGE": "AGE", "A_V": None, "P": "IS"}
    asked = ("OLD", "a_v=Z_SPEC")
    assert labelled.truth_columns(catalogue, asked, AGES) == {"LOG_AGE": "OLD", "A_V": "Z_SPEC", "P": "IS"}
    for requested, message in (
        (("MASS=AGE",), "--truth MASS=AGE names no answer of the task"),
        (("AGE", "LOG_AGE=OLD"), "--truth names the column of LOG_AGE twice"),
        (("A_V=AGE",), "column AGE is the truth of two answers"),
        (("A_V=AV",), "has no column 'AV'"),
    ):
        with pytest.raises(InputError, match=message):
            labelled.truth_columns(catalogue, requested, AGES)


def test_a_row_with_any_of_the_truths_is_kept_and_without_where_it_is_wanted(opened):
    age, vis = np.array([7.0, np.nan, 99, 8, -1]), np.array([1.0, 0, -99, np.nan, np.nan])
    catalogue = opened(table(5, AGE=age, IS=vis))
    feed = trainingfeed.feed(redness.TASK, catalogue, card("training", ("flux",), ()), InputOptions())
    columns = {"AGE": AGES["LOG_AGE"], "IS": AGES["P"]}
    found = labelled.read(catalogue, feed, columns)
    assert found.number.tolist() == [0, 1, 3]
    assert np.array_equal(found.truth, [[7, 1], [np.nan, 0], [8, np.nan]], equal_nan=True)
    assert found.left_out == {"no truth": 2}
    assert np.array_equal(labelled.known_truths(catalogue, columns)[0], found.truth, equal_nan=True)
    every = labelled.read(catalogue, feed, columns, unlabelled=True)
    assert every.number.tolist() == [0, 1, 2, 3, 4] and every.left_out == {}
    assert np.isnan(every.truth[[2, 4]]).all()
    assert labelled.read(catalogue, feed, {}, unlabelled=True).truth.shape == (5, 0)


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
    assert found.requested == found.bands == bands


def test_two_bands_named_by_their_columns_are_the_bands(opened):
    options = PhotometryOptions(
        band={"a": "FLUX_G", "b": "FLUX_R"}, error={"a": "FLUXERR_G", "b": "FLUXERR_R"}, unit={"*": "uJy"}
    )
    assert trainingfeed.photometry(opened(table(5)), options).requested == ("a", "b")


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


def look(catalogue, stamps, bands="gr", photometry=None, **changes):
    known = card("m", ("image",), bands, stamp=3)
    first = FluxInput(known, photometry) if photometry else BadRows(("BAD",), catalogue)
    feed = Feed(redness.TASK, known, [first, ImageInput(known, stamps)])
    return labelled.read(catalogue, feed, {"Z_SPEC": Z}, **changes)


def look_at_imagined(catalogue, **changes):
    return look(catalogue, Imagined(), **changes)


def sky(rows, **columns):
    """Return a table with positions and truths from 0.01 up; nothing is bad."""
    columns = {"RA": np.zeros(rows), "DEC": np.zeros(rows), "BAD": np.zeros(rows, "i2")} | columns
    return table(rows, **columns, Z_SPEC=(np.arange(rows) + 1) / 100)


def test_stamps_come_in_the_order_of_the_table(opened):
    stamps = Imagined()
    found = look(opened(sky(9, TILE=np.arange(9))), stamps, group="TILE", rows=(2, 9))
    assert found.number.tolist() == [int(name) for name in found.group] == [*range(2, 9)]
    assert np.allclose(found.truth[:, 0], (found.number + 1) / 100)
    assert set(found.inputs) == {"image"}
    assert found.inputs["image"].shape == (7, 2, 3, 3)
    assert (found.inputs["image"][:][..., :-1] == found.number[:, None, None, None]).all()


def test_fluxes_stay_with_their_stamps(opened):
    catalogue = opened(sky(9))
    photometry = trainingfeed.photometry(catalogue, PhotometryOptions(), bands=("g", "r"))
    found = look(catalogue, Imagined(), photometry=photometry)
    assert np.allclose(found.inputs["flux"], galaxies(9)[1][:, :2], rtol=1e-6)
    assert (found.inputs["image"][:][:, 0, 0, 0] == found.number).all()


def test_no_stamp_is_cut_of_a_row_without_truth(opened):
    content, stamps = sky(6), Imagined()
    content["Z_SPEC"][[1, 4]] = np.nan, -1
    found = look(opened(content), stamps)
    assert stamps.asked[0][1] == [True, False, True, True, False, True]
    assert found.left_out == {"no truth": 2}
    assert found.number.tolist() == [0, 2, 3, 5]


def test_room_is_made_for_rows_with_a_truth_alone(opened, monkeypatch):
    content, asked, make = sky(9), [], os.posix_fallocate
    content["Z_SPEC"][[0, 4, 7]] = np.nan, -1, 99
    monkeypatch.setattr(pixelstore, "SHARE", 0.0)
    monkeypatch.setattr(os, "posix_fallocate", lambda fd, at, size: asked.append(size) or make(fd, at, size))
    for rows, kept in ((None, [1, 2, 3, 5, 6, 8]), ((3, 8), [3, 5, 6])):
        found = look(opened(content), Imagined(), rows=rows)
        assert found.number.tolist() == kept
        assert found.inputs["image"].where == "in a scratch file"
        assert (found.inputs["image"][:][..., :-1] == found.number[:, None, None, None]).all()
        assert asked.pop() == len(kept) * 2 * 3 * 3 * 4


def test_rows_with_nothing_in_them_do_not_come_as_copies(opened):
    content = sky(9)
    for name in ("FLUX_G", "FLUX_R"):
        content[name][2:6] = np.nan
    catalogue = opened(content)
    photometry = trainingfeed.photometry(catalogue, PhotometryOptions(), bands=("g", "r"))
    found = look(catalogue, Imagined(empty=dict.fromkeys((1, 3, 4), "gr")), photometry=photometry)
    assert found.left_out == {"fewer than two bands": 2}
    assert found.number.tolist() == [0, 1, 2, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("bands", "left_out", "kept"),
    [
        ("gr", {"bad": 1, "off the images": 3, "fewer than two bands": 2}, [6, 7]),
        ("r", {"bad": 1, "off the images": 3, "without the band": 1}, [5, 6, 7]),
    ],
)
def test_rows_without_a_stamp_are_left_out_by_the_reason(opened, bands, left_out, kept):
    flags = {
        0: Flag.OFF_IMAGE,
        1: Flag.OFF_IMAGE,
        2: Flag.NO_POSITION,
        3: Flag.UNREADABLE,
        6: Flag.EDGE | Flag.NAN_PIXELS,
    }
    empty = {4: bands, 5: bands.replace("r", "")}
    content = sky(8, BAD=(np.arange(8) == 0).astype("i2"))
    found = look(opened(content), Imagined(empty=empty, flags=flags), bands)
    assert found.left_out == left_out
    assert found.number.tolist() == kept


def test_a_table_whose_rows_have_no_truth_is_refused(opened):
    content = sky(4)
    content["Z_SPEC"] = np.nan
    with pytest.raises(InputError, match="has no rows to train with") as caught:
        look(opened(content), Imagined())
    assert caught.value.hint == "Left out: 4 no truth."


def test_a_table_whose_rows_have_no_stamps_is_refused(opened):
    nowhere = dict.fromkeys(range(4), Flag.NO_POSITION)
    with pytest.raises(InputError, match="has no rows to train with") as caught:
        look(opened(sky(4)), Imagined(flags=nowhere))
    assert caught.value.hint == "Left out: 4 off the images."
