"""Scatters of clusters at fixed mass, and nuisances."""

import numpy as np
import pytest

from skycnn.simulate import clusterphysics
from skycnn.simulate.clusterphysics import COUPLING, OTHER, PARTS, SPREAD, USUAL


def test_broad_physics_differs_from_cluster_to_cluster_about_the_usual():
    random = np.random.default_rng(1)
    drawn = [clusterphysics.of("broad", "usual", random) for _ in range(400)]
    for key, part in PARTS.items():
        values = np.log([getattr(physics, key) / getattr(USUAL, key) for physics in drawn])
        assert abs(values).max() <= part and abs(values).max() > 0.95 * part, key
        assert abs(np.mean(values)) < 0.15 * part, key
    assert drawn[0].label == USUAL.label


def test_usual_and_other_physics_are_fixed_and_draw_nothing():
    random = np.random.default_rng(1)
    assert clusterphysics.of("usual", "usual", random) is USUAL and clusterphysics.of("other", "usual", random) is OTHER
    assert random.random() == np.random.default_rng(1).random()


def test_uninformative_light_keeps_its_spread_but_not_its_mass():
    physics = clusterphysics.of("usual", "uninformative", np.random.default_rng(1))
    assert physics.diffuse_slope == 0
    assert physics.diffuse == pytest.approx(np.hypot(USUAL.diffuse, USUAL.diffuse_slope * SPREAD))


def test_relations_are_coupled_to_the_assembly_and_through_it_to_richness():
    random = np.random.default_rng(2)
    richness = random.standard_normal(20_000)
    drawn = [clusterphysics.deviates(random, each) for each in richness]
    assembly = np.array([one[0] for one in drawn])
    assert np.corrcoef(assembly, richness)[0, 1] == pytest.approx(COUPLING["richness"], abs=0.02)
    for key in ("central", "diffuse", "concentration"):
        values = np.array([one[1][key] for one in drawn])
        assert values.std() == pytest.approx(1, abs=0.02)
        assert np.corrcoef(assembly, values)[0, 1] == pytest.approx(COUPLING[key], abs=0.02)
