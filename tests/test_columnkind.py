"""ColumnKind: which column it is, and which of its values are none."""

from dataclasses import replace

import numpy as np
import pytest

from carding import card
from galaxies import table, write
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.columnkind import ColumnKind, check_options, trained
from skycnn.inputs.kind import Piece
from skycnn.schema import Flag
from skycnn.task import InputColumn

CARD = card("m", ("redshift",), ())
KNOWN = InputColumn(("Z", "ZSPEC", "ZBEST"), "redshift of the cluster", 0.0, 3.0)


@pytest.fixture
def catalogue(tmp_path):
    content = table(5, ZSPEC=["a", "b", "c", "d", "e"], zbest=[0.5, np.nan, -9.0, 3.0, 1e30], OTHER=[5] * 5)
    with Catalogue.open(write(tmp_path / "cat.fits", content)) as opened:
        yield opened


def find(catalogue, known=KNOWN, **named):
    return ColumnKind("redshift", known).find(CARD, Available(catalogue, InputOptions(input=named)))


def test_values_out_of_bounds_are_none_and_flagged(catalogue):
    found = find(catalogue)
    assert (found.columns, found.words, found.bands) == (("zbest",), "column zbest", None)
    assert found.facts() == {"input": {"redshift": "zbest"}}
    before = Piece.empty(5, 2).join(np.arange(5), {}, None, np.full(5, Flag.BAD_ROW))
    piece = found.join(before, catalogue.read(found.columns))
    value = piece.inputs["redshift"]
    assert value.dtype == np.float32
    np.testing.assert_array_equal(value, np.array([0.5, np.nan, np.nan, 3.0, np.nan], "f4"))
    assert (piece.flags & Flag.MISSING_INPUT != 0).tolist() == [False, True, True, False, True]
    assert (piece.flags & Flag.BAD_ROW != 0).all()


def test_a_value_too_large_for_a_network_is_none(tmp_path):
    with Catalogue.open(write(tmp_path / "cat.fits", table(2, Z=[1e300, 1e30]))) as catalogue:
        found = find(catalogue, InputColumn(("Z",), "anything"))
        piece = found.join(Piece.empty(2, 2), catalogue.read(found.columns))
        assert piece.flags.tolist() == [Flag.MISSING_INPUT, 0]


def test_the_user_names_another(catalogue):
    assert find(catalogue, redshift="OTHER").columns == ("OTHER",)
    with pytest.raises(InputError, match="expected"):
        find(catalogue, redshift="ZSPEC")  # no numbers


def test_one_that_need_not_be_there_is_missing_in_every_row(catalogue):
    found = find(catalogue, InputColumn(("EBV",), "dust", needed=False))
    piece = found.join(Piece.empty(5, 2), {})
    assert np.isnan(piece.inputs["redshift"]).all()
    assert piece.flags.tolist() == [Flag.MISSING_INPUT] * 5
    assert (found.facts(), found.notes) == ({}, ("no column of redshift, dust",))
    with pytest.raises(InputError, match=r"m needs redshift, dust; .* has no column EBV"):
        find(catalogue, InputColumn(("EBV",), "dust"))


def test_what_is_imagined_is_possible():
    kind = ColumnKind("redshift", InputColumn((), "", 5.0, 6.0))
    made = kind.imagined(CARD, 4, np.random.default_rng(0))["redshift"]
    assert (made.shape, made.dtype) == ((4,), np.float32)
    assert ((made >= 5) & (made <= 6)).all()


def test_only_what_a_network_takes_is_named():
    columns = {"redshift": KNOWN, "colour": KNOWN}
    check_options(CARD, columns, {"redshift": "OTHER"})
    with pytest.raises(InputError, match=r"m takes no 'colour' \(expected --input redshift\)"):
        check_options(CARD, columns, {"colour": "OTHER"})
    with pytest.raises(InputError, match="m takes no 'colour'") as caught:
        check_options(card("m", ("flux",), "gr"), columns, {"colour": "OTHER"})
    assert caught.value.hint == "Leave --input out."


@pytest.mark.parametrize("needed", [True, False])
def test_values_beyond_the_training_sample_s_are_flagged_and_left_out_where_they_may_be(tmp_path, needed):
    """A tenth of the range beyond its ends is none; a card that says nothing, or nonsense, bounds nothing."""
    known = InputColumn(("Z",), "redshift", 0.0, 3.0, needed=needed)
    ends = trained({"redshift": np.array([0.3, np.nan, 0.1], "f4"), "richness": np.full(3, np.nan, "f4")})
    assert ends == {"redshift": [float(np.float32(0.1)), float(np.float32(0.3))]}
    values = [0.085, 0.315, 0.02, 0.5, np.nan]
    with Catalogue.open(write(tmp_path / "cat.fits", table(5, Z=values))) as opened:
        available = Available(opened, InputOptions())
        for columns, beyond in ((ends, [2, 3]), ({}, []), (None, []), ({"redshift": ["a", 1]}, [])):
            said = replace(CARD, sample={"columns": columns})
            found = ColumnKind("redshift", known).find(said, available)
            piece = found.join(Piece.empty(5, 2), opened.read(found.columns))
            lost = [] if needed else beyond
            assert np.flatnonzero(piece.flags & Flag.UNLIKE_TRAINING).tolist() == beyond
            assert np.flatnonzero(piece.flags & Flag.MISSING_INPUT).tolist() == [*lost, 4]
            assert np.flatnonzero(np.isnan(piece.inputs["redshift"])).tolist() == [*lost, 4]
