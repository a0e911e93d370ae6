"""fieldgalaxies: how many there are, their colours and sizes."""

import numpy as np
import pytest

from skycnn.simulate import draws, fieldgalaxies

AREA = 10.0


@pytest.fixture(scope="module")
def sky():
    """Return magnitudes and radii of the galaxies of ten square degrees."""
    return fieldgalaxies.load().draw(draws.generator(1, 0, "field"), AREA)


def test_there_are_as_many_as_in_sdss(sky):
    reference = sky[0][:, 3]
    assert np.count_nonzero(reference < 21) / AREA == pytest.approx(4580, rel=0.03)
    assert np.count_nonzero((reference > 17) & (reference < 18)) / AREA == pytest.approx(190, rel=0.2)
    assert reference.min() >= 14.5 and reference.max() <= 23.5


def test_counts_rise_as_those_of_deep_fields_beyond_the_survey():
    edges, below = fieldgalaxies.counts().edges, fieldgalaxies.counts().below
    density = np.gradient(below, edges)
    slope = np.log10(np.interp(23.0, edges, density) / np.interp(21.0, edges, density)) / 2
    assert slope == pytest.approx(0.36, abs=0.03)  # Weaver et al. 2022, as census has it


def test_twice_the_sky_or_the_density_has_twice_the_galaxies():
    field = fieldgalaxies.load()
    one, wide, dense = (
        len(field.draw(draws.generator(2, 0, "field"), *how)[1]) for how in ((0.5,), (1.0,), (0.5, 2.0))
    )
    assert wide == dense == pytest.approx(2 * one, rel=0.05)
    assert len(field.draw(draws.generator(2, 0, "field"), 0.0)[1]) == 0


@pytest.mark.parametrize(("low", "high", "g_r"), [(16, 18.5, 1.0), (18.5, 19.5, 1.08), (19.5, 20.5, 1.04)])
def test_colours_are_those_of_the_two_cells(sky, low, high, g_r):
    magnitudes, _ = sky
    here = (magnitudes[:, 3] > low) & (magnitudes[:, 3] < high)
    colours = magnitudes[here, :-1] - magnitudes[here, 1:]
    assert np.median(colours[:, 1]) == pytest.approx(g_r, abs=0.08)
    assert np.median(colours[:, 2]) == pytest.approx(0.46, abs=0.03)
    assert np.corrcoef(colours[:, 1], colours[:, 2])[0, 1] > 0.4


def test_faint_galaxies_are_small(sky):
    magnitudes, radius = sky
    medians = [np.median(radius[np.abs(magnitudes[:, 3] - i) < 0.3]) for i in (17, 19, 21, 23)]
    assert (np.diff(medians) < 0).all()
    assert medians[0] == pytest.approx(1.9, abs=0.3)
    assert radius.min() >= 0.1 and radius.max() <= 12


def test_a_field_depends_on_its_generator_alone():
    field = fieldgalaxies.load()
    once, again = (field.draw(draws.generator(3, 1, "field"), 0.05) for _ in range(2))
    assert (once[0] == again[0]).all() and (once[1] == again[1]).all()
    assert len(once[0]) == len(once[1]) > 1000
