"""Cards: what stands in them has the type it should have (more in test_model.py, by forged files)."""

import dataclasses
import json
import re

import pytest

from leaves import mutations
from skycnn.errors import InputError
from skycnn.network.card import Card, card_of


def nested(levels):
    return {"a": nested(levels - 1)} if levels else {}


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


def test_a_card_without_an_adaptation_is_hashed_as_those_of_earlier_releases():
    plain, empty = card_of(CONTENT, "x"), card_of(CONTENT | {"adaptation": {}}, "x")
    assert b"adaptation" not in plain.canonical() and plain.canonical() == empty.canonical()
    assert b'"adaptation":{"by":"mmd"}' in card_of(CONTENT | {"adaptation": {"by": "mmd"}}, "x").canonical()


@pytest.mark.parametrize(
    ("adaptation", "surveys", "answering"),
    [
        ({}, ("a",), ["a", "a", "a"]),
        ({"survey": ""}, ("a",), ["a"] * 3),
        ({"survey": "b"}, ("a", "b"), ["a", "b", "a"]),
    ],
)
def test_an_adapted_model_is_of_both_surveys(adaptation, surveys, answering):
    card = card_of(CONTENT | {"survey": "a", "adaptation": adaptation}, "x")
    assert card.surveys == surveys
    assert [card.survey_for(name) for name in ("a", "b", None)] == answering


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"bands": "gr"}, "bands is 'gr' .expected a list, each text"),
        ({"bands": ["g", 5]}, "bands.1. is 5 .expected text"),
        ({"seed": 1.5}, "seed is 1.5 .expected a whole number"),
        ({"temperature": "1"}, "temperature is '1' .expected a finite number"),
        ({"pixel_scale": "0.2"}, "pixel_scale is '0.2' .expected a finite number or null"),
        ({"ranges": {"g": [1, 2, 3]}}, r"ranges.g is \[1, 2, 3\] .expected two numbers, the lower one first"),
        ({"ranges": {"g": None}}, "ranges.g is null .expected a list"),
        ({"settings": None, "licence": 1}, "settings is null .expected a table"),
        ({"colour": 1}, "is not one that this version reads: it has a field 'colour'"),
        ({"seed": True}, "seed is true .expected a whole number"),
        ({"temperature": float("nan")}, "temperature is nan .expected a finite number"),
        ({"pixel_scale": 10**400}, r"pixel_scale is 1000+\.\.\. .expected a finite number or null"),
        ({"pixel_scale": -0.2}, "pixel_scale is -0.2 .expected more than 0"),
        ({"stamp": 0}, "stamp is 0 .expected 1 to 16384"),
        ({"stamp": 10**9}, "stamp is 1000000000 .expected 1 to 16384"),
        ({"temperature": 0}, "temperature is 0 .expected more than 0"),
        ({"bands": ["g", "g"]}, r"bands is \['g', 'g'\] .expected names, each once"),
        ({"bands": ["g", ""]}, "bands is .* .expected names, each once"),
        ({"bands": []}, r"bands is \[\] .expected the bands of its fluxes or images"),
        ({"bands": ["g", "r=1"]}, "bands is 'r=1' .expected a name that can be typed"),
        ({"bands": ["g", "r\n"]}, "bands is .* .expected a name that can be typed"),
        ({"bands": ["g", "r" * 61]}, "bands is .* .expected a name that can be typed"),
        ({"name": " "}, "name is ' ' .expected a name"),
        ({"inputs": []}, r"inputs is \[\] .expected flux, image or columns"),
        ({"ranges": {"g": [2, 1]}}, "ranges.g is .2, 1. .expected two numbers, the lower one first"),
        ({"ranges": {"g": [1, True]}}, "ranges.g.1. is true .expected a finite number"),
        ({"dereddened": "ja"}, "dereddened is 'ja' .expected yes or no or unknown"),
        ({"sha256": "0x"}, "sha256 is '0x' .expected 64 hexadecimal digits"),
        ({"adaptation": {"survey": 1}}, "adaptation.survey is 1 .expected text"),
        ({"adaptation": []}, r"adaptation is \[\] .expected a table"),
        ({"sample": {"pixel_unit": 1}}, "sample.pixel_unit is 1 .expected text or null"),
        ({"tensors": {"w": 1}}, "tensors.w is 1 .expected a list"),
        ({"scores": nested(30)}, "scores is '...' .expected at most 20 lists or tables within one another"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_types_are_named(change, what):
    with pytest.raises(InputError, match=f"^x: its card.*{what}"):
        card_of(CONTENT | change, "x")


def test_a_card_mutated_anywhere_is_read_or_refused_by_name():
    full = CONTENT | {"settings": {"width": 3}, "posterior": {"axes": [{"bins": 4}]}, "ranges": {"g": [17, 20]}}
    full |= {"sample": {"rows": {"train": 5}, "pixel_unit": "uJy"}, "scores": {"bias": 0.1}, "seed": 1, "stamp": 8}
    full |= {"learning_curve": [[1.0]], "tensors": {"w": ["float32", [3]]}, "temperature": 1.0, "pixel_scale": 0.1}
    full |= {"sha256": "0" * 64, "licence": "CC0", "dereddened": "no"}
    refused = 0
    for change, content in mutations(full):
        try:
            card = card_of(content, "my.safetensors")
        except InputError as error:
            refused += 1
            assert re.match(r"my\.safetensors: its card", str(error)), change
            assert len(str(error)) < 600, change
            continue
        assert json.loads(card.canonical()), change
        assert isinstance(card.seed, int) and not isinstance(card.seed, bool), change
        assert all(isinstance(band, str) for band in card.bands), change
    assert refused > 200


def test_what_a_card_must_have():
    required = {field.name for field in dataclasses.fields(Card) if field.default is dataclasses.MISSING}
    required &= {field.name for field in dataclasses.fields(Card) if field.default_factory is dataclasses.MISSING}
    assert required == set(CONTENT)
    for name in CONTENT:
        with pytest.raises(InputError, match=f"card is incomplete: it has no '{name}'"):
            card_of({key: value for key, value in CONTENT.items() if key != name}, "x")
