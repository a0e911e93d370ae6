"""Band features: which band a stamp is of, learned without truths, and answers by frozen features."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from clusterstamps import BANDS, clusters
from skycnn.network import bandfeatures, stages
from skycnn.network.bandfeatures import NONE, BandFeatures, entropy, one_band
from skycnn.network.featuremaps import shows_maps
from skycnn.network.fitting import train
from skycnn.network.job import Job
from skycnn.network.sample import Sample
from skycnn.posterior import Axis, Grid
from skycnn.task import Network, Plan

SMALL = {"channels": (6, 8), "blocks": (1, 1), "mixed": 8, "width": 12}
POSTERIOR = Grid([Axis("LOG_MASS", 13.5, 15.5, 10)])


def fresh(images, **settings):
    torch.manual_seed(1)
    module = BandFeatures(BANDS, 5, **{**SMALL, **settings})
    module.normalise({"image": images})
    return module.eval()


@pytest.fixture(scope="module")
def images():
    return clusters(24)[0]["image"]


def job(network_stages=bandfeatures.first_the_band, epochs=3, **more):
    network = Network(BandFeatures, ("image",), Plan(epochs, 16, 0.01), settings=SMALL, stages=network_stages)
    given = {"network": network, "bands": BANDS, "posterior": POSTERIOR, "settings": SMALL, "seed": 1}
    return Job(**given, device=torch.device("cpu"), **more)


def test_maps_of_all_bands_are_stacked_and_those_of_absent_ones_are_zero(images):
    module, some = fresh(images), images[:6].clone()
    whole = module.with_maps(image=some)["maps"]
    some[1, 2] = math.nan
    seen = module.with_maps(image=some)
    assert shows_maps(module) and seen["maps"].shape[:2] == (6, 8 * BANDS)
    own = seen["maps"][1].unflatten(0, (BANDS, 8))
    assert own[2].abs().max() == 0 and seen["there"][1].tolist() == [1, 1, 0, 1]
    torch.testing.assert_close(own[:2], whole[1].unflatten(0, (BANDS, 8))[:2])
    raw, hidden = module.with_hidden(image=some)
    torch.testing.assert_close(module.from_maps(**seen), raw)
    assert hidden.shape == (6, 12) and module.features(image=some).shape == seen["maps"].flatten(1).shape
    dark = images[:6].clone()
    dark[1, 2] = 0.0
    assert not torch.allclose(module(image=dark)[1], raw[1])


def test_the_first_network_sees_each_band_by_itself_as_the_second_one_does(images):
    second, first = fresh(images), fresh(images, single=True)
    first.look.load_state_dict(second.look.state_dict())
    maps = second.with_maps(image=images[:4])["maps"].unflatten(1, (BANDS, 8))
    for band in range(BANDS):
        own = first.with_maps(image=images[:4, band : band + 1])["maps"]
        torch.testing.assert_close(own, maps[:, band], atol=1e-5, rtol=1e-4)
    assert first(image=images[:4, :1]).shape == (4, 5)


def test_even_stamps_do_not_tell_the_band_by_their_noise(images):
    noise = torch.randn(8, 1, 40, 40, generator=torch.Generator().manual_seed(1))
    plain, even = (fresh(images, single=True, even=own).with_maps for own in (False, True))
    torch.testing.assert_close(even(image=noise)["maps"], even(image=20 * noise)["maps"], atol=1e-4, rtol=1e-3)
    assert not torch.allclose(plain(image=noise)["maps"], plain(image=20 * noise)["maps"], atol=0.1)


def test_targets_are_the_bands_and_none_where_there_is_no_pixel(images):
    some = images[:3].clone()
    some[1, 2] = math.nan
    variant = torch.tensor([0, 2, 2])
    shown, target = one_band({"image": some}, variant)
    assert shown["image"].shape == (3, 1, 40, 40) and torch.equal(shown["image"][2, 0], some[2, 2])
    assert target.tolist() == [0, NONE, 2]
    raw = torch.randn(3, BANDS, requires_grad=True)
    wanted = torch.nn.functional.cross_entropy(raw[[0, 2]], torch.tensor([0, 2]))
    torch.testing.assert_close(entropy(raw, target.float()), wanted)
    none = entropy(raw, torch.full((3,), float(NONE)))
    none.backward()
    assert none == 0 and raw.grad.isfinite().all()


def test_bands_are_learned_without_truths_and_then_kept():
    inputs, mass = clusters(96)
    images = inputs["image"].numpy()
    truth = np.where(np.arange(96) % 4 == 0, mass, np.nan).astype("f4")
    rows = Sample({"image": torch.from_numpy(images[:80])}, torch.from_numpy(truth[:80, None]))
    valid = Sample({"image": torch.from_numpy(images[80:])}, torch.from_numpy(truth[80:, None]))
    said, kept = [], {}
    asked = job(epochs=bandfeatures.SHARE * 4)
    first, second = stages.of(asked)
    assert (first.epochs, first.needs_truth, second.frozen) == (4, False, ("look",))
    second = dataclasses.replace(second, epochs=3)
    network = dataclasses.replace(asked.network, stages=lambda _: [first, second])

    class Peeking(bandfeatures.OnTruth):
        def course(self, job, number, samples, before):
            kept["look"] = {name: own.clone() for name, own in before[0].look.state_dict().items()}
            return super().course(job, number, samples, before)

    network = dataclasses.replace(network, stages=lambda _: [first, Peeking(**vars(second))])
    trained = train(dataclasses.replace(asked, network=network), rows, valid, say=said.append)
    assert trained.curves[0][-1] < 0.75 * math.log(BANDS)  # of four bands by chance
    for name, own in trained.module.look.state_dict().items():
        assert torch.equal(own, kept["look"][name])
    assert "which band it is" in said[0] and trained.settings == SMALL


def test_random_features_and_networks_that_go_on_have_one_stage():
    (random,) = stages.of(job(bandfeatures.frozen))
    assert random.frozen == ("look",) and random.begins is None
    (again,) = stages.of(job(init={}))
    assert again.frozen == ("look",) and again.begins is None
    assert stages.check(job(), "paper") and not stages.check(job(bandfeatures.frozen), "random")
