"""The grid of redshifts holds those of the training sample; the truths of a small one are spread more widely."""

import numpy as np
import pytest

from skycnn.posterior.redshift import BIN, posterior, posterior_for


def test_the_grid_holds_the_training_redshifts():
    assert posterior().axes[0].high == 1.2
    assert posterior().outputs == 200
    assert posterior_for(np.full(8000, 0.7)).axes[0] == posterior().axes[0]
    deep = posterior_for(np.array([0.1, 4.0])).axes[0]
    assert deep.blur > 4 * posterior().axes[0].blur  # two rows
    assert 4.2 < deep.high < 4.4
    width = np.log1p(deep.high) / deep.bins
    assert width == pytest.approx(np.log1p(1.2) / 200, rel=1e-4)
    assert posterior(**posterior_for(np.array([4.0])).settings()).axes[0] == posterior_for(np.array([4.0])).axes[0]


@pytest.mark.parametrize(("rows", "width"), [(400, 0.0182), (8000, 0.0100), (100_000, 0.0060), (0, 0.0100)])
def test_truths_of_a_small_sample_are_blurred_more(rows, width):
    axis = posterior_for(np.full(rows, 0.7)).axes[0]
    assert axis.blur * BIN == pytest.approx(width, rel=0.01)
