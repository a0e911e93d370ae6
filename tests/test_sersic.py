"""The table of transforms against the two that have a closed form, and GalSim's."""

import numpy as np
import pytest
import torch

from skycnn.simulate import sersic


def looked_up(n, wave):
    """Return S of one profile at wave numbers in units of its half-light radius."""
    squared = torch.tensor(np.asarray(wave, np.float64) ** 2, dtype=torch.float32)[None]
    return sersic.look_up(sersic.transforms(torch.tensor([n])), squared)[0].numpy()


WAVES = np.geomspace(1e-3, 300, 500)


def test_a_gaussian_and_an_exponential():
    b = {0.5: 0.6931471805599453, 1.0: 1.6783469900166605}
    assert np.abs(looked_up(0.5, WAVES) - np.exp(-(WAVES**2) / (4 * b[0.5]))).max() < 2e-5
    assert np.abs(looked_up(1.0, WAVES) - (1 + (WAVES / b[1.0]) ** 2) ** -1.5).max() < 2e-5


@pytest.mark.parametrize("n", [0.3, 0.41, 0.77, 1.5, 2.7, 4.0, 5.3, 6.2])
def test_it_is_galsims(n):
    galsim = pytest.importorskip("galsim", reason="GalSim is not installed")
    strict = galsim.GSParams(kvalue_accuracy=1e-7, folding_threshold=1e-5, maxk_threshold=1e-4)
    theirs = galsim.Sersic(n, half_light_radius=1.0, gsparams=strict)
    waves = np.geomspace(1e-3, 60, 60)
    expected = [theirs.kValue(wave, 0).real for wave in waves]
    assert np.abs(looked_up(n, waves) - expected).max() < 2e-5


def test_a_point_has_all_waves_and_beyond_the_table_it_is_held():
    assert looked_up(4.0, [0.0, 1e-6]) == pytest.approx([1, 1], abs=1e-6)
    assert 0 < looked_up(6.2, [1e7])[0] == pytest.approx(looked_up(6.2, [2e3])[0], rel=0.02)


def test_the_interpolation_in_n_is_as_good_between_nodes():
    # A table twice as dense in n, at the places that lie farthest from the nodes of this one.
    known = sersic.table()
    middles = np.exp(known.row[0] + known.row[1] * (np.arange(1, sersic.NODES) + 0.5))
    try:
        sersic.NODES, kept = 2 * sersic.NODES - 1, sersic.NODES
        dense = sersic.table.__wrapped__()
    finally:
        sersic.NODES = kept
    assert torch.abs(sersic.transforms(torch.tensor(middles)) - dense.values[2:-1:2]).max() < 1e-5


@pytest.mark.parametrize("n", [0.29, 6.21, float("nan")])
def test_an_index_outside_is_refused(n):
    with pytest.raises(ValueError, match="a Sersic index lies outside"):
        sersic.transforms(torch.tensor([1.0, n]))
