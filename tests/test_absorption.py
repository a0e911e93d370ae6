import numpy as np
import pytest

from skycnn.simulate import absorption


def test_dust_is_calzettis():
    k = absorption.calzetti(np.array([1500.0, 5500.0, 6299.9, 6300.1, 22000.0, 40000.0]))
    assert k[1] == pytest.approx(absorption.R_V, abs=0.02)  # A_V = R_V E(B-V)
    assert k[0] == pytest.approx(10.33, abs=0.05)  # eq. 4 at 1500 Angstrom, by hand
    assert k[2] == pytest.approx(k[3], abs=0.1)
    assert 0 <= k[5] < k[4] < 0.4


def test_dust_goes_on_straight_beyond_the_law():
    k = absorption.calzetti(np.array([1000.0, 1100.0, 1200.0]))
    assert k[0] - k[1] == pytest.approx(k[1] - k[2], rel=1e-6)
    assert k[0] > k[2]


TABLE = {  # Inoue et al. 2014, table 2: A of the forest's three ranges, and of damped systems' two
    2: (1.690e-2, 2.354e-3, 1.026e-4, 1.617e-4, 5.390e-5),
    3: (4.692e-3, 6.536e-4, 2.849e-5, 1.545e-4, 5.151e-5),
    15: (1.196e-4, 1.666e-5, 7.263e-7, 1.250e-4, 4.168e-5),
    40: (1.510e-5, 2.103e-6, 9.169e-8, 1.002e-4, 3.339e-5),
}


def depth(wavelength, z):
    return -np.log(absorption.hydrogen(np.array([wavelength]), z)[0])


@pytest.mark.parametrize("level", TABLE)
@pytest.mark.parametrize(
    ("z", "forest", "damped"),
    [(0.9, (0, 1.2), (3, 2)), (1.6, (1, 3.7), (3, 2)), (3, (1, 3.7), (4, 3)), (5.5, (2, 5.5), (4, 3))],
)
def test_each_lyman_line_steps_by_what_inoue_published(level, z, forest, damped):
    line = 911.75 / (1 - level**-2) * (1 + z)
    step = depth(line * (1 - 1e-9), z) - depth(line * (1 + 1e-9), z)
    assert step == pytest.approx(sum(TABLE[level][i] * (1 + z) ** power for i, power in (forest, damped)), rel=2e-3)


def published(x, s):
    """Depth of what ionises, between 1 + z of x and of the source, s: eqs. 25-29, written out range by range."""
    if s < 2.2:
        forest = 0.325 * (x**1.2 - s**-0.9 * x**2.1)
    elif s < 5.7 and x < 2.2:
        forest = 0.0255 * s**1.6 * x**2.1 + 0.325 * x**1.2 - 0.25 * x**2.1
    elif s < 5.7:
        forest = 0.0255 * (s**1.6 * x**2.1 - x**3.7)
    else:
        forest = 0.000522 * s**3.4 * x**2.1 + 0.218 * x**2.1 - 0.0255 * x**3.7
    if s < 3:
        damped = 0.211 * s**2 - 0.0766 * s**2.3 * x**-0.3 - 0.135 * x**2
    elif x < 3:
        damped = 0.634 + 0.047 * s**3 - 0.0178 * s**3.3 * x**-0.3 - 0.135 * x**2 - 0.291 * x**-0.3
    else:
        damped = 0.047 * s**3 - 0.0178 * s**3.3 * x**-0.3 - 0.0292 * x**3
    return forest + damped


@pytest.mark.parametrize(("absorber", "z"), [(1.4, 0.9), (1.4, 1.5), (2.3, 1.5), (1.8, 3.2), (3.6, 3.2), (3.5, 5)])
def test_light_that_ionises_is_taken_as_inoue_published(absorber, z):
    """Below the limit the lines take as much from every source, so the rest is the continuum's."""
    seen = absorption.LIMIT * absorber
    taken = depth(seen, z) - depth(seen, absorber - 1 + 1e-9)
    assert taken == pytest.approx(published(absorber, 1 + z), rel=2e-3, abs=7e-3)  # the published factors are rounded


