"""Which table of a file is meant."""

import pytest

import hardcase
import rawfits
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablechoice import listing


def table(name=None, columns=("A",), rows=2, version=None, form="J"):
    cards = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": 4 * len(columns), "NAXIS2": rows, "PCOUNT": 0, "GCOUNT": 1}
    cards |= {"TFIELDS": len(columns)}
    for i, column in enumerate(columns, 1):
        cards |= {f"TTYPE{i}": column, f"TFORM{i}": form}
    cards |= {"EXTNAME": name} if name else {}
    cards |= {"EXTVER": version} if version else {}
    head = [rawfits.card("XTENSION", "BINTABLE"), *(rawfits.card(key, value) for key, value in cards.items())]
    return rawfits.hdu(head, bytes(4 * len(columns) * rows))


IMAGE = rawfits.hdu([rawfits.card("XTENSION", "IMAGE"), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)])
PRIMARY = rawfits.hdu([rawfits.card("SIMPLE", True), rawfits.card("BITPIX", 8), rawfits.card("NAXIS", 0)])


@pytest.fixture
def chosen(tmp_path):
    """A function that writes a file and returns the number of the table that is chosen."""

    def choose(octets, spec="", hdu=None, holds=None):
        path = tmp_path / "cat.fits"
        path.write_bytes(octets)
        with Catalogue.open(f"{path}{spec}", hdu, holds) as catalogue:
            return catalogue.unit.number

    return choose


def has_z(columns, _):
    return any(column.name == "z" for column in columns)


TWO = PRIMARY + IMAGE + table("STARS") + table("GALAXIES", ("A", "z"))


@pytest.mark.parametrize(
    ("spec", "number"),
    [("[2]", 2), ("[STARS]", 2), ("[stars]", 2), ("#3", 3), ("#GALAXIES", 3), ("[ galaxies ]", 3), ("", 3)],
)
def test_the_table_asked_for_else_the_one_with_the_columns(chosen, spec, number):
    assert chosen(TWO, spec, holds=has_z) == number


@pytest.mark.parametrize(("hdu", "number"), [("2", 2), ("STARS", 2), ("galaxies", 3)])
def test_the_option_names_a_table_too(chosen, hdu, number):
    assert chosen(TWO, hdu=hdu) == number


def test_the_option_and_the_name_must_agree(chosen):
    assert chosen(TWO, "[2]", "2") == 2
    with pytest.raises(InputError, match="names table '2' and --hdu '3'"):
        chosen(TWO, "[2]", "3")


def test_the_hard_case_is_found(chosen):
    assert chosen(hardcase.make(), holds=has_z) == hardcase.NUMBER
    assert chosen(hardcase.make(rows=0, named=False), holds=has_z) == hardcase.NUMBER


@pytest.mark.parametrize("rows", [0, 2])
def test_two_tables_with_the_columns_are_an_error_that_lists_them(chosen, rows):
    octets = PRIMARY + table("ONE", ("z",), rows) + table(None, ("z", "A")) + table("CCDS")
    with pytest.raises(
        InputError, match=rf"several tables with the columns needed: 1 ONE \(table, {rows} rows\), 2"
    ) as told:
        chosen(octets, holds=has_z)
    assert "CCDS" not in str(told.value)
    assert f"cat.fits[{'ONE' if rows else '2'}]'" in told.value.hint  # not an empty one


def test_none_with_the_columns_is_an_error_that_lists_all(chosen):
    with pytest.raises(InputError, match=r"none with the columns needed: 1 ONE \(table, 2 rows\), 2 TWO"):
        chosen(PRIMARY + table("ONE") + table("TWO"), holds=has_z)


def test_a_single_table_is_taken_whatever_it_holds(chosen):
    assert chosen(PRIMARY + table("ONE"), holds=has_z) == 1


def test_a_binary_table_with_the_columns_comes_before_one_that_is_only_read(chosen):
    cards = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": 5, "NAXIS2": 0, "PCOUNT": 0, "GCOUNT": 1, "TFIELDS": 1}
    cards |= {"TTYPE1": "z", "TFORM1": "I5", "TBCOL1": 1}
    text = rawfits.hdu([rawfits.card("XTENSION", "TABLE"), *(rawfits.card(key, cards[key]) for key in cards)])
    assert chosen(PRIMARY + text + table("GOOD", ("z",)), holds=has_z) == 2
    assert chosen(PRIMARY + text + table("OTHER"), holds=has_z) == 1


