"""Calibration: posteriors made as wide as a network's errors are, and judged by the truth of rows it did not see."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.distribution import Judged, judge
from skycnn.network.sample import Sample
from skycnn.network.training import forward
from skycnn.posterior import Posterior

NEAR = 0.5
"""Of log2 of the temperature: how far the one that calibrates may lie from the one with the best score."""


def calibrate(module: Any, posterior: Posterior, rows: Sample) -> float | tuple[float, ...]:
    """Fold the temperatures that calibrate some rows' posteriors into a network's weights, and return them.

    Dividing raw outputs by a number above 1 makes every posterior wider (Guo et al. 2017, arXiv:1706.04599). It is
    looked for between 1/2 and 2, to half a per cent, one for each part of the posterior.

    Parameters
    ----------
    module : torch.nn.Module
    posterior : Posterior
        Of its raw output.
    rows : Sample
        On the module's device.

    Returns
    -------
    float or tuple of float
        One for each part, where there are several; 1 for a part that no row has a truth of.
    """
    raw, parts = forward(module, rows.inputs).double(), posterior.parts
    found = [_temperature(part.posterior, raw[:, part.outputs], rows.truth[:, part.truths]) for part in parts]
    if len(parts) == 1:
        module.temper(found[0])
        return found[0]
    widths = torch.tensor([part.posterior.outputs for part in parts])
    module.temper(torch.tensor(found).repeat_interleave(widths).to(raw.device))
    return tuple(found)


def _temperature(posterior: Posterior, raw: Tensor, truth: Tensor) -> float:
    """Return the temperature of one part's raw outputs (n, outputs), by the truths (n, truths) that are known."""
    known = torch.isfinite(truth).any(dim=1)
    if not known.any():
        return 1.0
    if not known.all():
        raw, truth = raw[known], truth[known]
    powers = [step / 5 for step in range(-5, 6)]
    likely = powers[int(np.argmin([float(posterior.score(raw / 2.0**power, truth)) for power in powers]))]
    # Posteriors as wide as the truths' own spread are calibrated too: the minimum meant is the one that scores well.
    power, reach, tries = 0.0, 1.0, [power for power in powers if abs(power - likely) < NEAR]
    for _ in range(3):
        amiss = [float(posterior.miscalibration(raw / 2.0**tried, truth)) for tried in tries]
        power, reach = tries[int(np.argmin(amiss))], reach / 5
        tries = [power + reach * step / 5 for step in range(-5, 6)]
    return float(round(2.0 ** max(-1.0, min(power, 1.0)), 4))


def judged(module: nn.Module, posterior: Posterior, rows: Sample) -> dict[str, Judged]:
    """Return a network's answers judged by the truth, by column; each of the rows that have a truth of it.

    Parameters
    ----------
    module : torch.nn.Module
    posterior : Posterior
        Of its raw output.
    rows : Sample
        On the module's device.
    """
    values, _ = posterior.summarise(forward(module, rows.inputs), pdf=True)
    truths = rows.truth.cpu().double().numpy()
    found = {}
    for number, column in enumerate(posterior.values):
        known = np.isfinite(truths[:, number])
        some = {name: value[known] for name, value in values.items()}
        found[column] = judge(some[column], posterior.distribution(column, some), truths[known, number])
    return found
