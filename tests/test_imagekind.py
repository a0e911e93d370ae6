"""ImageKind: whether images have what a model takes; beside fluxes too."""

from dataclasses import replace

import numpy as np
import pytest

import redness
from carding import card
from galaxies import table, write
from imagined import Imagined
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import feed as feeds
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.imagekind import fitting
from skycnn.photometry.fluxes import PhotometryOptions

FLUX = card("f", ("flux",), "griz", survey="sdss")
IMAGE = card("m", ("image",), "gr", pixel_scale=0.4, stamp=16)
BOTH = replace(FLUX, name="h", inputs=("flux", "image"), pixel_scale=0.4, stamp=16)


class Offer:
    """What there is, to be asked again and again."""

    def __init__(self, catalogue, stamps, survey):
        self.available = Available(catalogue, InputOptions(), stamps, survey)

    def feed(self, card):
        return feeds.find(redness.TASK, card, self.available)

    def bands(self, card):
        return self.feed(card).bands


@pytest.fixture
def offer(tmp_path):
    content = table(5)
    content.meta["SURVEY"] = "LS"
    with Catalogue.open(write(tmp_path / "cat.fits", content)) as catalogue:
        yield lambda stamps=None, whose=None: Offer(catalogue, stamps, whose)


def test_bands_are_those_of_every_kind_that_a_model_takes(offer):
    given = offer(Imagined("rgz"))
    assert given.bands(FLUX) == ("g", "r", "i")
    assert given.bands(IMAGE) == ("g", "r")
    assert given.bands(BOTH) == ("g", "r")
    assert given.bands(replace(IMAGE, bands=("u", "z", "r"))) == ("z", "r")


def test_a_feed_has_what_its_model_takes_alone(offer):
    given = offer(Imagined("gr"))
    assert (given.feed(FLUX).stamps, given.feed(IMAGE).photometry) == (None, None)
    assert given.feed(BOTH).words == "photometry and images"


def test_filters_are_those_of_the_survey_that_the_user_states_else_the_card(offer):
    assert "filters: des, by --survey (the SURVEY card says LS)" in offer(whose="des").feed(FLUX).notes
    for whose in (None, "ls"):  # the verb takes the card's survey where the user states none
        assert "filters: LS, by the SURVEY card" in offer(whose=whose).feed(FLUX).notes


@pytest.mark.parametrize(
    ("stamps", "what", "hint"),
    [
        (None, "m needs images of g r; none are named", "--images g=FILE --images r=FILE; or --stamps FILE"),
        (Imagined("KH"), "m needs images of g r; there are K H", "--images g=FILE --images r=FILE"),
        (Imagined("g", side=15), "m needs stamps of 16 pixels; these have 15", "--size 16"),
        (Imagined("g", pixel_scale=0.41), "pixels of 0.4 arcsec; these have 0.41 arcsec", "--resample"),
        (Imagined("g", pixel_scale=0.39), "pixels of 0.4 arcsec; these have 0.39 arcsec", "--resample"),
    ],
)
def test_images_that_do_not_fit_are_refused(offer, stamps, what, hint):
    for ask in (offer(stamps).bands, offer(stamps).feed):
        with pytest.raises(InputError, match=what) as caught:
            ask(IMAGE)
        assert hint in caught.value.hint


@pytest.mark.parametrize("own", [None, 0.4, 0.4079, 0.3921])
def test_images_of_nearly_the_scale_or_of_an_unknown_one_are_taken_as_they_are(offer, own):
    stamps = Imagined("gr", 16, own)
    assert offer(stamps).feed(IMAGE).stamps is stamps
    assert offer(stamps).feed(replace(IMAGE, pixel_scale=None)).stamps is stamps


def test_images_that_may_be_resampled_are_brought_to_the_model_s_scale(offer):
    found = offer(Imagined("gr", None, 0.8, resample=True)).feed(IMAGE).stamps
    assert found.pixel_scale == 0.4


def test_input_of_a_kind_that_is_not_known_is_refused(offer):
    with pytest.raises(InputError, match="m takes input of kind 'spectrum'"):
        offer().bands(replace(IMAGE, inputs=("image", "spectrum")))


@pytest.mark.parametrize(
    "strange", [{"stamp": None}, {"stamp": 0}, {"stamp": -4}, {"stamp": 10**9}]
    + [{"pixel_scale": scale} for scale in (0.0, -0.4, float("inf"), float("nan"))],
)  # fmt: skip
def test_a_card_that_asks_for_no_possible_stamp_is_refused(offer, strange):
    with pytest.raises(InputError, match="m: its card does not say which stamps it takes"):
        offer(Imagined("gr", None, 0.4)).feed(replace(IMAGE, **strange))


