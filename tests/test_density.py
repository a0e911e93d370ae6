"""Density by bands: each subset of them has its marginal and its cut."""

import numpy as np
import pytest
import torch

from skycnn.errors import InputError
from skycnn.network.density import Density
from skycnn.network.mixture import Mixture

BANDS = 3


def rows(n, seed, shift=0.0):
    """Return two quantities of each of three bands, strongly correlated."""
    random = np.random.default_rng(seed)
    common = random.normal(size=(n, 1))
    return torch.from_numpy((common + 0.1 * random.normal(size=(n, 2 * BANDS)) + shift).astype("f4"))


def present(n, *gone):
    there = torch.ones(n, BANDS, dtype=torch.bool)
    there[:, list(gone)] = False
    return there


@pytest.fixture(scope="module")
def density():
    mixture = Mixture.fit(rows(4000, 1).double().numpy(), 4, 1)
    return Density.of_mixture(np.ones(BANDS), mixture, rows(4000, 2), 0.01)


@pytest.mark.parametrize("gone", [(), (0,), (1,), (2,)])
def test_the_cut_is_the_share_asked_for_in_every_subset(density, gone):
    x = rows(8000, 3)
    for band in gone:
        x[:, [band, band + BANDS]] = torch.nan
    assert 0.006 < density.below(x, present(8000, *gone)).float().mean() < 0.015
    odd = x.clone()
    odd[:, (gone[0] + 1) % BANDS if gone else 0] += 1  # a colour that none has
    assert density.below(odd, present(8000, *gone)).float().mean() > 0.95


def test_one_band_of_several_is_not_judged(density):
    assert not density.below(rows(50, 4, 9.0), present(50, 0, 1)).any()
    assert density.below(rows(50, 4, 9.0), present(50, 0)).all()


def test_one_band_alone_is():
    x = rows(2000, 5)[:, :2]
    alone = Density.of_mixture(np.ones(1), Mixture.fit(x.double().numpy(), 2, 1), x, 0.01)
    assert alone.below(x[:20] + 9, torch.ones(20, 1, dtype=torch.bool)).all()


def test_mixed_rows_are_judged_one_by_one(density):
    x, there = rows(60, 6), present(60)
    there[::3, 1] = False
    x[::5] += torch.arange(2 * BANDS)
    whole = density.below(x, there)
    assert whole.any() and not whole.all()
    each = torch.cat([density.below(x[k : k + 1], there[k : k + 1]) for k in range(60)])
    assert torch.equal(whole, each)


def test_values_that_are_none_are_unlike(density):
    x = rows(3, 7)
    x[0, 0], x[1, 1] = torch.nan, torch.inf
    assert density.below(x, present(3)).tolist() == [True, True, False]


def test_it_survives_its_file_and_others_are_refused(density):
    tensors = density.tensors("_a.") | {"w": np.ones(1)}
    again = Density.of(tensors, "_a.", BANDS, 2, "m")
    x = rows(500, 8) + torch.linspace(0, 1, 500)[:, None] * torch.arange(2 * BANDS)
    assert torch.equal(again.below(x, present(500)), density.below(x, present(500)))
    assert all(part.dtype == np.float32 and np.isfinite(part).all() for part in density.tensors("").values())
    assert Density.of(tensors, "_b.", BANDS, 2, "m") is None
    with pytest.raises(InputError, match="does not fit its 4 bands"):
        Density.of(tensors, "_a.", 4, 2, "m")
    with pytest.raises(InputError, match="none of 9 quantities"):
        Density.of(tensors, "_a.", BANDS, 3, "m")
    del tensors["_a.cut"]
    with pytest.raises(InputError, match="does not fit its 3 bands"):
        Density.of(tensors, "_a.", BANDS, 2, "m")
