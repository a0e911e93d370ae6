"""An explainer: captum's attributions, whole sums, holes and absent bands, any batch, and what it refuses."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from explaining import CASES, IMAGES, case, inputs_of
from planted import learned, planted
from skycnn import interrupt
from skycnn.errors import InputError, Interrupted, RunError
from skycnn.network import explainer as explaining
from skycnn.network import model
from skycnn.network.answer import Answerer
from skycnn.network.explainer import Explainer
from skycnn.network.tempering import Tempering
from skycnn.tasks import merger

ALL = [("ig", name) for name in CASES] + [(method, name) for name in IMAGES for method in ("cam", "joint")]


def made(name, method, rows=4, **options):
    task, sealed, module = case(name)
    return Explainer(task, sealed, "cpu", method=method, **options), inputs_of(sealed.card.inputs, rows, 5), module


@pytest.fixture
def cells(monkeypatch):
    """Maps at the resolution of the feature maps."""
    monkeypatch.setattr(explaining, "enlarged", lambda maps, image: maps)


@pytest.mark.parametrize("name", IMAGES)
def test_captum_finds_the_same(name, cells):
    """In double precision: else a pixel at a kink may fall to either side of it."""
    pytest.importorskip("captum", reason="captum is not installed")
    from captumpeer import Peer

    explainer, inputs, module = made(name, "ig")
    inputs = {key: own.astype("f8") for key, own in inputs.items()}
    peer = Peer(
        copy.deepcopy(module).double(), explainer.posterior, {k: torch.from_numpy(v) for k, v in inputs.items()}
    )
    wanted = peer.integrated(12)
    wanted = {"image": wanted["image"]} | ({"flux": wanted["flux"] + wanted["error"]} if "flux" in wanted else {})
    for method, maps in (("ig", wanted), ("joint", {"image": peer.joint(12)}), ("cam", {"image": peer.cam()})):
        own = made(name, method, steps=12)[0]
        own._network.double()
        found = own.attribute(0, inputs).maps
        assert found.keys() == maps.keys()
        for key, theirs in maps.items():
            np.testing.assert_allclose(found[key], theirs, rtol=1e-5, atol=1e-8 * theirs.abs().max().item())


@pytest.mark.parametrize(
    ("method", "name", "baseline"),
    [(*own, "blurred") for own in ALL if own[0] != "cam"]  # a window fitted to empty sky has no one shape
    + [
        ("ig", name, baseline)
        for name in ("flux", "paper", "residual", "all poses")
        for baseline in ("sky", "smooth", "zero")
    ],
)
def test_attributions_add_up(method, name, baseline):
    explainer, inputs, _ = made(name, method, baseline=baseline, bound=0.002)
    found = explainer.attribute(0, inputs)
    assert (np.abs(found.residual) <= 0.002 * np.abs(found.answer)).all()
    assert (found.steps >= 24).all() and found.steps.dtype == np.int32
    if method == "ig":
        total = sum(own.reshape(4, -1).sum(1, dtype="f8") for own in found.maps.values())
        np.testing.assert_allclose(total, found.answer - found.reference + found.residual, atol=1e-4)
    np.testing.assert_allclose(found.answer, answer_of(explainer, inputs), rtol=1e-4, atol=1e-5)


def answer_of(explainer, inputs):
    raw = explainer._network(**{key: torch.from_numpy(own) for key, own in inputs.items()})
    return explainer.posterior.explained(raw, explainer.target).numpy()


@pytest.mark.parametrize(("method", "name"), ALL)
def test_what_is_absent_has_no_share(method, name):
    explainer, inputs, _ = made(name, method, rows=5, steps=6)
    for key in set(inputs) - {"error"}:
        inputs[key][1, 0] = np.nan
        inputs[key][2] = np.nan
    if "image" in inputs:
        inputs["image"][3, :, 2:4, 5], inputs["image"][4, 1, 7, 7] = np.inf, 3e38
    maps = explainer.attribute(0, inputs).maps
    assert all(np.isfinite(own).all() and own.dtype == np.float32 for own in maps.values())
    for own in maps.values():
        assert not own[2].any() and own[0].any()
        if method == "ig":
            assert not own[1, 0].any() and own[1, 1:].any()
    if "image" in maps:
        assert not maps["image"][3, ..., 2:4, 5].any() and maps["image"][3].any()


@pytest.mark.parametrize(("method", "name"), ALL)
def test_any_batch_gives_the_same(method, name):
    explainer, inputs, _ = made(name, method, rows=7)
    whole, parts = explainer.attribute(0, inputs), made(name, method, batch=3)[0].attribute(2, inputs)
    np.testing.assert_allclose(parts.answer, whole.answer, rtol=1e-4, atol=1e-5)
    assert parts.steps.tolist() == whole.steps.tolist()
    for key, own in whole.maps.items():
        np.testing.assert_allclose(parts.maps[key], own, rtol=0, atol=1e-4 * np.abs(own).max())
        again = explainer.attribute(0, inputs).maps[key]
        assert np.array_equal(again, own)


@pytest.mark.parametrize("method", ["cam", "joint"])
def test_maps_of_all_poses_lie_on_the_stamp(method):
    """The mean over all poses turns with the stamp."""
    explainer, inputs, _ = made("all poses", method, steps=6)
    whole = explainer.attribute(0, inputs).maps["image"]
    for turn in (lambda own: np.flip(own, -1), lambda own: np.flip(own, -2), lambda own: own.swapaxes(-1, -2)):
        turned = explainer.attribute(0, {"image": np.ascontiguousarray(turn(inputs["image"]))}).maps["image"]
        np.testing.assert_allclose(turned, turn(whole), rtol=0, atol=1e-4 * np.abs(whole).max())
        assert np.abs(whole - turn(whole)).max() > 1e-2 * np.abs(whole).max()


def test_the_answer_is_that_of_the_catalogue():
    """Tempered as there: the median of the posterior whose median's bin is explained lies in that bin."""
    task, sealed, _ = case("image")
    curves = np.log(np.full((1, 5, 3), 1.9, "f4"))
    warm = model.Model(sealed.card, {**sealed.tensors, **Tempering(np.array([[0, 1, 2]], "f4"), curves).tensors()})
    inputs = inputs_of(("image",), 3, 5)
    answerer = Answerer(task, warm, "cpu", pdf=True)
    names = [column.name for column in answerer.columns]
    known = answerer.answer(0, inputs, np.ones((3, 3), bool), np.zeros(3, np.int32))
    columns = dict(zip(names, known, strict=True))
    edges = answerer.posterior.axes[0].edges.numpy()
    mean = Explainer(task, warm, "cpu", method="cam").attribute(0, inputs).answer
    np.testing.assert_allclose(mean, columns["Z_PHOT_PDF"] @ ((edges[1:] + edges[:-1]) / 2), rtol=1e-4)
    likely = Explainer(task, warm, "cpu", method="cam", target="Z_PHOT_LOGP").attribute(0, inputs).answer
    place = np.searchsorted(edges, columns["Z_PHOT"]) - 1
    np.testing.assert_allclose(likely, np.log(columns["Z_PHOT_PDF"][range(3), place]), rtol=1e-4)
    assert not np.allclose(Explainer(task, sealed, "cpu", method="cam").attribute(0, inputs).answer, mean, rtol=1e-4)


