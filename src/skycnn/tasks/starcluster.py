"""starcluster: age, extinction, mass and size of star clusters in images, after Bialopetravicius & Narbutis (2020).

One stamp in three bands gives the joint probability of age, extinction and mass over one grid, which shows where one of
them passes for another; that of the half-light radius; whether there is a cluster at all; and how well it is seen.
``paper`` is the published network, 50 layers deep. ``fast`` sees the stamp less the light of the galaxy about it, and
the light in circles about its centre, for masses are absolute; it runs on a CPU. ``jittered`` is the same for images
whose calibration is not known: in training each band's light is times a factor.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.errors import InputError
from skycnn.network.apertures import Apertures
from skycnn.network.bottleneck import Bottleneck
from skycnn.network.layers import (
    ChannelNorm,
    Looking,
    asinh,
    cleaned,
    deeper,
    roughness,
    sky,
    spread,
    without,
)
from skycnn.network.poses import turned
from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.posterior.joint import EVEN
from skycnn.posterior.posterior import Posterior
from skycnn.schema import TASK_BITS
from skycnn.shapes.aperturefeatures import ApertureFeatures
from skycnn.task import Mock, Multiple, Network, Option, OwnBaseline, Plan, Sight, Task, TaskFlag, Truth

DISTANCE = 4.5
"""Of M83, Mpc."""
POGSON = 2.5 / math.log(10)
FLOOR = 1e-3
"""Noise, as a share of the usual one, below which all noise counts as the same."""
CLAMP = 6.0
"""Normalised features are cut here, in units of their scatter: beyond, a network only extrapolates."""
RELIABLE = 8.0
"""Logarithm of the age, in years, up to which the published network was found to be reliable: 100 Myr."""
RADII = (1.0, 2.0, 3.5, 6.0, 10.0, 16.0)
"""Of the circles, in pixels: 0.04 to 0.64 arcsec in M83."""

BLUR = 0.5
"""Width of the Gaussian that truths are spread with, in bins: they are as wide as the errors are."""
AGES = Axis("LOG_AGE", 6.6, 10.1, 20, "", "time.age", "log10 of the age in yr", blur=BLUR)
EXTINCTIONS = Axis("A_V", 0.0, 3.0, 10, "mag", "phys.absorption;em.opt.V", "extinction in V", blur=BLUR, floor=True)
MASSES = Axis("LOG_MASS", 3.4771, 5.4771, 14, "", "phys.mass", "log10 of the mass in solMass", blur=BLUR)
RADIUS = Axis("R_H", 0.04, 0.4, 14, "arcsec", "phys.angSize", "half-light radius", spacing="log", blur=BLUR)
SEEN = Axis("VISIBILITY", 0.3, 300.0, 20, "", "stat.snr", "surface brightness over noise", spacing="log", blur=BLUR)
CLUSTER = Bernoulli("P_CLUSTER", "probability of a cluster in the stamp's centre")
OFTEN = (0.005, 0.995)
"""Percentiles of the training sample's visibilities that the grid holds."""

TRUTHS = {
    "LOG_AGE": Truth(("LOG_AGE_TRUE", "LOG_AGE", "LOGAGE"), 4.0, 10.3),
    "A_V": Truth(("A_V_TRUE", "A_V", "AV"), 0.0, 30.0),
    "LOG_MASS": Truth(("LOG_MASS_TRUE", "LOG_MASS", "LOGMASS"), 1.0, 9.0),
    "R_H": Truth(("R_H_TRUE", "R_H"), 1e-4, 60.0),
    "P_CLUSTER": Truth(("CLUSTER_TRUE", "CLUSTER", "IS_CLUSTER"), 0.0, 1.0),
    "VISIBILITY": Truth(("VISIBILITY_TRUE", "VISIBILITY"), 0.0, 1e6),
}


