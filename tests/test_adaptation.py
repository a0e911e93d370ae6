"""Adaptation: its methods by name, and how its weight rises."""

import pytest

from skycnn.errors import InputError
from skycnn.network.adaptation import DEFAULT, METHODS, Adaptation, requested


def test_the_weight_rises_from_nothing():
    how = Adaptation(weight=2.0)
    steps = [how.warmed(share / 10) for share in range(11)]
    assert steps[0] == 0 and steps == sorted(steps)
    assert 1.99 < steps[-1] < 2.0


def test_methods_are_known_by_name():
    assert [Adaptation(name).trains for name in METHODS] == [True, True, False]
    with pytest.raises(InputError, match="--adapt-by is not understood") as caught:
        Adaptation("magic")
    assert caught.value.value == "magic" and "adversarial" in caught.value.expected


def test_what_a_resumed_training_must_share_is_told():
    assert len({str(Adaptation(*given).facts()) for given in (("mmd",), ("mmd", 0.5), ("batchnorm",))}) == 3


def test_a_method_is_asked_for_with_a_second_sample_alone():
    assert requested(None, None) is None
    assert requested("t.fits", None).by == DEFAULT
    assert [requested("t.fits", by).weight for by in METHODS] == list(METHODS.values())
    with pytest.raises(InputError, match="--adapt-by tells how a second sample counts") as caught:
        requested(None, "mmd")
    assert caught.value.hint == "--adapt TARGET.fits"
