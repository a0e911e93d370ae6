"""TrainingFeed: bands, size and scale of what a network trains on; test_labelled sees the photometry."""

from dataclasses import replace

import numpy as np
import pytest

import redness
from carding import card
from galaxies import table, write
from imagined import Imagined
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import trainingfeed
from skycnn.inputs.available import InputOptions
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.stamps import stampsource
from skycnn.stamps.stampsource import StampOptions
from skycnn.task import InputColumn

FLUX, IMAGE, BOTH = (card("--bands", inputs, ()) for inputs in (("flux",), ("image",), ("flux", "image")))


@pytest.fixture
def feed(tmp_path, monkeypatch):
    """Return the feed of a network from a table with fluxes in g r i, and from stamps."""
    asked = []
    with Catalogue.open(write(tmp_path / "cat.fits", table(5, RA=range(5), DEC=range(5), BAD=[0] * 5))) as catalogue:

        def call(needs, stamps=None, size=None, rows=None, **options):
            monkeypatch.setattr(stampsource, "offered", lambda *_, rows: asked.append(rows) or stamps)
            given = StampOptions(images={} if stamps is None else {"g": ("g.fits",)}, size=size)
            asks = InputOptions(photometry=PhotometryOptions(**options), stamps=given)
            return trainingfeed.feed(redness.TASK, catalogue, needs, asks, rows)

        call.asked = asked
        yield call


@pytest.mark.parametrize(
    ("needs", "stamps", "bands"),
    [
        (FLUX, None, ("g", "r", "i")),
        (replace(FLUX, bands=("i", "g")), None, ("i", "g")),
        (IMAGE, "Kr", ("K", "r")),
        (replace(IMAGE, bands=("r",)), "Kr", ("r",)),
        (BOTH, "ig", ("i", "g")),
        (replace(BOTH, bands=("r", "i")), "gri", ("r", "i")),
    ],
)
def test_bands_are_those_asked_for_else_of_the_images_else_of_the_photometry(feed, needs, stamps, bands):
    found = feed(needs, stamps and Imagined(stamps, 16))
    assert found.card.bands == bands
    assert [part.bands for part in found.inputs if part.words] == [bands] * len(needs.inputs)
    assert found.card.stamp == (16 if stamps else None)


@pytest.mark.parametrize(
    ("needs", "stamps", "what"),
    [
        (replace(IMAGE, bands=("g", "z")), "gr", "--bands needs images of g z; there are g r"),
        (replace(BOTH, bands=("g", "r")), "gi", "--bands needs images of g r; there are g i"),
        (BOTH, "grz", "has no photometry for z, which --bands needs"),
        (IMAGE, None, "--bands needs images; none are named"),
        (replace(IMAGE, bands=("g",)), None, "--bands needs images of g; none are named"),
        (FLUX, "gr", "--bands takes no images"),
    ],
)
def test_bands_that_are_not_there_are_named(feed, needs, stamps, what):
    given = stamps and Imagined(stamps, 16)
    with pytest.raises(InputError, match=what):
        feed(needs, given)
    assert given is None or given.closed == ("image" in needs.inputs)


def test_stamps_are_closed_where_anything_else_is_wrong_and_only_there(feed):
    given = Imagined("gr", 16)
    assert feed(IMAGE, given).stamps is given
    assert given.closed == 0
    with pytest.raises(InputError, match="has no column 'BADD'"):
        feed(IMAGE, given, bad=("BADD",))
    assert given.closed == 1


@pytest.mark.parametrize(
    ("own", "side", "size", "stamp"),
    [
        (None, 16, None, 16),  # that of the stamp file
        (None, 16, "12", 12),
        (None, None, "6arcsec", 12),
        (12, 16, None, 12),  # that of the network trained before
        (12, None, None, 12),
        (12, 16, "12", 12),
        (12, 16, "6arcsec", 12),
    ],
)
def test_the_size_is_the_network_s_else_told(feed, own, side, size, stamp):
    assert feed(replace(IMAGE, stamp=own), Imagined("gr", side, 0.5), size).card.stamp == stamp


