"""What tells rows unlike a training sample, fitted to stamps: few of the same sort, most of others."""

import numpy as np
import pytest
import torch
from torch import nn

from galaxies import stamps
from skycnn.files.pixelstore import PixelStore
from skycnn.network import likenessfit
from skycnn.network.density import NO_CUT
from skycnn.network.sample import Sample, sample
from skycnn.tasks.photoz import Image

SIDE = 16


class Silent(nn.Module):
    """A network that shows no hidden layer."""

    def forward(self, image):
        return image.mean((2, 3))


def part(rows, seed, *names):
    z, flux, error, image = stamps(rows, seed, SIDE)
    inputs = {"flux": flux, "error": error, "image": PixelStore(image, np.arange(rows))}
    return sample({name: inputs[name] for name in names or ("image",)}, z)


def pixels(rows):
    return torch.from_numpy(rows.inputs["image"][:])


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    module = Image(3, 20, width=24, depth=2, channels=8)
    module.normalise({"image": pixels(part(500, 1))})
    return module.eval()


@pytest.fixture(scope="module")
def known(network):
    return likenessfit.fit(network, part(2500, 1), part(1500, 2))


def unlike(known, network, image):
    with torch.inference_mode():
        return known.unlike({"image": image}, network.with_hidden(image=image)[1]).float().mean()


def test_few_of_the_same_sort_are_unlike(known, network):
    image = pixels(part(2000, 3))
    assert 0 < unlike(known, network, image) < 0.015
    for band in range(3):
        bare = image.clone()
        bare[:, band] = torch.nan
        assert unlike(known, network, bare) < 0.02


def test_most_of_others_are(known, network):
    image = pixels(part(300, 4))
    noise = 0.1 * torch.randn(image.shape, generator=torch.Generator().manual_seed(1))
    half = image.clone()
    half[..., : SIDE // 2] = 0
    strange = {
        "sky": noise,
        "noise": image + 3**0.5 * noise,
        "smooth": (image + image.roll(1, 3)) / 2,
        "inverted": -image,
        "units": 10 * image,
        "zeros": 0 * image,
        "half": half,
        "colours": image.flip(1),
        "off": image.roll(5, 3),
        "neighbour": image + 2 * image.roll(5, 3),
    }
    for name, pixels_ in strange.items():
        assert unlike(known, network, pixels_) > 0.95, name


def test_a_network_that_shows_no_layer_has_the_densities_of_its_stamps():
    found = likenessfit.fit(Silent(), part(700, 1), part(300, 2))
    assert found.hidden is None
    assert found.axes is None
    assert found.stamp is not None
    assert found.shape is not None
    assert found.unlike({"image": -pixels(part(50, 3))}).all()


def test_fluxes_have_theirs_beside(network):
    rows = part(700, 1, "flux", "error", "image"), part(300, 2, "flux", "error", "image")

    class Both(nn.Module):
        def with_hidden(self, flux, error, image):
            assert torch.equal(flux.isnan(), image.isnan().all(3).all(2))  # bands are dropped from both
            return network.with_hidden(image=image)

    found = likenessfit.fit(Both(), *rows)
    assert found.flux is not None
    assert found.hidden is not None
    alone = likenessfit.fit(None, *(Sample({k: r.inputs[k] for k in ("flux", "error")}, r.truth) for r in rows))
    assert alone.stamp is None
    assert (alone.flux.cut >= found.flux.cut).all()  # alone it has all the false alarms to itself
    assert (alone.flux.cut > found.flux.cut).any()


def test_the_same_rows_give_the_same_bits_and_no_more_than_some_are_looked_at(network, monkeypatch):
    monkeypatch.setattr(likenessfit, "MOST_TRAIN", 800)
    monkeypatch.setattr(likenessfit, "MOST_VALID", 200)
    monkeypatch.setattr(likenessfit, "MOST_BARE", 100)
    looked = []
    monkeypatch.setattr(
        likenessfit.stampquantities,
        "of",
        lambda image, noise, own=likenessfit.stampquantities.of: looked.append(len(image)) or own(image, noise),
    )
    rows = part(1500, 1), part(400, 2)
    first, second = (likenessfit.fit(network, *rows).tensors() for _ in range(2))
    assert all(np.array_equal(first[name], content) for name, content in second.items())
    assert sum(looked) == 2 * (800 + 400 + 200 + 100)
    assert sum(content.nbytes for content in first.values()) < 400_000


@pytest.mark.parametrize(("train", "valid"), [(50, 50), (700, 0)])
def test_too_few_rows_have_none(network, train, valid):
    assert likenessfit.fit(network, part(train, 1), part(valid, 2)).tensors() == {}


def test_a_network_that_knows_no_missing_bands_is_judged_with_all_of_them():
    class Plain(nn.Module):
        def with_hidden(self, image):
            hidden = image.mean((2, 3))
            return hidden, hidden

    found = likenessfit.fit(Plain(), part(700, 1), part(300, 2))
    assert found.hidden.cut[0] > NO_CUT == found.hidden.cut[1]
    assert all(np.isfinite(content).all() for content in found.tensors().values())
