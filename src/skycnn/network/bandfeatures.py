"""Band features: a network that first learns which band an image is of, and then answers by what it saw for that.

One network with one channel sees the stamp of each band (Lin et al. 2022, arXiv:2203.06288). What it sees in all bands,
its last feature maps, is stacked for a second network; the first is then frozen.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from skycnn.network.fewatonce import FewAtOnce
from skycnn.network.job import Job
from skycnn.network.layers import LARGEST, asinh, deeper, roughness, sky, without
from skycnn.network.outerlevel import outer_level
from skycnn.network.poses import turned
from skycnn.network.sample import Inputs
from skycnn.network.stage import Stage
from skycnn.network.stages import OnTruth, Pretrain

FEWEST = 0.02
"""Share of a band's pixels above which it is there."""
NONE = -1
"""The target of a band that is not there."""
FROZEN = ("look",)
"""What is not trained on the masses."""
SHARE = 20
"""Epochs of the second network for one of the first."""


class BandFeatures(FewAtOnce):
    """Stamps in microjansky a pixel, NaN where absent, to the raw outputs, by features of each band.

    Parameters
    ----------
    bands, outputs : int
        Of the input and of the posterior.
    single : bool
        Whether it is the first network, whose input has one band and whose outputs are the bands that it may be of.
    channels, blocks : sequence of int
        Of the first network's stages of residual blocks; each sees half as many pixels along an edge.
    mixed : int
        Channels of the second network's convolution.
    width, depth : int
        Of its hidden layers.
    dropout : float
        Share of a hidden layer that is left out in training.
    drop : float
        Share of the rows that lose bands in training.
    even : bool
        Whether each stamp is divided by its own noise, so that this does not tell the band.
    """

    noise: Tensor

    def __init__(
        self,
        bands: int,
        outputs: int,
        single: bool = False,
        channels: tuple[int, ...] = (12, 24, 32),
        blocks: tuple[int, ...] = (1, 1, 1),
        mixed: int = 48,
        width: int = 64,
        depth: int = 2,
        dropout: float = 0.2,
        drop: float = 0.2,
        even: bool = False,
    ) -> None:
        super().__init__()
        self.single, self.drop, self.even = single, drop, even
        self.register_buffer("noise", torch.ones(1))  # of a pixel in the middle one of the bands, microjansky
        self.look = nn.Sequential(nn.Conv2d(1, channels[0], 5, 2, 2), nn.ReLU())
        deeper(self.look, channels, blocks)
        if single:
            self.leave = nn.Linear(2 * channels[-1], outputs)
            return
        self.join = nn.Conv2d(bands * channels[-1], mixed, 3, padding=1)
        self.end(2 * mixed + bands, outputs, width, depth, dropout)

    def normalise(self, inputs: Mapping[str, Tensor]) -> None:
        """Set the noise from training rows: one number, for the bands are to look as they are."""
        image = inputs["image"]
        image = image - outer_level(image)[..., None, None]
        self.noise.copy_(sky(image).median())

    def augment(self, inputs: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """Return the stamps flipped and turned, some with only two or more of the bands."""
        return {"image": without(turned(inputs["image"], generator), 0.0 if self.single else self.drop, generator)}

    def features(self, image: Tensor) -> Tensor:
        """Return the feature maps (n, feature) of stamps (n, band, y, x)."""
        return self.with_maps(image)["maps"].flatten(1)

    def with_maps(self, image: Tensor) -> dict[str, Tensor]:
        """Return the last feature maps of all bands, stacked, and which bands are there; maps of others are 0."""
        n, bands, side, _ = image.shape
        level = outer_level(image)[..., None, None]
        fine = image.isfinite()
        there = fine.to(image.dtype).mean((2, 3)) > FEWEST
        image = torch.where(fine, image.clamp(-LARGEST, LARGEST) - level, 0.0)
        unit = roughness(image).clamp(min=1e-6 * self.noise)[..., None, None] if self.even else self.noise
        x = asinh(image / (2 * unit)).reshape(n * bands, 1, side, side)
        maps = self.look(x.contiguous(memory_format=torch.channels_last))
        maps = maps.reshape(n, bands, *maps.shape[1:]) * there[..., None, None, None]
        return {"maps": maps.flatten(1, 2), "there": there.to(image.dtype)}

    def hidden_of(self, maps: Tensor, there: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of what ``with_maps`` returns."""
        if self.single:
            return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)
        x = torch.relu(self.join(maps))
        return self.deepen(torch.cat([x.mean((2, 3)), x.amax((2, 3)), there], 1))


def one_band(inputs: Inputs, variant: Tensor) -> tuple[Inputs, Tensor]:
    """Return one band of each stamp, by its number (n,), and that number; ``NONE`` where the band is not there."""
    image = inputs["image"]
    shown = image[torch.arange(len(image), device=image.device), variant]
    there = shown.isfinite().flatten(1).any(1)
    return {"image": shown[:, None]}, torch.where(there, variant, NONE)


def entropy(raw: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of raw outputs (n, bands) to the numbers of the bands (n,) that are there."""
    known = target != NONE
    if not known.any():
        return 0 * raw.sum()
    return functional.cross_entropy(raw[known], target[known].long())


def frozen(job: Job) -> list[Stage]:
    """Return the second network's training, on features that stay as they are."""
    plan = job.network.plan
    return [OnTruth(job.settings, plan.epochs, plan.rate, "the answer, by features that stay", frozen=FROZEN)]


def first_the_band(job: Job) -> list[Stage]:
    """Return both trainings: which band a stamp is of, without truths, and the answer; of a trained network the last.

    A second sample to adapt to is not looked at.
    """
    (answer,) = frozen(job)
    if job.init is not None:
        return [answer]
    epochs = max(1, round(answer.epochs / SHARE))
    single = {**job.settings, "single": True}
    first = Pretrain(
        single,
        epochs,
        answer.rate,
        "which band it is",
        make=one_band,
        variants=job.bands,
        width=job.bands,
        loss=entropy,
    )
    return [first, OnTruth(answer.settings, answer.epochs, answer.rate, answer.name, 0, FROZEN)]