def test_training_needs_all_bands_and_a_model_one():
    with pytest.raises(InputError, match="m needs images of g r; there are g") as caught:
        fitting(Imagined("g"), IMAGE, whole=True)
    assert caught.value.hint.startswith("Name them: --images r=FILE;")
    assert fitting(Imagined("g"), IMAGE).bands == ("g",)


def stated(units, **more):
    stamps = Imagined("gr", 16, 0.4, **more)
    stamps.units = lambda: {band: {unit: f"{band}.fits"} for band, unit in zip("gr", units, strict=True)}
    return stamps


def test_stamps_are_brought_to_the_unit_that_a_model_takes(offer):
    stamps = stated(["nJy", "uJy"])
    found = offer(stamps).feed(replace(IMAGE, sample={"pixel_unit": "uJy"}))
    assert (found.stamps.pixel_unit, found.stamps.conversion.factor("g", "nJy")) == ("uJy", 1e-3)
    assert found.notes[-1] == "pixels brought to microjansky: g from nJy (x 0.001)"
    assert (stamps.conversion, stamps.pixel_unit) == (None, "uJy")  # which another model may want otherwise
    for ask in (offer(stated(["adu", "adu"])).bands, offer(stated(["adu", "adu"])).feed):
        with pytest.raises(InputError, match=r"pixels of g are in adu \(g\.fits\); m was trained on microjansky"):
            ask(replace(IMAGE, sample={"pixel_unit": "uJy"}))
        ask(replace(IMAGE, sample={"pixel_unit": "adu"}))


@pytest.mark.parametrize(
    ("state", "option", "power"), [("yes", "EBV", 0.4), ("no", "corrected", -0.4), ("no", None, 0)]
)
def test_pixels_are_corrected_for_extinction_as_fluxes_are(tmp_path, state, option, power):
    dust = np.array([0.0, 0.1, 0.2, np.nan])
    with Catalogue.open(write(tmp_path / "cat.fits", table(4, EBV=dust, RA=dust, DEC=dust))) as catalogue:
        options = InputOptions(photometry=PhotometryOptions(extinction=option))
        model = replace(IMAGE, bands=("g", "u"), survey="sdss", dereddened=state, stamp=3)
        stamps = Imagined("gr", 3, 0.4)
        feed = feeds.find(redness.TASK, model, Available(catalogue, options, stamps))
        found = {}
        for piece in feed.pieces(0, catalogue.read(feed.columns), np.ones(4, bool)):
            found |= dict(zip(piece.rows.tolist(), piece.inputs["image"][:, 0, 0, 0], strict=True))
        expected = np.arange(4) * (10 ** (power * 3.303 * dust) if power else 1.0)  # of R_g; pixels are row numbers
        assert np.allclose([found[row] for row in range(4)], expected, equal_nan=True)
        assert ("EBV" in feed.columns) == bool(power)
        assert any(note.startswith("pixels: Galactic extinction: ") for note in feed.notes) == bool(power)


def test_dust_of_the_objects_own_is_not_taken_off_unless_it_is_named(tmp_path):
    task = replace(redness.TASK, reddened=True)
    with Catalogue.open(write(tmp_path / "cat.fits", table(4, EBV=np.full(4, 0.1)))) as catalogue:
        model = replace(IMAGE, survey="sdss", dereddened="yes")
        for option, read in ((None, False), ("EBV", True)):
            options = InputOptions(photometry=PhotometryOptions(extinction=option))
            feed = feeds.find(task, model, Available(catalogue, options, Imagined("gr", 16, 0.4)))
            assert (("EBV" in feed.columns), feed.check(catalogue, None)) == (read, [])


def test_dust_that_pixels_are_taken_to_be_behind_is_a_warning(tmp_path):
    with Catalogue.open(write(tmp_path / "cat.fits", table(4, EBV=np.full(4, 0.1)))) as catalogue:
        model = replace(IMAGE, survey="sdss", dereddened="yes")
        feed = feeds.find(redness.TASK, model, Available(catalogue, InputOptions(), Imagined("gr", 16, 0.4)))
        (warning,) = feed.check(catalogue, None)
        assert "has EBV: its fluxes are taken as not corrected for Galactic extinction, and are corrected" in warning
