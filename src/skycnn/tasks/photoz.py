"""photoz: redshifts of galaxies from broad-band photometry, after Zhou et al. 2022.

The network ``flux`` sees asinh magnitudes, adjacent colours and the errors, and answers with the probability of each
bin of a redshift grid. Bands are dropped in training, so that any two of them or more get an answer, a wider one.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.posterior import Axis, Grid
from skycnn.task import Network, Plan, Task

COLUMN = "Z_PHOT"
HIGH = 1.2
"""The grid's upper end, where no training sample asks for more."""
BIN = math.log1p(HIGH) / 200
"""Width of a bin in log(1 + z), 0.0039: a quarter of the scatter that five optical bands allow."""
BLUR = 0.004
"""Width in log(1 + z) of the Gaussian that a true redshift is spread with; chosen on validation rows."""
BOUNDS = (0.0, 15.0)
"""No galaxy beyond is known; catalogues write -9, -99 or 99 for no redshift."""
POGSON = 2.5 / math.log(10)
FLOOR = 1e-3
"""Relative error below which errors are not told apart."""
CLAMP = 6.0
"""Normalised features are cut here, in units of their scatter: beyond, a network only extrapolates."""


def axis(high: float = HIGH) -> Axis:
    """Return the redshift axis from 0 to ``high`` or a little more, in bins of equal width in log(1 + z)."""
    bins = math.ceil(round(math.log1p(high) / BIN, 6))
    return Axis(
        column=COLUMN,
        low=0.0,
        high=round(math.expm1(bins * BIN), 6),
        bins=bins,
        ucd="src.redshift.phot",
        meaning="photometric redshift",
        spacing="log1p",
        blur=BLUR / BIN,
    )


def posterior(axes: Sequence[Axis | Mapping[str, Any]] | None = None, odds: bool = True) -> Grid:
    """Return the posterior: one axis of redshift."""
    return Grid([axis()] if axes is None else axes, odds)


def posterior_for(truth: np.ndarray) -> Grid:
    """Return the posterior whose grid holds the training redshifts (n,), and room beyond them."""
    top = float(np.max(truth)) if len(truth) else 0.0
    return posterior([axis(max(HIGH, 1.05 * (1 + top) - 1))])


class Flux(nn.Module):
    """Fluxes and errors in microjansky, NaN where a band is absent, to the logits of a redshift grid.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    width, depth : int
        Of the hidden layers.
    dropout : float
        Share of a hidden layer that is left out in training.
    noise : float
        In training the fluxes get Gaussian noise of so many of their own errors.
    drop : float
        Share of the rows that lose bands in training.
    """

    softening: Tensor
    trend: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        noise: float = 0.0,
        drop: float = 0.5,
    ) -> None:
        super().__init__()
        self.noise, self.drop = noise, drop
        features = 3 * bands - 1
        self.register_buffer("softening", torch.ones(bands))  # microjansky
        self.register_buffer("trend", torch.zeros(3, bands))  # of the log error with magnitude, a parabola
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.enter = nn.Linear(features + bands, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.leave = nn.Linear(width, outputs)
        self.dropout = nn.Dropout(dropout)

    def features(self, flux: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
        """Return magnitudes, adjacent colours, log errors less their trend; and which of them exist.

        Asinh magnitudes (Lupton, Gunn & Szalay 1999, AJ 118, 1406) stay finite for negative fluxes.
        """
        there = torch.isfinite(flux) & torch.isfinite(error) & (error > 0)
        flux, error = torch.where(there, flux, 0.0), torch.where(there, error, 1.0)
        magnitude = -POGSON * torch.asinh(flux / (2 * self.softening))
        relative = torch.log(error / torch.hypot(flux, 2 * self.softening) + FLOOR)
        relative = relative - (self.trend[0] + magnitude * (self.trend[1] + magnitude * self.trend[2]))
        colour = magnitude[:, :-1] - magnitude[:, 1:]
        both = there[:, :-1] & there[:, 1:]
        return torch.cat([magnitude, colour, relative], 1), torch.cat([there, both, there], 1)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set the constants of ``features`` and the features' centre and scatter from training rows."""
        flux, error = inputs["flux"], inputs["error"]
        bands = flux.shape[1]
        self.softening.copy_(error.nanmedian(0).values.nan_to_num(1.0).clamp(min=1e-6))
        values, there = self.features(flux, error)
        for band in range(bands):
            rows = there[:, band]
            x, y = values[rows, band].double().numpy(), values[rows, band - bands].double().numpy()
            if len(np.unique(x)) > 3:
                self.trend[:, band] = torch.from_numpy(np.polyfit(x, y, 2)[::-1].copy())
        values, there = self.features(flux, error)
        levels = torch.tensor([0.16, 0.5, 0.84], dtype=torch.float64)
        known = values.double().masked_fill(~there, math.nan)
        low, middle, high = torch.stack([_quantiles(column, levels) for column in known.T], 1)
        self.centre.copy_(middle)
        self.scale.copy_(((high - low) / 2).clamp(min=1e-3))

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return another draw of the noise, and in a share of the rows only two or more of the bands."""
        flux, error = inputs["flux"], inputs["error"]
        rows, bands = flux.shape
        if self.noise:
            flux = flux + self.noise * error * torch.empty_like(flux).normal_(generator=generator)
        kept = torch.empty(rows, 1, dtype=torch.long, device=flux.device).random_(2, max(bands, 3), generator=generator)
        chance = torch.empty(rows, bands + 1, device=flux.device).uniform_(generator=generator)
        kept[chance[:, :1] >= self.drop] = bands
        lost = chance[:, 1:].argsort(1).argsort(1) >= kept
        return {"flux": flux.masked_fill(lost, math.nan), "error": error.masked_fill(lost, math.nan)}

    def temper(self, temperature: float) -> None:
        """Divide the raw output by the temperature, for good."""
        with torch.no_grad():
            self.leave.weight.div_(temperature)
            self.leave.bias.div_(temperature)

    def forward(self, flux: Tensor, error: Tensor) -> Tensor:
        """Return the logits (n, outputs) of fluxes and errors (n, band)."""
        values, there = self.features(flux, error)
        values = torch.where(there, ((values - self.centre) / self.scale).clamp(-CLAMP, CLAMP), 0.0)
        x = torch.relu_(self.enter(torch.cat([values, there[:, : flux.shape[1]].to(values.dtype)], 1)))
        for layer in self.layers:
            x = x + self.dropout(torch.relu_(layer(x)))
        result: Tensor = self.leave(x)
        return result


def _quantiles(values: Tensor, levels: Tensor) -> Tensor:
    """Return quantiles of the values that exist, those of a unit interval where none does."""
    known = values[values.isfinite()]
    if len(known) == 0:
        return torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    return torch.from_numpy(np.quantile(known.numpy(), levels.numpy()))  # torch's is limited to 2^24 values


TASK = Task(
    name="photoz",
    summary="photometric redshifts of galaxies",
    citation="Zhou et al. 2022, arXiv:2112.08690",
    posterior=posterior,
    networks={
        "flux": Network(
            module=Flux,
            inputs=("flux",),
            plan=Plan(
                members=6,
                member={"width": 160, "depth": 4},
                student_epochs=80,
                student={"dropout": 0.0, "noise": 0.5},
                threads=1,
            ),
        )
    },
    flag=COLUMN,
    truth=("Z_SPEC", "ZSPEC", "SPECZ", "SPEC_Z", "Z_TRUE", "REDSHIFT"),  # Z alone may be a magnitude
    bounds=BOUNDS,
    posterior_for=posterior_for,
)
