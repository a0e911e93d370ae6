"""Cluster light: a network of stamps of clusters, by the light, and the red light, in windows about their centre.

What a small convolution makes of both, such as a count of red galaxies, is seen through the same windows.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from skycnn.network.fewatonce import FewAtOnce
from skycnn.network.layers import LARGEST, asinh, lost, sky, spread
from skycnn.network.outerlevel import outer_level
from skycnn.network.poses import turned
from skycnn.network.radialwindows import RINGS, RadialWindows, kpc_per_arcsec, rings
from skycnn.network.redfilter import COUNTED, RedFilter

PIXEL = 6.336
"""Of a stamp, arcsec: 16 x 16 pixels of SDSS."""
KPC = (25.0, 50.0, 100.0, 180.0, 300.0, 480.0, 720.0, 1050.0, 1450.0, 1900.0)
"""Radii of the windows where the redshift is known: from the brightest galaxy to beyond R500."""
PIXELS = (1.0, 2.5, 5.0, 9.0, 15.0, 24.0, 36.0, 52.0, 70.0)
"""Those of windows that are the same for all rows."""
FIELD = 3
"""Outermost windows of these, which show what lies about the cluster."""
SOFT = 0.25
"""Of light, as a share of its scatter among training rows: from there on it is seen as its logarithm."""
FEWEST = 0.02
"""Share of a band's pixels above which it is there."""
LOOKS = ("first", "second", "shift")
"""Weights that look at pixels, and are not trained where labels are few."""
CLAMP = 6.0
"""Normalised features are cut here, in units of their scatter."""
MIDDLE = 0.2
"""Redshift about which its powers are taken."""
LIGHT, BRIGHT = 1e-3, 1e5
"""Richnesses beyond which they are not told apart."""


@lru_cache(maxsize=4)
def _chances(pixel: float) -> tuple[float, ...]:
    """Return the root of each window's area, pixels: how much what is counted in it scatters; of means 1 in ten."""
    unit = torch.ones(1, dtype=torch.float64)
    none = torch.zeros(1, len(RINGS), 1, dtype=torch.float64)
    kpc = pixel * kpc_per_arcsec(MIDDLE * unit)
    near, far = (RadialWindows(radii)(none, none, at)[1][0].sqrt() / 2 for radii, at in ((PIXELS, unit), (KPC, kpc)))
    return (*near[:-FIELD].tolist(), *[0.1] * FIELD, *far.tolist())


