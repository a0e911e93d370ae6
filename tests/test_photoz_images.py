"""The networks that look at stamps: poses, holes and missing bands are no trouble; a hybrid is no worse than both."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from galaxies import poses, stamps
from skycnn.network import fitting
from skycnn.network import stages as trainings
from skycnn.network.job import Job
from skycnn.network.layers import LARGEST, cleaned, roughness
from skycnn.network.sample import Sample, sample
from skycnn.network.training import forward
from skycnn.posterior import Axis, Grid
from skycnn.task import Network, Plan
from skycnn.tasks.photoz import Flux, Hybrid, Image

CPU = torch.device("cpu")
GRID = Grid([Axis("Z_PHOT", 0.0, 1.0, 60)])
SMALL = {"width": 24, "depth": 2, "channels": 8}


def part(rows, seed):
    z, flux, error, images = stamps(rows, seed)
    return sample({"flux": flux, "error": error, "image": images}, z)


def only(rows, *names):
    return Sample({name: rows.inputs[name] for name in names}, rows.truth)


ROWS, VALID = part(600, 0), part(200, 1)


@pytest.fixture(scope="module")
def image():
    plan = Plan(epochs=8, batch=32, rate=8e-3, average=0.9)
    job = Job(Network(Image, ("image",), plan), 3, GRID, SMALL, 1, CPU)
    return fitting.train(job, only(ROWS, "image"), only(VALID, "image"))


@pytest.fixture(scope="module")
def flux():
    plan = Plan(epochs=5, batch=32)
    job = Job(Network(Flux, ("flux",), plan), 3, GRID, {"width": 24, "depth": 2}, 1, CPU)
    return fitting.train(job, only(ROWS, "flux", "error"), only(VALID, "flux", "error"))


def joined(flux, image, epochs=2, tune=1, rate=1e-3):
    plan = Plan(epochs=epochs, batch=32, rate=rate, tune_epochs=tune, tune_rate=rate / 10)
    init = {
        f"{name}.{key}": value.numpy()
        for name, done in (("flux", flux), ("image", image))
        for key, value in done.module.state_dict().items()
    }
    settings = {"flux": dict(flux.settings), "image": dict(image.settings)}
    network = Network(Hybrid, ("flux", "image"), plan, ("flux", "image"))
    return Job(network, 3, GRID, settings, 1, CPU, init=init, joins=True)


def score(module, rows):
    return float(GRID.score(forward(module, rows.inputs), rows.truth))


def begun(job):
    return trainings.of(job)[0].fresh(job, 0, ROWS)


def fresh(bands=3, **settings):
    torch.manual_seed(1)
    module = Image(bands, 10, **{**SMALL, **settings}).eval()
    module.normalise(VALID.first())
    return module


def test_it_learns(image):
    raw = forward(image.module, {"image": VALID.inputs["image"]})
    answers = GRID.summarise(raw)[0]["Z_PHOT"]
    assert np.median(np.abs(answers - VALID.truth.numpy()[:, 0])) < 0.07


def test_the_constants_are_those_of_the_stamps():
    module = fresh()
    assert module.noise.numpy() == pytest.approx(np.full(3, 0.1), rel=0.15)
    values, known = module.features(*cleaned(VALID.inputs["image"]))
    scaled = (values - module.centre) / module.scale
    assert known.all()
    assert scaled.median(0).values.numpy() == pytest.approx(np.zeros(values.shape[1]), abs=0.05)


def test_its_windows_see_the_same_in_every_pose():
    module, images = fresh(), VALID.inputs["image"][:20]
    first, _ = module.features(*cleaned(images))
    for pose in poses(images):
        assert torch.allclose(module.features(*cleaned(pose))[0], first, atol=2e-3)


def test_holes_and_missing_bands_are_numbers_and_told_apart():
    module, images = fresh(), VALID.inputs["image"][:4].clone()
    whole = module(images)
    images[0, 1] = float("nan")
    images[1, :, 3:5, 9] = float("inf")
    images[2] = float("nan")
    raw = module(images)
    assert torch.isfinite(raw).all()
    assert torch.equal(raw[3], whole[3])
    assert not torch.equal(raw[0], whole[0])
    images[0, 1] = 0  # sky without a galaxy is no missing band
    assert not torch.equal(module(images)[0], raw[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_odd_pixels_are_looked_for_in_each_stamp(image, value):
    """Sound stamps take a shorter way; their company does not change them."""
    images = VALID.inputs["image"][:4].clone()
    whole = cleaned(images)
    images[1, 0, 3, 4], images[2, 1] = value, value
    clean, there = cleaned(images)
    for row in (0, 3):
        assert torch.equal(clean[row], whole[0][row]) and torch.equal(there[row], whole[1][row])
    kept = np.isfinite(value)
    assert clean[1, 0, 3, 4] == clean[2, 1].amax() == (LARGEST if kept else 0)
    assert there.all() == kept and not clean.isnan().any()


def test_any_pixels_give_numbers():
    module = fresh()
    for odd in (0.0, -1e4, 1e30, 3e38):
        assert torch.isfinite(module(torch.full((2, 3, 16, 16), odd))).all()


def test_it_sees_how_noisy_each_stamp_is():
    images = VALID.inputs["image"]
    told, blind = fresh(levels=True), fresh()
    noisier = images + 0.3 * torch.empty_like(images).normal_(generator=torch.Generator().manual_seed(2))
    (before, known), (after, _) = (told.features(*cleaned(some)) for some in (images, noisier))
    assert before.shape[1] == blind.centre.shape[0] + 3 and known.all()
    rise = (after - before)[:, -3:].median(0).values  # noise of 0.1, then of 0.32
    assert rise.numpy() == pytest.approx(np.full(3, np.log(10**0.5)), abs=0.15)


def test_in_training_half_of_the_stamps_get_more_noise():
    images = VALID.inputs["image"]
    seen = fresh(extra=1.0, drop=0.0).augment({"image": images}, torch.Generator().manual_seed(1))["image"]
    rise = (roughness(seen).sort(0).values / roughness(images).sort(0).values).mean()
    assert 1.05 < float(rise) < 1.25
    same = (seen.flatten(1).sort(1).values == images.flatten(1).sort(1).values).all(1)
    assert 0.4 < float(same.float().mean()) < 0.6


def test_augmented_stamps_are_turned_and_lose_bands():
    module = fresh()
    seen = module.augment({"image": VALID.inputs["image"]}, torch.Generator().manual_seed(1))["image"]
    lost = torch.isnan(seen).all(3).all(2)
    assert 0.1 < float(lost.float().mean()) < 0.25
    assert int((~lost).sum(1).min()) == 2
    kept = ~lost.any(1)
    assert not torch.equal(seen[kept], VALID.inputs["image"][kept])
    flat = lambda images: images.flatten(2).sort(2).values  # noqa: E731
    assert torch.equal(flat(seen[kept]), flat(VALID.inputs["image"][kept]))


@pytest.mark.parametrize("side", [15, 32])
@pytest.mark.parametrize("stride", [2, 4])
def test_stamps_of_another_size_and_a_faster_form(side, stride):
    assert fresh(stride=stride)(torch.randn(3, 3, side, side)).shape == (3, 10)


@pytest.mark.parametrize("build", [lambda: Image(3, 10, **SMALL), lambda: Hybrid(3, 10, {"width": 16}, SMALL)])
def test_its_whole_state_is_in_its_state_dict(build):
    with torch.device("meta"):
        empty = build()
    module = build()
    module.normalise(VALID.first())
    module.temper(1.3)
    empty.load_state_dict(module.state_dict(), assign=True)
    inputs = VALID.inputs if isinstance(module, Hybrid) else {"image": VALID.inputs["image"]}
    assert torch.equal(forward(empty, inputs), forward(module, inputs))


def test_the_temperature_divides_the_raw_output(flux, image):
    job = joined(flux, image)
    for module, names in ((fresh(), ("image",)), (begun(job), ("flux", "error", "image"))):
        rows = only(VALID, *names)
        before = forward(module, rows.inputs)
        module.temper(1.25)
        assert torch.allclose(forward(module, rows.inputs) * 1.25, before, atol=1e-5)


def test_a_hybrid_begins_with_its_parents(flux, image):
    module = begun(joined(flux, image))
    for name, parent in (("flux", flux), ("image", image)):
        own, theirs = getattr(module, name).state_dict(), parent.module.state_dict()
        assert all(torch.equal(own[key], theirs[key]) for key in theirs)


@pytest.mark.parametrize("rate", [1e-3, 10.0])  # the second only does harm, and is left behind
def test_a_hybrid_is_no_worse_than_the_better_parent(flux, image, rate):
    said = []
    done = fitting.train(joined(flux, image, rate=rate), ROWS, VALID, say=said.append)
    best = min(score(flux.module, only(VALID, "flux", "error")), score(image.module, only(VALID, "image")))
    done.module.temper(1 / done.temperature)  # as it was before it was calibrated
    assert score(done.module, VALID) <= best + 1e-5
    assert [line.split(":")[0] for line in said] == ["its head alone", "the whole network"]
    assert done.settings["image"] == SMALL


def test_a_hybrid_s_stamps_get_no_noise_that_its_fluxes_do_not_have(flux, image):
    noisy = replace(image, settings={**image.settings, "extra": 0.7})
    assert joined(flux, noisy).blank(joined(flux, noisy).settings, 10).image.extra == 0


def test_both_networks_lose_the_same_bands(flux, image):
    module = begun(joined(flux, image))
    seen = module.augment(VALID.inputs, torch.Generator().manual_seed(1))
    lost = torch.isnan(seen["image"]).all(3).all(2)
    assert torch.equal(lost, torch.isnan(seen["flux"]))
    assert torch.equal(lost, torch.isnan(seen["error"]))
    assert torch.isfinite(module(**seen)).all()


def test_the_parents_are_frozen_while_the_head_learns(flux, image):
    done = fitting.train(joined(flux, image, tune=0), ROWS, VALID)
    for name, parent in (("flux", flux), ("image", image)):
        own, theirs = getattr(done.module, name).state_dict(), parent.module.state_dict()
        assert all(torch.equal(own[key], theirs[key]) for key in theirs)
    assert done.module.head.leave.weight.abs().max() > 0
