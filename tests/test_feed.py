"""Feed: rows as a network's input, in the order of their images, with what is known of them."""

from dataclasses import replace

import numpy as np
import pytest

import redness
from carding import card
from galaxies import galaxies, table, write
from imagined import Imagined
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.images.pixelunit import Conversion
from skycnn.inputs import feed as feeds
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.feed import BadRows
from skycnn.inputs.fluxkind import FluxInput
from skycnn.inputs.imagekind import ImageInput
from skycnn.inputs.kind import Piece
from skycnn.photometry.fluxes import PhotometryOptions, find
from skycnn.schema import Flag

CARD = card("m", ("image",), "gri", stamp=4)
BOTH = replace(CARD, inputs=("flux", "image"))


@pytest.fixture
def catalogue(tmp_path):
    content = table(5, RA=np.arange(5.0), DEC=np.arange(5.0), BAD=np.array([0, 0, 1, 0, 0], "i2"))
    content["FLUX_G"][1] = np.nan
    content["FLUX_R"][3] = content["FLUX_G"][3] = np.nan
    with Catalogue.open(write(tmp_path / "cat.fits", content)) as opened:
        yield opened


def made(catalogue, kinds, photometry=None, stamps=None, **options):
    """Return the feed of a network from photometry and stamps."""
    known = replace(CARD, inputs=kinds)
    available = Available(catalogue, InputOptions(photometry=PhotometryOptions(**options)))
    inputs = [FluxInput(known, photometry)] if photometry else []
    return feeds.made(
        redness.TASK, known, [*inputs, *([ImageInput.of(known, stamps, available)] if stamps else [])], available
    )


def fluxes(catalogue, **options):
    return find(catalogue.columns, catalogue.header, CARD.bands, PhotometryOptions(**options))


def pieces(feed, catalogue, wanted=None):
    return list(feed.pieces(10, catalogue.read(feed.columns), np.ones(5, bool) if wanted is None else wanted))


def test_fluxes_alone_come_in_one_piece(catalogue):
    feed = made(catalogue, ("flux",), fluxes(catalogue, bad=("BAD",)), bad=("BAD",))
    (piece,) = pieces(feed, catalogue, np.zeros(5, bool))
    assert piece.rows.tolist() == [0, 1, 2, 3, 4]
    assert set(piece.inputs) == {"flux", "error"}
    assert np.array_equal(piece.present, np.isfinite(piece.inputs["flux"]))
    assert piece.flags.tolist() == [0, 0, Flag.BAD_ROW, 0, 0]
    assert (feed.bands, feed.words, feed.facts(), feed.warnings()) == (("g", "r", "i"), "photometry", {}, [])
    assert [entry["column"] for entry in feed.table()] == ["FLUX_G", "FLUX_R", "FLUX_I"]
    feed.check(catalogue, None)
    feed.check_unchanged()
    feed.hurry()


def test_stamps_alone(catalogue):
    stamps = Imagined(empty={11: "gri", 14: "r"}, flags={11: Flag.OFF_IMAGE, 13: Flag.EDGE})
    feed = made(catalogue, ("image",), None, stamps, bad=("BAD",))
    assert (feed.bands, feed.words) == (("g", "r"), "images")
    assert (feed.columns, feed.table()) == (("RA", "DEC", "BAD"), ())
    assert feed.notes == ("stamps out of nothing", "dropped rows: BAD")
    wanted = np.array([True, True, True, False, True])
    found = pieces(feed, catalogue, wanted)
    assert stamps.asked == [(10, wanted.tolist(), CARD.bands, 4)]
    assert [piece.rows.tolist() for piece in found] == [[4, 2], [1, 0]]
    assert [piece.flags.tolist() for piece in found] == [[0, Flag.BAD_ROW], [Flag.OFF_IMAGE, 0]]
    assert set(found[0].inputs) == {"image"}
    assert found[0].inputs["image"].shape == (2, 3, 4, 4)
    assert found[0].present.tolist() == [[True, False, True], [True, True, True]]
    assert found[1].present.tolist() == [[False] * 3, [True] * 3]


def test_both_kinds_meet_row_by_row(catalogue):
    stamps = Imagined(empty={11: "gri", 13: "ri", 14: "i"}, flags={13: Flag.NAN_PIXELS})
    feed = made(catalogue, BOTH.inputs, fluxes(catalogue, bad=("BAD",)), stamps, bad=("BAD",))
    assert (feed.bands, feed.words) == (("g", "r"), "photometry and images")
    assert feed.notes.count("dropped rows: BAD") == 1
    flux = np.array(galaxies(5)[1])
    flux[1, 0] = flux[3, 0] = flux[3, 1] = np.nan
    for piece in pieces(feed, catalogue):
        assert np.allclose(piece.inputs["flux"], flux[piece.rows], equal_nan=True, rtol=1e-6)
        assert piece.inputs["error"].shape == flux[piece.rows].shape
        there = dict(zip(piece.rows.tolist(), piece.present.tolist(), strict=True))
        flags = dict(zip(piece.rows.tolist(), piece.flags.tolist(), strict=True))
        known = {0: 0, 1: 0, 2: Flag.BAD_ROW, 3: Flag.NAN_PIXELS, 4: 0}
        # row 1: no stamp and no flux in g; row 3: a stamp in g, a flux in i; row 4: fluxes, no stamp in i
        expected = {0: [1, 1, 1], 1: [0, 1, 1], 2: [1, 1, 1], 3: [1, 0, 1], 4: [1, 1, 1]}
        assert there == {row: list(map(bool, expected[row])) for row in there}
        assert flags == {row: known[row] for row in flags}


