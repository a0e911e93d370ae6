"""NewHeader: the cards of a table that gains columns."""

import re

import numpy as np
import pytest

import hardcase
import rawfits
from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.fits.newheader import NewColumns, new_cards, packed, seal, verify, width
from skycnn.fits.tablebytes import Hdu
from skycnn.fits.tablecolumn import TableColumn
from skycnn.schema import Column, flag_column

VALUE = Column("Z_PHOT", "f4", "", "src.redshift.phot", "photometric redshift", "F10.5")
VECTOR = Column("PDF", "f4", "", "", "densities", "F10.5", 7)
MAGNITUDE = Column("M", "f4", "mag", "phot.mag", "a magnitude", "F10.5")
FLAG = flag_column("Z_PHOT")


def table(fields, more=(), rows=3, pcount=0, end=()):
    """Return a table's header as an Hdu without bytes."""
    wide = sum(rawfits.width(entry[1]) for entry in fields)
    cards = [
        rawfits.card("XTENSION", "BINTABLE"),
        rawfits.card("BITPIX", 8),
        rawfits.card("NAXIS", 2),
        rawfits.card("NAXIS1", wide, "kept comment"),
        rawfits.card("NAXIS2", rows),
        rawfits.card("PCOUNT", pcount),
        rawfits.card("GCOUNT", 1),
        rawfits.card("TFIELDS", len(fields)),
        *hardcase._described([(*field, {})[:3] for field in fields], False),
        *more,
    ]
    cards += end
    return Hdu(1, 0, 0, wide * rows + pcount, 0, tuple(cards), fitscards.values(cards))


def names(cards):
    return [fitscards.keyword(card) for card in cards]


def test_forms_and_widths():
    assert (VALUE.form, width(VALUE)) == ("E", 4)
    assert (VECTOR.form, width(VECTOR)) == ("7E", 28)
    assert (FLAG.form, width(FLAG)) == ("J", 4)


def test_packed_rows_are_big_endian_and_null_where_nothing_is_given():
    rows = packed((VALUE, VECTOR, FLAG), {"PDF": np.arange(14).reshape(2, 7)}, 2)
    assert rows.shape == (2, 36)
    assert np.isnan(rows[:, :4].copy().view(">f4")).all()
    assert rows[1, 4:32].copy().view(">f4").tolist() == list(range(7, 14))
    assert rows[:, 32:].copy().view(">i4").ravel().tolist() == [-1, -1]


def test_new_fields_come_behind_the_last_one_and_history_before_the_blanks():
    unit = table([("A", "J"), ("B", "E")], [rawfits.card("SEEING", 1.5)], end=[rawfits.card("", None)] * 2)
    cards = new_cards(unit, NewColumns((MAGNITUDE, FLAG), history=("one", "two")), "t")
    described = ["TTYPE3", "TFORM3", "TUNIT3", "TDISP3", "TCOMM3", "TUCD3"]
    described += ["TTYPE4", "TFORM4", "TNULL4", "TDISP4", "TCOMM4", "TUCD4"]
    old = names(unit.cards)
    at = old.index("TFORM2") + 1
    assert names(cards) == [*old[:at], *described, "SEEING", "HISTORY", "HISTORY", "", ""]
    header = fitscards.values(cards)
    assert (header["NAXIS1"], header["TFIELDS"], header["NAXIS2"]) == (16, 4, 3)
    assert header["TUNIT3"] == "mag"
    assert header["TNULL4"] == -1
    assert b"kept comment" in cards[3]


def test_a_long_last_card_is_not_torn_from_its_continuation():
    more = [rawfits.card("TCOMM1", "a&"), rawfits.card("CONTINUE", None, "  'b'")]
    cards = new_cards(table([("A", "J")], more), NewColumns((VALUE,)), "t")
    assert names(cards)[-8:-4][:2] != ["CONTINUE"]
    at = names(cards).index("CONTINUE")
    assert names(cards)[at - 1 : at + 2] == ["TCOMM1", "CONTINUE", "TTYPE2"]


def test_a_table_without_columns_can_have_some():
    cards = new_cards(table([]), NewColumns((VALUE,)), "t")
    assert fitscards.values(cards)["TTYPE1"] == "Z_PHOT"
    assert fitscards.values(cards)["NAXIS1"] == 4


