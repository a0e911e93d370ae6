"""Prior: the answer to a row that shows next to nothing - what was known before it was looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.errors import InputError
from skycnn.network.sample import Sample, blocks
from skycnn.posterior import Posterior

Array = NDArray[Any]

LEAST = 0.5
"""Share of a stamp that must be there: of a band that shows less, neither temperatures nor likeness know anything."""
LOOKED_AT = 2000
"""Training rows whose stamps are looked at."""
TAIL = 0.01
"""Share of these that may show less than a stamp must, where the training sample has such stamps itself."""
VALUES = 1 << 22
"""Raw outputs at once, as truths are compared with them."""
STEPS = 100
_RAW, _LEAST = "_prior.raw", "_prior.least"


@dataclass(frozen=True)
class Prior:
    """The distribution of a training sample's truths, and how much of a stamp a row must have to be answered otherwise.

    A network answers a stamp that is nearly empty as it may: nothing of the kind was learned or calibrated.

    Parameters
    ----------
    raw : array (outputs,)
        The raw output whose posterior it is.
    least : float
        Share of the pixels, of the bands that are there.
    """

    raw: Array
    least: float

    @classmethod
    def fit(cls, posterior: Posterior, rows: Sample) -> "Prior | None":
        """Return the prior of some rows, on the CPU; None where they have no stamps, fluxes beside them, or no truth.

        Parameters
        ----------
        posterior : Posterior
        rows : Sample
            Those that the network was trained on.
        """
        known = rows.known()
        if "image" not in rows.inputs or "flux" in rows.inputs or not len(known):
            return None
        truth = known.truth[_spread(len(known), max(1, VALUES // posterior.outputs))]
        raw = torch.zeros(1, posterior.outputs, requires_grad=True)
        search = torch.optim.LBFGS([raw], max_iter=STEPS, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            search.zero_grad()
            value = posterior.loss(raw.expand(len(truth), -1), truth)
            value.backward()  # type: ignore[no-untyped-call]
            return value

        search.step(loss)  # type: ignore[no-untyped-call]
        some = rows.part(_spread(len(rows), LOOKED_AT))
        shares = torch.cat([shown(block["image"]) for block in blocks(some.inputs, torch.device("cpu"))])
        return cls(raw.detach()[0].numpy(), min(LEAST, float(shares.quantile(TAIL))))

    @classmethod
    def of(cls, tensors: Mapping[str, Array], outputs: int, label: str) -> "Prior | None":
        """Return the prior that a model's tensors hold; None where they hold none.

        Raises
        ------
        InputError
            When it is not that of so many outputs.
        """
        raw, least = tensors.get(_RAW), tensors.get(_LEAST)
        if raw is None or least is None:
            return None
        if raw.shape != (outputs,) or least.shape != (1,) or not np.isfinite(raw).all() or not 0 <= least[0] <= 1:
            raise InputError(f"{label}: its prior does not fit its {outputs} outputs", hint="Fetch the model again.")
        return cls(np.asarray(raw, np.float32), float(least[0]))

    def tensors(self) -> dict[str, Array]:
        """Return what a model's file keeps."""
        return {_RAW: np.asarray(self.raw, np.float32), _LEAST: np.array([self.least], np.float32)}

    def bare(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return which rows show too little of their stamps, bool (n,)."""
        image = inputs["image"]
        if image.sum((2, 3)).isfinite().all():  # the usual case
            return torch.zeros(len(image), dtype=torch.bool)
        return shown(image) < self.least


def shown(image: Tensor) -> Tensor:
    """Return the share of pixels (n,) that stamps (n, band, y, x) show in the bands that show any."""
    shares = torch.isfinite(image).flatten(2).float().mean(2)
    return shares.sum(1) / (shares > 0).sum(1).clamp(min=1)


def _spread(count: int, most: int) -> Tensor:
    """Return the numbers of at most so many rows, spread over all."""
    return torch.linspace(0, count - 1, min(count, most), dtype=torch.float64).long()
