"""WatCards: the distortions of TNX and ZPX, as astropy has them, and nothing of any other text."""

import re

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import Wcsprm

import wcsheaders
from skycnn.errors import InputError
from skycnn.images import watcards, wcscards
from skycnn.images.imagewcs import ImageWcs
from wcsheaders import SHAPE, header

TNX = {
    "no cross terms": "3. 3. 2. 0. -0.1 0.1 -0.1 0.1 1E-4 1.0002 3E-4 2E-4 ",
    "all": "1. 2. 3. 1. -0.1 0.1 -0.1 0.1 1E-4 2E-4 3E-6 1E-5 2E-5 3E-6 ",
    "half": "2. 3. 3. 2. -0.1 0.1 -0.1 0.1 1E-4 2E-4 3E-4 1E-5 2E-5 3E-6 ",
}


def head(kind, terms, parameters=""):
    """Return a header with WAT cards, broken every 68 letters as IRAF does."""
    cards = {}
    for axis, (name, which) in enumerate((("ra", "lng"), ("dec", "lat")), 1):
        text = f'wtype={kind.lower()} axtype={name}{parameters} {which}cor = "{terms}"'
        pieces = [text[at : at + 68] for at in range(0, len(text), 68)]
        cards |= {f"WAT{axis}_{number:03d}": piece for number, piece in enumerate(pieces, 1)}
    made = header(kind, **cards)
    raw = [card.image for card in made.cards]  # astropy takes the blanks at the end away
    for i, card in enumerate(made.cards):
        if card.keyword.startswith("WAT"):
            raw[i] = f"{card.keyword}= '{cards[card.keyword]}'".ljust(80)
    return fits.Header.fromstring("".join(raw))


@pytest.mark.parametrize("terms", TNX)
def test_tnx_is_astropys(terms):
    made = head("TNX", TNX[terms])
    check(made)


def test_zpx_is_astropys():
    check(head("ZPX", "3. 2. 2. 2. -0.1 0.1 -0.1 0.1 1E-4 2E-4 3E-4 ", " projp1=1. projp3=337.74"))


def check(made):
    x, y = np.random.default_rng(1).uniform(-50, 950, (2, 100))
    text = wcsheaders.text(made)
    found, theirs = ImageWcs(text, SHAPE, "a").to_sky(x, y), Wcsprm(text.encode(), relax=True, warnings=False)
    world = theirs.p2s(np.stack([x, y], axis=1), 0)["world"].T
    apart = SkyCoord(*found, unit="deg").separation(SkyCoord(*world, unit="deg")).arcsec
    assert apart.max() < 1e-6
    plain = ImageWcs(wcsheaders.text(header()), SHAPE, "a").to_sky(x, y)
    assert np.abs(np.subtract(found, plain)).max() > 1e-6


@pytest.mark.parametrize("digits", range(10))
def test_a_card_may_end_anywhere_between_two_numbers(digits):
    """A blank at the end of a card ends the text for wcslib."""
    terms = TNX["all"].replace("1E-4", f"0.0001{'0' * digits}7")
    found = ImageWcs(wcsheaders.text(head("TNX", terms)), SHAPE, "a").to_sky(3.0, 9.0)
    wanted = ImageWcs(wcsheaders.text(head("TNX", TNX["all"])), SHAPE, "a").to_sky(3.0, 9.0)
    assert 0 < np.abs(np.subtract(found, wanted)).max() < 1e-4


@pytest.mark.parametrize(
    "change",
    [
        ("wtype=tnx", "wtype=" + "x" * 40),
        ("wtype=tnx", "wtype=tan"),
        ("axtype=ra", "axtype=" + "y" * 30),
        ("axtype=ra", ""),
        ('"3. 3.', '"3. 99999999.'),
        ('"3. 3.', '"3. -3.'),
        ('"3. 3.', '"3. 2.5'),
        ('"3. 3.', '"9. 3.'),
        ('"3. 3.', '"3. %s%n'),
        (" 1E-4", " 1E-4 7"),
        (" 1E-4", ""),
        ('"3. ', "3. "),
    ],
)
def test_another_text_is_refused(change):
    made = head("TNX", TNX["no cross terms"])
    text = "".join(made[f"WAT1_{i:03d}"].ljust(68) for i in (1, 2)).replace(*change).strip()
    cards = {name: made[name] for name in made if not name.startswith("WAT1")}
    cards |= {f"WAT1_{i + 1:03d}": text[at : at + 68] for i, at in enumerate(range(0, len(text), 68))}
    with pytest.raises(InputError, match=re.escape("WAT1_001 and what follows hold no distortion of TNX")):
        wcscards.read(cards, SHAPE, "a.fits")


@pytest.mark.parametrize(("name", "value"), [("WAT1_001", 5.0), ("WAT2_002", True), ("WAT2_001", None)])
def test_what_is_no_text_is_named(name, value):
    cards = dict(head("TNX", TNX["all"])) | {name: value}
    with pytest.raises(InputError, match=f"{name} is unreadable"):
        wcscards.read(cards, SHAPE, "a.fits")


def test_a_plain_projection_takes_none():
    """IRAF leaves them behind."""
    made = dict(head("TNX", TNX["half"])) | {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"}
    bare = {name: value for name, value in made.items() if not name.startswith("WAT")}
    assert wcscards.read(made, SHAPE, "a").values == wcscards.read(bare, SHAPE, "a").values


def test_axes_are_counted_anew():
    made = dict(head("TNX", TNX["half"]))
    moved = {name.replace("WAT2", "WAT3"): value for name, value in made.items()}
    assert watcards.rebuilt(moved, (1, 3), "TNX", "a") == watcards.rebuilt(made, (1, 2), "TNX", "a")
