"""The fit of clusters: what was put in is found, as surely as it says; in any company, with a band missing."""

import numpy as np
import pytest

from clustered import BANDS, SKY, WFC3, clusters, fit
from skycnn.simulate import clusterfit
from skycnn.simulate.clusterfit import BINS, COLUMNS, ClusterFit

STAMPS, TRUTH = clusters(160)
MEASURED = fit().measure({"image": STAMPS})


def test_ages_extinctions_masses_and_radii_are_found():
    limits = {"LOG_AGE": 0.3, "A_V": 0.45, "LOG_MASS": 0.3, "R_H": 0.16}
    for column, limit in limits.items():
        value, distribution = fit().answer(MEASURED, column)
        away = np.log10(value / TRUTH["R_H"]) if column == "R_H" else value - TRUTH[column]
        low, middle, high = np.quantile(away, [0.16, 0.5, 0.84])
        assert (high - low) / 2 < limit and abs(middle) < limit / 2, column
        within = (distribution.quantile(0.025) < TRUTH[column]) & (TRUTH[column] < distribution.quantile(0.975))
        assert within.mean() > (0.6 if column == "R_H" else 0.8), column
        assert (distribution.quantile(0.5) == pytest.approx(value)) and np.isfinite(value).all()


def test_magnitudes_without_chance_are_told_exactly():
    """Fluxes of a model itself, of a mass so great that chance does nothing."""
    colours, mass = fit().colours, 10**5.2
    faded = 10 ** (-0.4 * 0.95 * colours.dust)
    flux = mass * colours.light[[12, 30]] * faded
    (probability, masses, _), best = fit().probability(flux, (0.01 * flux) ** 2, np.zeros(2))
    assert probability.sum(axis=(1, 2)) == pytest.approx(1, rel=1e-4)
    for row, cell in enumerate((12, 30)):
        assert probability[row].sum(axis=1)[cell - 2 : cell + 3].sum() > 0.3
        assert masses[row, cell, 9] == pytest.approx(5.2, abs=0.01)
    assert best == pytest.approx(np.einsum("abb->ab", colours.scatter)[[12, 30]] / mass, rel=0.5)


def test_heavier_clusters_are_known_better():
    held = [fit().measure({"image": clusters(24, log_mass=mass)[0]}) for mass in (3.8, 5.2)]
    for column in ("A_V", "R_H"):
        told = [fit().answer(one, column)[1] for one in held]
        light, heavy = (np.median(one.quantile(0.84) - one.quantile(0.16)) for one in told)
        assert heavy < 0.8 * light, column


def test_the_joint_probability_is_on_the_published_grid_and_has_the_marginals():
    joint = fit().joint(STAMPS[:40])
    assert joint.shape == (40, *BINS) and joint.sum(axis=(1, 2, 3)) == pytest.approx(1)
    middle = np.linspace(6.6, 10.1, 41)[1::2]
    value, _ = fit().answer({name: held[:40] for name, held in MEASURED.items()}, "LOG_AGE")
    mean = joint.sum(axis=(2, 3)) @ middle
    assert np.corrcoef(mean, value)[0, 1] > 0.9


def test_a_young_cluster_behind_dust_passes_for_an_older_one():
    """10 Myr and A_V 1.0 beside 28 Myr and A_V 0.65: one's probability reaches the other."""
    one, other = (clusters(12, age, dust, 4.5, 0.15, seed=3)[0] for age, dust in ((7.0, 1.0), (7.45, 0.65)))
    (first, second) = (fit().joint(stamps).sum(axis=3).mean(axis=0) for stamps in (one, other))
    shared = np.minimum(first, second).sum()
    far = fit().joint(clusters(12, 9.5, 0.2, 5.2, 0.15, seed=3)[0]).sum(axis=3).mean(axis=0)
    assert shared > 0.3 > 5 * np.minimum(first, far).sum()


def test_rows_do_not_depend_on_their_company():
    some = fit().measure({"image": STAMPS[100:110]})
    for name, values in some.items():
        assert values == pytest.approx(MEASURED[name][100:110], rel=1e-3, abs=1e-3), name
    assert {name: held.shape for name, held in fit().measure({"image": STAMPS[:0]}).items()} == dict.fromkeys(
        some, (0,)
    )


def test_what_is_absent_makes_answers_wider_and_nothing_has_none():
    stamps = STAMPS[:30].copy()
    stamps[:, 0] = np.nan
    stamps[3] = np.nan
    held = fit().measure({"image": stamps})
    for column in COLUMNS:
        value, distribution = fit().answer(held, column)
        assert np.isnan(value[3]) and np.isfinite(np.delete(value, 3)).all()
        if column == "LOG_AGE":
            whole = fit().answer({name: values[:30] for name, values in MEASURED.items()}, column)[1]
            wide = [np.nanmedian(d.quantile(0.84) - d.quantile(0.16)) for d in (distribution, whole)]
            assert wide[0] > wide[1]


@pytest.mark.parametrize("value", [0.0, 1e-12, 1e6, -5.0])
def test_empty_and_odd_stamps_are_answered_without_a_warning(value):
    stamps = np.full((2, 3, 64, 64), value, np.float32)
    stamps[1, :, 32, 32] += 1e4
    held = fit().measure({"image": stamps})
    assert all(values.shape == (2,) for values in held.values())


def test_distance_dims_and_visibility_grows_with_the_light():
    stamps, _ = clusters(20, log_mass=5.0, age=7.5, a_v=0.3, radius=0.1, distance=9.0)
    near, far = ClusterFit(WFC3, BANDS, 4.5), ClusterFit(WFC3, BANDS, 9.0)
    masses = [np.median(one.answer(one.measure({"image": stamps}), "LOG_MASS")[0]) for one in (near, far)]
    assert masses[1] == pytest.approx(5.0, abs=0.15) and masses[1] - masses[0] == pytest.approx(0.6, abs=0.1)
    seen = [
        np.median(far.answer(far.measure({"image": (stamps - SKY) * factor + noise}), "VISIBILITY")[0])
        for factor, noise in ((1, 0), (1, np.random.default_rng(1).normal(0, 0.02, stamps.shape)))
    ]
    assert seen[0] > 3 * seen[1] > 0


def test_other_bands_and_sides_are_fitted():
    two = ClusterFit(WFC3, ("F438W", "F814W"), 4.5)
    stamps, truth = clusters(12, side=48)
    value, _ = two.answer(two.measure({"image": stamps[:, 1:]}), "LOG_MASS")
    assert np.abs(value - truth["LOG_MASS"]).mean() < 0.6
    assert clusterfit.BINS == (20, 10, 14)
