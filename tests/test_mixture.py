"""Gaussian mixtures: against independent programs."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from skycnn.errors import InputError
from skycnn.network import mixture as mixtures
from skycnn.network.mixture import Mixture


def rows(n, seed):
    """Return rows of four quantities, two of which bend with the first."""
    random = np.random.default_rng(seed)
    first = random.normal(20, 0.7, n)
    bent = np.stack([0.3 * (first - 20) ** 2, np.sin(first)], 1) + random.normal(0, (0.1, 0.05), (n, 2))
    return np.column_stack([first, bent, random.normal(0, 0.01, n)])


@pytest.fixture(scope="module")
def fitted():
    return Mixture.fit(rows(6000, 1), 8, 1)


def test_log_densities_are_scipy_s(fitted):
    x = rows(300, 2)
    for columns in (np.arange(4), np.array([0, 2])):
        each = [
            np.log(weight)
            + multivariate_normal(mean[columns], covariance[np.ix_(columns, columns)]).logpdf(x[:, columns])
            for weight, mean, covariance in zip(fitted.weight, fitted.mean, fitted.covariance, strict=True)
        ]
        constant = len(columns) / 2 * np.log(2 * np.pi)
        ours = fitted.log_density(torch.from_numpy(x[:, columns].astype("f4")), columns).numpy()
        assert np.allclose(ours, np.max(each, axis=0) + constant, rtol=2e-3, atol=0.02)


def test_it_is_as_likely_as_scikit_learn_s():
    from sklearn.mixture import GaussianMixture

    x = rows(3000, 1)
    weight, mean, covariance = mixtures._fitted(x, 6, 1)
    ours = np.log(sum(w * multivariate_normal(m, c).pdf(x) for w, m, c in zip(weight, mean, covariance, strict=True)))
    other = GaussianMixture(6, reg_covar=1e-6, random_state=1).fit(x).score_samples(x)
    assert ours.mean() > other.mean() - 0.1
    assert weight.sum() == pytest.approx(1)


def test_rows_are_enough_for_each_component():
    assert len(Mixture.fit(rows(800, 1), 24, 1).weight) == 10  # 20 rows a quantity
    assert Mixture.fit(rows(79, 1), 24, 1) is None
    assert Mixture.fit(rows(0, 1), 24, 1) is None


def test_a_mixture_that_is_none_is_refused(fitted):
    again = Mixture.of(fitted.tensors(), 4, "m")
    assert all(np.array_equal(again.tensors()[name], part) for name, part in fitted.tensors().items())
    with pytest.raises(InputError, match="m is none of 5 quantities"):
        Mixture.of(fitted.tensors(), 5, "m")
    with pytest.raises(InputError, match="m is none of 4 quantities"):
        Mixture.of({name: part for name, part in fitted.tensors().items() if name != "mean"}, 4, "m")
    turned = dataclasses.replace(fitted, covariance=-fitted.covariance)
    with pytest.raises(InputError, match="m has a covariance that is none"):
        Mixture.of(turned.tensors(), 4, "m")
