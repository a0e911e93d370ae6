"""PixelUnit: how BUNIT is read, which factor follows, and what is refused, assumed and told."""

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.images import pixelunit
from skycnn.images.pixelunit import Conversion, PixelUnit, alike, by_band, card_texts, multiply, plan, read

NANOMAGGY = 10 ** (0.4 * (23.9 - 22.5))


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("uJy", 1.0),
        ("microJy", 1.0),
        ("1e-6 Jy", 1.0),
        ("nJy", 1e-3),
        ("mJy", 1e3),
        ("Jy", 1e6),
        ("MJy", 1e12),
        ("1e-9 Jy", 1e-3),
        ("10**-9 Jy", 1e-3),
        ("0.3 uJy", 0.3),
        ("zp27.5", 10 ** (0.4 * (23.9 - 27.5))),
        ("nanomaggy", NANOMAGGY),
        ("nanomaggies", NANOMAGGY),
        ("nmgy", NANOMAGGY),
        ("Jy/pixel", 1e6),
        ("nJy / pix", 1e-3),
        ("uJy per pixel", 1.0),
        ("Jy pixel-1", 1e6),
        ("nJy.pix**-1", 1e-3),
        ("nJy pix^(-1)", 1e-3),
        ("erg/s/cm2/Hz", 1e29),
    ],
)
def test_flux_densities_are_read(text, scale):
    assert read(text).scale == pytest.approx(scale, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["adu", "ADU/s", "count", "electron/s", "DN", "Jy/beam", "MJy/sr", "mag", "1/nanomaggy^2", "uJy/arcsec2"]
)
def test_what_is_no_flux_density_keeps_its_name(text):
    assert read(f" {text} ") == PixelUnit(text, None)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("uJy/arcsec2", 0.25),
        ("uJy / arcsec^2", 0.25),
        ("uJy arcsec-2", 0.25),
        ("microJy.arcsec**(-2)", 0.25),
        ("nJy/(arcsec**2)", 0.25e-3),
        ("microjansky per square arcsec", 0.25),
        ("Jy per sq. arcsecond", 0.25e6),
        ("MJy/sr", 0.25e12 / 206264.806247**2),
        ("MJy sr-1", 0.25e12 / 206264.806247**2),
        ("nmgy/arcsec2", 0.25 * NANOMAGGY),
        ("0.3 uJy/arcsec2", 0.075),
        ("uJy/arcsec", None),
        ("adu/arcsec2", None),
        ("mag/arcsec2", None),
        ("/arcsec2", None),
        ("uJy/arcsec2/s", None),
        ("Jy/beam", None),
        ("uJy", 1.0),
    ],
)
def test_a_surface_brightness_is_a_flux_a_pixel_where_pixels_have_a_size(text, scale):
    found = read(text, 0.5)
    assert found.scale == (None if scale is None else pytest.approx(scale))
    assert found.name == text


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("MJy/sr", True),
        ("uJy arcsec-2", True),
        ("nanomaggy", False),
        ("uJy/pixel", False),
        ("adu", False),
        (None, False),
    ],
)
def test_a_surface_brightness_is_known_by_its_unit(text, known):
    assert pixelunit.per_area(text) == known


def test_a_surface_brightness_is_converted_by_the_pixel_scale():
    units = {"r": {"uJy/arcsec2": "a.fits"}, "i": {"nJy": "b.fits"}}
    found = plan(units, "ri", {}, "uJy", pixel_scale=0.5)
    assert (found.factor("r", "uJy/arcsec2"), found.factor("i", "nJy")) == (0.25, 1e-3)
    assert found.changed == {"r": "uJy/arcsec2", "i": "nJy"}
    assert plan(units, "ri", {"r": "MJy/sr"}, pixel_scale=0.5).factor("r", "uJy/arcsec2") == pytest.approx(5.876, 1e-3)
    with pytest.raises(InputError, match="pixels of r are in uJy/arcsec2"):
        plan(units, "ri", {}, "uJy")


@pytest.mark.parametrize("text", [None, "", "  ", "-", "none", "unitless"])
def test_what_says_nothing_is_no_unit(text):
    assert read(text) is None
    assert pixelunit.bunit(text) is None


