"""Density of what all bands make together: a cut for each number of missing bands."""

import numpy as np
import pytest
import torch

from skycnn.errors import InputError
from skycnn.network.wholedensity import WholeDensity

BANDS = 3


def rows(n, seed, missing=0):
    """Return three quantities, which scatter the more the more bands are missing."""
    drawn = np.random.default_rng(seed).normal(size=(n, 3))
    return torch.from_numpy(drawn.astype("f4") * (1 + missing))


def there(n, missing=0):
    return torch.ones(n, BANDS, dtype=torch.bool) & (torch.arange(BANDS) >= missing)


@pytest.fixture(scope="module")
def density():
    train = torch.cat([rows(4000, 1), rows(2000, 2, 1)])
    return WholeDensity.fit(train, [rows(4000, 3), rows(4000, 4, 1), train[:0]], 0.01)


@pytest.mark.parametrize("missing", [0, 1])
def test_each_number_of_missing_bands_has_the_share_asked_for(density, missing):
    x = rows(8000, 5, missing)
    assert 0.006 < density.below(x, there(8000, missing)).float().mean() < 0.015
    assert density.below(x + 12, there(8000, missing)).float().mean() > 0.99


def test_what_has_no_cut_is_not_judged(density):
    assert not density.below(rows(50, 6) + 99, there(50, 2)).any()
    assert not density.below(rows(50, 6) + 99, there(50, 3)).any()
    mixed = torch.arange(50) % 3
    shown = torch.arange(BANDS) >= mixed[:, None]
    assert torch.equal(density.below(rows(50, 6) + 99, shown), mixed < 2)


def test_values_that_are_none_are_unlike_and_are_not_fitted(density):
    x = rows(3, 7)
    x[0, 0] = torch.nan
    assert density.below(x, there(3)).tolist() == [True, False, False]
    holes = rows(4000, 1)
    holes[::2] = torch.nan
    again = WholeDensity.fit(holes, [holes[:100], holes[:0], holes[:0]], 0.01)
    assert np.isfinite(again.cut).all()
    assert WholeDensity.fit(rows(9, 1), [rows(9, 1)] * 3, 0.01) is None
    assert WholeDensity.fit(torch.full((900, 3), torch.nan), [rows(9, 1)] * 3, 0.01) is None


def test_it_survives_its_file_and_others_are_refused(density):
    tensors = density.tensors("_a.")
    again = WholeDensity.of(tensors, "_a.", BANDS, 3, "m")
    x = rows(500, 8) * 2
    assert torch.equal(again.below(x, there(500)), density.below(x, there(500)))
    assert WholeDensity.of(tensors, "_b.", BANDS, 3, "m") is None
    with pytest.raises(InputError, match="does not fit its 4 bands"):
        WholeDensity.of(tensors, "_a.", 4, 3, "m")
    with pytest.raises(InputError, match="none of 5 quantities"):
        WholeDensity.of(tensors, "_a.", BANDS, 5, "m")
