"""What the README says of the models is what their cards say."""

import re
from pathlib import Path

import pytest

from skycnn.network.model import read_card

ROOT = Path(__file__).parent.parent
CARDS = [read_card(path) for path in sorted((ROOT / "src/skycnn/weights").glob("*.safetensors"))]
ROWS = dict(
    re.findall(
        r"^\| `((?:photoz|merger|starcluster|clustermass)-[a-z0-9-]+)` \| (.*) \|$",
        (ROOT / "README.md").read_text(),
        re.M,
    )
)


def test_every_model_has_a_line():
    assert set(ROWS) == {card.name for card in CARDS}


@pytest.mark.parametrize("card", [card for card in CARDS if card.task != "photoz"], ids=lambda card: card.name)
def test_what_looks_at_stamps_alone_is_told_as_its_card_tells_it(card):
    source, learned = ROWS[card.name].split(" | ")
    assert source == f"{' '.join(card.bands)}, {card.stamp}x{card.stamp} pixels of {card.pixel_scale} arcsec"
    assert f"{card.sample['rows']['train']:,}" in learned


@pytest.mark.parametrize("card", [card for card in CARDS if card.task == "photoz"], ids=lambda card: card.name)
def test_a_model_s_limits_are_those_of_its_card(card):
    source, learned, magnitudes, redshifts = ROWS[card.name].split(" | ")
    low, high = (float(word) for word in redshifts.split(" to "))
    assert [low, high] == [round(end, 2) for end in card.sample["truth_range"]]
    band, faint, bright = re.fullmatch(r"(\w+) ([\d.]+) to ([\d.]+)", magnitudes).groups()
    ranges = card.ranges or next(other.ranges for other in CARDS if other.name == "photoz-csst-flux")
    assert [float(faint), float(bright)] == [round(end, 1) for end in ranges[band]]
    assert f"{card.sample['rows']['train']:,}" in learned
    if card.inputs == ("flux",):
        assert set(source.split()) == set(card.bands)
    if card.inputs == ("image",):
        assert f"{card.stamp}x{card.stamp} pixels of {card.pixel_scale} arcsec" in source
