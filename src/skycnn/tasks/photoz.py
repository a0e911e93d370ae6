"""photoz: redshifts of galaxies from broad-band photometry, after Zhou et al. 2022.

All networks answer with the probability of each bin of a redshift grid. ``flux`` sees asinh magnitudes, colours of
all pairs of bands and the errors. ``image`` sees stamps, twice: what elliptical windows, fitted to the galaxy, gather
in each band, and what inception blocks make of the pixels. ``hybrid`` joins the two, trained before: frozen at first,
then tuned as a whole. Bands are dropped in training, so that any two of them or more get an answer, a wider one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from skycnn.network.hiddenlayer import Showing
from skycnn.network.layers import (
    Dense,
    Inception,
    Looking,
    Mixer,
    asinh,
    cleaned,
    lost,
    roughness,
    sky,
    spread,
    without,
)
from skycnn.network.poses import turned
from skycnn.network.windows import Windows
from skycnn.posterior.redshift import COLUMN, posterior, posterior_for
from skycnn.task import Mock, Network, Plan, SignalCut, Task, Truth

TRUTH = Truth(("Z_SPEC", "ZSPEC", "SPECZ", "SPEC_Z", "Z_TRUE", "REDSHIFT"), 0.0, 15.0)
"""Z alone may be a magnitude. No galaxy beyond 15 is known; catalogues write -9, -99 or 99 for no redshift."""
POGSON = 2.5 / math.log(10)
FLOOR = 1e-3
"""Relative error below which errors count as the same."""
CLAMP = 6.0
"""Normalised features are cut here, in units of their scatter: beyond, a network only extrapolates."""


class Flux(Dense):
    """Fluxes and errors in microjansky, NaN where a band is absent, to the logits of a redshift grid.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    width, depth : int
        Of the hidden layers.
    dropout : float
        Share of a hidden layer that is left out in training.
    noise : float
        In training the fluxes get Gaussian noise of so many of their own errors.
    drop : float
        Share of the rows that lose bands in training.
    pairs : bool
        Whether it sees the colour of any two bands; else of adjacent ones.
    """

    softening: Tensor
    trend: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        width: int = 128,
        depth: int = 3,
        dropout: float = 0.1,
        noise: float = 0.0,
        drop: float = 0.5,
        pairs: bool = False,
    ) -> None:
        super().__init__()
        self.noise, self.drop = noise, drop
        self.apart = range(1, bands if pairs else 2)  # of the two bands of a colour
        features = 2 * bands + sum(bands - apart for apart in self.apart)
        self.register_buffer("softening", torch.ones(bands))  # microjansky
        self.register_buffer("trend", torch.zeros(3, bands))  # of the log error with magnitude, a parabola
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.end(features + bands, outputs, width, depth, dropout)

    def features(self, flux: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
        """Return magnitudes, colours, log errors less their trend; and which of them exist.

        Asinh magnitudes (Lupton, Gunn & Szalay 1999, AJ 118, 1406) stay finite for negative fluxes.
        """
        there = torch.isfinite(flux) & torch.isfinite(error) & (error > 0)
        flux, error = torch.where(there, flux, 0.0), torch.where(there, error, 1.0)
        magnitude = -POGSON * torch.asinh(flux / (2 * self.softening))
        relative = torch.log(error / torch.hypot(flux, 2 * self.softening) + FLOOR)
        relative = relative - (self.trend[0] + magnitude * (self.trend[1] + magnitude * self.trend[2]))
        colours = [magnitude[:, :-apart] - magnitude[:, apart:] for apart in self.apart]
        both = [there[:, :-apart] & there[:, apart:] for apart in self.apart]
        return torch.cat([magnitude, *colours, relative], 1), torch.cat([there, *both, there], 1)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set the constants of ``features`` and the features' centre and scatter from training rows."""
        flux, error = inputs["flux"], inputs["error"]
        bands = flux.shape[1]
        self.softening.copy_(error.nanmedian(0).values.nan_to_num(1.0).clamp(min=1e-6))
        values, there = self.features(flux, error)
        for band in range(bands):
            rows = there[:, band]
            x, y = values[rows, band].double().numpy(), values[rows, band - bands].double().numpy()
            if len(np.unique(x)) > 3:
                self.trend[:, band] = torch.from_numpy(np.polyfit(x, y, 2)[::-1].copy())
        self.centre[:], self.scale[:] = spread(*self.features(flux, error))

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return another draw of the noise, and in a share of the rows only two or more of the bands."""
        flux, error = inputs["flux"], inputs["error"]
        rows, bands = flux.shape
        if self.noise:
            flux = flux + self.noise * error * torch.empty_like(flux).normal_(generator=generator)
        gone = lost(rows, bands, self.drop, generator)
        return {"flux": flux.masked_fill(gone, math.nan), "error": error.masked_fill(gone, math.nan)}

    def hidden(self, flux: Tensor, error: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of fluxes and errors (n, band)."""
        values, there = self.features(flux, error)
        values = torch.where(there, ((values - self.centre) / self.scale).clamp(-CLAMP, CLAMP), 0.0)
        return self.deepen(torch.cat([values, there[:, : flux.shape[1]].to(values.dtype)], 1))


