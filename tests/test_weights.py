"""The models that ship: each carries its card, and what can be recomputed is."""

import hashlib

import pytest

from skycnn import tasks
from skycnn.network import model

SHIPPED = sorted(model.SHIPPED.glob(f"*{model.SUFFIX}"))
LARGEST = 8_000_000
COMPLETE = (
    "survey",
    "inputs",
    "bands",
    "posterior",
    "ranges",
    "sample",
    "scores",
    "learning_curve",
    "citation",
    "licence",
)

pytestmark = pytest.mark.skipif(not SHIPPED, reason="no model ships yet")
each = pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)


@each
def test_hash_and_tensors_are_those_of_the_card(path):
    whole = model.read(path)
    assert model.digest(whole.card, whole.tensors) == whole.card.sha256
    assert path.stat().st_size <= LARGEST


@each
def test_file_is_the_one_pinned(path):
    assert model.pinned()[path.name] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_no_pinned_file_is_missing():
    assert set(model.pinned()) == {path.name for path in SHIPPED}


@each
def test_card_is_complete(path):
    card = model.read_card(path)
    assert card.name == path.stem
    assert card.name.startswith(f"{card.task}-")
    assert card.task in tasks.names()
    asked = [field for field in COMPLETE if field != "ranges" or "flux" in card.inputs]  # of magnitudes and colours
    assert [field for field in asked if not getattr(card, field)] == []


@each
def test_numbers_fill_the_network_that_the_card_names(path):
    whole = model.read(path)
    card, task = whole.card, tasks.load(whole.card.task)
    outputs = task.posterior(**card.posterior).outputs
    module = task.networks[card.network].module(bands=len(card.bands), outputs=outputs, **card.settings)
    shapes = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    own = {name: array for name, array in whole.tensors.items() if not name.startswith("_")}
    assert shapes == {name: list(array.shape) for name, array in own.items()}
