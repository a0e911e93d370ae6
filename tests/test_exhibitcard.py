"""exhibitcard: a card holds what its exhibit does, and is small."""

import re

import numpy as np
from tests.exhibiting import BANDS, COLUMN, PEAKS, UNLIKE, exhibit, fluxes
from tests.test_markup import Read

from skycnn.report import exhibitcard, gallery


def cards(*exhibits, **options):
    return Read(gallery.cards(exhibits, BANDS, **options))


def test_a_card_holds_pictures_curve_answer_flags_and_columns():
    read = cards(exhibit(0), quantity="Z_PHOT", method="joint map")
    alts = [attributes["alt"] for name, attributes in read.elements if name == "img"]
    assert alts == [
        "stamp of object-0",
        "map, all bands, of object-0: joint map",
        "scale of the maps from \u22120.0091 to 0.0091",
        *(f"map of object-0 in {band}" for band in BANDS),
    ]
    labels = [attributes["aria-label"] for name, attributes in read.elements if name == "svg"]
    assert labels == ["posterior of Z_PHOT: 1.50, interval 1.40 to 1.60, truth 1.50"]
    for text in ("object-0", "row 100", "1.50 [1.40, 1.60]", "truth 1.50", PEAKS, UNLIKE, "MAG_I", "20.00", COLUMN):
        assert text in read.text
    assert "explained 1.5, at the baseline 0.5, residual 0" in read.text
    assert "red i, green r, blue g" in read.text


def test_fluxes_have_bars_and_the_answer_without_each_band():
    read = cards(fluxes(1), quantity="Z_PHOT")
    assert "img" not in {name for name, _ in read.elements}
    table = re.search("band.*?none", read.text.replace("\n", " "))[0]
    assert table == "bandaddsZ_PHOT without itg+0.200.90r\u22120.101.20i+0.05none"
    assert sum(name == "rect" for name, _ in read.elements) == 3
    only = cards(fluxes(1, without=None))
    assert "without" not in only.text
    changes = cards(fluxes(1, bars=None))  # of an answer of 1.48
    assert "bandchangeanswer without itg\u22120.580.90r\u22120.281.20inonenone" in changes.text
    assert "table" not in {name for name, _ in cards(fluxes(1, bars=None, without=None, columns={})).elements}


def test_many_columns_are_folded():
    assert [a for name, a in cards(exhibit()).elements if name == "details"] == [{"open": None}]
    many = exhibit(columns={f"c{i}": "1" for i in range(exhibitcard.FEW + 1)})
    assert [a for name, a in cards(many).elements if name == "details"] == [{}]
    assert "details" not in {name for name, _ in cards(exhibit(columns={})).elements}


def test_an_object_takes_less_than_a_two_hundredth_of_15_megabytes():
    bands = ["NUV", "u", "g", "r", "i", "z", "y"]
    pixels, maps = np.random.default_rng(1).standard_normal((2, 7, 128, 128))  # noise cannot be compressed
    columns = {f"COLUMN_{i}": "0.123456789" for i in range(60)}
    big = exhibit(0, pixels=pixels, maps=maps, columns=columns)
    one, two = (len(gallery.cards([big] * n, bands)) for n in (1, 2))
    assert two - one < 15e6 / 200
