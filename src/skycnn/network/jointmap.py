"""Joint maps (Lin et al. 2022, arXiv:2203.06288): feature maps weighted by their integrated gradients.

``a_k = sum over pixels of the integrated gradient of the answer with respect to feature map F_k``, on the path from
the reference's feature maps to the row's; the map is ``sum_k a_k F_k``.
"""

from dataclasses import replace

from skycnn.network.attribution import Inputs, Shares, Value
from skycnn.network.featuremaps import over_channels
from skycnn.network.integratedgradients import integrate


def joint_maps(
    value: Value, seen: Inputs, reference: Inputs, bound: float, steps: int | None = None, most: int = 128
) -> Shares:
    """Return joint maps at the resolution of the feature maps, ``image`` (n, y, x).

    Parameters
    ----------
    value : callable
        See `attribution.Value`, of what the network's ``with_maps`` returned.
    seen, reference : mapping of str to tensor
        That, of the rows and of the reference input; see `featuremaps`.
    bound, steps, most
        See `integrate`.
    """
    shares = integrate(value, seen, {"maps": reference["maps"]}, bound, steps, most)
    weights = shares.maps["maps"].sum((-1, -2))
    return replace(shares, maps={"image": over_channels(weights, seen["maps"])})
