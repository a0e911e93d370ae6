"""Red filter: light whose colours are those of the galaxies in the centres of clusters at a row's redshift."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from skycnn.network.radialwindows import distance

CENTRE = 2.5
"""Radius about a stamp's centre whose light tells the colours, pixels."""
BINS, ORDER = 8, 2
"""Bins of redshift, and the order of the polynomial through their medians."""
FEWEST = 24
"""Rows of a bin."""
WIDTH = 0.06
"""Scatter of a red galaxy's flux in a band about that of the sequence, as a share of it: 0.04 to 0.06 mag of g - r,
and that a pixel holds more than one."""

COUNTED = (3.0, 6.0, 12.0, 25.0, 50.0)
"""Red light that counts as half a galaxy, in units of its noise: fainter ones count in part, and none for much more."""


class RedFilter(nn.Module):
    """How much light of red colours each pixel holds, given the redshift, and how many galaxies that may be.

    Parameters
    ----------
    bands : int
    """

    shares: Tensor
    range: Tensor

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("shares", torch.zeros(ORDER + 1, bands))  # polynomial in the redshift of log shares
        self.register_buffer("range", torch.tensor([0.0, 1.0]))

    def measure(self, image: Tensor, redshift: Tensor) -> None:
        """Set the colours by redshift: the medians of what training rows have in their centres.

        Parameters
        ----------
        image : tensor (n, band, y, x)
            Less its level, 0 where there is nothing.
        redshift : tensor (n,)
        """
        light = image[..., distance(image.shape[-1], image) < CENTRE].sum(2)
        share = light / light.sum(1, keepdim=True)
        good = redshift.isfinite() & (light > 0).all(1)
        if not good.any():
            return
        share, z = share[good].double(), redshift[good].double()
        parts = z.argsort().chunk(max(1, min(BINS, len(z) // FEWEST)))
        at = torch.stack([z[part].median() for part in parts])
        values = torch.stack([share[part].median(0).values for part in parts]).clamp(min=1e-6).log()
        order = min(ORDER, len(parts) - 1) if at[-1] > at[0] else 0
        powers = torch.stack([at**power for power in range(order + 1)], 1)
        found = torch.linalg.lstsq(powers, values).solution
        self.shares.zero_()
        self.shares[: order + 1] = found.to(self.shares)
        self.range.copy_(torch.stack([at[0], at[-1]]))

    def forward(self, image: Tensor, redshift: Tensor, there: Tensor, noise: Tensor) -> Tensor:
        """Return the red light in squares of three pixels about each pixel, and counts of such (n, 1 + counts, y, x).

        The light is in units of its own noise; counts rise from 0 to 1, see ``COUNTED``.

        Parameters
        ----------
        image : tensor (n, band, y, x)
            Less its level, 0 where there is nothing.
        redshift : tensor (n,)
            NaN where it is unknown: then nothing counts as red.
        there : tensor (n, band)
            Which bands are there.
        noise : tensor (band,)
            Of a pixel.
        """
        known = redshift.isfinite()
        z = redshift.nan_to_num(0.0).clamp(self.range[0], self.range[1])
        powers = torch.stack([z**power for power in range(ORDER + 1)], 1)
        share = torch.softmax(powers @ self.shares, 1) * there / (3 * noise)  # in units of a square's noise
        norm = share.square().sum(1).clamp(min=1e-30)
        whole = boxed(image) / (3 * noise)[:, None, None]
        bright = torch.einsum("nbyx,nb->nyx", whole, share / norm[:, None]).clamp(min=0.0)[:, None]
        model = bright * share[..., None, None]
        free = (there.sum(1) - 1).clamp(min=0)[:, None, None, None]  # what noise alone adds up to
        off = ((whole - model).square() / (1 + (WIDTH * model).square())).sum(1, keepdim=True)
        red = bright * torch.exp(-0.5 * (off - free).clamp(min=0.0)) * (norm.sqrt() * known)[:, None, None, None]
        return torch.cat([red, *(red / (red + half) for half in COUNTED)], 1)


def boxed(image: Tensor) -> Tensor:
    """Return the sums over squares of three pixels about each pixel, 0 beyond the edge."""
    wide = functional.pad(image, (1, 1, 1, 1))
    rows = wide[..., :-2, :] + wide[..., 1:-1, :] + wide[..., 2:, :]
    return rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
