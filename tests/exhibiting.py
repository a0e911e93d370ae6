"""Exhibits for tests: small stamps with an object, maps, posteriors, and names that would like to be scripts."""

import numpy as np

from skycnn.report.exhibit import Exhibit

BANDS = ("g", "r", "i")
HOSTILE = "<script>window.ran = 1</script>"
IN_ATTRIBUTE = "\"><img src=x onerror='window.ran = 1'>"
COLUMN = "</td><script>window.ran = 1</script>"
PEAKS, UNLIKE = "the posterior has more than one peak", "</option><script>window.ran = 1</script>"


def exhibit(k=0, side=16, **changes):
    """Return the k-th exhibit: the answer falls with k, the error grows, every fifth is flagged; with ``changes``."""
    rng = np.random.default_rng(k)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    blob = np.exp(-(x**2 + y**2) / (0.1 * side**2))
    grid = np.linspace(0, 2, 201)
    value = 1.5 - 0.02 * k
    maps = (0.01 * blob * np.array([1.0, -0.5, 0.2])[:, None, None]).astype(np.float32)
    given = {
        "name": {3: HOSTILE, 4: IN_ATTRIBUTE}.get(k, f"object-{k}"),
        "row": 100 + k,
        "pixels": (rng.standard_normal((3, side, side)) + 30 * blob).astype(np.float32),
        "maps": maps,
        "bars": None,
        "without": None,
        "curve": (grid, np.exp(-0.5 * ((grid - value) / 0.1) ** 2)),
        "answer": (value, value - 0.1, value + 0.1, value + 0.001 * k),
        "unit": "",
        "columns": {"ID": f"{k}", "MAG_I": f"{20 + 0.1 * k:.2f}", COLUMN: HOSTILE},
        "flags": ((PEAKS, UNLIKE) if k % 10 == 0 else (PEAKS,)) if k % 5 == 0 else (),
        "explained": (value, 0.5, 1e-4 * (k % 7)),
    }
    return Exhibit(**{**given, **changes})


def fluxes(k=0, **changes):
    """Return the k-th exhibit without a stamp, with what each band adds and the answer without it."""
    bars = {"g": 0.2, "r": -0.1, "i": 0.05 * (k % 3)}
    without = {"g": 0.9, "r": 1.2, "i": float("nan")}
    return exhibit(k, **{"pixels": None, "maps": None, "bars": bars, "without": without, **changes})
