"""Asymmetry: what is left of a source when its image, turned by half a circle, is taken from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from skycnn.shapes.centralsource import EIGHT, Source, places

Array = NDArray[Any]

REACH = 6
"""Pixels that the centre may move by."""

STEPS = (1.0, 0.5, 0.25, 0.125)
"""Pixels by which it is moved, one behind the other; at halves a pixel falls onto a pixel."""

FOUR = ((0, 1), (1, 0), (0, -1), (-1, 0))

BARE = float(np.sqrt(2.0 / np.pi))
"""Mean size of a number drawn from a normal distribution, over its standard deviation."""


@dataclass(frozen=True)
class Asymmetry:
    """The asymmetry and the centre of turning, y and x, at which it is the smallest."""

    value: float
    centre: tuple[float, float]


def find(source: Source, radius: float) -> Asymmetry:
    """Return the asymmetry within a circle, ``(sum |I - I_180| - what noise would give) / sum |I|``.

    After Conselice (2003, ApJS 147, 1): the centre is where it is the smallest, and pixels between others are linear in
    them. The background's term is that of white noise, which is lower where turned pixels are a mean of others; so no
    centre gains by falling between pixels. Pixels without a partner are left out of both sums.

    Parameters
    ----------
    source : Source
    radius : float
        Pixels: 1.5 Petrosian radii.
    """
    box = _Box(source, radius)
    y, x = (round(place) for place in source.centre)
    best, found = (0.0, 0.0), box.asymmetry((0.0, 0.0))
    known = {best: found}
    for step in STEPS:
        moved = True
        while moved:
            moved = False
            for place in _around(best, step):
                if place not in known:
                    known[place] = box.asymmetry(place)
                if known[place] < found:
                    best, found, moved = place, known[place], True
                    break
    return Asymmetry(float(found), (y + best[0], x + best[1]))


def _around(place: tuple[float, float], step: float) -> Iterator[tuple[float, float]]:
    for down, right in FOUR:
        moved = place[0] + step * down, place[1] + step * right
        if max(map(abs, moved)) <= REACH:
            yield moved


class _Box:
    """The pixels around a source, with room to turn them.

    Parameters
    ----------
    source : Source
    radius : float
    """

    def __init__(self, source: Source, radius: float) -> None:
        side, room = len(source.pixels), 2 * REACH + 1
        self.half = int(min(np.ceil(radius) + 1, side))
        y, x = (round(place) for place in source.centre)
        margin = self.half + room
        cut = tuple(slice(place, place + 2 * margin + 1) for place in (y, x))
        self.wide = np.pad(source.pixels, margin)[cut]
        whole = source.seen is None and all(margin <= place < side - margin for place in (y, x))
        seen = np.ones((side, side), bool) if source.seen is None else source.seen
        self.seen = None if whole else np.pad(seen.astype(np.float32), margin)[cut]
        row, column = places(2 * self.half + 1)
        away = np.sqrt((row - self.half) ** 2 + (column - self.half) ** 2)
        self.weight = np.clip(radius - away + 0.5, 0.0, 1.0)
        self.own = self.wide[room:-room, room:-room]
        self.light = float((self.weight * np.abs(self.own)).sum())
        self.area, self.noise, self.room = float(self.weight.sum()), source.noise, room

    def asymmetry(self, place: tuple[float, float]) -> float:
        """Return the asymmetry about a place, pixels from the box's middle."""
        (k, f), (j, g) = (divmod(2.0 * number, 1.0) for number in place)
        turned = self._turned(self.wide, int(k), f, int(j), g)
        left = np.abs(turned - self.own)
        weight, light, area = self.weight, self.light, self.area
        if self.seen is not None:
            both = self._turned(self.seen, int(k), f, int(j), g) > 0.999
            weight = weight * both * (self.seen[self.room : -self.room, self.room : -self.room] > 0)
            light, area = float((weight * np.abs(self.own)).sum()), float(weight.sum())
        spread = np.sqrt(1.0 + (f**2 + (1 - f) ** 2) * (g**2 + (1 - g) ** 2))
        rest = float(np.vdot(weight, left)) - area * BARE * spread * self.noise
        return rest / light if light > 0 else np.inf

    def _turned(self, wide: Array, k: int, f: float, j: int, g: float) -> Array:
        """Return the box turned about its middle and moved by (k + f, j + g) pixels."""
        width, room = 2 * self.half + 1, self.room
        part = wide[room + k : room + k + width + 1, room + j : room + j + width + 1][::-1, ::-1]
        part = part[1:] if not f else part[1:] * np.float32(1 - f) + part[:-1] * np.float32(f)
        return part[:, 1:] if not g else part[:, 1:] * np.float32(1 - g) + part[:, :-1] * np.float32(g)


def of_shape(source: Source, centre: tuple[float, float]) -> float:
    """Return the asymmetry of a source's outline, which weighs faint tails as much as its bright middle.

    After Pawlik et al. (2016, MNRAS 456, 3032): the outline is the patch around the brightest pixel where the mean of
    three by three pixels is one standard deviation of the sky or more; a half of the sum over it is not taken, so that
    it lies between 0 and 2. Turned about the given centre, to half a pixel.
    """
    mean = ndimage.uniform_filter(source.pixels, 3, mode="constant")
    peak = int(np.argmax(np.where(source.member, source.pixels, -np.inf)))
    label, _ = ndimage.label(mean > max(source.noise, 1e-3 * float(source.pixels.flat[peak])), EIGHT)
    outline = label == label.flat[peak]
    if not label.flat[peak]:
        return float("nan")
    y, x = np.nonzero(outline)
    down, right = (round(2.0 * place) for place in centre)
    side, other = len(outline), (down - y, right - x)
    inside = (other[0] >= 0) & (other[0] < side) & (other[1] >= 0) & (other[1] < side)
    met = np.count_nonzero(outline[other[0][inside], other[1][inside]])
    return 2.0 * (1.0 - met / len(y))