@pytest.mark.parametrize(("pcount", "old", "new"), [(10, 22, 34), (5, 12, 24), (0, 12, 24), (0, 0, 24)])
def test_theap_moves_by_the_rows_growth(pcount, old, new):
    unit = table([("A", "J")], [rawfits.card("THEAP", old)], pcount=pcount)
    assert fitscards.values(new_cards(unit, NewColumns((VALUE,)), "t"))["THEAP"] == new


def test_more_than_999_columns_are_refused():
    fields = [(f"C{i}", "B") for i in range(998)]
    assert len(new_cards(table(fields), NewColumns((VALUE,)), "t")) > 998
    with pytest.raises(InputError, match=r"t.fits\[TAB\] has 998 columns; 2 more exceed the 999") as error:
        new_cards(table(fields), NewColumns((VALUE, FLAG), used=("C997",)), "t.fits[TAB]")
    assert error.value.hint == (
        "Leave out 1 column that you can spare, e.g. the last not read here, and run again on t-narrow.fits: "
        "stilts tpipe in='t.fits#1' cmd='delcols \"997\"' ofmt=fits-basic out=t-narrow.fits"
    )


@pytest.mark.parametrize("key", ["TSCAL2", "TTYPE3", "TNULL3", "TDIM2", "TCOMM3"])
def test_cards_of_fields_that_are_not_there_are_refused(key):
    with pytest.raises(InputError, match=f"1 columns but describes more: {key}"):
        new_cards(table([("A", "J")], [rawfits.card(key, 4)]), NewColumns((VALUE, FLAG)), "t")


@pytest.mark.parametrize("key", ["TSCAL4", "TEMP2", "TRUTH3", "T2"])
def test_cards_that_describe_no_new_field_are_left(key):
    entry = rawfits.card(key, 4)
    assert entry in new_cards(table([("A", "J")], [entry]), NewColumns((VALUE, FLAG)), "t")


def test_a_replaced_flag_tells_its_writer_and_its_null():
    """The number is that of the very column, not of one whose name differs in case."""
    fields = [("z_phot_flag", "J", {"TCOMM": "another"}), ("Z_PHOT_FLAG", "J")]
    there = TableColumn("Z_PHOT_FLAG", "J", "J", 1, 4, 4)
    plan = NewColumns((FLAG,), {"Z_PHOT_FLAG": there}, {"Z_PHOT_FLAG": "model 0123"})
    unit = table(fields)
    header = fitscards.values(new_cards(unit, plan, "t"))
    assert (header["TCOMM1"], header["TCOMM2"], header["TNULL2"]) == ("another", "model 0123", -1)
    assert "TNULL1" not in header
    assert (header["NAXIS1"], header["TFIELDS"]) == (8, 2)


def test_a_replaced_comment_takes_its_continuation_with_it():
    more = [rawfits.card("TCOMM1", "long&"), rawfits.card("CONTINUE", None, "  'more'"), rawfits.card("TNULL1", 0)]
    plan = NewColumns((FLAG,), {FLAG.name: TableColumn(FLAG.name, "J", "J", 1, 0, 4)}, {FLAG.name: "short"})
    cards = new_cards(table([(FLAG.name, "J")], more), plan, "t")
    assert "CONTINUE" not in names(cards)
    assert fitscards.values(cards)["TCOMM1"] == "short"
    assert fitscards.values(cards)["TNULL1"] == -1


def test_a_header_without_its_cards_is_refused():
    unit = table([("A", "J")])
    bare = Hdu(1, 0, 0, 0, 0, tuple(c for c in unit.cards if not c.startswith(b"NAXIS1 ")), unit.header)
    with pytest.raises(InputError, match="no NAXIS1"):
        new_cards(bare, NewColumns((VALUE,)), "t")


@pytest.mark.parametrize("sums", [("CHECKSUM",), ("DATASUM",), ("DATASUM", "CHECKSUM")])
def test_seal_and_verify_agree(sums):
    unit = table([("A", "J")], [rawfits.card(name, "0") for name in sums])
    cards = list(unit.cards)
    seal(cards, 12345, "2026-01-01T00:00:00")
    header = fitscards.values(cards)
    sealed = Hdu(1, 0, 0, 0, 0, tuple(cards), header)
    assert verify(sealed, 12345, "t") == []
    assert len(verify(sealed, 12346, "t")) == 1
    assert re.search("2026-01-01T00:00:00", cards[-1].decode())
    assert {name for name in ("CHECKSUM", "DATASUM") if name in header} == set(sums)
