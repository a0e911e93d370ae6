"""References: light and sky that they keep, and what is absent in them."""

import math

import pytest
import torch
from scipy.ndimage import median_filter

from skycnn.network.reference import REFERENCES, blurred, known, sky, smooth, zero

NAN = math.nan
FLUX = {
    "flux": torch.tensor([[1.0, 2.0, 6.0], [4.0, NAN, 2.0], [1.0, 1.0, math.inf]]),
    "error": torch.tensor([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3], [0.0, 0.2, 0.3]]),
}


def stamps(level=0.0):
    image = level + torch.randn(4, 2, 24, 20, generator=torch.Generator().manual_seed(1))
    image[:, :, 10:14, 8:12] += 50.0
    image[0, 0, 3, 4] = NAN
    image[1, 1] = NAN
    return {"image": image}


def test_what_a_network_takes_for_absent_is_absent_in_all():
    found = known(FLUX)
    gone = torch.tensor([[0, 0, 0], [0, 1, 0], [1, 0, 1]]).bool()
    assert torch.equal(found["flux"].isnan(), gone) and torch.equal(found["error"].isnan(), gone)
    image = known({"image": torch.tensor([[[[math.inf, 3e38, NAN, -math.inf]]]])})["image"]
    assert image.isnan().flatten().tolist() == [True, False, True, True] and image[0, 0, 0, 1] == 1e12


@pytest.mark.parametrize("of", REFERENCES.values())
def test_absent_pixels_and_bands_stay_absent(of):
    for inputs in (known(FLUX), stamps()):
        for name, own in of(inputs).items():
            assert torch.equal(own.isnan(), inputs[name].isnan())


def test_no_light_at_all():
    assert not zero(stamps())["image"].nansum() and zero(known(FLUX)).keys() == {"flux"}
    assert not zero(known(FLUX))["flux"].nansum()


def test_blurred_stamps_keep_their_light_and_lose_their_peak():
    image = stamps()["image"][2:]
    found = blurred({"image": image})["image"]
    assert torch.allclose(found.sum((2, 3)), image.sum((2, 3)), rtol=0.15)
    assert (found.amax((2, 3)) < 20).all()
    assert torch.allclose(blurred({"image": torch.full((1, 1, 9, 9), 3.0)})["image"], torch.tensor(3.0))
    turned = blurred({"image": image.transpose(2, 3)})["image"].transpose(2, 3)
    assert torch.allclose(turned, found, atol=1e-4)


def test_smooth_stamps_have_all_light_but_that_of_what_is_small():
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(58.0), indexing="ij")
    wide = 10 * torch.exp(-((y - 30) ** 2 + (x - 28) ** 2) / (2 * 12**2))
    image = wide.expand(1, 2, 60, 58).clone()
    image[0, 0, 20:22, 30:32] += 500.0
    image[0, 1, 40, 7] = NAN
    found = smooth({"image": image})["image"]
    assert torch.allclose(found.nan_to_num(0.0), wide.masked_fill(image.isnan(), 0.0), atol=0.6)
    theirs = torch.from_numpy(median_filter(image[0, 0].numpy(), 5))
    assert torch.equal(found[0, 0, 2:-2, 2:-2], theirs[2:-2, 2:-2])
    assert smooth(known(FLUX))["flux"][0].tolist() == [3, 3, 3]


def test_blurred_fluxes_have_no_colour():
    found = blurred(known(FLUX))
    assert found["flux"][0].tolist() == [3, 3, 3] and found["flux"][1, [0, 2]].tolist() == [3, 3]
    assert torch.allclose(found["error"][0], torch.tensor(0.2))


def test_sky_is_the_border_s_mean_without_what_is_no_sky():
    inputs = stamps(level=5.0)
    inputs["image"][2, 0, 0, :3] = 900.0
    found = sky(inputs)["image"]
    assert torch.allclose(found[2:].amax((2, 3)), torch.tensor(5.0), atol=0.3)
    assert torch.equal(found[2].amin((1, 2)), found[2].amax((1, 2)))
    assert torch.equal(sky(known(FLUX))["flux"].nan_to_num(-1), zero(known(FLUX))["flux"].nan_to_num(-1))
