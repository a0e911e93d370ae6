"""neighbourhoods: rows are compared in the bands that they have, with training rows that have them."""

import numpy as np
import pytest

from classical import sky
from skycnn.baselines import neighbourhoods
from skycnn.baselines.neighbourhoods import Neighbourhoods
from skycnn.features import Features


def near(inputs, truth):
    return Neighbourhoods(Features, inputs, truth)


def test_each_row_comes_once_with_its_own_bands():
    inputs, z = sky(3000)
    asked = sky(200, seed=1)[0]
    seen = np.zeros(200, int)
    for rows, hood, part in near(inputs, z).of(asked):
        seen[rows] += 1
        assert (np.isfinite(asked["flux"][rows]) == hood.bands).all()
        assert part["flux"].shape == (len(rows), hood.bands.sum())
        assert len(hood.truth) == np.isfinite(inputs["flux"])[:, hood.bands].all(axis=1).sum()
        place, index = hood.nearest(part, 7)
        distance = np.linalg.norm(hood.place[index] - place[:, None], axis=2)
        assert (np.diff(distance, axis=1) >= 0).all()
        brute = np.sort(np.linalg.norm(hood.place[None] - place[:, None], axis=2), axis=1)[:, :7]
        assert distance == pytest.approx(brute)
    assert (seen == 1).all()


def test_bands_that_hardly_any_training_row_has_are_left_out():
    inputs, z = sky(3000)
    inputs["flux"][30:, 0] = np.nan
    (first,) = near(inputs, z).of({name: values[:1] for name, values in sky(1, seed=3)[0].items()})
    assert first[1].bands.tolist() == [False, True, True]
    assert len(first[1].truth) > 2700


def test_a_row_whose_only_band_no_training_row_has_never_comes():
    inputs, z = sky(100)
    inputs["flux"][:, 0] = np.nan
    asked = {"flux": np.array([[1.0, np.nan, np.nan]]), "error": np.array([[0.1, np.nan, np.nan]])}
    assert list(near(inputs, z).of(asked)) == []


def test_numbers_without_bands_have_one_neighbourhood():
    class Own:
        def __init__(self, inputs):
            pass

        def table(self, inputs):
            return inputs["x"][:, None]

    x = np.arange(50.0)
    ((rows, hood, part),) = Neighbourhoods(Own, {"x": x}, x).of({"x": np.array([3.2, np.nan])})
    assert rows.tolist() == [0, 1]
    _, index = hood.nearest(part, 2)
    assert hood.truth[index[0]].tolist() == [3.0, 4.0]


def test_few_neighbourhoods_are_kept(monkeypatch):
    monkeypatch.setattr(neighbourhoods, "KEPT", 2)
    inputs, z = sky(800)
    every = near(inputs, z)
    first = {rows.tobytes(): hood.truth.tolist() for rows, hood, _ in every.of(inputs)}
    assert len(first) > 3
    assert len(every._kept) == 2
    assert {rows.tobytes(): hood.truth.tolist() for rows, hood, _ in every.of(inputs)} == first