def test_a_broken_table_beside_the_one_that_is_meant_does_no_harm(chosen):
    assert chosen(PRIMARY + table("BROKEN", form="nonsense") + table("GOOD", ("z",)), holds=has_z) == 2
    assert chosen(PRIMARY + table("GOOD", ("z",)) + table("BROKEN", form="D"), holds=has_z) == 1


def test_versions_tell_tables_of_one_name_apart(chosen):
    octets = PRIMARY + table("SCI") + table("SCI", version=2)
    assert chosen(octets, "[SCI,2]") == 2
    assert chosen(octets, "[sci,1]") == 1
    with pytest.raises(InputError, match="has 2 HDUs named 'SCI'") as told:
        chosen(octets, "[SCI]")
    assert "1 SCI (table, 2 rows), 2 SCI" in told.value.hint


@pytest.mark.parametrize("wanted", ["9", "NONE", "STARS,7"])
def test_what_is_not_there_is_an_error_that_lists_what_is(chosen, wanted):
    with pytest.raises(InputError, match=f"has no HDU '{wanted}'") as told:
        chosen(TWO, f"[{wanted}]")
    assert "0 (no name) (image), 1 (no name) (image), 2 STARS (table, 2 rows), 3 GALAXIES" in told.value.hint


@pytest.mark.parametrize(
    ("octets", "spec", "kind"), [(TWO, "[1]", "image"), (hardcase.make(), "[PACKED]", "compressed image")]
)
def test_what_is_no_table_is_refused(chosen, octets, spec, kind):
    with pytest.raises(InputError, match=rf"is an? {kind}, no table"):
        chosen(octets, spec)


def test_a_file_without_tables_is_refused(chosen):
    with pytest.raises(InputError, match=r"cat[.]fits has no table") as told:
        chosen(PRIMARY + IMAGE)
    assert told.value.hint == "It has: 0 (no name) (image), 1 (no name) (image)"


def test_long_lists_are_cut():
    assert listing(["A", "", "C"]) == "A, (no name), C"
    assert listing([f"C{i}" for i in range(50)]).endswith("C39, ... (50 in all)")


@pytest.mark.parametrize(
    ("names", "hint"),
    [(("LDAC_IMHEAD", "LDAC_OBJECTS"), r"cat\.fits\[LDAC_OBJECTS\]"), (("OBJECTS", "OBJECTS"), r"cat\.fits\[2\]")],
)
def test_the_hint_names_the_longest_table_so_that_it_can_be_typed(chosen, names, hint):
    octets = PRIMARY + table(names[0], rows=1) + table(names[1], rows=5)
    with pytest.raises(InputError, match=f"Name one: .*{hint}"):
        chosen(octets, holds=has_z)
    assert chosen(octets, "[2]") == 2


@pytest.mark.parametrize(
    ("columns", "rows", "more"),
    [(("24E", "24D"), 1, {}), (("24E", "96A"), 1, {"TDIM2": "(4,24)"}), (("24E", "48E"), 1, {"TDIM2": "(2,24)"})],
)
def test_a_column_oriented_table_is_told_with_the_line_that_turns_it(chosen, columns, rows, more):
    octets = PRIMARY + oriented(columns, rows, more)
    with pytest.raises(
        InputError, match=r"cat.fits\[1\] is column-oriented: one row holds 24 values of each column"
    ) as error:
        chosen(octets)
    assert error.value.hint.startswith("Make rows of them: stilts tcopy in=")
    assert error.value.hint.endswith("cat.fits#1' out=cat-rows.fits ofmt=fits-basic")


@pytest.mark.parametrize(
    ("columns", "rows"),
    [(("24E", "1D"), 1), (("24E", "24D"), 2), (("24E", "25D"), 1), (("7280A",), 1), (("E", "D"), 1)],
)
def test_other_tables_of_vectors_or_of_one_row_are_tables(chosen, columns, rows):
    assert chosen(PRIMARY + oriented(columns, rows, {})) == 1


def oriented(forms, rows, more):
    wide = sum(rawfits.width(form) for form in forms)
    cards = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": wide, "NAXIS2": rows, "PCOUNT": 0, "GCOUNT": 1, "TFIELDS": len(forms)}
    for i, form in enumerate(forms, 1):
        cards |= {f"TTYPE{i}": f"C{i}", f"TFORM{i}": form}
    head = [rawfits.card("XTENSION", "BINTABLE"), *(rawfits.card(k, v) for k, v in (cards | more).items())]
    return rawfits.hdu(head, bytes(wide * rows))
