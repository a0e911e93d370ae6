"""Windows: elliptical windows fitted to objects in stamps, and what is seen through them."""

import torch
from torch import Tensor, nn

WING = 0.15
"""Of a window, at its centre: galaxies reach further than Gaussians. Chosen on mocks that no score is made of."""
SHAPES = 4
"""Times that an adaptive window is fitted: each leaves a quarter of what is amiss."""
STEP = 0.75
"""Share of the way to the object's own shape, as it seems, that a fit goes: all of it would jump in the noise."""
NARROWEST, WIDEST = 0.9, 0.25
"""Limits of the window's sigma: in pixels, about that of a well sampled PSF; and as a share of the stamp's side."""
FAINTEST = -87.0
"""Logarithm of the least that a window weighs a pixel with: near the smallest float32 that is not denormal."""


class Windows(nn.Module):
    """Elliptical windows fitted to an object, and what is seen through them in each band.

    The window's shape is that of the object's adaptive moments (Bernstein & Jarvis 2002, AJ 123, 583), measured on
    the sum of all bands, weighted by their noise; light gathered through such a window, common to all bands, has
    nearly the highest signal to noise, and the colours of one and the same part of the galaxy.

    Parameters
    ----------
    scales : tuple of float
        Sizes of the windows in units of the fitted one.
    """

    shapes = 4
    """Numbers that tell an object's shape."""

    def __init__(self, scales: tuple[float, ...] = (1.0,)) -> None:
        super().__init__()
        self.scales = scales

    def forward(self, images: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return fluxes, their errors and shapes.

        Parameters
        ----------
        images : tensor (n, band, y, x)
            0 where a pixel or a band is absent.
        sigma : tensor (n, band)
            Noise of a pixel; infinite where the band is absent.

        Returns
        -------
        tuple of tensor
            Fluxes (n, window, band) in the images' unit, through the fitted window all that a Gaussian has; errors
            (n, window, band); and (n, 4): of the sum of all bands the asinh of the signal to noise in the first window,
            log of the window's area in pixels, ellipticity, and how much more signal to noise half the size gives.
        """
        n, bands, side, _ = images.shape
        pixels = images.reshape(n, bands, side * side)
        weight = sigma.pow(-2)
        total = torch.bmm(weight[:, None], pixels)[:, 0]  # (n, pixel)
        place = torch.arange(side, dtype=images.dtype, device=images.device) - (side - 1) / 2
        x, y = place.repeat(side), place.repeat_interleave(side)
        moments = torch.stack([x * x, y * y, x * y], 1)  # (pixel, 3)
        inverse = self._fitted(total, moments, side)
        windows = torch.stack([_window(inverse / scale**2, moments) for scale in (*self.scales, 0.5)], 1)
        whole = 2 / (1 + 1.6 * WING)  # 1.6: the inner part's light through the outer part, over that through itself
        power = (windows * windows).sum(2)  # (n, window + 1)
        flux = torch.bmm(windows[:, :-1], pixels.mT) * whole
        error = sigma[:, None] * power[:, :-1, None].sqrt() * whole
        # The sum's signal to noise through the fitted window, and through one half as large.
        gathered = (windows * total[:, None]).sum(2) / (power * weight.sum(1, keepdim=True).clamp(min=1e-30)).sqrt()
        signal, core = torch.asinh(gathered[:, 0]), torch.asinh(gathered[:, -1])
        area = torch.pi * 4 / _determinant(inverse).sqrt()
        flat = _length(inverse[:, 0] - inverse[:, 1], 2 * inverse[:, 2]) / (inverse[:, 0] + inverse[:, 1])
        return flux, error, torch.stack([signal, area.log(), flat, core - signal], 1)

    @staticmethod
    def _fitted(total: Tensor, moments: Tensor, side: int) -> Tensor:
        """Return the inverse of the window's second moments: xx, yy, xy (n, 3), 1 / pixels squared.

        Seen through a Gaussian window a Gaussian is a Gaussian, whose inverse moments are the sum of theirs.
        """
        low, high = (WIDEST * side) ** -2, NARROWEST**-2
        window = torch.tensor([0.25, 0.25, 0.0], dtype=total.dtype, device=total.device).expand(len(total), 3)
        for _ in range(SHAPES):
            seen = _gaussian(window, moments) * total
            raw = (seen @ moments / seen.sum(1, keepdim=True).clamp(min=1e-30)).clamp(-(side**2), side**2)
            own = _within(_inverse(_within(raw, 1 / (4 * high), side**2)) - window, low, high)
            window = torch.lerp(window, own, STEP)
        return window


def _within(shape: Tensor, low: float, high: float) -> Tensor:
    """Return shapes (n, 3) whose principal moments lie between two limits."""
    middle = (shape[:, 0] + shape[:, 1]) / 2
    one, two = (shape[:, 0] - shape[:, 1]) / 2, shape[:, 2]
    length = _length(one, two).clamp(min=1e-12)
    large = (middle + length).clamp(low, high)
    small = (middle - length).clamp(low, high)
    middle, stretch = (large + small) / 2, (large - small) / 2 / length
    return torch.stack([middle + one * stretch, middle - one * stretch, two * stretch], 1)


def _length(x: Tensor, y: Tensor) -> Tensor:
    """Return ``torch.hypot``; its gradient where both are 0, which torch has as NaN, is 0."""
    nothing = (x == 0) & (y == 0)
    return torch.hypot(x.masked_fill(nothing, 1), y).masked_fill(nothing, 0)


def _determinant(shape: Tensor) -> Tensor:
    return shape[:, 0] * shape[:, 1] - shape[:, 2] ** 2


def _inverse(shape: Tensor) -> Tensor:
    return torch.stack([shape[:, 1], shape[:, 0], -shape[:, 2]], 1) / _determinant(shape)[:, None]


def _gaussian(inverse: Tensor, moments: Tensor) -> Tensor:
    """Return exp(-r^2 / 2) at pixels with moments (pixel, 3), of ellipses with inverse moments (n, 3): (n, pixel)."""
    form = inverse * inverse.new_tensor([-0.5, -0.5, -1.0])
    return torch.exp((form @ moments.T).clamp_(min=FAINTEST))  # where it is 0 its root would have no gradient


def _window(inverse: Tensor, moments: Tensor) -> Tensor:
    """Return a window with a wing: the ellipse's Gaussian, and one of twice its size."""
    inner = _gaussian(inverse, moments)
    return inner + WING * inner.sqrt().sqrt()