def test_microjansky_are_taken_exactly_as_they_stand():
    assert [read(text).factor_to(read("uJy")) for text in ("uJy", "microJy/pixel", "1e-6 Jy")] == [1.0] * 3
    pixels = np.array([1.1, -0.0, np.nan, np.inf, 1e-44], "f4")
    pixels[2:3].view("u4")[:] = 0x7F800001  # a signalling NaN would not survive a multiplication
    before = pixels.tobytes()
    multiply(pixels, 1.0)
    assert pixels.tobytes() == before


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_pixels_are_multiplied_in_place_and_may_overflow(dtype):
    pixels = np.array([2.0, np.nan, 3e38, np.inf], dtype)
    multiply(pixels, 1e3)
    assert pixels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(pixels, np.array([2e3, np.nan, np.inf, np.inf], "f4"))


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("ADU", "adu", True),
        ("counts / s", "count/s", True),
        ("nmgy", "nanomaggies/pixel", True),
        ("none", None, True),
        ("adu", "adu/s", False),
        ("adu", "nJy", False),
        ("nJy", "uJy", False),
        ("nJy", None, False),
    ],
)
def test_spellings_of_one_unit_are_alike(one, two, same):
    assert alike(one, two) == alike(two, one) == same


def test_the_card_of_an_image_is_found_among_others():
    cards = [fitscards.make(*pair) for pair in (("BUNITS", "Jy"), ("BUNIT", "nJy", "a pixel"), ("BUNIT", "Jy"))]
    assert pixelunit.of(cards) == "nJy"
    assert pixelunit.of(cards[:1]) is None
    assert pixelunit.of([fitscards.make("BUNIT", "")]) is None


@pytest.mark.parametrize(
    ("found", "cards"),
    [
        ({"g": {"nJy": "a"}, "r": {"nJy": "b"}}, {"BUNIT": "nJy"}),
        ({"g": {"nmgy": "a", "nanomaggy": "b"}, "r": {"nanomaggies": "c"}}, {"BUNIT": "nmgy"}),
        ({"g": {None: "a"}, "r": {None: "b"}}, {"BUNIT": None}),
        ({"g": {"nJy": "a"}, "r": {None: "b"}}, {"BUNIT": None, "BUNITS": "nJy, none"}),
        ({"g": {"nJy": "a"}, "r": {"adu": "b"}}, {"BUNIT": None, "BUNITS": "nJy, adu"}),
        ({"g": {"nJy": "a", "Jy": "b"}, "r": {"Jy": "c"}}, {"BUNIT": None, "BUNITS": "mixed units, Jy"}),
        ({"g": {"nJy": "a", None: "b"}, "r": {"nJy": "c"}}, {"BUNIT": None, "BUNITS": "mixed units, nJy"}),
        ({"g": {"a, b": "a"}, "r": {"Jy": "b"}}, {"BUNIT": None, "BUNITS": "a  b, Jy"}),
        ({}, {"BUNIT": None}),
        ({"g": {}, "r": {}}, {"BUNIT": None}),
    ],
)
def test_cards_of_stamps_tell_the_unit_of_each_band(found, cards):
    assert card_texts(found, ("g", "r")) == cards
    read_back = by_band(cards, ("g", "r"))
    for band, texts in found.items():
        if len(texts) == 1:
            assert alike(read_back[band], next(iter(texts)).replace(",", " ") if next(iter(texts)) else None)


def test_a_list_of_units_that_does_not_fit_the_bands_is_passed_over():
    assert by_band({"BUNITS": "nJy, Jy", "BUNIT": "adu"}, ("g",)) == {"g": "adu"}
    assert by_band({"BUNIT": "nJy"}, ("g", "r")) == {"g": "nJy", "r": "nJy"}


def one(**texts):
    """Return what one image a band states."""
    return {band: {text: f"{band}.fits"} for band, text in texts.items()}


def test_each_band_has_its_own_factor_and_one_note_tells_all():
    made = plan(one(g="nJy", r="uJy", i="nmgy"), "gri", {}, "uJy", "m")
    assert made.factor("g", "nJy") == pytest.approx(1e-3)
    assert made.factor("r", "uJy") == 1.0
    assert made.factor("i", "nmgy") == pytest.approx(NANOMAGGY)
    assert made.notes == ("pixels brought to microjansky: g from nJy (x 0.001), i from nanomaggy (x 3.63078)",)
    assert made.changed == {"g": "nJy", "i": "nanomaggy"}
    alone = plan(one(g="nJy", r="uJy"), "r", {}, "uJy", "m")
    assert (alone.notes, alone.changed) == ((), {})  # g is not needed


