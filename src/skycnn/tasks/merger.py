"""merger: whether two galaxies merge, from images of two or three bands, after DeepMerge (Ciprijanovic et al. 2020).

A merger is one within 250 Myr of coalescence, before or after. ``paper`` is the published network, trained as there but
for the loop; its code normalises columns of the image and ends hidden layers in a softmax, which its text does not, and
neither does this one. ``residual`` sees the surface brightness stretched by the sky's noise, and every pose of a stamp;
an ensemble of it is distilled into one network that tells how far its members differ.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from skycnn.network.hiddenlayer import Showing
from skycnn.network.layers import (
    LARGEST,
    ChannelNorm,
    Looking,
    asinh,
    cleaned,
    deeper,
    divide,
    sky,
    without,
)
from skycnn.network.poses import poses, turned
from skycnn.posterior import Bernoulli
from skycnn.shapes.shapefeatures import Extended, Shapes
from skycnn.task import Mock, Network, Option, Plan, Task, Truth

COLUMN, MEANING = "P_MERGER", "probability of a merger within 250 Myr of coalescence"
TRUTH = Truth(("MERGER_TRUE", "MERGER", "IS_MERGER", "MERGER_LABEL"), 0, 1)
KERNELS = ((8, 5), (16, 3), (32, 3))
"""Channels and kernel sizes of the published convolutions."""
WIDTHS = (64, 32)
"""Of its dense layers."""
CELLS = 9
"""Along an edge of what they make of stamps of 75 pixels."""
DEEPEST = 1e-4
"""Surface brightness below which stamps without noise are not stretched, as a share of their peaks: ten magnitudes."""


def posterior(**settings: Any) -> Bernoulli:
    """Return the probability of a merger."""
    return Bernoulli(**{"column": COLUMN, "meaning": MEANING, **settings})


class Paper(Showing):
    """The published network: stamps in microjansky a pixel, NaN where absent, to a logit.

    It has 174,505 parameters for two bands of 75x75 pixels, and 174,705 for three, the running mean and variance of
    each normalised channel among them, as Keras counts.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    dropout : float
        Share of the convolutions' features that is left out in training.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, bands: int, outputs: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(bands))  # microjansky
        self.register_buffer("scale", torch.ones(bands))
        self.look, into = nn.Sequential(), bands
        for channels, kernel in KERNELS:
            steps = nn.Conv2d(into, channels, kernel, padding=kernel // 2), nn.ReLU(), ChannelNorm(channels)
            self.look.extend([*steps, nn.MaxPool2d(2), nn.Dropout(dropout)])
            into = channels
        self.look.append(nn.AdaptiveAvgPool2d(CELLS))  # changes stamps of other sizes alone
        first, second = WIDTHS
        self.dense = nn.Sequential(nn.Linear(into * CELLS**2, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU())
        self.leave = nn.Linear(second, outputs)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set the mean and the scatter of each band's pixels from training rows, band by band: stamps may be many."""
        for band, plane in enumerate(inputs["image"].transpose(0, 1)):
            pixels = plane.clamp(-LARGEST, LARGEST).double()
            self.centre[band] = pixels.nanmean().nan_to_num(0.0)
            scatter = (pixels - self.centre[band].double()).square().nanmean().sqrt()
            self.scale[band] = scatter.nan_to_num(1.0).clamp(min=1e-12)

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the stamps flipped and turned: the published images of mergers come with such copies."""
        return {"image": turned(inputs["image"], generator)}

    def features(self, image: Tensor) -> Tensor:
        """Return the last convolutions' features (n, feature) of stamps (n, band, y, x)."""
        return self.with_maps(image)["maps"].flatten(1)

    def with_hidden(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the raw output (n, outputs) and the last hidden layer (n, width) of stamps (n, band, y, x)."""
        hidden = self.dense(self.features(image))
        return self.leave(hidden), hidden

    def with_maps(self, image: Tensor) -> dict[str, Tensor]:
        """Return the last feature maps of stamps (n, band, y, x)."""
        image, there = cleaned(image)
        x = (image - self.centre[:, None, None]) / self.scale[:, None, None] * there[..., None, None]
        return {"maps": self.look(x.contiguous(memory_format=torch.channels_last))}

    def from_maps(self, maps: Tensor) -> Tensor:
        """Return the raw output (n, outputs) of feature maps."""
        raw: Tensor = self.leave(self.dense(maps.flatten(1)))
        return raw

    def temper(self, temperature: float) -> None:
        """Divide the raw output by the temperature, for good."""
        divide(self.leave, temperature)


class Stretched(Looking):
    """Stamps in microjansky a pixel, NaN where a pixel or a band is absent, to a logit, by residual blocks.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    channels : sequence of int
        Of the residual blocks, from fine to coarse; each stage sees half as many pixels along an edge.
    blocks : sequence of int
        How many of each.
    width, depth : int
        Of the hidden layers.
    dropout : float
        Share of a hidden layer that is left out in training.
    drop : float
        Share of the rows that lose bands in training.
    all_poses : bool
        Whether it answers with the mean of a stamp's eight poses; in training it sees one, by chance.
    """

    noise: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        channels: tuple[int, ...] = (16, 32, 64),
        blocks: tuple[int, ...] = (1, 1, 2),
        width: int = 64,
        depth: int = 2,
        dropout: float = 0.2,
        drop: float = 0.25,
        all_poses: bool = False,
    ) -> None:
        super().__init__()
        self.drop, self.all_poses = drop, all_poses
        self.register_buffer("noise", torch.ones(bands))  # of a pixel, microjansky
        self.look = nn.Sequential(nn.Conv2d(bands, channels[0], 7, 3, 1), nn.ReLU())
        deeper(self.look, channels, blocks)
        self.end(2 * channels[-1] + bands, outputs, width, depth, dropout)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set the noise of each band's pixels from training rows; where they have none, what is as good as dark."""
        image = inputs["image"]
        peak = torch.where(image.isfinite(), image, -math.inf).amax((2, 3)).clamp(0, LARGEST)
        self.noise.copy_(torch.maximum(sky(image), DEEPEST * peak.median(0).values))

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the stamps flipped and turned, some with only two or more of the bands."""
        return {"image": without(turned(inputs["image"], generator), self.drop, generator)}

    def features(self, image: Tensor) -> Tensor:
        """Return the last convolutions' features (n, feature) of stamps (n, band, y, x)."""
        return self._maps(cleaned(image)[0]).flatten(1)

    def _maps(self, image: Tensor) -> Tensor:
        x = asinh(image / (2 * self.noise[:, None, None]))
        maps: Tensor = self.look(x.contiguous(memory_format=torch.channels_last))  # on a CPU much faster
        return maps

    def with_maps(self, image: Tensor) -> dict[str, Tensor]:
        """Return the last feature maps of stamps, with all poses those of each, and which bands are there."""
        image, there = cleaned(image)
        if self.training or not self.all_poses:
            return {"maps": self._maps(image), "there": there}
        return {"maps": torch.stack([self._maps(pose) for pose in poses(image)], 1), "there": there}

    def hidden_of(self, maps: Tensor, there: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of what ``with_maps`` returns; of several poses the mean."""
        if maps.ndim > 4:
            return torch.stack([self.hidden_of(pose, there) for pose in maps.unbind(1)]).mean(0)
        return self.deepen(torch.cat([maps.mean((2, 3)), maps.amax((2, 3)), there.to(maps.dtype)], 1))


def mock() -> Mock:
    """Return the mocks: pairs of galaxies at z = 2, and what looks like them."""
    from skycnn.simulate import mergers  # who predicts loads nothing of what mocks are made of

    chance = Option(
        "projections", "yes", "chance pairs among the others; no: discs in their place", choices=("yes", "no")
    )
    bursts = Option("bursts", 1.0, "light of the star formation that an encounter brings about, x the usual", 0.0, 10.0)
    return Mock(
        draw=mergers.draw,
        columns=mergers.COLUMNS,
        side=75,
        shown=("TIME", "MASS_RATIO", "LOG_MASS"),
        options=(chance, bursts),
        measured=False,
        row_bytes=mergers.ROW_BYTES,
    )


TASK = Task(
    name="merger",
    summary="mergers of galaxies, by their images",
    citation="Ciprijanovic et al. 2020, arXiv:2004.11981",
    posterior=posterior,
    networks={
        "paper": Network(
            Paper, ("image",), Plan(epochs=200, batch=128, rate=1e-3, decay=0.0, average=0.0, patience=50)
        ),
        "residual": Network(
            Stretched,
            ("image",),
            Plan(
                epochs=30,
                batch=128,
                rate=2e-3,
                patience=10,
                members=4,
                member={"all_poses": False},
                student_epochs=30,
                student_begins=0,
            ),
            settings={"all_poses": True},
        ),
    },
    flag="MERGER",
    truths={COLUMN: TRUTH},
    features={"C A Gini M20": Shapes, "extended": Extended},
    mock=mock,
)
