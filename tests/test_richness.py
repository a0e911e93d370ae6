"""richness: what is observed of clusters, and which of them a richness selects."""

import numpy as np
import pytest

from skycnn.simulate import draws, richness

ROWS = np.arange(6000)
MASSES = np.array([13.6, 14.0, 14.4, 14.8])


@pytest.fixture(scope="module")
def sample():
    """Return log masses, redshifts and observed richness of a sample."""
    log_mass, redshift = richness.drawn(draws.uniform(5, ROWS, "cluster", 2))
    seen = [richness.observed(draws.generator(5, row, "richness"), mass) for row, mass in enumerate(log_mass.tolist())]
    return log_mass, redshift, np.array(seen)


def selected(log_mass, scatter, count=40000):
    """Return the share of clusters selected, by drawing them."""
    rng = np.random.default_rng(1)
    true = richness.mean(np.array(log_mass)) * np.exp(scatter * rng.normal(size=count) - scatter**2 / 2)
    members = rng.poisson(true)
    projected = np.where(rng.random(count) < richness.PROJECTED[0], rng.exponential(size=count), 0)
    noise = np.sqrt(richness.NOISE[0] + richness.NOISE[1] * members)
    seen = members * (1 + richness.PROJECTED[1] * projected) + noise * rng.normal(size=count)
    factor = 1 + richness.MASKED[1] * (rng.random(count) < richness.MASKED[0]) * rng.exponential(size=count)
    return np.mean(seen / factor > richness.LEAST)


@pytest.mark.parametrize("scatter", [0.15, 0.22, 0.35])
def test_the_share_selected_is_that_of_simulated_clusters(scatter):
    expected = [selected(mass, scatter) for mass in MASSES]
    assert richness.share(MASSES, scatter) == pytest.approx(expected, abs=0.012)


def test_the_mean_is_a_power_of_mass():
    assert richness.mean(np.array(np.log10(3e14))) == pytest.approx(richness.LEVEL, rel=1e-4)
    ratio = richness.mean(np.array(14.8)) / richness.mean(np.array(14.5))
    assert np.log10(ratio) == pytest.approx(0.3 * 0.75)
    true = [richness.observed(draws.generator(2, k, "x"), 15.2).true for k in range(3000)]  # all of these are selected
    assert np.mean(true) == pytest.approx(richness.mean(np.array(15.2)), rel=0.02)
    assert np.std(np.log(true)) == pytest.approx(richness.SCATTER, rel=0.05)


def test_the_sample_follows_the_mass_function_times_the_selection(sample):
    log_mass, redshift, _ = sample
    mass, z = np.arange(12.81, 15.7, 0.02), np.arange(0.1025, 0.3, 0.005)
    count = richness.number(mass, z)
    by_mass, by_z = count.sum(axis=0), count.sum(axis=1)
    assert log_mass.mean() == pytest.approx(mass @ by_mass / by_mass.sum(), abs=0.02)
    assert np.mean(log_mass > 14.3) == pytest.approx(by_mass[mass > 14.3].sum() / by_mass.sum(), abs=0.02)
    assert redshift.mean() == pytest.approx(z @ by_z / by_z.sum(), abs=0.003)
    assert redshift.min() >= 0.1 and redshift.max() <= 0.3


def test_masses_follow_the_uniform_numbers():
    uniform = np.column_stack([np.full(500, 0.4), np.linspace(0, 1, 500, endpoint=False)])
    log_mass, redshift = richness.drawn(uniform)
    assert (np.diff(log_mass) > 0).all()
    assert np.ptp(redshift) == 0


def test_observed_clusters_are_of_the_selection(sample):
    _, _, seen = sample
    true, members, observed, error = seen.T
    assert observed.min() > richness.LEAST
    assert (members == np.rint(members)).all()
    assert error == pytest.approx(np.sqrt(2 + 0.2 * observed))
    assert (observed - members).mean() > 2  # a threshold takes those on which chance smiled
    assert np.corrcoef(true, observed)[0, 1] > 0.8


def test_rich_clusters_are_as_frequent_as_in_redmapper(sample):
    _, redshift, seen = sample
    for low, high, asked in ((0.1, 0.2, (0.436, 0.209)), (0.2, 0.3, (0.417, 0.189))):
        here = seen[(redshift > low) & (redshift < high), 2]
        assert [np.mean(here > least) for least in (30, 40)] == pytest.approx(asked, rel=0.2)


def test_masses_at_a_richness_are_those_of_weak_lensing(sample):
    log_mass, _, seen = sample
    near = np.abs(seen[:, 2] - 40) < 5
    assert (10 ** log_mass[near]).mean() == pytest.approx(1.63e14, rel=0.1)


def test_a_cluster_depends_on_its_own_generator_alone():
    once, again = (richness.observed(draws.generator(9, 3, "richness"), 13.3) for _ in range(2))
    assert once == again
    assert once != richness.observed(draws.generator(9, 4, "richness"), 13.3)


def test_more_scatter_brings_less_massive_clusters():
    uniform = draws.uniform(5, ROWS, "cluster", 2)
    assert richness.drawn(uniform, 0.4)[0].mean() < richness.drawn(uniform)[0].mean() - 0.02
