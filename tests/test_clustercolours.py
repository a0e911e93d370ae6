"""Colours of clusters: magnitudes beside those of drawn stars, scatter beside that of draws, dust beside the law."""

from dataclasses import replace

import numpy as np
import pytest

from skycnn import survey
from skycnn.errors import InputError
from skycnn.simulate import draws, isochrones
from skycnn.simulate.clustercolours import ClusterColours
from skycnn.simulate.imf import IMF
from skycnn.simulate.ssp import SSP

WFC3 = survey.load("m83-wfc3")
AGES = np.array([6.8, 8.0, 9.5])


def test_light_and_scatter_are_those_of_drawn_clusters():
    found = ClusterColours.of(WFC3, WFC3.bands, 4.5, AGES)
    modulus, mass = 5 * np.log10(4.5e5), 2e4
    unit = 10 ** (0.4 * (23.9 - modulus - np.array(list(WFC3.vega.values()))))
    for k, age in enumerate(AGES.tolist()):
        population = SSP(isochrones.load().of(WFC3.bands).at(age), IMF.of())
        drawn = []
        for row in range(500):
            stars, faint = population.drawn(mass, draws.generator(3, row, "cluster"))
            drawn.append(population.isochrone.luminosity(stars).sum(axis=0) + faint * population.faint)
        light = np.array(drawn) * unit / mass / found.light[k]
        assert light.mean(axis=0) == pytest.approx(1, abs=0.05)
        assert np.cov(light.T) * mass == pytest.approx(found.scatter[k], rel=0.3)


def test_dust_is_the_milky_way_s_and_distance_dims():
    near, far = (ClusterColours.of(WFC3, ("F438W", "F814W"), distance, AGES) for distance in (4.5, 45.0))
    assert near.dust == pytest.approx([1.34, 0.60], abs=0.03)
    assert near.light == pytest.approx(100 * far.light)
    assert near.scatter == pytest.approx(far.scatter)


@pytest.mark.parametrize(("field", "told"), [("vega", "'vega' of F438W"), ("wavelength", "'wavelength' of F438W")])
def test_a_survey_that_lacks_a_fact_is_named(field, told):
    lacking = replace(WFC3, **{field: {"F814W": 1.0}})
    with pytest.raises(InputError, match=f"m83-wfc3 does not tell {told}"):
        ClusterColours.of(lacking, ("F814W", "F438W"), 4.5, AGES)
