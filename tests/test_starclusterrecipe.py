"""The recipe of the star clusters' model: what it prints of answers, on answers that are known."""

import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "recipes"))

import starcluster_m83


def rows(n=4000):
    random = np.random.default_rng(1)
    ends = {"LOG_AGE": (6.6, 10.1), "A_V": (0, 3), "LOG_MASS": (3.4771, 5.4771), "R_H": (0.04, 0.4)}
    table = Table({f"{name}_TRUE": random.uniform(*end, n) for name, end in ends.items()})
    table["VISIBILITY_TRUE"] = np.where(np.arange(n) % 2, 10.0, 2.0)
    for name in ("LOG_AGE", "A_V", "LOG_MASS"):
        table[name] = table[f"{name}_TRUE"] + random.normal(0.05, 0.2, n)
    for name in ("R_H", "VISIBILITY"):
        table[name] = table[f"{name}_TRUE"] * 10 ** random.normal(0.05, 0.2, n)
    return table


def test_errors_of_radius_and_visibility_are_in_dex():
    for off in starcluster_m83.errors(rows()).values():
        assert starcluster_m83.half(off) == pytest.approx(0.2, rel=0.1)
        assert np.median(off) == pytest.approx(0.05, abs=0.02)


def test_judged_are_young_clusters_that_are_seen():
    table = rows()
    which = starcluster_m83.judged(table)
    assert (table["LOG_AGE_TRUE"][which] < 8).all() and (table["VISIBILITY_TRUE"][which] == 10).all()
    assert 0.15 < which.mean() < 0.25


def test_levels_of_the_joint_probability_are_even_where_it_is_right():
    table, random = rows(2000), np.random.default_rng(2)
    mass = random.dirichlet(np.full(20 * 10 * 14, 0.02), len(table))
    drawn = np.array([random.choice(mass.shape[1], p=one) for one in mass])
    place = np.unravel_index(drawn, (20, 10, 14))
    for name, at, low, step in zip(
        ("LOG_AGE", "A_V", "LOG_MASS"), place, (6.6, 0.0, 3.4771), (0.175, 0.3, 2 / 14), strict=True
    ):
        table[f"{name}_TRUE"] = low + step * (at + 0.5)
    table["LOG_AGE_JOINT_PDF"] = mass.reshape(-1, 20, 10, 14)
    levels = starcluster_m83.levels(table)
    assert np.quantile(levels, (0.25, 0.5, 0.75)) == pytest.approx((0.25, 0.5, 0.75), abs=0.04)