def test_images_of_one_band_may_be_in_several_units():
    made = plan({"g": {"nJy": "a", "Jy": "b", "uJy": "c"}}, "g", {}, "uJy", "m")
    assert [made.factor("g", text) for text in ("nJy", "Jy", "uJy")] == pytest.approx([1e-3, 1e6, 1.0])
    assert made.changed == {"g": "nJy, Jy"}


def test_without_a_unit_it_is_assumed_and_told():
    made = plan(one(g=None, r=None, i="uJy"), "gri", {}, "uJy", "m")
    assert made.notes == ("warning: pixels of g r: no BUNIT, taken as microjansky",)
    assert made.factor("g", None) == 1.0


def test_what_the_user_names_overrules_the_images():
    given = {"g": "nmgy", "*": "nJy"}
    made = plan(one(g="adu", r=None, i="Jy"), "gri", given, "uJy", "m")
    assert [made.factor(band, text) for band, text in (("g", "adu"), ("r", None), ("i", "Jy"))] == pytest.approx(
        [NANOMAGGY, 1e-3, 1e-3]
    )
    assert made.notes == ("pixels brought to microjansky: g from nanomaggy (x 3.63078), r i from nJy (x 0.001)",)
    with pytest.raises(InputError, match="--pixel-unit names a band without images: 'z'"):
        plan(one(g="uJy"), "g", {"z": "nJy"}, "uJy", "m")


def test_counts_are_refused_by_a_network_of_microjansky():
    with pytest.raises(InputError) as caught:
        plan(one(g="uJy", r="adu"), "gr", {}, "uJy", "m")
    assert caught.value.what == "pixels of r are in adu (r.fits); m was trained on microjansky"
    assert "--pixel-unit r=UNIT, e.g. nmgy, nJy, zp27.5 (AB magnitude of one unit), '0.3 uJy'" in caught.value.hint


def test_an_image_without_a_unit_among_others_is_refused():
    with pytest.raises(InputError, match=r"pixels of g are in nJy \(a\), and b has no BUNIT. --pixel-unit g=UNIT"):
        plan({"g": {None: "b", "nJy": "a"}}, "g", {}, "uJy", "m")
    assert plan({"g": {None: "b", "nJy": "a"}}, "g", {"g": "nJy"}, "uJy", "m").factor("g", None) == 1e-3


def test_a_network_of_counts_takes_the_same_counts_alone():
    made = plan(one(g="adu", r="ADU"), "gr", {}, "adu", "m")
    assert (made.target, made.notes) == ("adu", ())
    assert plan(one(g=None), "g", {}, "adu", "m").notes == ("warning: pixels of g: no BUNIT, taken as adu",)
    for text in ("uJy", "count"):
        with pytest.raises(InputError, match=rf"pixels of g are in {text} \(g\.fits\); m was trained on adu") as caught:
            plan(one(g=text), "g", {}, "adu", "m")
        assert caught.value.hint == "Give it images in adu; --pixel-unit adu says that these are."
    assert plan(one(g="count"), "g", {"*": "adu"}, "adu", "m").factor("g", "count") == 1.0


def test_training_is_in_microjansky_where_that_can_be():
    assert plan(one(g="nJy", r=None), "gr", {}).target == "uJy"
    assert plan({}, "gr", {}).target == "uJy"
    made = plan(one(g="adu", r="ADU"), "gr", {})
    assert (made.target, made.changed) == ("adu", {})
    assert made.notes == ("pixels in adu, no flux density: the model will ask for the same",)


@pytest.mark.parametrize(
    ("units", "told"),
    [
        ({"g": "adu", "r": "nJy"}, r"adu \(g\.fits\), and those of r in nJy \(r\.fits\)"),
        ({"g": "nJy", "r": "adu"}, r"adu \(r\.fits\), and those of g in nJy \(g\.fits\)"),
        ({"g": "adu", "r": "electron"}, r"adu \(g\.fits\), and those of r in electron \(r\.fits\)"),
        ({"g": "adu", "r": None}, r"adu \(g\.fits\), and r\.fits has no BUNIT"),
    ],
)
def test_training_on_counts_wants_one_unit(units, told):
    with pytest.raises(InputError, match=told + r" \(expected flux densities, or one unit for all bands\)"):
        plan(one(**units), "gr", {})


def test_nothing_is_done_by_default():
    assert (Conversion().target, Conversion().factor("g", None), Conversion().factor("g", "adu")) == ("uJy", 1.0, None)