@pytest.mark.parametrize("kind", ["patch", "band"])
def test_maps_show_what_carries_the_label(kind):
    """And no longer do when the weights are shuffled."""
    sealed, (image, label, inside) = learned(kind), planted(40, 5, kind)
    for method in ("ig", "cam", "joint"):
        explainer = Explainer(merger.TASK, sealed, "cpu", method=method)
        found = explainer.attribute(0, {"image": image})
        assert ((found.answer > 0) == label).mean() >= 0.95
        weight = np.abs(found.maps["image"])[label]
        if kind == "band" and method == "ig":
            assert weight[:, 0].sum() >= 0.8 * weight.sum()
        places = weight.sum(1) if method == "ig" else weight
        assert (places * inside[label]).sum() >= 0.8 * places.sum()
        check = explainer.check(0, {"image": image[label]})
        assert abs(check.correlation) <= 0.2 and not check.survives
        assert check.deletion < check.control < check.insertion
        assert explainer._randomised(0).attribute(0, {"image": image[:3]}).maps["image"].any()


def test_memory_that_runs_out_halves_the_batch(monkeypatch):
    explainer, inputs, _ = made("image", "joint", rows=6, batch=6, steps=4)
    whole, forward = explainer.attribute(0, inputs), explainer._network.from_maps

    def narrow(**seen):
        if len(seen["maps"]) > 2:
            raise RuntimeError("CUDA out of memory.")
        return forward(**seen)

    monkeypatch.setattr(explainer._network, "from_maps", narrow)
    found = explainer.attribute(0, inputs).maps["image"]
    np.testing.assert_allclose(found, whole.maps["image"], rtol=0, atol=1e-4 * np.abs(found).max())
    monkeypatch.setattr(explainer._network, "from_maps", lambda **seen: narrow(maps=range(3)))
    with pytest.raises(RunError, match="out of memory for a single row"):
        explainer.attribute(0, inputs)


def test_a_signal_ends_it_between_two_points(monkeypatch):
    explainer, inputs, _ = made("flux", "ig", batch=2, steps=40)
    left = iter([None] * 5)

    def check():
        if next(left, "done") == "done":
            raise Interrupted(2)

    monkeypatch.setattr(interrupt, "check", check)
    with pytest.raises(Interrupted):
        explainer.attribute(0, inputs)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("flux", {"method": "joint"}, "network flux has no feature maps for --method joint. Use --method ig"),
        ("image", {"method": "shap"}, r"--method is not known: 'shap' \(expected joint, ig, cam\)"),
        ("image", {"method": "ig", "baseline": "noise"}, r"'noise' \(expected blurred, smooth, zero, sky\)"),
        (
            "image",
            {"method": "ig", "target": "MASS"},
            r"--target is not known: 'MASS' \(expected Z_PHOT, Z_PHOT_LOGP\)",
        ),
    ],
)
def test_what_cannot_be_explained_is_refused(name, options, message):
    with pytest.raises(InputError, match=message):
        Explainer(*case(name)[:2], "cpu", **options)


def test_a_network_that_looks_at_columns_alone_has_nothing_to_show():
    class Column(torch.nn.Module):
        def __init__(self, bands, outputs):
            super().__init__()
            self.layer = torch.nn.Linear(1, outputs)

        def forward(self, z):
            return self.layer(z[:, None])

    network = dataclasses.replace(merger.TASK.networks["paper"], module=Column, inputs=("z",))
    task = dataclasses.replace(merger.TASK, networks={"column": network})
    posterior = merger.posterior()
    tensors = {key: own.numpy() for key, own in Column(0, 1).state_dict().items()}
    card = model.Card("m", "merger", "column", "", ("z",), (), posterior=posterior.settings())
    with pytest.raises(InputError, match="looks at no pixels and no fluxes"):
        Explainer(task, model.seal(card, tensors), "cpu", method="ig")
