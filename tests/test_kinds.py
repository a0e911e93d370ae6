"""Kinds: which there are, in their order, and which table has what they need."""

from dataclasses import replace

import numpy as np
import pytest

import redness
from carding import card
from galaxies import table, write
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import kinds
from skycnn.inputs.available import InputOptions
from skycnn.task import InputColumn

TASK = replace(
    redness.TASK, columns={"z": InputColumn(("Z_SPEC",), ""), "dust": InputColumn(("EBV",), "", needed=False)}
)


def test_kinds_come_in_one_order_with_their_tensors():
    found = kinds.find(TASK, ("dust", "image", "z", "flux"), "m")
    assert [kind.name for kind in found] == ["flux", "image", "z", "dust"]
    assert [kind.tensors for kind in found] == [("flux", "error"), ("image",), ("z",), ("dust",)]
    with pytest.raises(InputError, match="m takes input of kind 'spectrum'") as caught:
        kinds.find(TASK, ("flux", "spectrum"), "m")
    assert caught.value.hint == "Update skycnn."


def test_what_is_imagined_has_the_shapes_of_the_input():
    known = card("m", ("flux", "image", "z"), "gri", stamp=4)
    made = {}
    for kind in kinds.find(TASK, known.inputs, "m"):
        made |= kind.imagined(known, 7, np.random.default_rng(0))
    shapes = {"flux": (7, 3), "error": (7, 3), "image": (7, 3, 4, 4), "z": (7,)}
    assert {name: value.shape for name, value in made.items()} == shapes
    assert {str(value.dtype) for value in made.values()} == {"float32"}


@pytest.mark.parametrize(
    ("inputs", "columns", "there"),
    [
        (("flux",), {}, True),
        (("flux", "z"), {}, True),
        (("flux", "dust"), {}, True),
        (("image",), {}, False),
        (("image",), {"DX": [0], "DY": [0]}, True),
        (("image", "flux"), {}, True),
        (("image", "z"), {}, False),
        (("z",), {}, True),
        (("spectrum",), {}, True),  # which is refused by its name, later
    ],
)
def test_a_table_has_fluxes_or_a_place_in_images_and_all_columns(tmp_path, inputs, columns, there):
    with Catalogue.open(write(tmp_path / "cat.fits", table(1, **columns))) as catalogue:
        known = card("m", inputs, "gri")
        assert kinds.presents(TASK, known, catalogue.columns, InputOptions()) == there
        other = InputOptions(input={"z": "NOPE"})
        assert kinds.presents(TASK, known, catalogue.columns, other) == (there and "z" not in inputs)
