"""Flux density: where the photometry of the training sample lies - asinh magnitudes and errors of all bands.

Colours are differences of magnitudes, so a mixture over these holds them too.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.network.density import COMPONENTS, MOST_BANDS, Density
from skycnn.network.mixture import Mixture

Array = NDArray[Any]

POGSON = -2.5 / math.log(10)
A_BAND = 2
"""Quantities of each band: magnitude and natural log of the relative error."""
EACH, COMMON = 0.03, 0.1
"""Least scatter of the log errors of rows of the same magnitudes: in any direction, and of all bands together. Errors
can follow the magnitudes more closely than any other survey's would, and networks hardly mind a tenth. Chosen on
validation rows of SDSS and COSMOS: the largest with which no fainter row of SDSS gets by."""


def quantities(flux: Tensor, error: Tensor, softening: Tensor) -> tuple[Tensor, Tensor]:
    """Return asinh magnitudes (Lupton et al. 1999, AJ 118, 1406) and log relative errors; which bands are there.

    Parameters
    ----------
    flux, error : tensor (n, band)
        Microjansky, NaN where absent.
    softening : tensor (band,)

    Returns
    -------
    tuple of tensor
        (n, 2 band) and (n, band).
    """
    there = torch.isfinite(flux) & torch.isfinite(error) & (error > 0)
    relative = torch.log(error / torch.hypot(flux, 2 * softening))
    return torch.cat([POGSON * torch.asinh(flux / (2 * softening)), relative], 1), there


def fit(
    train: tuple[Tensor, Tensor], valid: tuple[Tensor, Tensor], alarms: float, most: int, seed: int = 1
) -> Density | None:
    """Return the density of a sample; None where too few rows have all bands, or there are too many bands.

    Parameters
    ----------
    train, valid : (tensor, tensor)
        Fluxes and errors (n, band), microjansky, NaN where absent: to fit the mixture, and to set the cuts.
    alarms : float
        Share of the validation rows that is called unlike.
    most : int
        Validation rows looked at.
    seed : int
    """
    bands = train[0].shape[1]
    (flux, error), judged = _complete(*train), _complete(*valid)
    if not len(flux) or not len(judged[0]) or bands > MOST_BANDS:
        return None
    softening = torch.from_numpy(np.median(error.numpy(), axis=0))
    rows = quantities(flux, error, softening)[0].double().numpy()
    mixture = Mixture.fit(rows, COMPONENTS, seed)
    if mixture is None:
        return None
    covariance = np.stack([scattered(part, bands) for part in mixture.covariance.astype(float)]).astype(np.float32)
    checked = quantities(*judged, softening)[0][:most]
    return Density.of_mixture(softening.numpy(), replace(mixture, covariance=covariance), checked, alarms)


def scattered(covariance: Array, bands: int) -> Array:
    """Return a covariance (2 band, 2 band) whose log errors scatter by `EACH` and `COMMON` at given magnitudes."""
    known, both = covariance[:bands, :bands], covariance[:bands, bands:]
    given = covariance[bands:, bands:] - both.T @ np.linalg.solve(known, both)
    variance, direction = np.linalg.eigh(given)
    wider = (direction * np.maximum(variance, EACH**2)) @ direction.T
    one = np.ones(bands)
    wider += max(0.0, COMMON**2 - 1 / (one @ np.linalg.solve(wider, one)))
    result = covariance.copy()
    result[bands:, bands:] += wider - given
    return result


def _complete(flux: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows in which no band is missing."""
    rows = (torch.isfinite(flux) & torch.isfinite(error) & (error > 0)).all(1)
    return flux[rows].float(), error[rows].float()
