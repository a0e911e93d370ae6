"""Whitening: the sums beside those of inverted matrices."""

import numpy as np
import pytest

from skycnn.simulate.whitening import whitened


@pytest.mark.parametrize("count", [1, 3, 6])
def test_sums_are_those_of_the_inverse(count):
    random = np.random.default_rng(count)
    root = random.standard_normal((4, 5, count, count))
    spread = np.einsum("nmij,nmkj->nmik", root, root) + 0.1 * np.eye(count)
    r, s = random.standard_normal((2, 4, 5, count))
    rows = [[spread[..., i, j] for j in range(i + 1)] for i in range(count)]
    found = whitened([r[..., i] for i in range(count)], [s[..., i] for i in range(count)], rows)
    inverse = np.linalg.inv(spread)
    for name, (a, b) in {"chi": (r, r), "crossed": (s, r), "power": (s, s)}.items():
        assert getattr(found, name) == pytest.approx(np.einsum("nmi,nmij,nmj->nm", a, inverse, b), rel=1e-6), name
    assert found.volume == pytest.approx(np.linalg.slogdet(spread)[1])
    scaled = r - found.scale[..., None] * s
    least = np.einsum("nmi,nmij,nmj->nm", scaled, inverse, scaled)
    assert found.likelihood == pytest.approx(-0.5 * (least + found.volume), rel=1e-6)
