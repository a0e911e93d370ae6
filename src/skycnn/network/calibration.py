"""Calibration: the one number that makes a network's posteriors as wide as its errors are."""

from typing import Any

import numpy as np

from skycnn.network.sample import Sample
from skycnn.network.training import forward
from skycnn.posterior import Posterior


def calibrate(module: Any, posterior: Posterior, valid: Sample) -> float:
    """Fold the temperature that calibrates the validation rows' posteriors into a network's numbers, and return it.

    Dividing raw outputs by a number above 1 makes every posterior wider (Guo et al. 2017, arXiv:1706.04599). It is
    looked for between 1/2 and 2, to half a per cent.
    """
    raw = forward(module, valid.inputs).double()
    power, reach = 0.0, 1.0
    for _ in range(3):
        tries = [power + reach * step / 5 for step in range(-5, 6)]
        found = [float(posterior.miscalibration(raw / 2.0**tried, valid.truth)) for tried in tries]
        power, reach = tries[int(np.argmin(found))], reach / 5
    temperature: float = round(2.0 ** max(-1.0, min(power, 1.0)), 4)
    module.temper(temperature)
    return temperature