def test_images_are_looked_after(catalogue):
    feed = made(catalogue, ("image",), None, Imagined())
    feed.check(catalogue, None)
    feed.check(catalogue, (1, None))
    feed.check(catalogue, (2, 4))
    assert feed.stamps.counted == [((0, 5), 4), ((1, 5), 4), ((2, 4), 4)]
    assert (feed.facts(), feed.warnings()) == ({"imagined": True}, ["something was imagined"])
    with pytest.raises(InputError, match="nothing can change"):
        feed.check_unchanged()
    feed.hurry()
    assert feed.stamps.hurried


def test_any_condition_makes_a_row_bad_and_all_its_terms_must_hold(catalogue):
    bad = BadRows(("BAD & RA > 5", "ra < 1", "DEC == 4"), catalogue)
    found = bad.join(Piece.empty(5, 3), catalogue.read(bad.columns)).flags
    assert (found == Flag.BAD_ROW).tolist() == [True, False, False, False, True]
    assert BadRows((), catalogue).join(Piece.empty(3, 3), {}).flags.tolist() == [0] * 3


def test_a_condition_on_a_column_that_is_not_there_is_refused(catalogue):
    with pytest.raises(InputError, match="has no column 'BADD'") as caught:
        BadRows(("BADD != 0",), catalogue)
    assert "Did you mean BAD?" in caught.value.hint


@pytest.mark.parametrize("kinds", [("image",), ("flux", "image")])
def test_a_band_left_out_is_missing_in_every_kind_of_input(catalogue, kinds):
    """In rows 2 and 4, of which row 4 has no stamp in r."""
    masked = {"g": "BAD", "r": "DEC > 3"}
    photometry = fluxes(catalogue, mask_band=masked) if "flux" in kinds else None
    stamps = Imagined("gri", empty={14: "r"}, flags={14: Flag.MISSING_BAND, 13: Flag.EDGE})
    feed = made(catalogue, kinds, photometry, stamps, mask_band=masked)
    assert feed.notes.count("band g dropped where BAD") == 1
    assert {"BAD", "DEC"} <= set(feed.columns)
    for piece in pieces(feed, catalogue):
        for place, row in enumerate(piece.rows.tolist()):
            gone = {2: [True, False, False], 4: [False, True, False]}.get(row, [False] * 3)
            image = piece.inputs["image"][place]
            assert np.isnan(image).all(axis=(1, 2)).tolist() == gone
            assert np.isnan(image).any(axis=(1, 2)).tolist() == gone
            known = Flag.EDGE if row == 3 else Flag(0)
            assert piece.flags[place] == known | (Flag.MISSING_BAND if any(gone) else 0)
            if "flux" in kinds:
                absent = np.isnan(piece.inputs["flux"][place])
                assert (absent >= gone).all()
                assert piece.present[place].tolist() == (~np.array(gone)).tolist()


def test_infinite_pixels_reach_no_network(catalogue):
    class Bright(Imagined):
        def batches(self, *args, **more):
            for batch in super().batches(*args, **more):
                pixels = np.where(np.isnan(batch.pixels), np.inf, batch.pixels)
                yield replace(batch, pixels=pixels)

    stamps = Bright("gri", empty={11: "gri"}, flags={11: Flag.MISSING_BAND, 13: Flag.NAN_PIXELS})
    found = pieces(made(catalogue, ("image",), None, stamps), catalogue)
    assert not any(np.isinf(piece.inputs["image"]).any() for piece in found)
    assert {row: there.any() for piece in found for row, there in zip(piece.rows, piece.present, strict=True)}[1] == 0


def test_what_is_done_to_pixels_is_told_apart_from_pixels_that_stand(catalogue):
    stamps = Imagined("gri").converted(Conversion("uJy", {}, ("a note",), {"g": "nJy"}))
    feed = made(catalogue, ("image",), None, stamps)
    assert feed.facts() == {"imagined": True, "pixel_unit": {"g": "nJy"}}
    assert feed.notes == ("stamps out of nothing", "a note")
    assert made(catalogue, ("image",), None, Imagined("gri").converted(Conversion())).facts() == {"imagined": True}
