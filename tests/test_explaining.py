"""Rows explained: every network of every task by every method that it takes, and columns that add up."""

import numpy as np
import pytest
import torch

import mappedstamps
from skycnn import tasks
from skycnn.errors import InputError
from skycnn.inputs.explaining import Explaining, blanked, columns
from skycnn.network import model
from skycnn.network.answer import Answerer
from skycnn.network.attribution import METHODS, Attributions
from skycnn.network.explainer import Explainer
from skycnn.network.featuremaps import shows_maps

ROWS, BANDS, SIDE = 4, ("u", "g", "r"), 32
NETWORKS = [(name, network) for name in tasks.names() for network in tasks.load(name).networks]


def made(name, network, side=SIDE):
    """Return a task, and a model of one of its networks whose weights were never trained."""
    torch.manual_seed(1)
    task = tasks.load(name)
    one, posterior = task.networks[network], task.posterior()
    module = one.module(bands=len(BANDS), outputs=posterior.outputs, **one.settings)
    card = model.Card(
        name="made",
        task=name,
        network=network,
        survey="",
        inputs=one.inputs,
        bands=BANDS,
        settings=dict(one.settings),
        posterior=posterior.settings(),
        pixel_scale=0.2,
        stamp=side if "image" in one.inputs else None,
    )
    return task, model.seal(card, {key: value.numpy() for key, value in module.state_dict().items()})


def seen(card, side=SIDE):
    """Return inputs of a few rows: a plain one, one that lacks a band, one of nothing, and a plain one."""
    random, found = np.random.default_rng(2), {}
    present = np.ones((ROWS, len(BANDS)), bool)
    present[1, 0] = present[2] = False
    if card.takes_fluxes:
        flux = random.uniform(1, 30, (ROWS, len(BANDS))).astype("f4")
        flux[~present] = np.nan
        found |= {"flux": flux, "error": 0.05 * flux}
    if card.takes_images:
        y, x = np.mgrid[:side, :side] - (side - 1) / 2
        image = np.exp(-(x**2 + y**2) / 20)[None, None] * random.uniform(0.5, 3, (ROWS, len(BANDS), 1, 1))
        image = (image + 0.05 * random.standard_normal(image.shape)).astype("f4")
        image[~present] = np.nan
        found["image"] = image
    columns = tasks.load(card.task).columns
    found |= {name: random.uniform(0.1, 0.3, ROWS).astype("f4") for name in card.inputs if name in columns}
    return found, present


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "network"), NETWORKS, ids=map(" ".join, NETWORKS))
def test_every_network_is_explained(name, network, method):
    task, whole = made(name, network)
    answerer, card = Answerer(task, whole), whole.card
    if method != "ig" and not (card.takes_images and shows_maps(answerer.network)):
        with pytest.raises(InputError, match="--method ig"):
            Explainer(task, whole, method=method)
        return
    settings = {"steps": 3, "baseline": "zero"}
    both = card.takes_fluxes and card.takes_images and method != "ig"
    of_fluxes = Explainer(task, whole, method="ig", **settings) if both else None
    one = Explaining(answerer, Explainer(task, whole, method=method, **settings), of_fluxes)
    inputs, present = seen(card)
    before = {key: value.copy() for key, value in inputs.items()}
    found = one.explain(0, inputs, present, np.zeros(ROWS, "i4"))
    for key, value in before.items():
        np.testing.assert_array_equal(inputs[key], value)  # what is tried without a band leaves the rows as they are
    maps, silent = found.attributions.maps, np.array([False, False, True, False])
    assert set(maps) == {kind for kind, takes in (("flux", card.takes_fluxes), ("image", card.takes_images)) if takes}
    if card.takes_images:
        planes = (len(BANDS),) if method == "ig" else ()
        assert maps["image"].shape == (ROWS, *planes, SIDE, SIDE)
        assert np.array_equal(np.isnan(maps["image"]).all(axis=tuple(range(1, maps["image"].ndim))), silent)
        assert one.planes == (BANDS if method == "ig" else (method,))
    numbers = one.numbers(found)
    assert [*numbers, one.columns[-1].name] == [column.name for column in one.columns]
    assert all(value.shape == (ROWS,) for value in numbers.values())
    assert np.array_equal(np.isnan(found.attributions.answer), silent)
    if method == "ig":
        total = sum(value.sum(axis=tuple(range(1, value.ndim)), dtype=np.float64) for value in maps.values())
        away = found.attributions.answer - found.attributions.reference + found.attributions.residual
        np.testing.assert_allclose(total[~silent], away[~silent], rtol=1e-4, atol=1e-4)
    if card.takes_fluxes:
        gone, left = {key: value.copy() for key, value in inputs.items()}, present.copy()
        for value in gone.values():
            value[:, 2] = np.nan
        left[:, 2] = False
        answer = answerer.answer(0, gone, left, np.zeros(ROWS, "i4"))[0]
        np.testing.assert_allclose(found.without[:, 2], answer, rtol=1e-5)
        assert np.isnan(found.without[1, 0])  # it has no such band


def test_columns_of_bands_that_differ_in_case_alone():
    names = [column.name for column in columns("Z_PHOT", "", "", ("g", "G", "r'"))]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(column.meaning) <= 68 and "'" not in column.meaning for column in columns("X", "", "", ("r'",)))


def test_rows_without_an_answer_are_blank():
    whole = Attributions("cam", {"image": np.ones((2, 3, 3))}, *np.ones((3, 2)), np.full(2, 7, "i4"))
    found = blanked(whole, np.array([False, True]))
    assert np.isnan(found.maps["image"][1]).all() and np.isfinite(found.maps["image"][0]).all()
    assert found.steps.tolist() == [7, 0]
    assert np.isfinite(whole.maps["image"]).all()


def test_rows_whose_residual_is_large_are_counted(tmp_path, monkeypatch):
    mappedstamps.install(tmp_path, monkeypatch)
    whole = model.read(mappedstamps.image_model(tmp_path))
    task = tasks.load("mappedmerger")
    image = np.random.default_rng(0).random((6, 2, mappedstamps.SIDE, mappedstamps.SIDE), np.float32)
    counts = []
    for bound in (1e-12, 1e6):
        one = Explaining(Answerer(task, whole), Explainer(task, whole, method="ig", steps=2, bound=bound))
        one.explain(0, {"image": image}, np.ones((6, 2), bool), np.zeros(6, "i4"))
        counts.append(one.completeness)
    assert counts == [{"explained": 6, "above_bound": 6}, {"explained": 6, "above_bound": 0}]
