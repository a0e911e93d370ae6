"""Layers: torch blocks that several tasks' networks are built of."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from skycnn.network.hiddenlayer import Showing

LEVELS, LEVELS_OF_NONE = (0.16, 0.5, 0.84), (-1.0, 0.0, 1.0)
LARGEST = 1e12
"""Microjansky: no pixel of the sky holds as much, and its square is still a number."""
LEAST = 1e-3
"""Scatter below which features count as the same."""
WHOLES = (0.8, 1.0, 1.25, 1.6)
"""Sums of two networks' weights: 1 where they say the same, up to 2 where what they say is independent."""


def sky(images: Tensor) -> Tensor:
    """Return the scatter of the outer pixels of each band (band,): 1.48 times their median absolute value.

    Parameters
    ----------
    images : tensor (n, band, y, x)
        Sky subtracted, NaN where there is no pixel. The border is as wide as an eighth of the side.
    """
    side = images.shape[-1]
    width = max(1, side // 8)
    inner = torch.zeros(side, side, dtype=torch.bool, device=images.device)
    inner[width : side - width, width : side - width] = True
    border = images[..., ~inner].abs().transpose(0, 1).flatten(1)
    return (1.4826 * border.nanmedian(1).values).nan_to_num(1.0).clamp(min=1e-12)


def roughness(images: Tensor) -> Tensor:
    """Return the noise of a pixel in each band of each stamp (n, band), from differences of neighbours at the border.

    Light of the object is smooth there. Right for noise that neighbouring pixels do not share, else in proportion.

    Parameters
    ----------
    images : tensor (n, band, y, x)
        Square, 0 where there is no pixel. The border is as wide as an eighth of the side.
    """
    side = images.shape[-1]
    width = max(1, side // 8)
    rows = torch.cat([images[..., :width, :], images[..., side - width :, :]], 2).diff(dim=3)
    columns = torch.cat([images[..., :width], images[..., side - width :]], 3).diff(dim=2)
    return (rows.abs().mean((2, 3)) + columns.abs().mean((2, 3))) * (math.sqrt(math.pi) / 4)


def cleaned(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return stamps with 0 for what is absent, and which bands (n, band) are there: half of their pixels are."""
    if image.sum((2, 3)).isfinite().all():  # then every pixel is: the usual case, in a third of the time
        return image.clamp(-LARGEST, LARGEST), image.new_ones(image.shape[:2], dtype=torch.bool)
    fine = torch.isfinite(image)
    there = fine.sum((2, 3)) > image.shape[2] * image.shape[3] // 2
    return torch.where(fine & there[..., None, None], image.clamp(-LARGEST, LARGEST), 0.0), there


def asinh(x: Tensor) -> Tensor:
    """Return the inverse hyperbolic sine to 3e-7; flat beyond 1e18, whose square is no float32.

    ``torch.asinh`` is not vectorised on a CPU: there it took a quarter of an image network's time.
    """
    size = x.abs().clamp(max=1e18)
    return torch.log(size + torch.sqrt(size * size + 1)).copysign(x)


def lost(rows: int, bands: int, drop: float, generator: torch.Generator) -> Tensor:
    """Return which bands rows lose in training, bool (n, band): a share ``drop`` keeps two or more, the rest all."""
    device = generator.device
    kept = torch.empty(rows, 1, dtype=torch.long, device=device).random_(2, max(bands, 3), generator=generator)
    chance = torch.empty(rows, bands + 1, device=device).uniform_(generator=generator)
    kept[chance[:, :1] >= drop] = bands
    return chance[:, 1:].argsort(1).argsort(1) >= kept


def without(image: Tensor, drop: float, generator: torch.Generator) -> Tensor:
    """Return stamps (n, band, y, x), a share ``drop`` of them in training with only two or more of the bands."""
    gone = lost(len(image), image.shape[1], drop, generator)
    return image.masked_fill(gone[..., None, None], math.nan) if gone.any() else image


def spread(values: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """Return median and half the 68 % interval of each feature (n, feature) where it is there; 0 and 1 for none."""
    found = []
    for column, known in zip(values.double().T, there.T, strict=True):
        some = column[known & column.isfinite()]
        # torch's quantile ends at 2^24 values
        levels = np.quantile(some.cpu().numpy(), LEVELS) if len(some) else LEVELS_OF_NONE
        found.append(torch.from_numpy(np.asarray(levels)))
    low, middle, high = torch.stack(found, 1)
    return middle, ((high - low) / 2).clamp(min=LEAST)


def divide(layer: nn.Linear, temperature: float | Tensor) -> None:
    """Divide what a layer answers by a temperature, or by one for each output (outputs,), for good."""
    with torch.no_grad():
        layer.weight.div_(temperature[:, None] if isinstance(temperature, Tensor) else temperature)
        layer.bias.div_(temperature)


class Dense(Showing):
    """What a network ends in: residual layers, and the raw outputs; a subclass has ``hidden(**inputs)``."""

    hidden: Callable[..., Tensor]

    def end(self, into: int, outputs: int, width: int, depth: int, dropout: float) -> None:
        """Make the layers, behind features of width ``into``."""
        self.enter = nn.Linear(into, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 1))
        self.leave = nn.Linear(width, outputs)
        self.dropout = nn.Dropout(dropout)

    def deepen(self, features: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of features (n, into)."""
        x = torch.relu_(self.enter(features))
        for layer in self.layers:
            x = x + self.dropout(torch.relu_(layer(x)))
        return x

    def temper(self, temperature: float) -> None:
        """Divide the raw output by the temperature, for good."""
        divide(self.leave, temperature)

    def with_hidden(self, *inputs: Tensor, **named: Tensor) -> tuple[Tensor, Tensor]:
        """Return the raw outputs (n, outputs) of the inputs, and the last hidden layer (n, width)."""
        hidden = self.hidden(*inputs, **named)
        return self.leave(hidden), hidden


class Looking(Dense):
    """A network of stamps that shows its last feature maps, see `featuremaps`.

    A subclass has ``with_maps(**inputs)`` and ``hidden_of(**seen)``, the last hidden layer (n, width) of what it
    returns.
    """

    with_maps: Callable[..., dict[str, Tensor]]
    hidden_of: Callable[..., Tensor]

    def hidden(self, *inputs: Tensor, **named: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) of the inputs."""
        return self.hidden_of(**self.with_maps(*inputs, **named))

    def from_maps(self, **seen: Tensor) -> Tensor:
        """Return the raw output (n, outputs) of what ``with_maps`` returns."""
        raw: Tensor = self.leave(self.hidden_of(**seen))
        return raw


class Inception(nn.Module):
    """Convolutions of several sizes side by side, joined (Szegedy et al. 2015, arXiv:1409.4842).

    Parameters
    ----------
    into, out : int
        Channels; a quarter of ``out`` comes from 1x1, three eighths from 3x3, a quarter from 5x5 (as 3x3 twice), an
        eighth from a maximum over 3x3.
    """

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        one, five, pool = out // 4, out // 4, out // 8
        narrow = max(8, out // 4)
        self.parts = [one, narrow, narrow]
        self.reduce = nn.Conv2d(into, sum(self.parts), 1)
        self.three = nn.Conv2d(narrow, out - one - five - pool, 3, padding=1)
        self.before, self.five = nn.Conv2d(narrow, narrow, 3, padding=1), nn.Conv2d(narrow, five, 3, padding=1)
        self.widest, self.pool = nn.MaxPool2d(3, 1, 1), nn.Conv2d(into, pool, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, out, y, x) of (n, into, y, x)."""
        one, three, five = torch.split(torch.relu(self.reduce(x)), self.parts, 1)
        five = self.five(torch.relu(self.before(five)))
        return torch.cat([one, torch.relu(torch.cat([self.three(three), five, self.pool(self.widest(x))], 1))], 1)


class ChannelNorm(nn.Module):
    """Batch normalisation of each channel (Ioffe & Szegedy 2015, arXiv:1502.03167), without torch's count of batches.

    Parameters
    ----------
    channels : int
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.momentum = 0.1
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, channels, y, x) of the same, in training by its own mean and variance."""
        known = self.mean, self.variance, self.weight, self.bias
        return functional.batch_norm(x, *known, self.training, self.momentum, eps=1e-3)


class Residual(nn.Module):
    """Two 3x3 convolutions added to what they see (He et al. 2016, arXiv:1512.03385), at first with weight nothing.

    So deep networks train without normalisation (De & Smith 2020, arXiv:2002.10444).

    Parameters
    ----------
    channels : int
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, channels, y, x) of the same."""
        return torch.relu(x + self.share * self.second(torch.relu(self.first(x))))


def deeper(look: nn.Sequential, channels: Sequence[int], blocks: Sequence[int]) -> None:
    """Add stages of residual blocks to layers that end in ``channels[0]``; each sees half as many pixels along an edge.

    Parameters
    ----------
    look : torch.nn.Sequential
    channels, blocks : sequence of int
        Of each stage, from fine to coarse.
    """
    for stage, (out, count) in enumerate(zip(channels, blocks, strict=True)):
        if stage:
            look.extend([nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(channels[stage - 1], out, 1), nn.ReLU()])
        look.extend([Residual(out) for _ in range(count)])


class Mixer(nn.Module):
    """A head that joins trained networks: their log-probabilities, weighted, and what their features add to that.

    It begins as the weighted sum alone, with the weights that judge best: so it is no worse than the best network.

    Parameters
    ----------
    widths : sequence of int
        Of the networks' features.
    outputs : int
    width : int
        Of the hidden layers.
    dropout : float
        Share of features and hidden layers that is left out in training.
    """

    sharpness: Tensor

    def __init__(self, widths: Sequence[int], outputs: int, width: int = 256, dropout: float = 0.2) -> None:
        super().__init__()
        self.register_buffer("sharpness", torch.ones(1))
        self.norms = nn.ModuleList(nn.LayerNorm(own) for own in widths)
        self.enter, self.layer = nn.Linear(sum(widths), width), nn.Linear(width, width)
        self.leave, self.weigh = nn.Linear(width, outputs), nn.Linear(width, len(widths))
        self.dropout = nn.Dropout(dropout)
        for layer in (self.leave, self.weigh):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def begin(self, raws: Tensor, score: Callable[[Tensor], float]) -> None:
        """Set the weights of the networks to those that ``score`` finds best, the lower the better.

        Parameters
        ----------
        raws : tensor (n, network, outputs)
            Log-probabilities of rows that no network was trained on.
        score : callable
        """
        tries = [(whole * tenth / 10, whole * (10 - tenth) / 10) for whole in WHOLES for tenth in range(11)]
        found = [score((raws * torch.tensor(own, device=raws.device)[:, None]).sum(1)) for own in tries]
        with torch.no_grad():
            self.weigh.bias.copy_(torch.tensor(tries[found.index(min(found))]))

    def forward(self, raws: Tensor, **features: Tensor) -> Tensor:
        """Return logits (n, outputs) of log-probabilities (n, network, outputs) and features (n, width) of each."""
        seen = [norm(own) for norm, own in zip(self.norms, features.values(), strict=True)]
        x = torch.relu(self.enter(self.dropout(torch.cat(seen, 1))))
        x = x + self.dropout(torch.relu(self.layer(x)))
        result: Tensor = ((self.weigh(x)[..., None] * raws).sum(1) + self.leave(x)) * self.sharpness
        return result
