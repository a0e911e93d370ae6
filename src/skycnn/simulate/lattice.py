"""Lattice: stamps of light that is given at the nodes of a regular grid, in the bands of a renderer."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.simulate.render import Renderer, phases

Array = NDArray[Any]


class Lattice:
    """What the objects drawn from one kind of grid have in common.

    Parameters
    ----------
    renderer : Renderer
    shape : (int, int)
        Nodes along y and x; their middle is the object's place.
    step : float
        Pixels of the stamp between nodes.
    smooth : bool
        Whether light lies spread between the nodes, with straight lines from one to the next; else it is that of points
        each shared out to the four nodes about it, which is undone as far as it can be.
    """

    def __init__(self, renderer: Renderer, shape: tuple[int, int], step: float, *, smooth: bool) -> None:
        self._renderer = renderer
        half = max(shape) * step / 2
        # A pixel sees what lies a period away as if it were there: the optics' reach lies between.
        needed = np.array([half + reach(renderer)])
        self._waves = renderer.waves(float(renderer.periods(needed, np.full((1, 2), 0.5))[0]))
        along = [(np.arange(size) - (size - 1) / 2) * step for size in shape]
        y, x = (torch.cat(phases(self._waves.k, place[None]), dim=1)[0] for place in along)  # (2 m, size)
        self._y, self._x = y, x.mT.contiguous()
        window = torch.sinc(self._waves.k * (step / (2 * math.pi))) ** 2
        one = window if smooth else 1 / window
        self._window = one[:, None] * one

    def stamp(self, light: Array, offset: Array) -> Array:
        """Return the stamp (band, side, side), float32, of one object.

        Parameters
        ----------
        light : array (band, y, x)
            Flux of the nodes.
        offset : array (2,)
            Where the object lies, less the stamp's centre: x and y, pixels.
        """
        values = torch.from_numpy(np.asarray(light, np.float32)).to(self._renderer.device)
        # One object at a time, band by band: its bits depend on no other.
        seen = self._renderer.draw(self._waves, map(self._transform, values), np.asarray(offset, np.float64)[None])
        return seen[0].cpu().numpy()

    def _transform(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the transform of light (y, x) at (ky, kx) and at (-ky, kx): each (1, m, m)."""
        m = len(self._waves.k)
        parts = self._y @ (values @ self._x)
        (cos, cos_sin), (sin_cos, sin) = ((half[:, :m], half[:, m:]) for half in (parts[:m], parts[m:]))
        up = torch.complex(cos - sin, -(sin_cos + cos_sin))
        low = torch.complex(cos + sin, sin_cos - cos_sin)
        return (up * self._window)[None], (low * self._window)[None]


WINGS = 8.0
"""Widths of the PSF beyond which a point no longer matters: Moffat's profile of beta 2.5 has fallen to 1e-5 there."""


def reach(renderer: Renderer) -> float:
    """Return how far the optics spread light, pixels."""
    return WINGS * max(math.hypot(psf.fwhm / renderer.pixel_scale, 1.0) for psf in renderer.psfs)
