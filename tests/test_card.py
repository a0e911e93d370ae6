"""Cards: what stands in them has the type it should have (more in test_model.py, by forged files)."""

import dataclasses
import json

import pytest

from skycnn.errors import InputError
from skycnn.network.card import Card, card_of

CONTENT = {"name": "n", "task": "t", "network": "flux", "survey": "", "inputs": ["flux"], "bands": ["g", "r"]}


def test_json_and_back():
    card = card_of(CONTENT | {"ranges": {"g": [17, 20.5]}, "pixel_scale": 0.2, "temperature": 1}, "x")
    assert (card.bands, card.ranges["g"], card.stamp) == (("g", "r"), [17, 20.5], None)
    assert card_of(json.loads(json.dumps(dataclasses.asdict(card))), "x") == card


def test_pixels_are_microjansky_where_the_sample_does_not_say():
    assert card_of(CONTENT, "x").pixel_unit == "uJy"
    assert card_of(CONTENT | {"sample": {"pixel_unit": "adu"}}, "x").pixel_unit == "adu"


def test_the_hash_is_no_part_of_what_is_hashed():
    card = card_of(CONTENT, "x")
    assert dataclasses.replace(card, sha256="ab").canonical() == card.canonical()
    assert dataclasses.replace(card, licence="CC0").canonical() != card.canonical()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"bands": "gr"}, "value of the wrong type: 'bands'"),
        ({"bands": ["g", 5]}, "wrong type: 'bands'"),
        ({"seed": 1.5}, "wrong type: 'seed'"),
        ({"temperature": "1"}, "wrong type: 'temperature'"),
        ({"pixel_scale": "0.2"}, "wrong type: 'pixel_scale'"),
        ({"ranges": {"g": [1, 2, 3]}}, "wrong type: 'ranges'"),
        ({"ranges": {"g": None}}, "wrong type: 'ranges'"),
        ({"settings": None, "licence": 1}, "wrong type: 'settings, licence'"),
        ({"colour": 1}, "is not one that this version reads"),
    ],
    ids=str,
)
def test_wrong_types_are_named(change, what):
    with pytest.raises(InputError, match=f"x: its card.*{what}"):
        card_of(CONTENT | change, "x")


def test_what_a_card_must_have():
    required = {field.name for field in dataclasses.fields(Card) if field.default is dataclasses.MISSING}
    required &= {field.name for field in dataclasses.fields(Card) if field.default_factory is dataclasses.MISSING}
    assert required == set(CONTENT)
    for name in CONTENT:
        with pytest.raises(InputError, match=f"card is incomplete: .*{name}"):
            card_of({key: value for key, value in CONTENT.items() if key != name}, "x")