@pytest.mark.parametrize(
    ("own", "side", "size", "what"),
    [
        (None, None, None, "the size of the stamps is not given"),
        (12, 16, "14", "--bands takes stamps of 12 pixels; --size 14 makes 14"),
        (12, 8, None, "--bands needs stamps of 12 pixels; these have 8"),
    ],
)
def test_another_size_than_the_network_s_is_refused(feed, own, side, size, what):
    given = Imagined("gr", side, 0.5)
    with pytest.raises(InputError, match=what):
        feed(replace(IMAGE, stamp=own), given, size)
    assert given.closed == 1


def test_a_network_trained_before_gets_pixels_of_its_own_scale(feed):
    """The stamps' size in arcsec is one in the pixels that they have in the end."""
    needs = replace(IMAGE, pixel_scale=0.25)
    with pytest.raises(InputError, match=r"trained on pixels of 0\.25 arcsec; these have 0\.5 arcsec"):
        feed(needs, Imagined("gr", 16, 0.5))
    found = feed(needs, Imagined("gr", None, 0.5, resample=True), "6arcsec")
    assert (found.stamps.pixel_scale, found.card.stamp) == (0.25, 24)


def test_bad_rows_are_known_without_photometry(feed):
    assert "BAD" in feed(IMAGE, Imagined("gr", 16), bad=("BAD",)).columns


def test_images_are_looked_for_in_the_rows_that_will_be_read(feed):
    feed(IMAGE, Imagined("gr", 16), rows=(1, 3))
    assert feed.asked == [(1, 3)]


def stated(*units):
    stamps = Imagined("gr", 16, 0.5)
    stamps.units = lambda: {band: {unit: f"{band}.fits"} for band, unit in zip("gr", units, strict=True)}
    return stamps


def test_pixels_are_microjansky_or_in_one_unit_of_another_kind(feed):
    assert feed(IMAGE, stated("nJy", None)).stamps.pixel_unit == "uJy"
    assert feed(IMAGE, stated("adu", "adu")).stamps.pixel_unit == "adu"
    given = stated("adu", "nJy")
    with pytest.raises(InputError, match="pixels of g are in adu"):
        feed(IMAGE, given)
    assert given.closed == 1
    assert feed(replace(IMAGE, bands=("r",)), given).stamps.pixel_unit == "uJy"
    with pytest.raises(InputError, match="--bands was trained on microjansky"):
        feed(replace(IMAGE, sample={"pixel_unit": "uJy"}), stated("adu", "adu"))


def test_options_of_fluxes_are_refused_by_a_network_of_images(feed):
    with pytest.raises(InputError, match="--bands takes no fluxes, and --photometry tells of them"):
        feed(IMAGE, Imagined("gr", 16), photometry="auto")
    assert feed(BOTH, Imagined("gr", 16), extinction="none").photometry is not None


def test_columns_that_the_task_declares_come_with_the_rest(tmp_path):
    task = replace(redness.TASK, columns={"age": InputColumn(("AGE",), "an age", 0.0, 9.0)})
    path = write(tmp_path / "cat.fits", table(3, AGE=[1.0, -1.0, 2.0], OTHER=[5, 6, 7]))
    with Catalogue.open(path) as catalogue:

        def age(inputs, **named):
            options = InputOptions(input=named)
            found = trainingfeed.feed(task, catalogue, card("the network", inputs, ()), options)
            (piece,) = found.pieces(0, catalogue.read(found.columns), np.ones(3, bool))
            assert {"flux", "error", "age"} >= set(piece.inputs)
            assert {name: len(value) for name, value in found.imagined(4).items()} == dict.fromkeys(piece.inputs, 4)
            return piece.inputs["age"].tolist()

        np.testing.assert_array_equal(age(("flux", "age")), [1, np.nan, 2])
        assert age(("age",), age="OTHER") == [5, 6, 7]
        with pytest.raises(InputError, match=r"the network takes no 'mass' \(expected --input age\)"):
            age(("flux", "age"), mass="OTHER")
