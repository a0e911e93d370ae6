"""Calibration: posteriors made as wide as a network's errors are, and judged by the truth of rows it did not see."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.distribution import Judged, judge
from skycnn.network import temperaturefit
from skycnn.network.layers import lost
from skycnn.network.sample import Sample, blocks, device_of
from skycnn.network.tempering import Tempering, missing, without
from skycnn.network.training import forward, half
from skycnn.posterior import Posterior

NEAR = 0.5
"""Of log2 of the temperature: how far the one that calibrates may lie from the one with the best score."""
MOST = 5000
"""Rows that temperatures by width are found with; each is looked at without each band too."""
LEAST_BANDS = 2
"""Rows with fewer get no answer; see `choice.fewest`."""


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
    found = _temperatures(posterior, forward(module, rows.inputs).double(), rows.truth)
    if len(found) == 1:
        module.temper(found[0])
        return found[0]
    module.temper(_by_output(posterior, found).to(rows.truth.device))
    return found


def alike(modules: Sequence[nn.Module], posterior: Posterior, rows: Sample) -> list[Tensor]:
    """Return raw outputs (n, outputs) of several networks for some rows, each at the temperature that calibrates it.

    Parameters
    ----------
    modules : sequence of torch.nn.Module
    posterior : Posterior
        Of their raw outputs.
    rows : Sample
        On the modules' device.
    """
    raws = [forward(module, rows.inputs).double() for module in modules]
    return [raw / _by_output(posterior, _temperatures(posterior, raw, rows.truth)).to(raw) for raw in raws]


def _temperatures(posterior: Posterior, raw: Tensor, truth: Tensor) -> tuple[float, ...]:
    """Return the temperature of each part, of raw outputs (n, outputs)."""
    parts = posterior.parts
    return tuple(_temperature(part.posterior, raw[:, part.outputs], truth[:, part.truths]) for part in parts)


def _by_output(posterior: Posterior, temperatures: Sequence[float]) -> Tensor:
    """Return the temperature of each raw output (outputs,), from those of the parts."""
    widths = torch.tensor([part.posterior.outputs for part in posterior.parts])
    return torch.tensor(temperatures).repeat_interleave(widths)


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


def tempering(module: nn.Module, posterior: Posterior, rows: Sample) -> Tempering | None:
    """Return the temperatures by width and by missing bands that calibrate a network; None where rows are too few.

    The rows are looked at as they are, without each of the bands, and without several.

    Parameters
    ----------
    module : torch.nn.Module
    posterior : Posterior
        Of its raw output, calibrated but for this.
    rows : Sample
        With a truth, on the module's device.
    """
    few = torch.linspace(0, len(rows) - 1, min(len(rows), MOST), dtype=torch.float64).long()
    looks = list(_looks(module, rows.part(few)))
    raw, truth, gone = (torch.cat(part) for part in zip(*looks, strict=True))
    taken = torch.arange(len(raw)) >= len(looks[0][0])
    return temperaturefit.fit(posterior, raw, truth, gone, taken)


def _looks(module: nn.Module, rows: Sample) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield raw outputs, truths and missing bands of the rows that are answered: as they are, then without some bands.

    A row that lacks bands anyway is looked at as it is.
    """
    raw, lacks = _seen(module, rows, None)
    bands = lacks.shape[1]
    there = raw.isfinite().all(dim=1) & (bands - lacks.sum(dim=1) >= min(LEAST_BANDS, bands))
    yield raw[there], rows.truth[there], lacks[there]
    whole = (there & ~lacks.any(dim=1)).nonzero()[:, 0].cpu()
    if bands <= LEAST_BANDS or not len(whole):
        return
    rows, none = rows.part(whole), torch.zeros(len(whole), bands, dtype=torch.bool)
    looks = [none.index_fill(1, torch.tensor([band]), True) for band in range(bands)]
    if bands > LEAST_BANDS + 1:
        looks.append(lost(len(whole), bands, 1.0, torch.Generator().manual_seed(0)))
    for gone in looks:
        raw, lacks = _seen(module, rows, gone.to(rows.truth.device))
        there = raw.isfinite().all(dim=1)
        yield raw[there], rows.truth[there], lacks[there]


def _seen(module: nn.Module, rows: Sample, gone: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return raw outputs of rows, without some bands (n, bands) if so wanted, and the bands that they lack."""
    device = device_of(module, rows.inputs)
    raws, lacks, first = [], [], 0
    module.eval()
    with torch.no_grad(), half(rows.inputs, device):
        for block in blocks(rows.inputs, device):
            last = first + len(next(iter(block.values())))
            seen = block if gone is None else without(block, gone[first:last])
            raws.append(module(**seen))
            lacks.append(missing(seen))
            first = last
    return torch.cat(raws).float(), torch.cat(lacks)


def judged(
    module: nn.Module, posterior: Posterior, rows: Sample, tempered: Tempering | None = None
) -> dict[str, Judged]:
    """Return a network's answers judged by the truth, by column; each of the rows that have a truth of it.

    Parameters
    ----------
    module : torch.nn.Module
    posterior : Posterior
        Of its raw output.
    rows : Sample
        On the module's device.
    tempered : Tempering, optional
        What its answers are tempered by.
    """
    raw, gone = _seen(module, rows, None)
    temperatures = None if tempered is None else tempered.temperatures(posterior.log_widths(raw), gone)
    values, _ = posterior.summarise(raw, True, temperatures)
    truths = rows.truth.cpu().double().numpy()
    found = {}
    for number, column in enumerate(posterior.values):
        known = np.isfinite(truths[:, number])
        some = {name: value[known] for name, value in values.items()}
        found[column] = judge(some[column], posterior.distribution(column, some), truths[known, number])
    return found