def posterior(members: Sequence[Mapping[str, Any]] | None = None) -> Joint:
    """Return the posterior: a grid of age, extinction and mass, a radius, a yes or no, and a visibility."""
    grids = [AGES, EXTINCTIONS, MASSES], [RADIUS], [SEEN]
    own = members or [{"axes": grids[0]}, {"axes": grids[1]}, CLUSTER.settings(), {"axes": grids[2]}]
    kinds: list[type[Posterior]] = [Grid, Grid, Bernoulli, Grid]
    return Joint(*(kind(**settings) for kind, settings in zip(kinds, own, strict=True)), given=CLUSTER.value)


def posterior_for(truth: np.ndarray) -> Joint:
    """Return the posterior whose visibilities reach as far as those of the training sample, which its noise decides."""
    seen = truth[:, list(TRUTHS).index("VISIBILITY")]
    seen, settings = seen[seen > 0], posterior().settings()["members"]
    low, high = np.quantile(seen, OFTEN) if len(seen) else (SEEN.low, SEEN.high)
    ends = {"low": min(SEEN.low, float(f"{low:.1g}")), "high": max(SEEN.high, float(f"{high:.1g}"))}
    return posterior([*settings[:-1], {"axes": [asdict(SEEN) | ends]}])


def old(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which clusters are older than the network is reliable for; what is none, or has no answer, is not."""
    return np.asarray((values["LOG_AGE"] > RELIABLE) & (values[CLUSTER.value] >= EVEN))


def parsecs(options: Mapping[str, Any]) -> float | None:
    """Return how many parsec an arcsec is at the distance of the mocks; None where they do not tell it."""
    distance = options.get("distance")  # Mpc
    if not (isinstance(distance, int | float) and 0 < distance < math.inf):
        return None
    return math.radians(1 / 3600) * 1e6 * distance


def darkened(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return stamps less the median of their border in each band, and these medians (n, band); NaN where none is.

    The border is as wide as a sixteenth of the side: the light of the galaxy, which the object lies on.
    """
    side = image.shape[-1]
    width = max(1, side // 16)
    border = torch.cat(
        [
            image[..., :width, :].flatten(2),
            image[..., side - width :, :].flatten(2),
            image[..., width : side - width, :width].flatten(2),
            image[..., width : side - width, side - width :].flatten(2),
        ],
        2,
    )
    level = border.nanmedian(2).values
    return image - level[..., None, None], level


def brighter(image: Tensor, gain: float, generator: torch.Generator) -> Tensor:
    """Return stamps, each band's light times a factor that is drawn: ``gain`` is the scatter of its logarithm."""
    if not gain:
        return image
    return image * torch.exp(gain * torch.empty_like(image[..., :1, :1]).normal_(generator=generator))


class Paper(Looking):
    """The published network: stamps in microjansky a pixel, NaN where a pixel or a band is absent, to the raw outputs.

    Its text tells the first convolution, the channels and the pixels of each stage, the hidden layer and the outputs;
    the blocks are those of the network of 50 layers that it is named after.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    first : int
        Channels of the first convolution.
    channels, blocks : sequence of int
        Of each stage's bottlenecks, and how many there are.
    width : int
        Of the hidden layer.
    drop, gain : float
        See `Fast`.
    """

    noise: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        first: int = 64,
        channels: tuple[int, ...] = (128, 256, 512, 1024),
        blocks: tuple[int, ...] = (3, 4, 6, 3),
        width: int = 1024,
        drop: float = 0.0,
        gain: float = 0.15,
    ) -> None:
        super().__init__()
        self.drop, self.gain = drop, gain
        self.register_buffer("noise", torch.ones(bands))  # of a pixel, microjansky
        self.look = nn.Sequential(
            nn.Conv2d(bands, first, 7, 1, 3, bias=False), ChannelNorm(first), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        into = first
        for stage, (out, count) in enumerate(zip(channels, blocks, strict=True)):
            for block in range(count):
                self.look.append(Bottleneck(into, out, 2 if stage and not block else 1))
                into = out
        self.end(into, outputs, width, 1, 0.0)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set the noise of each band's pixels from training rows."""
        self.noise.copy_(sky(darkened(inputs["image"])[0]))

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the stamps flipped and turned, the light of each band renormalised."""
        image = brighter(turned(inputs["image"], generator), self.gain, generator)
        return {"image": without(image, self.drop, generator)}

    def features(self, image: Tensor) -> Tensor:
        """Return the last convolutions' features (n, feature) of stamps (n, band, y, x)."""
        return self.with_maps(image)["maps"].flatten(1)

    def with_maps(self, image: Tensor) -> dict[str, Tensor]:
        """Return the last feature maps of stamps (n, band, y, x)."""
        x = asinh(cleaned(image)[0] / (2 * self.noise[:, None, None]))
        return {"maps": self.look(x.contiguous(memory_format=torch.channels_last))}

    def hidden_of(self, maps: Tensor) -> Tensor:
        """Return the hidden layer (n, width) of feature maps."""
        return self.deepen(maps.mean((2, 3)))


class Fast(Looking):
    """Stamps in microjansky a pixel, NaN where a pixel or a band is absent, to the raw outputs, by residual blocks.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    channels : sequence of int
        Of the residual blocks, from fine to coarse; each stage sees half as many pixels along an edge.
    blocks : sequence of int
        How many of each.
    stride : int
        Of the first convolution, even.
    width, depth : int
        Of the hidden layers.
    radii : sequence of float
        Of the circles whose light it sees, in pixels.
    dropout : float
        Share of a hidden layer that is left out in training.
    drop : float
        Share of the rows that lose bands in training.
    gain : float
        Scatter of the natural logarithm of a factor of each band's light, drawn in training.
    """

    noise: Tensor
    softening: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        channels: tuple[int, ...] = (16, 32, 64, 96),
        blocks: tuple[int, ...] = (1, 1, 2, 2),
        stride: int = 2,
        width: int = 192,
        depth: int = 3,
        radii: tuple[float, ...] = RADII,
        dropout: float = 0.1,
        drop: float = 0.25,
        gain: float = 0.0,
    ) -> None:
        super().__init__()
        self.drop, self.gain, self.apertures = drop, gain, Apertures(tuple(radii))
        features = len(radii) * (2 * bands - 1) + (len(radii) - 1) * bands + 2 * bands
        self.register_buffer("noise", torch.ones(bands))  # of a pixel, microjansky
        self.register_buffer("softening", torch.ones(len(radii) + 1, bands))  # microjansky
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.look = nn.Sequential(nn.Conv2d(bands, channels[0], 2 * stride, stride, stride // 2), nn.ReLU())
        deeper(self.look, channels, blocks)
        self.narrow = nn.Linear(6 * channels[-1], width)
        self.end(features + bands + width, outputs, width, depth, dropout)

    def quantities(self, image: Tensor, level: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """Return magnitudes, colours and growth of the light in circles, the sky's level and noise; and which exist.

        Parameters
        ----------
        image : tensor (n, band, y, x)
            Less ``level``, 0 where there is nothing.
        level : tensor (n, band)
        there : tensor (n, band)
            Which bands are there.
        """
        magnitude = -POGSON * asinh(self.apertures(image) / (2 * self.softening[1:]))
        colour, growth = magnitude[..., :-1] - magnitude[..., 1:], magnitude.diff(dim=1)
        below = -POGSON * asinh(level / (2 * self.softening[0]))
        rough = torch.log(roughness(image) / self.noise + FLOOR)
        both, circles = there[:, :-1] & there[:, 1:], len(self.apertures.radii)
        known = [there.repeat(1, circles), both.repeat(1, circles), there.repeat(1, circles + 1)]  # with level, noise
        values = [magnitude.flatten(1), colour.flatten(1), growth.flatten(1), below, rough]
        return torch.cat(values, 1), torch.cat(known, 1)

    def features(self, image: Tensor) -> Tensor:
        """Return the last convolutions' features (n, feature) of stamps (n, band, y, x)."""
        return self.with_maps(image)["maps"].flatten(1)

    def _seen(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return stamps without what lies below, 0 where absent; what lies below; and which bands are there."""
        image, level = darkened(image)
        image, there = cleaned(image)
        return image, torch.where(there, level, 0.0), there

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set noise, softening, and the features' centre and scatter from training rows."""
        image, level = darkened(inputs["image"])
        self.noise.copy_(sky(image))
        areas = torch.tensor([1.0, *self.apertures.areas], device=image.device)
        self.softening.copy_(self.noise * areas.sqrt()[:, None])
        image, there = cleaned(image)
        self.centre[:], self.scale[:] = spread(*self.quantities(image, torch.where(there, level, 0.0), there))

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the stamps flipped and turned, brighter or fainter, some with only two or more of the bands."""
        image = brighter(turned(inputs["image"], generator), self.gain, generator)
        return {"image": without(image, self.drop, generator)}

    def with_maps(self, image: Tensor) -> dict[str, Tensor]:
        """Return of stamps (n, band, y, x) the last feature maps, the features and which bands are there."""
        image, level, there = self._seen(image)
        values, known = self.quantities(image, level, there)
        values = torch.where(known, ((values - self.centre) / self.scale).clamp(-CLAMP, CLAMP), 0.0)
        x = asinh(image / (2 * self.noise[:, None, None]))
        maps = self.look(x.contiguous(memory_format=torch.channels_last))  # on a CPU much faster
        return {"maps": maps, "values": values, "there": there}

    def hidden_of(self, maps: Tensor, values: Tensor, there: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of what ``with_maps`` returns."""
        high, wide = maps.shape[2:]
        middle = [maps[:, :, y, x] for y in ((high - 1) // 2, high // 2) for x in ((wide - 1) // 2, wide // 2)]
        seen = torch.relu(self.narrow(torch.cat([maps.mean((2, 3)), maps.amax((2, 3)), *middle], 1)))
        return self.deepen(torch.cat([values, there.to(values.dtype), seen], 1))


def mock() -> Mock:
    """Return the mocks: clusters of single stars in a galaxy, and what is taken for them."""
    from skycnn.simulate import starclusters  # who predicts loads nothing of what mocks are made of

    return Mock(
        draw=starclusters.draw,
        columns=starclusters.COLUMNS,
        side=64,
        shown=("LOG_AGE", "A_V", "LOG_MASS"),
        options=(
            Option("distance", DISTANCE, "of the galaxy, in Mpc", 0.1, 100.0),
            Option("mass_slope", 1.0, "beta of the masses, of which there are dN/dM ~ M^-beta", 0.0, 3.0),
        ),
        measured=False,
        row_bytes=starclusters.ROW_BYTES,
        backgrounds=True,
    )


QUICK = Plan(epochs=14, batch=256, rate=2e-3, patience=6)
"""How networks that run on a CPU are trained."""


def gridfit(sight: Sight) -> OwnBaseline:
    """Return a fit of aperture photometry to the isochrones that the mocks are made of.

    Raises
    ------
    InputError
        When it is not known which survey the stamps are of.
    """
    from skycnn.simulate.clusterfit import ClusterFit

    if sight.survey is None:
        raise InputError("which survey the stamps are of is not known", hint="Name it with --survey.")
    return ClusterFit(sight.survey, sight.bands, float(sight.options.get("distance", DISTANCE)))


TASK = Task(
    name="starcluster",
    summary="age, extinction, mass and size of star clusters, by their images",
    citation="Bialopetravicius & Narbutis 2020, arXiv:1911.10059",
    posterior=posterior,
    networks={
        "fast": Network(Fast, ("image",), QUICK),
        "jittered": Network(Fast, ("image",), QUICK, settings={"gain": 0.15}),
        "paper": Network(Paper, ("image",), Plan(epochs=60, batch=128, rate=1e-3, patience=10)),
    },
    flag="STARCLUSTER",
    truths=TRUTHS,
    posterior_for=posterior_for,
    reddened=True,
    flags=(TaskFlag("OLD_CLUSTER", TASK_BITS, "older than 100 Myr: age and mass are less reliable", old),),
    multiples=(Multiple("R_H_PC", "R_H", parsecs, "pc", "phys.size.radius", "half-light radius, as far as the mocks"),),
    features=ApertureFeatures,
    baselines={"gridfit": gridfit},
    mock=mock,
)
