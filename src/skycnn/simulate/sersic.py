"""The Sersic profile in Fourier space: a table over index and wave number, computed once a process.

The profile is ``I(r) = exp(-b (r/r_e)^(1/n))`` with b such that half the light lies within r_e (Sersic 1968; b from
``P(2n, b) = 1/2``, Ciotti & Bertin 1999, A&A 352, 447), taken to infinity. Its transform ``S(k r_e; n)``, S(0) = 1, is
a Hankel transform without a closed form but for n = 1/2 and n = 1; FFTLog (Hamilton 2000, MNRAS 312, 257) gives it on a
logarithmic axis, which is where it is smooth.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

INDEX = (0.3, 6.2)
"""Range of n: flatter than 0.3 no galaxy is, and beyond 6.2 half the light lies where no image sees it."""

STEP = 1 / 128
"""Of the table in ln(k r_e): straight lines between its points are wrong by at most 1e-5."""

WAVES = (1e-4, 2e3)
"""Range of k r_e: below it S is 1 to 3e-7 for every n; above it, where it is held, S is at most 3e-4."""

NODES = 72
"""Values of n in the table, even in ln n; cubic interpolation between them is wrong by at most 1e-5."""

POINTS = 8192
"""Of FFTLog: radii from 1e-14 to 1e14 r_e, so that what it wraps around is nothing."""


@dataclass(frozen=True)
class ProfileTable:
    """S over ln n and ln(k r_e), even in both.

    Parameters
    ----------
    values : tensor (NODES + 2, points)
        float32; the rows reach a step beyond `INDEX` at both ends.
    row : tuple of float
        ln n of the first row, and the step between rows.
    column : float
        ln(k r_e) of the first column; the step is `STEP`.
    """

    values: torch.Tensor
    row: tuple[float, float]
    column: float


@cache
def table() -> ProfileTable:
    """Return the table, computed on first use."""
    from scipy.fft import fht, fhtoffset
    from scipy.special import gammaincinv

    step = np.log(INDEX[1] / INDEX[0]) / (NODES - 1)
    logs = np.log(INDEX[0]) + step * np.arange(-1, NODES + 1)
    offset = fhtoffset(STEP, mu=0.0)
    grid = (np.arange(POINTS) - (POINTS - 1) / 2) * STEP
    radius, wave = np.exp(grid), np.exp(grid + offset)
    kept = slice(*np.searchsorted(wave, WAVES))
    rows = []
    for n in np.exp(logs):
        light = radius * np.exp(-gammaincinv(2 * n, 0.5) * radius ** (1 / n))
        rows.append(fht(light, STEP, mu=0.0, offset=offset)[kept] / wave[kept] / (light @ radius * STEP))
    values = torch.from_numpy(np.array(rows, np.float32))
    return ProfileTable(values, (float(logs[0]), float(step)), float(np.log(wave[kept.start])))


def transforms(index: torch.Tensor) -> torch.Tensor:
    """Return S of each profile on the table's logarithmic axis, by cubic interpolation in ln n.

    Parameters
    ----------
    index : tensor (n,)
        Sersic's n.

    Returns
    -------
    tensor (n, points)
        float32, on the device of ``index``; `look_up` reads it.

    Raises
    ------
    ValueError
        For an index outside `INDEX`, NaN included.
    """
    if not bool(((index >= INDEX[0]) & (index <= INDEX[1])).all()):
        raise ValueError(f"a Sersic index lies outside {INDEX[0]}-{INDEX[1]}")
    known = table()
    place = (torch.log(index.double()) - known.row[0]) / known.row[1]
    low = place.floor().clamp(1, NODES - 1)
    t = (place - low).float()
    # Lagrange's polynomials over the nodes -1, 0, 1, 2.
    shares = torch.stack(
        [
            -t * (t - 1) * (t - 2) / 6,
            (t + 1) * (t - 1) * (t - 2) / 2,
            -(t + 1) * t * (t - 2) / 2,
            (t + 1) * t * (t - 1) / 6,
        ],
        dim=1,
    )
    rows = low.long()[:, None] + torch.arange(-1, 3, device=index.device)
    return (shares[:, None] @ known.values.to(index.device)[rows])[:, 0]


def look_up(profiles: torch.Tensor, squared: torch.Tensor) -> torch.Tensor:
    """Return S of each profile at wave numbers, by straight lines between the table's points.

    Parameters
    ----------
    profiles : tensor (n, points)
        Of `transforms`.
    squared : tensor (n, ...)
        ``(k r_e)^2``, float32; 0 is a point source, whose S is 1. It is overwritten.

    Returns
    -------
    tensor (n, ...)
    """
    last = profiles.shape[1] - 1
    place = squared.log_().mul_(0.5 / STEP).sub_(table().column / STEP).clamp_(0, last - 0.01).flatten(1)
    below = place.long()
    value = torch.diff(profiles).gather(1, below).mul_(place.sub_(below)).add_(profiles.gather(1, below))
    return value.view(squared.shape)
