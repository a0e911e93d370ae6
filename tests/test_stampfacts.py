"""What is told of a source of stamps: cards, files to be spared, a field that is wrong."""

import gzip
import os

import numpy as np
import pytest
from astropy.io import fits

import field as fields
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.stamps import stampfacts, stampsource
from skycnn.stamps.stampsource import StampOptions


@pytest.fixture
def asked(tmp_path):
    """Return a field, and what a function says of its stamps."""
    made = fields.make(tmp_path)

    def ask(function, **more):
        images = {band: (str(made.path(band)),) for band in made.bands}
        with (
            Catalogue.open(str(made.cat)) as catalogue,
            stampsource.find(catalogue, StampOptions(images=images, **more)) as stamps,
        ):
            return function(catalogue, stamps)

    return made, ask


def told(catalogue, stamps):
    return stampfacts.astray(catalogue, stamps, stamps.census(catalogue, (0, catalogue.rows), 8), 0)


def test_cards_tell_what_all_images_share(asked):
    made, ask = asked
    cards = ask(lambda _, stamps: stampfacts.cards(stamps))
    assert cards["PIXSCALE"] == pytest.approx(fields.SCALE, rel=1e-4)
    assert (cards["BUNIT"], cards["SURVEY"]) == ("nmgy", None)
    fields.image(made.path("r"), made.pixels["r"], fields.wcs(angle=20.0), BUNIT="Jy")
    cards = ask(lambda _, stamps: stampfacts.cards(stamps))
    assert (cards["BUNIT"], cards["BUNITS"]) == (None, "nmgy, Jy")


def test_resampled_stamps_say_that_their_noise_is_correlated(asked):
    cards = asked[1](lambda _, stamps: stampfacts.cards(stamps), resample=True)
    assert "correlated" in cards["RESAMPLE"]


def test_images_are_spared_under_any_name(asked, tmp_path):
    made, ask = asked
    os.link(made.path("r"), tmp_path / "other.fits")
    for path in (made.path("g"), tmp_path / "other.fits"):
        with pytest.raises(InputError, match="would be replaced, and is one of the images"):
            ask(lambda _, stamps, path=path: stampfacts.check_spared(stamps, (None, str(path))))
    ask(lambda _, stamps: stampfacts.check_spared(stamps, (str(made.cat), str(tmp_path / "new.fits"))))


def test_a_mask_is_spared_too(asked, tmp_path):
    ask = asked[1]
    fields.image(tmp_path / "m.fits", np.zeros(fields.SHAPE, np.int16), fields.wcs(angle=20.0))
    with pytest.raises(InputError, match=r"m\.fits would be replaced"):
        ask(
            lambda _, stamps: stampfacts.check_spared(stamps, (str(tmp_path / "m.fits"),)),
            mask={"g": (str(tmp_path / "m.fits"),)},
        )


def test_what_tells_why_no_row_lies_on_an_image(asked):
    made, ask = asked
    with fits.open(made.cat, mode="update") as units:
        units[1].data["DEC"] += 30
    words = ask(told)
    assert words.startswith("no row of 40 lies on any image: the first image lies about RA 150.1")
    assert "Dec 2.2000, the first row at RA 150.1" in words
    assert "Dec 32.1" in words
    with fits.open(made.cat, mode="update") as units:
        units[1].data["DEC"] = np.nan
    assert ask(told) == "no row of 40 has a position: RA DEC hold no finite numbers"


def test_the_same_in_pixels(asked):
    words = asked[1](told, xy=("ID", "ID"))
    assert "the image has 240 x 180 pixels, the first row lies at 11529215" in words or "has a position" in words


def test_archives_and_tiles_take_longer(asked):
    made, ask = asked

    def seconds(catalogue, stamps):
        return stampfacts.seconds(stamps, stamps.census(catalogue, (0, 40), 8), 10**8, 8)

    plain = ask(seconds)
    assert plain == 10**8 / stampfacts.RATE
    packed = gzip.compress(made.path("g").read_bytes())
    made.path("g").write_bytes(packed)
    assert ask(seconds) == pytest.approx(plain + len(packed) / stampfacts.PACKED_RATE)
