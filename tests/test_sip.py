"""Sip: the distortion as astropy has it, and its inverse."""

import numpy as np
import pytest

import wcsheaders
from skycnn.errors import InputError
from skycnn.images import sip
from wcsheaders import KINDS


def read():
    return sip.read(dict(KINDS["sip"]), "a.fits")


def test_forward_is_astropys():
    x, y = np.random.default_rng(1).uniform(-100, 1100, (2, 10_000))
    theirs = wcsheaders.oracle(KINDS["sip"]).pix2foc(x, y, 0)
    np.testing.assert_allclose(read().forward(x, y), theirs, atol=1e-10)


def test_inverse_undoes_it():
    x, y = np.random.default_rng(2).uniform(-100, 1100, (2, 10_000))
    found = read()
    there = found.forward(x, y)
    assert np.hypot(there[0] - x, there[1] - y).max() > 3
    np.testing.assert_allclose(found.inverse(*there), [x, y], atol=1e-8)


def test_what_has_no_inverse_is_nan_alone():
    """u + 1e-3 u**2 is nowhere below -250."""
    a = np.zeros((3, 3))
    a[2, 0] = 1e-3
    folded = sip.Sip(a, np.zeros((3, 3)), (0.0, 0.0))
    x, y = folded.inverse(np.array([-300.0, 11.0, np.nan, 1e200, -1e9]), np.array([0.0, 7.0, 0.0, 0.0, np.inf]))
    assert np.isnan(x[[0, 2, 4]]).all()
    assert np.isnan(y[[0, 2, 4]]).all()
    assert x[1] + 1e-3 * x[1] ** 2 == pytest.approx(11.0, abs=1e-9)
    assert y[1] == 7.0
    assert np.isnan(x[3]) or x[3] + 1e-3 * x[3] ** 2 == pytest.approx(1e200, rel=1e-9)


def test_nothing():
    assert sip.read({}, "a.fits") is None
    assert sip.read({"A_ORDER": 1, "B_ORDER": 0}, "a.fits") is None
    assert [len(a) for a in read().inverse(np.zeros(0), np.zeros(0))] == [0, 0]


BAD = [
    ({"B_ORDER": None}, "A_ORDER and B_ORDER are 3 and None"),
    ({"A_ORDER": 50}, "A_ORDER and B_ORDER are 50 and 3"),
    ({"A_2_0": "abc"}, "A_2_0 is unreadable"),
    ({"B_1_1": float("nan")}, "B_1_1 is unreadable"),
    ({"CRPIX1": None}, "no CRPIX"),
]


@pytest.mark.parametrize(("change", "told"), BAD)
def test_bad_headers(change, told):
    with pytest.raises(InputError, match=told):
        sip.read(dict(KINDS["sip"]) | change, "a.fits")
