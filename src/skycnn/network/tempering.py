"""Tempering: temperatures that depend on how wide a posterior is, and on whether and which band a row lacks.

One temperature (Guo et al. 2017, arXiv:1706.04599) makes posteriors right on average, and leaves narrow ones too wide
and wide ones too narrow. A curve of three knots in the logarithm of the width makes both right; rows that lack one band
or several have curves of their own. One posterior is tempered: its p(z), interval and odds agree with one another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.errors import InputError

Array = NDArray[Any]

KNOTS = 3
LARGEST = 1.0
"""Of the logarithm of a temperature: a normal posterior becomes 1.65 times as wide, or as narrow."""
CLOSEST = 1e-3
"""Knots are at least so far from one another, in the logarithm of the width."""
BANDED = ("flux", "error", "image")
"""Inputs with an axis of bands, their second one."""
_TENSORS = ("knots", "curves")
_PREFIX = "_tempering."


@dataclass(frozen=True)
class Tempering:
    """Curves of a posterior's v main columns, for rows that lack no band, one of b bands, or several.

    Parameters
    ----------
    knots : array (v, 3)
        Natural logarithms of widths, as `Posterior.log_widths` tells them, increasing.
    curves : array (v, b + 2, 3)
        Natural logarithms of the temperature at the knots; linear between them and flat beyond. The first is of rows
        that lack no band, the next of those that lack one, by its number, the last of those that lack several.
    """

    knots: Array
    curves: Array

    @classmethod
    def of(cls, tensors: Mapping[str, Array], values: int, bands: int, label: str) -> "Tempering | None":
        """Return the tempering that a model's tensors hold; None where they hold none.

        Raises
        ------
        InputError
            When they are not those of a tempering of so many columns and bands.
        """
        given = {name: tensors[_PREFIX + name] for name in _TENSORS if _PREFIX + name in tensors}
        if not given:
            return None
        wanted = {"knots": (values, KNOTS), "curves": (values, bands + 2, KNOTS)}
        if {name: value.shape for name, value in given.items()} != wanted:
            what = f"{label}: its temperatures do not fit its {values} columns of answers and {bands} bands"
            raise InputError(what, hint="Fetch the model again.")
        found = cls(*(np.asarray(given[name], np.float32) for name in _TENSORS))
        if (np.diff(found.knots) < CLOSEST / 2).any() or (np.abs(found.curves) > 1.01 * LARGEST).any():
            what = f"{label}: its temperatures are none that calibration finds"
            raise InputError(what, expected="0.37 to 2.7, at increasing widths", hint="Train it again.")
        return found

    def tensors(self) -> dict[str, Array]:
        """Return what a model's file keeps."""
        return {_PREFIX + name: np.asarray(getattr(self, name), np.float32) for name in _TENSORS}

    def temperatures(self, log_widths: Tensor, gone: Tensor) -> Tensor:
        """Return each row's temperatures (n, v).

        Parameters
        ----------
        log_widths : tensor (n, v)
        gone : tensor (n, bands)
            Which bands a row lacks, see `missing`.
        """
        knots, curves = (torch.from_numpy(part).to(log_widths) for part in (self.knots, self.curves))
        own = curves[:, numbered(gone)]  # (v, n, knot)
        place = ((log_widths.T[..., None] - knots[:, None, :-1]) / knots.diff(dim=1)[:, None]).clamp_(0, 1)
        return (own[..., 0] + (own.diff(dim=2) * place).sum(dim=2)).exp().T


def missing(inputs: Mapping[str, Tensor]) -> Tensor:
    """Return which bands rows lack, bool (n, bands); (n, 0) where they have none.

    Parameters
    ----------
    inputs : mapping of str to Tensor
        Of a network; fluxes, errors and stamps (n, band, ...) are NaN where absent.
    """
    found = []
    if "flux" in inputs:
        flux, error = inputs["flux"], inputs["error"]
        found.append(~(torch.isfinite(flux) & torch.isfinite(error) & (error > 0)))
    if "image" in inputs:
        image = inputs["image"]
        gone = ~image.sum(dim=(2, 3)).isfinite()
        if gone.any():  # of the pixels: half of them may be absent
            gone = torch.isfinite(image).flatten(2).float().mean(dim=2) <= 0.5
        found.append(gone)
    if not found:
        rows = next(iter(inputs.values()))
        return torch.zeros(len(rows), 0, dtype=torch.bool, device=rows.device)
    return found[0] if len(found) == 1 else found[0] | found[1]


def without(inputs: Mapping[str, Tensor], gone: Tensor) -> dict[str, Tensor]:
    """Return a network's inputs without some bands, bool (n, bands)."""
    masks = {name: gone.reshape(*gone.shape, *[1] * (inputs[name].ndim - 2)) for name in BANDED if name in inputs}
    return {**inputs, **{name: inputs[name].masked_fill(mask, torch.nan) for name, mask in masks.items()}}


def numbered(gone: Tensor) -> Tensor:
    """Return the number of the curve (n,) of rows that lack these bands (n, bands)."""
    bands = gone.shape[1]
    one = (gone * torch.arange(1, bands + 1, device=gone.device)).sum(dim=1)
    return torch.where(gone.sum(dim=1) > 1, bands + 1, one)