def madau(seen, z):
    """Transmission of Madau 1995, ApJ 441, 18, eq. 15 and footnote 3."""
    lines = ((1215.67, 0.0036), (1025.72, 0.0017), (972.537, 0.0012), (949.743, 0.00093))
    taken = sum(s * (seen / line) ** 3.46 * (seen < line * (1 + z)) for line, s in lines)
    x, s = np.minimum(seen / 911.75, 1 + z), 1 + z
    taken += 0.25 * x**3 * (s**0.46 - x**0.46) + 9.4 * x**1.5 * (s**0.18 - x**0.18)
    return np.exp(-taken + 0.7 * x**3 * (x**-1.32 - s**-1.32) + 0.023 * (s**1.68 - x**1.68))


@pytest.mark.parametrize(("z", "less"), [(3.0, 0.11), (3.5, 0.126), (4.0, 0.13)])
def test_hydrogen_takes_less_than_madau_1995_found(z, less):
    seen = np.linspace(920, 1015, 500) * (1 + z)
    assert absorption.hydrogen(seen, z).mean() - madau(seen, z).mean() == pytest.approx(less, abs=0.003)


@pytest.mark.parametrize("z", [0.6, 0.7, 0.9, 1.1])
def test_the_galaxies_that_the_population_was_fitted_to_hardly_change(z):
    """They were fitted with Madau's: see ``populations/README.txt``."""
    nuv = np.linspace(1836, 2762, 500)
    assert 2.5 * np.log10(absorption.hydrogen(nuv, z).mean() / madau(nuv, z).mean()) == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("z", [2.5, 3.0, 3.5, 4.0])
def test_the_forest_is_as_dark_as_it_is_measured(z):
    measured = np.exp(0.132 - 0.751 * ((1 + z) / 4.5) ** 2.90)  # Becker et al. 2013, MNRAS 430, 2067, eq. 5
    assert np.exp(-depth(1215.0 * (1 + z), z)) == pytest.approx(measured, abs=0.03)


def test_hydrogen_takes_more_from_farther_and_nothing_from_here():
    wavelength = np.array([3500.0])
    assert np.all(np.diff([absorption.hydrogen(wavelength, z)[0] for z in (1.5, 2, 2.5, 3, 3.5)]) < 0)
    assert absorption.hydrogen(np.array([1300.0, 5000.0]), 0.0) == pytest.approx(1)
    assert (absorption.hydrogen(np.array([600.0, 911.7]), 0.3) == 0).all()  # our own galaxy's


CARDELLI = {  # A / A_V at R_V = 3.1 by 1/micron, as dust_extinction (Gordon 2024, JOSS 9, 7023) has the formula
    7.0: 2.77962453, 6.0: 2.52195399, 5.0: 2.84252644, 4.6: 3.18598916, 4.0: 2.31531711, 3.0: 1.64254927,
    2.78: 1.56880904, 2.27: 1.32257836, 1.82: 1.0, 1.43: 0.75125994, 1.11: 0.4780346, 0.8: 0.28206957,
    0.63: 0.19200814, 0.46: 0.11572348,
}  # fmt: skip


def test_the_milky_ways_dust_is_cardellis():
    law = absorption.cardelli(1e4 / np.array(list(CARDELLI)))
    assert law == pytest.approx(np.array(list(CARDELLI.values())), abs=1e-6)


def test_dust_of_other_r_v_and_of_joints():
    at = np.array([5494.5])
    assert absorption.cardelli(at, 5.0)[0] == pytest.approx(absorption.cardelli(at, 3.1)[0], abs=1e-3)
    assert absorption.cardelli(np.array([3400.0]), 5.0) < absorption.cardelli(np.array([3400.0]), 3.1)
    for x in (1.1, 3.3, 5.9):
        before, after = absorption.cardelli(1e4 / np.array([x - 1e-6, x + 1e-6]))
        assert before == pytest.approx(after, abs=0.02)
    assert absorption.cardelli(np.array([500.0])) == absorption.cardelli(np.array([1250.0]))
