"""The wave numbers at which light is summed into a stamp: few where an image is sharp, many where it is wide.

An image is the integral of its transform over all wave numbers. A fast Fourier transform takes them evenly spaced, and
the wings of a galaxy then come back from the far side: with a Sersic index of 6 a stamp of 64 pixels needs a transform
of 1,000. Here the spacing widens with the wave number. Light of wave number k at a distance x from a pixel is summed
rightly if the spacing at k is well below ``2 pi / x``: dense near 0 for wings, which are smooth; wide where only what
is small and sharp is left. The rule is the trapezoid's in a variable u with ``k = u - (1 - e) w tanh(u / w)``, analytic
throughout, so that what is left is exponentially small (Trefethen & Weideman 2014, SIAM Review 56, 385).
"""

import numpy as np
from numpy.typing import NDArray

REACH = 60.0
"""How much denser the spacing is at 0 than far from it; e is its inverse."""

WIDTH = 12.0
"""Nodes over which the spacing grows from the one to the other; it costs as many nodes."""


def nodes(limit: float, period: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return wave numbers of one half axis and their weights.

    Parameters
    ----------
    limit : float
        The last wave number that matters, rad/pixel.
    period : float
        How far from one another sharp things may lie, pixels; what is smooth may be `REACH` times as far.

    Returns
    -------
    k, weight : array (m,)
        float64, rad/pixel; ``sum(weight * f(k))`` is the integral of an even function f over the half axis.
    """
    step = 2 * np.pi / period
    width = WIDTH * step
    count = int(np.ceil((limit + width) / step))
    u = (np.arange(count) + 0.5) * step  # no node at 0: the rule for both half axes together
    hollow = (1 - 1 / REACH) * np.tanh(u / width)
    return u - hollow * width, step * (1 - (1 - 1 / REACH) / np.cosh(u / width) ** 2)