class Image(Looking):
    """Stamps in microjansky a pixel, NaN where a pixel or a band is absent, to the logits of a redshift grid.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    width, depth : int
        Of the hidden layers.
    channels : int
        Of the first convolution; the last has three times as many.
    stride : int
        Of the first convolution: 2, or 4 for a network that is half as fast again.
    scales : sequence of float
        Sizes of the windows, in units of the one fitted to the galaxy: more than one shows gradients of colour.
    dropout : float
        Share of a hidden layer that is left out in training.
    drop : float
        Share of the rows that lose bands in training.
    levels : bool
        Whether it is told each stamp's noise in each band, so that one network serves surveys of several depths.
    extra : float
        In training half of the stamps get more noise, up to so many times their own.
    """

    noise: Tensor
    softening: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        width: int = 192,
        depth: int = 3,
        channels: int = 24,
        stride: int = 2,
        scales: Sequence[float] = (1.0, 0.6),
        dropout: float = 0.1,
        drop: float = 0.5,
        levels: bool = False,
        extra: float = 0.0,
    ) -> None:
        super().__init__()
        self.drop, self.levels, self.extra = drop, levels, extra
        self.windows = Windows(tuple(scales))
        features = len(scales) * (2 * bands - 1) + self.windows.shapes + levels * bands
        self.register_buffer("noise", torch.ones(bands))  # of a pixel, microjansky
        self.register_buffer("softening", torch.ones(len(scales), bands))  # microjansky
        self.register_buffer("centre", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.look = nn.Sequential(
            nn.Conv2d(bands, channels, 2 * stride - 1, stride, stride - 1),
            nn.ReLU(),
            Inception(channels, channels),
            Inception(channels, 2 * channels),
            nn.MaxPool2d(2),
            Inception(2 * channels, 2 * channels),
            Inception(2 * channels, 3 * channels),
        )
        self.narrow = nn.Linear(6 * channels, width // 2)
        self.end(features + bands + width // 2, outputs, width, depth, dropout)

    def features(self, image: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        """Return magnitudes and adjacent colours through each window, and the shape; and which of them exist."""
        flux, _, shape = self.windows(image, torch.where(there, self.noise, math.inf))
        magnitude = -POGSON * torch.asinh(flux / (2 * self.softening))
        colour = magnitude[..., :-1] - magnitude[..., 1:]
        both = there[:, :-1] & there[:, 1:]
        known = [part.repeat(1, flux.shape[1]) for part in (there, both)]
        values = [magnitude.flatten(1), colour.flatten(1), shape]
        known.append(torch.ones_like(shape, dtype=torch.bool))
        if self.levels:
            values.append(torch.log(roughness(image) / self.noise + FLOOR))
            known.append(there)
        return torch.cat(values, 1), torch.cat(known, 1)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set noise, softening, and the features' centre and scatter from training rows."""
        self.noise.copy_(sky(inputs["image"]))
        image, there = cleaned(inputs["image"])
        _, error, _ = self.windows(image, torch.where(there, self.noise, math.inf))
        error = error.masked_fill(~there[:, None], math.nan)
        self.softening.copy_(error.nanmedian(0).values.nan_to_num(1.0).clamp(min=1e-12))
        self.centre[:], self.scale[:] = spread(*self.features(image, there))

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the stamps flipped and turned, some with more noise or with only two or more of the bands."""
        image = turned(inputs["image"], generator)
        if self.extra:
            amount = torch.empty_like(image[:, :1, :1, :1]).uniform_(-self.extra, self.extra, generator=generator)
            sigma = roughness(image.nan_to_num())[..., None, None] * amount.clamp(min=0)
            image = image + sigma * torch.empty_like(image).normal_(generator=generator)
        return {"image": without(image, self.drop, generator)}

    def with_maps(self, image: Tensor) -> dict[str, Tensor]:
        """Return of stamps (n, band, y, x) the last feature maps, the features and which bands are there."""
        image, there = cleaned(image)
        values, known = self.features(image, there)
        values = torch.where(known, ((values - self.centre) / self.scale).clamp(-CLAMP, CLAMP), 0.0)
        x = asinh(image / (2 * self.noise[:, None, None]))
        maps = self.look(x.contiguous(memory_format=torch.channels_last))  # on a CPU nearly twice as fast
        return {"maps": maps, "values": values, "there": there}

    def hidden_of(self, maps: Tensor, values: Tensor, there: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of what ``with_maps`` returns."""
        seen = torch.relu(self.narrow(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)))
        return self.deepen(torch.cat([values, there.to(values.dtype), seen], 1))


class Hybrid(Showing):
    """Fluxes, errors and stamps to the logits of a redshift grid: a trained `Flux` and a trained `Image`, joined.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    flux, image : mapping
        Settings of the two.
    width, dropout : int, float
        Of the head, see `Mixer`.
    """

    def __init__(
        self,
        bands: int,
        outputs: int,
        flux: Mapping[str, Any] | None = None,
        image: Mapping[str, Any] | None = None,
        width: int = 256,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.flux, self.image = Flux(bands, outputs, **(flux or {})), Image(bands, outputs, **(image or {}))
        self.image.extra = 0.0  # of which the fluxes would not know
        widths = (self.flux.leave.in_features, self.image.leave.in_features)
        self.head = Mixer(widths, outputs, width, dropout)

    def features(self, flux: Tensor, error: Tensor, image: Tensor) -> dict[str, Tensor]:
        """Return the last hidden layer of each network (n, width), and the log-probabilities (n, 2, outputs)."""
        return self._features(self.flux.hidden(flux, error), self.image.hidden(image))

    def _features(self, flux: Tensor, image: Tensor) -> dict[str, Tensor]:
        """Return the two hidden layers given, and the log-probabilities."""
        raws = [self.flux.leave(flux), self.image.leave(image)]
        return {"raws": torch.log_softmax(torch.stack(raws, 1), 2), "flux": flux, "image": image}

    def begin(self, features: Mapping[str, Tensor], score: Callable[[Tensor], float]) -> None:
        """Set how much each network counts at first; see `Mixer`."""
        self.head.begin(features["raws"], score)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Leave the constants of both networks as they were trained with."""

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return both networks' augmented inputs, without the same bands."""
        seen = self.image.augment(inputs, generator)
        gone = torch.isnan(seen["image"]).all(3).all(2)
        bare = {name: inputs[name].masked_fill(gone, math.nan) for name in ("flux", "error")}
        return {**bare, **seen}

    def temper(self, temperature: float) -> None:
        """Divide the raw output by the temperature, for good."""
        self.head.sharpness.div_(temperature)

    def with_hidden(self, flux: Tensor, error: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits (n, outputs), and the last hidden layer (n, width) of the network of stamps."""
        features = self.features(flux, error, image)
        return self.head(**features), features["image"]

    def with_maps(self, flux: Tensor, error: Tensor, image: Tensor) -> dict[str, Tensor]:
        """Return the last feature maps and what else the head sees."""
        return {"fluxes": self.flux.hidden(flux, error), **self.image.with_maps(image)}

    def from_maps(self, fluxes: Tensor, **seen: Tensor) -> Tensor:
        """Return the logits (n, outputs) of what ``with_maps`` returns."""
        raw: Tensor = self.head(**self._features(fluxes, self.image.hidden_of(**seen)))
        return raw


def mock() -> Mock:
    """Return the mocks: galaxies of the one population."""
    from skycnn.simulate.galaxies import COLUMNS  # who predicts loads nothing of what mocks are made of
    from skycnn.simulate.population import Population

    population = Population.load()
    return Mock(
        draw=population.draw,
        columns=COLUMNS,
        selections=("paper", "parent24", "matched", "cosmos", "sdss"),
        usual={"cosmos": "cosmos", "sdss": "sdss"},
        cuts=dict.fromkeys(("paper", "parent24", "matched"), SignalCut(("g", "i"), 10.0)),
        noises={"parent24": "counted", "matched": "matched"},
        observe=population.observe,
        observed=lambda survey: survey.name in population.observations,
        density=population.density,
        shown=("Z", "MAG_I", "R_E"),
    )


LOOKING = Plan(epochs=40, batch=256, rate=2e-3, patience=12)
"""How networks of stamps are trained."""

DEPTHS = {"levels": True, "extra": 0.7}
"""What makes them serve surveys of several depths."""

TASK = Task(
    name="photoz",
    summary="photometric redshifts of galaxies",
    citation="Zhou et al. 2022, arXiv:2112.08690",
    posterior=posterior,
    networks={
        "flux": Network(
            module=Flux,
            inputs=("flux",),
            plan=Plan(
                members=6,
                member={"width": 160, "depth": 4},
                student_epochs=80,
                student={"dropout": 0.0, "noise": 0.5},
                threads=1,
            ),
            settings={"pairs": True},
        ),
        "image-fast": Network(Image, ("image",), LOOKING, settings={"stride": 4, "channels": 16, **DEPTHS}),
        "image": Network(Image, ("image",), LOOKING, settings=DEPTHS),
        "hybrid": Network(
            module=Hybrid,
            inputs=("flux", "image"),
            plan=Plan(epochs=20, batch=256, rate=1e-3, patience=8, tune_epochs=6, tune_rate=2e-4),
            parents=("flux", "image"),
        ),
    },
    flag=COLUMN,
    truths={COLUMN: TRUTH},
    posterior_for=posterior_for,
    mock=mock,
)
