"""Growth: how a Sersic profile's light gathers about its centre, blurred by a Gaussian; tables, for it has no formula.

Lengths are in units of the blur's standard deviation. Profiles are round. The tables are sums over wave numbers k of
the profile's transform S, the blur's and that of what gathers: within R, ``integral of S(k r) exp(-k^2/2) R J1(k R)
dk``; under a Gaussian of scale s, ``s^2 integral of S(k r) exp(-k^2/2) exp(-k^2 s^2/2) k dk``.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.simulate import sersic

Array = NDArray[np.float32]

INDICES, RADII, APERTURES = 16, 48, 32
"""Nodes over Sersic's n, half-light radius and aperture; straight lines between them: right to 0.005 of the light."""

LARGEST, SOFT = 300.0, 0.3
"""Greatest half-light radius, and where the nodes' spacing turns from even to logarithmic."""

WAVES, FINEST = 3000, 6.0
"""Wave numbers summed, and the last of them: the blur leaves 2e-8 there."""


class Growth:
    """Curves of growth.

    Parameters
    ----------
    apertures : tuple of float
        Smallest and largest radius of an aperture.
    scales : array (scale,)
        Standard deviations of Gaussians that light is weighed with.
    """

    def __init__(self, apertures: tuple[float, float], scales: NDArray[np.float64]) -> None:
        from scipy.special import j1

        t = (np.arange(WAVES) + 0.5) / WAVES
        k, step = FINEST * t**2, 2 * FINEST * t / WAVES  # dense at 0, where large galaxies have their light
        radii = SOFT * np.expm1(np.linspace(0, np.log1p(LARGEST / SOFT), RADII))
        self._logs = np.log(np.geomspace(*apertures, APERTURES))
        edges = np.exp(self._logs)
        index = torch.from_numpy(np.geomspace(*sersic.INDEX, INDICES)).clamp(*sersic.INDEX)
        squared = torch.from_numpy(((radii[:, None] * k) ** 2).astype(np.float32)).expand(INDICES, RADII, WAVES).clone()
        seen = sersic.look_up(sersic.transforms(index), squared).numpy() * np.exp(-(k**2) / 2) * step
        within = seen @ (edges * j1(k[:, None] * edges))
        weighed = scales * (seen @ (k[:, None] * np.exp(-((k[:, None] * scales) ** 2) / 2)))
        self._within = within.astype(np.float32).ravel()
        self._weighed = weighed.astype(np.float32).reshape(INDICES * RADII, len(scales))

    def quality(self, index: Array, radius: Array) -> Array:
        """Return the light under each Gaussian over the square root of the sum of its squares, times a constant.

        Parameters
        ----------
        index, radius : array (m,)
            Sersic's n and the half-light radius of a profile of unit flux; 0 is a point.

        Returns
        -------
        array (m, scale)
            float32: in white noise it is proportional to the signal to noise that the Gaussian finds.
        """
        total = np.zeros((len(index), self._weighed.shape[1]), np.float32)
        for place, share in self._corners(index, radius):
            total += share[:, None] * self._weighed[place]
        return total

    def within(self, index: Array, radius: Array, aperture: Array) -> Array:
        """Return the share of light within apertures; all arguments are arrays (m,), as is the answer."""
        step = self._logs[1] - self._logs[0]
        at = np.clip((np.log(aperture) - self._logs[0]) / step, 0, APERTURES - 1.001)
        low = at.astype(np.int64)
        rest = (at - low).astype(np.float32)
        total = np.zeros(len(index), np.float32)
        for place, share in self._corners(index, radius):
            here = place * APERTURES + low
            total += share * ((1 - rest) * self._within[here] + rest * self._within[here + 1])
        return total

    @staticmethod
    def _corners(index: Array, radius: Array) -> list[tuple[NDArray[np.int64], Array]]:
        """Return the four nodes about each profile, as rows of the tables, and their shares."""
        first, last = np.log(sersic.INDEX)
        parts = []
        for place, most in (
            ((np.log(index) - first) / (last - first) * (INDICES - 1), INDICES),
            (np.log1p(radius / SOFT) / np.log1p(LARGEST / SOFT) * (RADII - 1), RADII),
        ):
            clipped = np.clip(place, 0, most - 1.001)
            low = clipped.astype(np.int64)
            parts.append((low, (clipped - low).astype(np.float32)))
        (i, a), (j, b) = parts
        row = i * RADII + j
        return [
            (row, (1 - a) * (1 - b)),
            (row + 1, (1 - a) * b),
            (row + RADII, a * (1 - b)),
            (row + RADII + 1, a * b),
        ]
