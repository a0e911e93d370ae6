"""SkyCells: cells of one size wherever on the sky they lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skycnn.errors import InputError
from skycnn.images.positions import skycells


def sphere(count, seed=1):
    random = np.random.default_rng(seed)
    return random.uniform(0, 360, count), np.degrees(np.arcsin(random.uniform(-1, 1, count)))


@pytest.mark.parametrize("size", [5.0, 7.3, 30.0])
def test_cells_are_of_one_area_and_hold_what_is_near(size):
    lon, lat = sphere(200_000)
    names, count = np.unique(skycells.cells(lon, lat, size), return_counts=True)
    expected = 41253 / size**2
    assert len(names) == pytest.approx(expected, rel=0.12)
    assert np.std(count) / np.mean(count) < 0.2 + 1 / np.sqrt(np.mean(count))
    apart = 0.02
    beside = skycells.cells((lon + apart / np.maximum(np.cos(np.radians(lat)), 1e-3)) % 360, lat, size)
    assert (beside != skycells.cells(lon, lat, size)).mean() < 2 * apart / size


@given(st.floats(0, 360), st.floats(-90, 90), st.floats(skycells.SMALLEST, skycells.LARGEST))
def test_a_cell_is_no_larger_than_it_says(lon, lat, size):
    (name,) = skycells.cells(np.array([lon]), np.array([lat]), size)
    _, band, cell = name.split("/")
    bands = int(np.ceil(180 / size))
    assert 0 <= int(band) < bands
    low = -90 + 180 / bands * int(band)
    assert low - 1e-6 <= lat <= low + size + 1e-6
    assert 0 <= int(cell) <= 360 / size + 1


def test_a_row_without_a_position_has_no_cell():
    names = skycells.cells(np.array([np.nan, 3.0, 0.0, 360.0, 10.0]), np.array([1.0, np.nan, 0.0, 0.0, 90.0]), 5.0)
    assert names[:2].tolist() == ["", ""]
    assert names[2] == names[3] != ""
    assert skycells.cells(np.empty(0), np.empty(0), 5.0).shape == (0,)


@pytest.mark.parametrize(
    ("text", "size"), [("sky", 5.0), ("SKY:2.5", 2.5), ("sky:90", 90.0), ("GROUP", None), ("sky2", None), ("", None)]
)
def test_sizes(text, size):
    assert skycells.size_of(text) == size


@pytest.mark.parametrize("text", ["sky:", "sky:0", "sky:-1", "sky:wide", "sky:nan", "sky:91"])
def test_sizes_that_are_none(text):
    with pytest.raises(InputError, match=f"{text} names no cells"):
        skycells.size_of(text)
