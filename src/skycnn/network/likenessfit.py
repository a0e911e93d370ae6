"""Fitting what tells rows unlike a training sample: on some of its rows, as they are and with bands missing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.network import fluxdensity, stampquantities
from skycnn.network.density import COMPONENTS, MOST_BANDS, Density
from skycnn.network.hiddenlayer import shown
from skycnn.network.layers import lost, sky
from skycnn.network.likeness import Likeness
from skycnn.network.mixture import Mixture
from skycnn.network.sample import Sample, blocks
from skycnn.network.wholedensity import WholeDensity

Array = NDArray[Any]

ALARMS = 0.005
"""Share of the validation rows that are called unlike, by all densities together."""
MOST_TRAIN, MOST_VALID, MOST_BARE = 12_000, 5000, 2000
"""Training rows whose stamps are looked at, validation rows that the cuts are set by, and those of each number of
missing bands."""
AXES = 16
"""Directions of the last hidden layer: they hold 90 % of its variance in networks of seven bands."""
MEASURED = ("there", "bands", "together")


def fit(module: Any, train: Sample, valid: Sample, seed: int = 1) -> Likeness:
    """Return what tells rows unlike a training sample; less where its rows are too few.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network; see `hiddenlayer`.
    train, valid : Sample
        Rows to fit to, and to set the cuts by; they and the network lie on the CPU.
    seed : int
    """
    fluxes, stamps = "flux" in train.inputs, "image" in train.inputs
    alarms = ALARMS / max(1, fluxes + stamps * (2 + shown(module)))
    found = Likeness()
    if fluxes:
        found = replace(found, flux=fluxdensity.fit(_fluxes(train), _fluxes(valid), alarms, MOST_VALID, seed))
    if not stamps or not len(valid) or train.inputs["image"].shape[1] > MOST_BANDS:
        return found
    sight = _Sight(module, _some(train, MOST_TRAIN, seed), _some(valid, MOST_VALID, seed), alarms, seed)
    found = replace(found, stamp=sight.stamp())
    if found.stamp is None:
        return found
    found = replace(found, shape=sight.whole(lambda looks: looks.together))
    return sight.with_hidden(found)


@dataclass(frozen=True)
class Looks:
    """What is seen in the stamps of some rows.

    Parameters
    ----------
    there : tensor (n, band)
        Which bands are there.
    bands, together : tensor (n, quantities)
        See `stampquantities`.
    hidden : tensor (n, width) or None
        The network's last hidden layer.
    """

    there: Tensor
    bands: Tensor
    together: Tensor
    hidden: Tensor | None


class _Sight:
    """What is seen in training rows, as they are and without some bands; in validation rows without 0, 1, 2, ... ."""

    def __init__(self, module: Any, train: Sample, valid: Sample, alarms: float, seed: int) -> None:
        self.module, self.alarms, self.seed = module.eval(), alarms, seed
        self.noise = sky(_some(train, train.measured, seed).batch(slice(None))["image"])
        bands, generator = len(self.noise), torch.Generator().manual_seed(seed)
        self.bands, self.fewest = bands, min(2, bands)
        half, some = _some(train, len(train) // 2, seed), _some(valid, MOST_BARE, seed)
        self.train = [self.looks(train), self.looks(half, lost(len(half), bands, 1.0, generator))]
        self.valid = [self.looks(valid)]
        for missing in range(1, bands - self.fewest + 1):
            order = torch.rand(len(some), bands, generator=generator).argsort(1)
            self.valid.append(self.looks(some, order < missing))

    def looks(self, rows: Sample, gone: Tensor | None = None) -> Looks:
        """Return what is seen in rows, of which bands (n, band) may be taken away."""
        parts, first, device = [], 0, torch.device("cpu")
        with torch.inference_mode():
            for block in blocks(rows.inputs, device):
                here = slice(first, first + len(block["image"]))
                if gone is not None:
                    for name in {"flux", "error", "image"} & block.keys():
                        shape = gone[here].shape + (1,) * (block[name].ndim - 2)
                        block[name] = block[name].masked_fill(gone[here].view(shape), torch.nan)
                hidden = self.module.with_hidden(**block)[1] if shown(self.module) else None
                parts.append(Looks(*stampquantities.of(block["image"], self.noise), hidden))
                first = here.stop
        there, each, together = (torch.cat([getattr(part, name) for part in parts]) for name in MEASURED)
        hidden = [part.hidden for part in parts if part.hidden is not None]
        return Looks(there, each, together, torch.cat(hidden).float() if hidden else None)

    def stamp(self) -> Density | None:
        """Return the density of what each band shows; None where too few rows have all bands."""
        train, valid = (looks.bands[looks.there.all(1)] for looks in (self.train[0], self.valid[0]))
        mixture = Mixture.fit(train.double().numpy(), COMPONENTS, self.seed) if len(valid) else None
        return None if mixture is None else Density.of_mixture(self.noise.numpy(), mixture, valid, self.alarms)

    def whole(self, of: Callable[[Looks], Tensor]) -> WholeDensity | None:
        """Return the density of what all bands make together."""
        rows = torch.cat([of(looks) for looks in self.train])
        valid = [of(looks) for looks in self.valid] + [rows[:0]] * (self.fewest - 1)
        return WholeDensity.fit(rows, valid, self.alarms, self.seed)

    def with_hidden(self, found: Likeness) -> Likeness:
        """Return a likeness with the density of the last hidden layer, where there is one."""
        if self.train[0].hidden is None:
            return found
        rows = torch.cat([looks.hidden for looks in self.train if looks.hidden is not None])
        rows = rows[rows.isfinite().all(1)].double()
        if len(rows) < 2:
            return found
        centre = rows.mean(0)
        direction = torch.linalg.eigh((rows - centre).T @ (rows - centre)).eigenvectors.flip(1)[:, :AXES]
        axes = {"centre": centre.float().numpy(), "axes": direction.float().contiguous().numpy()}
        along = replace(found, **axes)
        hidden = self.whole(lambda looks: along.along(rows[:0] if looks.hidden is None else looks.hidden))
        return found if hidden is None else replace(along, hidden=hidden)


def _some(rows: Sample, most: int, seed: int) -> Sample:
    """Return rows chosen by chance, in their order, at most so many; of stamps nothing is copied."""
    if len(rows) <= most:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), most, replace=False)
    return rows.part(torch.from_numpy(np.sort(chosen)))


def _fluxes(rows: Sample) -> tuple[Tensor, Tensor]:
    """Return fluxes and errors (n, band)."""
    whole = Sample({name: rows.inputs[name] for name in ("flux", "error")}, rows.truth).batch(slice(None))
    return whole["flux"], whole["error"]
