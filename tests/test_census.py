import numpy as np
import pytest

from skycnn.simulate import census, draws
from skycnn.simulate.population import Population

CENSUS = Population.load().census


def test_counts_are_the_published_ones():
    magnitude, _ = CENSUS.draw("all", draws.uniform(1, np.arange(200_000), "census", 3))
    area = len(magnitude) / CENSUS.count("all") / 3600  # square degrees
    for k, published in enumerate(census.COUNTS[6:15]):
        low = 22 + 0.5 * k
        number = ((magnitude > low) & (magnitude <= low + 0.5)).sum() / area / 0.5
        assert np.log10(number) == pytest.approx(published, abs=0.04)  # 10 %


@pytest.mark.parametrize(("magnitude", "median"), [(20.5, 0.40), (22.25, 0.66), (24.0, 0.96)])
def test_median_redshifts_are_those_told(magnitude, median):
    found, z = CENSUS.draw("all", draws.uniform(2, np.arange(400_000), "census", 3))
    near = np.abs(found - magnitude) < 0.1
    assert np.median(z[near]) == pytest.approx(median, abs=0.04)


def test_selections_end_where_they_are_told_to():
    numbers = draws.uniform(3, np.arange(50_000), "census", 3)
    for selection, limit in census.LIMIT.items():
        magnitude, z = CENSUS.draw(selection, numbers)
        assert magnitude.max() <= limit + 0.1
        assert (z > 0.009).all()
        assert (z < 4.001).all()


def test_the_sample_of_zcosmos_has_its_magnitudes_and_redshifts():
    magnitude, z = CENSUS.draw("cosmos", draws.uniform(4, np.arange(50_000), "census", 3))
    assert np.median(magnitude) == pytest.approx(21.48, abs=0.1)
    assert np.median(z) == pytest.approx(0.50, abs=0.03)


def test_the_sample_of_sdss_is_bright_and_near_or_faint_and_far():
    magnitude, z = CENSUS.draw("sdss", draws.uniform(4, np.arange(50_000), "census", 3))
    bright = magnitude < 17.3
    assert bright.mean() == pytest.approx(0.19, abs=0.03)
    assert np.median(z[bright]) == pytest.approx(0.10, abs=0.02)
    assert np.median(z[~bright]) == pytest.approx(0.47, abs=0.03)
    assert z.max() < 1.1


def test_success_is_linear_between_its_nodes_and_nothing_outside():
    success = census.Success(np.array([20.0, 21.0]), np.array([0.1, 0.2]), np.log([[1.0, 1.0], [np.e, np.e]]))
    found = success(np.array([19.0, 20.5, 22.0]), np.array([0.15, 0.5]))
    assert found[1, 0] == pytest.approx(np.exp(0.5))
    assert found[[0, 2]].max() < 1e-12
    assert found[1, 1] < 1e-12


def test_uniform_numbers_at_the_ends_stay_on_the_sky():
    for u in (0.0, 1 - 1e-16):
        magnitude, z = CENSUS.draw("all", np.full((1, 3), u))
        assert np.isfinite(magnitude).all()
        assert 0.009 < z[0] < 4.001
