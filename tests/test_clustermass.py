"""clustermass: its grid, R500 outside the stamp, and what is looked for in a catalogue."""

import numpy as np
import pytest

from skycnn.schema import TASK_BITS
from skycnn.tasks.clustermass import AXIS, TASK, leaves, posterior, posterior_for


def test_the_grid_holds_the_masses_that_it_is_trained_on_in_bins_of_a_twentieth():
    assert posterior_for(np.full((5, 1), np.nan)).settings() == posterior().settings()
    assert posterior_for(np.linspace(14, 15, 50)[:, None]).settings() == posterior().settings()
    truth = np.random.default_rng(1).normal(14, 0.3, (3000, 1))
    truth[:20] = np.nan
    (axis,) = posterior_for(truth).axes
    assert axis.low < truth[np.isfinite(truth)].min() and axis.high == AXIS.high and axis.blur == AXIS.blur
    assert (axis.high - axis.low) / axis.bins == pytest.approx(0.05)
    assert posterior(**posterior_for(truth).settings()).settings() == posterior_for(truth).settings()


def test_clusters_whose_radius_leaves_the_stamp_are_flagged():
    """R500 of 3e14 solar masses: 530 arcsec at z = 0.1 and 300 at z = 0.2; stamps of 128 pixels reach 405."""
    values = {
        "LOG_M500": np.array([14.477, 14.477, 13.6, np.nan, 14.477, 14.477]),
        "redshift": np.array([0.1, 0.2, 0.1, 0.1, np.nan, 0.0], np.float32),
        "image": np.zeros((6, 5, 128, 128), np.float32),
        "pixel_scale": None,
    }
    assert leaves(values).tolist() == [True, False, False, False, False, True]
    assert leaves({**values, "image": np.zeros((6, 5, 200, 200))}).tolist() == [False] * 5 + [True]
    assert leaves({**values, "pixel_scale": 9.9}).tolist() == [False] * 5 + [True]
    del values["redshift"]
    assert not leaves(values).any()
    (flag,) = TASK.flags
    assert flag.bit == TASK_BITS and flag.of is leaves


def test_truths_and_numbers_beside_the_stamps_are_looked_for_by_name():
    assert TASK.truths["LOG_M500"].names == ("LOG_M500_LABEL", "LOG_M500", "LOGM500", "LOG_M500_TRUE")
    assert not any(column.needed for column in TASK.columns.values())
    assert TASK.networks["mass"].inputs == ("image", "redshift", "richness")
    assert list(TASK.networks)[-1] == "mass"  # of models that fit alike it answers
