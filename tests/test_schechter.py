"""schechter: magnitudes and light beside integrals of the function itself."""

import numpy as np
import pytest
from scipy.integrate import quad

from skycnn.simulate.schechter import Schechter

CASES = [Schechter(-1.0, -2.5, 2.5), Schechter(-0.8, -2.0, 1.75), Schechter(-1.3, -3.0, 4.0), Schechter(0.5, -2.0, 2.0)]


def integral(function, faint, power):
    """Return the integral of L^power times the function over luminosities brighter than a magnitude."""

    def density(luminosity):
        return luminosity ** (function.alpha + power) * np.exp(-luminosity)

    return quad(density, 10 ** (-0.4 * faint), 10 ** (-0.4 * function.bright), epsabs=0, epsrel=1e-10)[0]


@pytest.mark.parametrize("function", CASES, ids=str)
@pytest.mark.parametrize("faint", [-1.0, 0.0, 1.3])
def test_shares_are_integrals_of_the_function(function, faint):
    whole = [integral(function, function.faint, power) for power in (0, 1)]
    assert function.number(faint) == pytest.approx(integral(function, faint, 0) / whole[0], rel=1e-4)
    assert function.light(faint) == pytest.approx(integral(function, faint, 1) / whole[1], rel=1e-4)
    assert function.mean() == pytest.approx(whole[1] / whole[0], rel=1e-4)


@pytest.mark.parametrize("function", CASES, ids=str)
def test_magnitudes_drawn_follow_the_function(function):
    drawn = function.draw((np.arange(20000) + 0.5) / 20000)
    assert function.draw(np.array([0.0, 1.0])) == pytest.approx([function.bright, function.faint], abs=1e-3)
    assert np.mean(drawn < 0.7) == pytest.approx(function.number(0.7), abs=1e-3)
    assert np.mean(10 ** (-0.4 * drawn)) == pytest.approx(function.mean(), rel=2e-3)
