"""modelcard: the learning curve and the fields of a card, those of the models that ship and odd ones."""

from dataclasses import replace

import pytest

from skycnn.network.model import installed, read_card
from skycnn.report import modelcard
from test_markup import Read

CARDS = {path.stem: path for path in installed()}


@pytest.mark.parametrize("name", CARDS)
def test_the_cards_of_all_models_that_ship_are_shown(name):
    card = read_card(CARDS[name])
    read = Read(modelcard.draw(card, "skycnn score"))
    lines = [a for n, a in read.elements if n == "path" and a["class"].split()[0] == "line"]
    assert len(lines) == len(card.learning_curve)
    for words in (card.name, card.citation, card.sha256, f" of {card.name}, seed {card.seed}", "epoch"):
        assert words in read.text, words
    assert f"{min(card.learning_curve[-1]):.4g}" in read.text


def test_cards_without_a_curve_and_with_odd_ones_are_shown():
    card = read_card(CARDS["photoz-sdss-flux"])
    bare = replace(card, learning_curve=(), scores={}, ranges={}, sample={})
    assert "has no learning curve" in Read(modelcard.draw(bare, "")).text
    odd = replace(card, learning_curve=(["x"], [], [float("nan")], [1.0], [[1.0, 2.0]]), sample={"rows": "many"})
    read = Read(modelcard.draw(odd, ""))
    assert len([a for n, a in read.elements if n == "path" and a["class"].split()[0] == "line"]) == 1
    hostile = replace(card, citation="<script>alert(1)</script>", sample={"<b>": ["<i>"]})
    assert not {"script", "b", "i"} & {name for name, _ in Read(modelcard.draw(hostile, "<s>")).elements if name != "i"}
