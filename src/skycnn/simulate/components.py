"""Components: light that is a sum of Sersic profiles, as galaxies have it; a star is one of radius 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn import interrupt
from skycnn.simulate import sersic
from skycnn.simulate.aperture import AperturePhotometry, Measured
from skycnn.simulate.light import Light
from skycnn.simulate.render import Renderer, Waves, phases

Array = NDArray[Any]

EXTENT = 5.0
"""Half-light radii within which a galaxy has sharp structure; beyond it is smooth."""

BLOCK = {"cpu": 1 << 20, "cuda": 1 << 26}
"""Wave numbers in work at once: a few MB for a CPU, for larger ones gain nothing; as many as keep a GPU busy."""


@dataclass(frozen=True)
class Components(Light):
    """Sersic components of objects.

    Parameters
    ----------
    flux : array (n, component, band)
        Of the whole component, out to infinity. 0 for a component that is not there.
    radius : array (n, component)
        Half-light radius along the major axis, arcsec; 0 is a point source.
    index : array (n, component)
        Sersic's n, within `sersic.INDEX`; another one is a ValueError when stamps are drawn.
    ratio : array (n, component)
        Minor over major axis, above 0 to 1.
    angle : array (n, component)
        Of the major axis, degrees from +x counterclockwise.
    shift : array (n, component, 2), optional
        Where the component lies, less its object's position: x and y, arcsec.
    """

    flux: Array
    radius: Array
    index: Array
    ratio: Array
    angle: Array
    shift: Array | None = None

    def take(self, rows: Array) -> "Components":
        """Return some objects' light."""
        flux, radius, index, ratio, angle = (
            np.asarray(column)[rows] for column in (self.flux, self.radius, self.index, self.ratio, self.angle)
        )
        return Components(flux, radius, index, ratio, angle, None if self.shift is None else self.shift[rows])

    def total(self) -> Array:
        """Return the flux of whole objects, float32 (n, band)."""
        total: Array = np.asarray(self.flux).sum(axis=1, dtype=np.float64).astype(np.float32)
        return total

    def stamps(self, renderer: Renderer, offset: Array | None = None) -> Array:
        """Return stamps (n, band, side, side), float32; right to 2e-3 of the brightest pixel."""
        n = len(self.radius)
        offset = np.zeros((n, 2)) if offset is None else np.asarray(offset, np.float64)
        stamps = np.empty((n, len(renderer.psfs), renderer.side, renderer.side), np.float32)
        sharp = (EXTENT * np.asarray(self.radius)).max(axis=1) / renderer.pixel_scale
        if self.shift is not None:
            sharp = sharp + np.abs(self.shift).max(axis=(1, 2)) / renderer.pixel_scale
        periods = renderer.periods(sharp, offset)
        for period in np.unique(periods):
            rows = np.flatnonzero(periods == period)
            waves = renderer.waves(float(period))
            block = max(1, BLOCK[renderer.device.type] // (2 * len(waves.k) ** 2))
            for part in np.split(rows, range(block, len(rows), block)):
                interrupt.check()
                stamps[part] = self.take(part)._draw(renderer, waves, offset[part]).cpu().numpy()
        return stamps

    def extent(self, faint: Array, pixel_scale: float) -> Array:
        """Return how far (n,) from an object the profiles are brighter than ``faint``, pixels."""
        from scipy.special import gammaln

        index, ratio = (np.asarray(column, np.float64) for column in (self.index, self.ratio))
        radius = np.maximum(np.asarray(self.radius, np.float64) / pixel_scale, 1e-3)
        peak = (np.asarray(self.flux, np.float64) / faint).max(axis=2)  # (n, component), in units of the limit
        b = 2 * index - 1 / 3 + 0.009876 / index  # Ciotti & Bertin 1999, Prugniel & Simien 1997
        log_area = np.log(2 * np.pi * index * radius**2 * ratio) + b - 2 * index * np.log(b) + gammaln(2 * index)
        depth = np.log(np.maximum(peak, 1e-30)) - log_area
        extent: Array = radius * np.maximum(1 + depth / b, 0) ** index
        if self.shift is not None:
            extent = extent + np.abs(self.shift).max(axis=2) / pixel_scale
        furthest: Array = extent.max(axis=1)
        return furthest

    def expected(self, photometry: AperturePhotometry) -> Measured:
        """Return what would be measured without noise.

        Clumps and bulges count as if they lay at the centre, and ellipses as circles of their axes' mean: the signal
        to noise is right to 2 % down to an axis ratio of 0.4.
        """
        radius = np.asarray(self.radius) * (1 + np.asarray(self.ratio)) / 2
        return photometry.expected(self.flux, self.index, radius)

    def _draw(self, renderer: Renderer, waves: Waves, offset: Array) -> torch.Tensor:
        """Return stamps (n, band, side, side) of objects that share wave numbers."""
        flux = torch.from_numpy(np.asarray(self.flux, np.float32)).to(renderer.device)[..., None, None]
        upper, lower = zip(*(self._component(renderer, waves, c) for c in range(flux.shape[1])), strict=True)
        bands = [flux[:, :, band] for band in range(len(renderer.psfs))]
        return renderer.draw(waves, ((_weighted(upper, each), _weighted(lower, each)) for each in bands), offset)

    def _component(self, renderer: Renderer, waves: Waves, c: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the transform of a component, of unit flux, at (ky, kx) and at (-ky, kx): each (n, m, m)."""
        columns = (self.radius, self.ratio, self.angle, self.index)
        radius, ratio, angle, index = (np.asarray(column, np.float64)[:, c] for column in columns)
        cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        size = (radius / renderer.pixel_scale) ** 2
        # (k r_e)^2 of the circle that the ellipse was stretched from: xx kx^2 + yy ky^2 +- xy kx ky.
        xx, yy = size * (cos**2 + (ratio * sin) ** 2), size * (sin**2 + (ratio * cos) ** 2)
        xy = 2 * size * (1 - ratio**2) * sin * cos
        form = torch.from_numpy(np.stack([xx, yy, xy]).astype(np.float32)).to(renderer.device)[..., None]
        even = (form[1] * waves.k**2)[:, :, None] + (form[0] * waves.k**2)[:, None]
        odd = (form[2] * waves.k)[:, :, None] * waves.k
        profiles = sersic.transforms(torch.from_numpy(index).to(renderer.device))
        up = sersic.look_up(profiles, (even + odd).clamp_(min=0))  # rounding takes a needle's below 0
        low = sersic.look_up(profiles, even.sub_(odd).clamp_(min=0))
        if self.shift is None or not np.any(self.shift[:, c]):
            return up, low
        shift = np.asarray(self.shift, np.float64)[:, c] / renderer.pixel_scale
        (cos_x, sin_x), (cos_y, sin_y) = (phases(waves.k, shift[:, axis, None]) for axis in (0, 1))
        x, y = torch.complex(cos_x, -sin_x).mT, torch.complex(cos_y, -sin_y)
        return up * (y * x), low * (y.conj() * x)


def _weighted(parts: Sequence[torch.Tensor], flux: torch.Tensor) -> torch.Tensor:
    """Return the components' transforms, each (n, m, m), times their fluxes (n, component, 1, 1), summed."""
    total = parts[0] * flux[:, 0]
    for c, part in enumerate(parts[1:], 1):
        total = total + part * flux[:, c]  # one of them may be complex
    return total
