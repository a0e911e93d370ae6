"""Scene: a field of the sky, with objects of a task at random places and one noise over all.

Places are pixels from 0, the first pixel's centre. Objects lie also beyond the edges, as far as their light matters.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skycnn import interrupt
from skycnn.simulate import draws
from skycnn.simulate.blocks import worked
from skycnn.simulate.light import Light
from skycnn.simulate.mocks import Mocks
from skycnn.simulate.psf import PSF, Gaussian, Moffat
from skycnn.simulate.psfimage import ImagePSF
from skycnn.simulate.render import Renderer

Array = NDArray[Any]
Patches = list[tuple[Array, Array]]

MARGIN = 64
"""Pixels beyond the edges in which objects lie too."""

BLOCK = draws.BLOCK
"""Objects drawn and rendered by one thread."""

TILE = 256
"""Pixels along an edge of the tiles that noise is drawn in; it is part of what the bits are."""

SIDES = (32, 64, 128, 256, 512, 1024)
"""Sides of the patches that objects are rendered in, pixels."""

FAINT = 0.02
"""A patch ends where an object's light falls below this share of the noise of a pixel."""


class Store(Protocol):
    """Where the patches of finished blocks are kept, from one run to the next: each with its first pixel's place."""

    def held(self, number: int) -> tuple[Patches, int] | None:
        """Return the patches and the number of objects of a block; None where it has to be drawn."""

    def put(self, number: int, patches: Patches, objects: int) -> None:
        """Keep a block."""


class Scene:
    """A scene of a recipe.

    Parameters
    ----------
    mocks : Mocks
        Of a recipe that selects nothing.
    density : float
        Objects a square arcminute.
    shape : (int, int)
        Width and height, pixels.

    Attributes
    ----------
    count : int
        Objects on it and about it, at least one.
    """

    def __init__(self, mocks: Mocks, density: float, shape: tuple[int, int]) -> None:
        self.mocks, self.shape = mocks, shape
        recipe = mocks.recipe
        self.scale, self.seed = recipe.pixel_scale, recipe.seed
        area = math.prod(edge + 2 * MARGIN for edge in shape) * (self.scale / 60) ** 2
        self.count = max(1, int(draws.generator(self.seed, 0, "scene/count").poisson(density * area)))
        self._renderers = {side: Renderer(mocks.psfs, self.scale, side, recipe.device) for side in SIDES}

    def places(self, row: Array) -> Array:
        """Return where objects lie (n, 2): x and y."""
        edges = np.array(self.shape) + 2 * MARGIN
        places: Array = draws.uniform(self.seed, row, "scene/place", 2) * edges - MARGIN - 0.5
        return places

    def drawn(self, number: int) -> tuple[Array, Any]:
        """Return the rows of block ``number``, and the objects drawn."""
        row = np.arange(number * BLOCK, min((number + 1) * BLOCK, self.count))
        return row, self.mocks.recipe.drawn(row)

    def images(
        self, threads: int, progress: Callable[[int, int], None] | None = None, store: Store | None = None
    ) -> Array:
        """Return the scene with its noise, float32 (band, height, width), microjansky a pixel.

        Blocks that the store holds are taken from it; those that are drawn are put into it.
        """
        width, height = self.shape
        field = np.zeros((len(self.mocks.psfs), height, width), np.float32)
        done = first = 0
        while store is not None and (held := store.held(first)) is not None:
            for corner, pixels in held[0]:
                _add(field, corner, pixels)
            done, first = done + held[1], first + 1
        with closing(worked(self._patches, range(first, -(-self.count // BLOCK)), threads)) as blocks:
            for number, (patches, n) in enumerate(blocks, first):
                if store is not None:
                    store.put(number, patches, n)
                for corner, pixels in patches:
                    _add(field, corner, pixels)
                done += n
                if progress is not None:
                    progress(done, self.count)
        self._make_noisy(field, threads)
        return field

    def _patches(self, number: int) -> tuple[list[tuple[Array, Array]], int]:
        """Return a block's objects, each as its patch and the place of that patch's first pixel."""
        row, drawn = self.drawn(number)
        place, needed = self.places(row), 2 * self._extent(drawn.light) + 2
        sides = np.array(SIDES)[np.minimum(np.searchsorted(SIDES, needed), len(SIDES) - 1)]
        reach = sides[:, None] / 2 + 1
        touches = ((place + reach > 0) & (place - reach < self.shape)).all(axis=1)
        found = []
        for side in np.unique(sides[touches]).tolist():
            here = np.flatnonzero((sides == side) & touches)
            step = max(1, 128 * SIDES[0] ** 2 // side**2)
            for part in np.split(here, range(step, len(here), step)):
                corner = first_pixel(place[part], side)
                offset = place[part] - corner - (side - 1) / 2
                stamps = drawn.light.take(part).stamps(self._renderers[side], offset)
                found += list(zip(corner, stamps, strict=True))
        return found, len(row)

    def _extent(self, light: Light) -> Array:
        """Return how far (n,) each object's light matters in any band, pixels."""
        faint = FAINT * self.mocks.noise.sigma
        total = (light.total() / faint).max(axis=1)
        blur = np.array([_wings(psf, self.scale, total) for psf in self.mocks.psfs]).max(axis=0)
        result: Array = np.hypot(light.extent(faint, self.scale), blur)
        return result

    def _make_noisy(self, field: Array, threads: int) -> None:
        """Put noise on the field, tile by tile."""
        width, height = self.shape
        corners = list(enumerate(product(range(0, height, TILE), range(0, width, TILE))))

        def work(tile: tuple[int, tuple[int, int]]) -> None:
            interrupt.check()
            number, (y, x) = tile
            here = field[:, y : y + TILE, x : x + TILE]
            here[:] = self.mocks.noise.add(here[None], self.seed, [number], "scene/noise")[0]

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, corners))


def first_pixel(place: Array, side: int) -> Array:
    """Return the first pixel (n, 2) of stamps of so many pixels about places (n, 2), as every stamp is cut."""
    corner: Array = np.floor(place - (side - 1) / 2 + 0.5)
    return corner


def _wings(psf: PSF, scale: float, bright: Array) -> Array:
    """Return how far (n,) a point's light matters, pixels; its flux is in units of the faintest that does."""
    match psf:
        case Moffat():
            alpha = psf.alpha / scale
            peak = bright * (psf.beta - 1) / (np.pi * alpha**2)
            reach: Array = alpha * np.sqrt(np.maximum(peak ** (1 / psf.beta) - 1, 0))
        case Gaussian():
            sigma = psf.sigma / scale
            reach = sigma * np.sqrt(2 * np.log(np.maximum(bright / (2 * np.pi * sigma**2), 1)))
        case ImagePSF():
            reach = np.full(len(bright), max(psf.pixels.shape) * psf.scale / scale / 2)
        case _:
            reach = np.full(len(bright), 32.0)
    return reach + 2


def _add(field: Array, corner: Array, pixels: Array) -> None:
    """Add a patch (band, side, side) to the field where they overlap."""
    side = pixels.shape[-1]
    x, y = (int(at) for at in corner)
    x0, x1, y0, y1 = max(x, 0), min(x + side, field.shape[2]), max(y, 0), min(y + side, field.shape[1])
    if x0 < x1 and y0 < y1:
        field[:, y0:y1, x0:x1] += pixels[:, y0 - y : y1 - y, x0 - x : x1 - x]
