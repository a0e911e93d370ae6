"""Prior: what is answered where a stamp shows next to nothing."""

import numpy as np
import pytest
import torch

from skycnn.errors import InputError
from skycnn.network.prior import LEAST, Prior, shown
from skycnn.network.sample import sample
from skycnn.posterior import Axis, Bernoulli, Grid, Joint

MASS, AGE = Axis("MASS", 13.5, 15.5, 40, blur=0.5), Axis("AGE", 6.0, 9.0, 12, blur=0.1)
RANDOM = np.random.default_rng(1)
TRUTH = np.stack([RANDOM.normal(14.4, 0.2, 900), RANDOM.uniform(6, 9, 900)], 1)


def stamps(rows, bands=2, side=10):
    return RANDOM.normal(size=(rows, bands, side, side)).astype("f4")


def test_a_grid_s_prior_is_as_wide_as_the_truths():
    found = Prior.fit(Grid([MASS]), sample({"image": stamps(900)}, TRUTH[:, 0]))
    values, _ = Grid([MASS]).summarise(torch.from_numpy(found.raw)[None])
    low, middle, high = np.percentile(TRUTH[:, 0], [16, 50, 84])
    assert values["MASS"][0] == pytest.approx(middle, abs=0.03)
    assert high - low <= values["MASS_HI"][0] - values["MASS_LO"][0] < 1.1 * (high - low)
    assert found.least == LEAST


def test_priors_of_several_parts_and_of_truths_that_rows_lack():
    posterior = Joint(Grid([MASS]), Grid([AGE]), Bernoulli("P", "probability"))
    truth = np.column_stack([TRUTH, RANDOM.random(900) < 0.2])
    truth[::3, 0], truth[::5, 2] = np.nan, np.nan
    found = Prior.fit(posterior, sample({"image": stamps(900)}, truth))
    values, _ = posterior.summarise(torch.from_numpy(found.raw)[None])
    assert values["MASS"][0] == pytest.approx(14.4, abs=0.04)
    assert values["AGE"][0] == pytest.approx(7.5, abs=0.2)
    assert values["P"][0] == pytest.approx(np.nanmean(truth[:, 2]), abs=0.01)


def test_a_row_is_bare_where_its_bands_show_less_than_the_sample_s():
    pixels = stamps(6)
    pixels[1] = np.nan
    pixels[2, :, 2:] = np.nan  # a fifth
    pixels[3, :, :9] = np.nan  # a tenth
    pixels[4, 0], pixels[4, 1, :9] = np.nan, np.nan
    pixels[5, 0] = np.nan  # a missing band is no empty stamp
    image = torch.from_numpy(pixels)
    assert shown(image).tolist() == pytest.approx([1, 0, 0.2, 0.1, 0.1, 1])
    prior = Prior(np.zeros(3, "f4"), 0.15)
    assert prior.bare({"image": image}).tolist() == [False, True, False, True, True, False]
    assert prior.bare({"image": image[:1]}).tolist() == [False]
    trained = stamps(300)
    trained[:30, :, 1:] = np.nan  # which has learned what to do
    assert Prior.fit(Grid([MASS]), sample({"image": trained}, TRUTH[:300, 0])).least == pytest.approx(0.1)


def test_without_stamps_alone_or_truths_there_is_none():
    for inputs in ({"flux": stamps(9)[:, :, 0, 0]}, {"image": stamps(9), "flux": stamps(9)[:, :, 0, 0]}):
        assert Prior.fit(Grid([MASS]), sample(inputs, TRUTH[:9, 0])) is None
    assert Prior.fit(Grid([MASS]), sample({"image": stamps(9)}, np.full(9, np.nan))) is None


def test_a_prior_is_read_as_it_was_written_and_else_refused():
    prior = Prior(RANDOM.normal(size=40).astype("f4"), 0.125)
    again = Prior.of(prior.tensors(), 40, "it")
    np.testing.assert_array_equal(again.raw, prior.raw)
    assert again.least == 0.125
    assert Prior.of({}, 40, "it") is None
    with pytest.raises(InputError, match="it: its prior does not fit its 41 outputs"):
        Prior.of(prior.tensors(), 41, "it")
    with pytest.raises(InputError, match="its prior does not fit"):
        Prior.of(prior.tensors() | {"_prior.raw": np.full(40, np.nan, "f4")}, 40, "it")
