import numpy as np
import pytest

from skycnn.simulate.mixture import Mixture

RNG = np.random.default_rng(0)
ROOT = RNG.normal(size=(2, 4, 4))
MIXTURE = Mixture(np.array([0.3, 0.7]), RNG.normal(size=(2, 4)), ROOT @ ROOT.transpose(0, 2, 1) + np.eye(4), 2)


def test_a_drawn_x_follows_the_mixture():
    """Draw whole vectors, keep y, draw x anew: means and covariances of (y, x) stay what they were."""
    n = 200_000
    kind = (RNG.random(n) > MIXTURE.weight[0]).astype(int)
    whole = np.empty((n, 4))
    for k in range(2):
        rows = kind == k
        whole[rows] = RNG.multivariate_normal(MIXTURE.mean[k], MIXTURE.covariance[k], rows.sum())
    x = MIXTURE.draw(whole[:, :2], RNG.random(n), RNG.normal(size=(n, 2)))
    again = np.hstack([whole[:, :2], x])
    assert again.mean(axis=0) == pytest.approx(whole.mean(axis=0), abs=0.04)
    assert np.cov(again.T) == pytest.approx(np.cov(whole.T), abs=0.08)


def test_a_rows_bits_do_not_depend_on_the_others():
    y, u, e = RNG.normal(size=(1000, 2)), RNG.random(1000), RNG.normal(size=(1000, 2))
    whole = MIXTURE.draw(y, u, e)
    assert np.array_equal(MIXTURE.draw(y[7:8], u[7:8], e[7:8])[0], whole[7])


def test_far_from_every_component_x_is_still_finite():
    x = MIXTURE.draw(np.array([[300.0, -300.0]]), np.array([0.999999]), np.zeros((1, 2)))
    assert np.isfinite(x).all()