class ClusterLight(FewAtOnce):
    """Stamps in microjansky a pixel, redshift and richness, NaN where absent, to the raw outputs.

    Of each band the level of the outer pixels is taken off first: a residual sky changes no answer.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    channels : int
        Of the convolution.
    width, depth : int
        Of the hidden layers.
    dropout : float
        Share of a hidden layer that is left out in training.
    drop, drop_redshift, drop_richness : float
        Shares of the rows that lose bands, redshift and richness in training.
    cut : float
        Share of the rows of which training sees a part only, as at the edge of an image.
    gain : float
        Scatter of the natural logarithm of a factor of each band's light, drawn in training.
    tilt : float
        Scatter of a slope of the sky, drawn in training: at the stamp's edge, in units of a pixel's noise.
    blur : float
        Largest share of a pixel's light that training spreads over its neighbours.
    pixel : float
        Of a stamp, arcsec.
    """

    noise: Tensor
    soft: Tensor
    centre: Tensor
    scale: Tensor
    richness: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        channels: int = 16,
        width: int = 96,
        depth: int = 3,
        dropout: float = 0.1,
        drop: float = 0.2,
        drop_redshift: float = 0.15,
        drop_richness: float = 0.4,
        cut: float = 0.1,
        gain: float = 0.03,
        tilt: float = 0.3,
        blur: float = 0.1,
        pixel: float = PIXEL,
    ) -> None:
        super().__init__()
        self.bands, self.drop, self.cut, self.gain, self.tilt, self.blur = bands, drop, cut, gain, tilt, blur
        self.drop_redshift, self.drop_richness, self.pixel = drop_redshift, drop_richness, pixel
        self.far, self.near = RadialWindows(KPC), RadialWindows(PIXELS)
        self.red = RedFilter(bands)
        self.lights = lights = bands + 1 + len(COUNTED)
        windows = len(KPC) + len(PIXELS)
        self.register_buffer("noise", torch.ones(bands))  # of a pixel, microjansky
        self.register_buffer("soft", torch.ones(windows, lights))
        self.register_buffer("centre", torch.zeros(windows, lights))
        self.register_buffer("scale", torch.ones(windows, lights))
        self.register_buffer("richness", torch.tensor([0.0, 1.0]))  # centre and scatter of its logarithm
        self.first = nn.Conv2d(bands + 1, channels, 3, padding=1)
        self.second = nn.Linear(channels, channels)
        self.shift = nn.Linear(3 + bands, 2 * channels)
        nn.init.zeros_(self.shift.weight)
        nn.init.zeros_(self.shift.bias)
        self.end(windows * (lights + channels) + windows + 5 + bands, outputs, width, depth, dropout)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set noise, colours, softening, and the light's centre and scatter from training rows."""
        image, redshift = inputs["image"], inputs["redshift"]
        image = image - outer_level(image)[..., None, None]
        self.noise.copy_(sky(image))
        self.red.measure(torch.where(image.isfinite(), image, 0.0).clamp(-LARGEST, LARGEST), redshift)
        richness = inputs["richness"].clamp(LIGHT, BRIGHT).log()[:, None]
        middle, width = spread(richness, richness.isfinite())
        self.richness.copy_(torch.cat([middle, width]))
        parts = []
        for first in range(0, len(image), 64):
            some = {name: value[first : first + 64] for name, value in inputs.items()}
            seen = self._light(some["image"], some["redshift"])
            sums = rings(torch.cat([seen["light"], seen["red"]], 1))
            parts.append(self._windows(sums, seen["area"], some["redshift"]))
        light, share = (torch.cat(part) for part in zip(*parts, strict=True))
        known = (share > 0.5)[..., None].expand_as(light)
        _, width = spread(light.flatten(1), known.flatten(1))
        self.soft.copy_(SOFT * width.view_as(self.soft))
        stretched = asinh(light / (2 * self.soft))
        middle, width = spread(stretched.flatten(1), known.flatten(1))
        self.centre.copy_(middle.view_as(self.centre))
        self.scale.copy_(width.view_as(self.scale))

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return rows as they might have been: turned, on a sloping sky, brighter, cut, without some of the inputs."""
        image = turned(inputs["image"], generator)
        n, bands, side, _ = image.shape

        def normal(*shape: int) -> Tensor:
            return torch.empty(shape, device=image.device).normal_(generator=generator)

        def uniform(*shape: int) -> Tensor:
            return torch.empty(shape, device=image.device).uniform_(generator=generator)

        if self.blur:
            share = self.blur * uniform(n, 1, 1, 1)
            image = image.lerp(functional.avg_pool2d(image, 3, 1, 1, count_include_pad=False), share)
        if self.gain:
            image = image * torch.exp(self.gain * normal(n, bands, 1, 1))
        place = (torch.arange(side, device=image.device) - (side - 1) / 2) / (side / 2)
        if self.tilt:
            slope = self.tilt * self.noise[:, None, None] * normal(2, n, bands, 1, 1)
            image = image + slope[0] * place + slope[1] * place[:, None]
        if self.cut:
            angle, reach = 2 * math.pi * uniform(n, 1, 1), 1.5 * uniform(n, 1, 1) - 0.75
            across = torch.cos(angle) * place + torch.sin(angle) * place[:, None]
            image = image.masked_fill(((across > reach) & (uniform(n, 1, 1) < self.cut))[:, None], math.nan)
        gone = lost(n, bands, self.drop, generator)
        image = image.masked_fill(gone[..., None, None], math.nan) if gone.any() else image
        found = {"image": image}
        for name, odds in (("redshift", self.drop_redshift), ("richness", self.drop_richness)):
            found[name] = inputs[name].masked_fill(uniform(n) < odds, math.nan)
        return found

    def _light(self, image: Tensor, redshift: Tensor) -> dict[str, Tensor]:
        """Return light and red light in units of the noise, which bands there are, and the pixels in each ring."""
        fine, side = image.isfinite(), image.shape[-1]
        image = image.clamp(-LARGEST, LARGEST)
        if fine.all():
            there, pixels = image.new_ones(image.shape[:2], dtype=torch.bool), image.new_ones(1, 1, side, side)
            image = image - outer_level(image)[..., None, None]
        else:
            there = fine.to(image.dtype).mean((2, 3)) > FEWEST
            level = outer_level(image.masked_fill(~fine, torch.nan))[..., None, None]
            fine = fine & there[..., None, None]
            image = torch.where(fine, image - level, 0.0)
            pixels = fine.to(image.dtype).sum(1, keepdim=True) / there.sum(1).clamp(min=1)[:, None, None, None]
        area, red = rings(pixels).expand(len(image), -1, 1), self.red(image, redshift, there, self.noise) * pixels
        return {"light": image / self.noise[:, None, None], "red": red, "there": there, "area": area, "pixels": pixels}

    def _known(self, redshift: Tensor) -> Tensor:
        """Return whether a redshift is known, and its powers, (n, 3)."""
        known = redshift.isfinite()
        z = ((redshift.nan_to_num(MIDDLE) - MIDDLE) / 0.1).clamp(-CLAMP, CLAMP)
        return torch.stack([known.to(z.dtype), z, z * z], 1)

    def with_maps(self, image: Tensor, redshift: Tensor, richness: Tensor) -> dict[str, Tensor]:
        """Return of stamps (n, band, y, x) the maps that windows are laid over, and what else is known of the rows.

        The maps (n, band + 1 + count + channel, y, x) are each band's light, red light, counts of that, and what the
        convolution makes of the light.
        """
        seen = self._light(image, redshift)
        there = seen["there"].to(image.dtype)
        light = torch.cat([seen["light"], seen["red"]], 1).contiguous(memory_format=torch.channels_last)
        scale, shift = self.shift(torch.cat([self._known(redshift), there], 1))[..., None, None].chunk(2, 1)
        x = torch.relu_(torch.addcmul(shift, self.first(asinh(light[:, : self.bands + 1] / 2)), 1 + scale))
        x = torch.relu_(self.second(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2) * seen["pixels"]
        return {
            "maps": torch.cat([light, x], 1),
            "there": there,
            "area": seen["area"],
            "redshift": redshift,
            "richness": richness,
        }

    def _windows(self, sums: Tensor, area: Tensor, redshift: Tensor) -> tuple[Tensor, Tensor]:
        """Return light above the field's (n, window, channel) and how much of each window is there (n, window).

        Windows in kpc see it as it would be at the redshift ``MIDDLE``; they hold nothing where none is known.
        """
        known = redshift.isfinite()
        z = redshift.nan_to_num(MIDDLE).clamp(0.01, 3.0)
        kpc = kpc_per_arcsec(z) * self.pixel
        mean, whole, share = self.near(sums, area, torch.ones_like(z))
        held = share[:, -FIELD:] * whole[:, -FIELD:, None]
        field = (mean[:, -FIELD:] * held).sum(1, keepdim=True) / held.sum(1, keepdim=True).clamp(min=1e-6)
        near = torch.cat([(mean[:, :-FIELD] - field) * whole[:, :-FIELD, None], mean[:, -FIELD:]], 1)
        mean, wide, part = self.far(sums, area, kpc)
        far = (mean - field) * wide[..., None]
        far[..., : self.bands + 1] *= (kpc * (1 + z) ** 2).square()[:, None, None] / 1e3  # distance squared
        there = (part[..., 0] > 0.02) & known[:, None]
        far = torch.where(there[..., None], far, 0.0)
        return torch.cat([near, far], 1), torch.cat([share[..., 0], part[..., 0] * known[:, None]], 1)

    def hidden_of(self, maps: Tensor, there: Tensor, area: Tensor, redshift: Tensor, richness: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of what ``with_maps`` returns."""
        light, share = self._windows(rings(maps), area, redshift)
        red = redshift.isfinite().to(maps.dtype)[:, None].expand(-1, self.lights - self.bands)
        known = torch.cat([there, red], 1)[:, None] * (share > 0.02)[..., None]
        values = (asinh(light[..., : self.lights] / (2 * self.soft)) - self.centre) / self.scale
        values = values.clamp(-CLAMP, CLAMP) * known
        counted = asinh(light[..., self.lights :] / torch.tensor(_chances(self.pixel)).to(maps)[:, None])
        rich = (richness.clamp(LIGHT, BRIGHT).log() - self.richness[0]) / self.richness[1]
        told = torch.stack([richness.isfinite().to(maps.dtype), rich.nan_to_num(0.0).clamp(-CLAMP, CLAMP)], 1)
        parts = [values.flatten(1), counted.flatten(1), share, self._known(redshift), told, there]
        return self.deepen(torch.cat(parts, 1))

    def features(self, image: Tensor, redshift: Tensor, richness: Tensor) -> Tensor:
        """Return what the convolution's channels add up to about the centre, (n, ring * channel)."""
        return rings(self.with_maps(image, redshift, richness)["maps"])[..., self.lights :].flatten(1)
