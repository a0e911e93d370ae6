"""Trial: how a network's posteriors meet the truth of rows that it was not trained on."""

import torch
from torch import Tensor, nn

from skycnn.distribution import Binned, Judged, judge
from skycnn.network.sample import Sample
from skycnn.network.training import forward
from skycnn.posterior import Grid, Posterior


def judged(module: nn.Module, posterior: Posterior, rows: Sample) -> Judged:
    """Return a network's answers of some rows, judged by their truth.

    Parameters
    ----------
    module : torch.nn.Module
    posterior : Posterior
        Of its raw output.
    rows : Sample
        On the module's device.
    """
    raw = forward(module, rows.inputs)
    truth = rows.truth.cpu().double().numpy()
    values, _ = posterior.summarise(raw, isinstance(posterior, Grid))
    if not isinstance(posterior, Grid):
        return Judged(values[posterior.value].astype("f8"))
    axis = posterior.axes[0]
    edges: Tensor = axis.value(torch.arange(axis.bins + 1, dtype=torch.float64))
    return judge(values[axis.column], Binned(edges.numpy(), values[f"{axis.column}_PDF"]), truth)
