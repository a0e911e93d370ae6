"""RowUnits: a row's image in another unit than the first one's is brought to it, or costs its row."""

from types import SimpleNamespace

import pytest

from skycnn.fits import cards as fitscards
from skycnn.images.pixelunit import Conversion
from skycnn.stamps.rowimages.rowfiles import MissingError
from skycnn.stamps.rowimages.rowunits import RowUnits


def header(unit):
    return SimpleNamespace(cards=() if unit is None else (fitscards.make("BUNIT", unit),))


def factor(first, own, conversion=None):
    return RowUnits(first).factor("g", header(own), conversion)


def test_what_the_first_images_say():
    units = RowUnits({"g": "nJy", "r": None})
    assert units.units("gri") == {"g": {"nJy": "the first image"}, "r": {None: "the first image"}, "i": {}}
    assert RowUnits().units("g") == {"g": {}}


def test_each_row_has_its_own_factor():
    made = Conversion("uJy")
    assert [factor({"g": "uJy"}, own, made) for own in ("uJy", "nJy", "mJy")] == pytest.approx([1, 1e-3, 1e3])
    assert factor({}, "nJy", made) == pytest.approx(1e-3)  # no first image was found
    assert factor({"g": None}, None, made) == 1.0
    assert factor({"g": "nJy"}, None, Conversion("uJy", {"*": "nJy"})) == pytest.approx(1e-3)
    assert factor({"g": "adu"}, "adu", Conversion("adu")) == 1.0


@pytest.mark.parametrize(
    ("first", "own", "conversion"),
    [
        ("nJy", "adu", Conversion("uJy")),
        ("nJy", None, Conversion("uJy")),
        ("adu", "nJy", Conversion("adu")),
        ("nJy", "uJy", None),  # pixels stay as they are, and a band of a stamp file has one unit
        ("nJy", None, None),
        (None, "nJy", None),
    ],
)
def test_a_unit_that_does_not_go_with_the_first_costs_the_row(first, own, conversion):
    with pytest.raises(MissingError, match=f"^another unit: {own or 'none'} against {first or 'none'}$"):
        factor({"g": first}, own, conversion)


def test_pixels_that_stay_as_they_are_may_be_spelled_in_two_ways():
    assert factor({"g": "nanomaggy"}, "nmgy") == factor({"g": None}, None) == factor({}, "adu") == 1.0
