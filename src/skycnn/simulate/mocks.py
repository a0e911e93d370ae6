"""Mocks: galaxies drawn, seen through a survey's optics, made noisy, measured and selected, block by block.

A block is a fixed range of absolute candidate numbers and is worked by one thread, so that its bits do not depend on
how many blocks are wanted, nor on how many are worked side by side.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import lru_cache
from itertools import count
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from skycnn.errors import RunError, counted
from skycnn.simulate import draws
from skycnn.simulate.aperture import Measured, Photometry
from skycnn.simulate.noise import Noise
from skycnn.simulate.optics import psf_of
from skycnn.simulate.psf import PSF
from skycnn.simulate.render import Light, Renderer
from skycnn.survey import Survey

Array = NDArray[Any]
T = TypeVar("T")

BLOCK, FLUX_BLOCK = 128, 16384
"""Candidates of a block, with stamps and without; they are part of what the bits are."""

DRAWN = draws.BLOCK
"""Candidates that are drawn together, and shared by the blocks with stamps among them; a multiple of `BLOCK`."""

HOPELESS = 0.7
"""A candidate whose expected signal to noise is this share of what is asked for, or less, is not drawn on pixels: to be
kept at 10 it would take a deviation of three standard deviations, which costs one galaxy in a thousand at most."""

FRUITLESS = 1_000_000
"""Candidates after which a selection that kept none is given up."""


@dataclass(frozen=True)
class Recipe:
    """What a run's mocks are.

    Parameters
    ----------
    survey : Survey
    bands : tuple of str
        Of the survey.
    seed : int
    selection : str
        By the name that ``draw`` knows.
    draw : callable
        ``draw(survey, bands, seed, row, selection)`` returns what has ``light`` and ``truth``; see `task.Mock`.
    observe : callable, optional
        ``observe(survey, bands, galaxies, seed)`` returns fluxes and errors (n, band) as the survey has them, or None.
    side : int
        Pixels along an edge of the stamps.
    judged : tuple of int
        Places of the bands in one of which at least a galaxy must be seen; none: all galaxies are kept.
    above : float
        The signal to noise that it must exceed there.
    psfs : mapping of str to PSF
        By band, where it is not the one that the survey's widths tell.
    device : str
        Where stamps are drawn, ``cpu`` or a GPU; another one rounds otherwise.
    """

    survey: Survey
    bands: tuple[str, ...]
    seed: int
    selection: str
    draw: Callable[..., Any]
    observe: Callable[..., tuple[Array, Array] | None] | None = None
    side: int = 32
    judged: tuple[int, ...] = ()
    above: float = 0.0
    psfs: Mapping[str, PSF] = field(default_factory=dict)
    device: str = "cpu"


@dataclass(frozen=True)
class Block:
    """The galaxies of a block that were kept, in the order of the candidates.

    Parameters
    ----------
    row : array (n,)
        Absolute candidate numbers.
    truth : dict of array (n,)
    measured : Measured
    offset : array (n, 2)
        Where the galaxies lie, less the stamps' centres: x and y, pixels.
    pixels : array (n, band, side, side) or None
        Microjansky, float32.
    end : int
        The candidate after the block's last one.
    """

    row: Array
    truth: dict[str, Array]
    measured: Measured
    offset: Array
    pixels: Array | None
    end: int

    def taken(self, which: Array, end: int | None = None) -> "Block":
        """Return some of the galaxies, by numpy's rules of indexing."""
        seen = self.measured
        measured = Measured(seen.flux[which], seen.error[which], seen.radius[which])
        pixels = None if self.pixels is None else self.pixels[which]
        end = self.end if end is None else end
        return Block(self.row[which], _taken(self.truth, which), measured, self.offset[which], pixels, end)


class Mocks:
    """All that the blocks of a recipe share."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        survey, bands = recipe.survey, recipe.bands
        self.noise = Noise.of(survey, bands)
        self.psfs = tuple(recipe.psfs.get(band) or psf_of(survey, band) for band in bands)
        r80 = [psf.r80 for psf in self.psfs]
        self.photometry = Photometry(self.noise, r80, survey.pixel_scale, recipe.side)
        self.render = Renderer(self.psfs, survey.pixel_scale, recipe.side, recipe.device)
        self._hopeful = lru_cache(maxsize=8)(self._draw_hopeful)

    def stamps(self, number: int) -> Block:
        """Return block ``number`` with its stamps."""
        start = number * BLOCK
        galaxies, hopeful = self._hopeful(start // DRAWN)
        here = start % DRAWN + np.flatnonzero(hopeful[start % DRAWN :][:BLOCK])
        row = start // DRAWN * DRAWN + here
        offset = self.offset(row)
        clean = self.render(rows_of(galaxies.light, here), offset)
        pixels = self.noise.add(clean, self.recipe.seed, row)
        measured = self.photometry.measure(pixels, offset)
        whole = Block(row, _taken(galaxies.truth, here), measured, offset, pixels, start + BLOCK)
        return whole.taken(self._seen(measured, self.recipe.above))

    def _draw_hopeful(self, number: int) -> tuple[Any, Array]:
        """Return the candidates of several blocks, and whether each may be seen."""
        galaxies = self._drawn(number, DRAWN)[1]
        return galaxies, self._seen(self.photometry.expected(galaxies.light), HOPELESS * self.recipe.above)

    def fluxes(self, number: int) -> Block:
        """Return block ``number`` without stamps, its fluxes observed as the survey does, else as on a stamp."""
        recipe = self.recipe
        row, galaxies = self._drawn(number, FLUX_BLOCK)
        learned = recipe.observe and recipe.observe(recipe.survey, recipe.bands, galaxies, recipe.seed)
        if learned:
            measured = Measured(*learned, np.full(len(row), np.nan, np.float32))
        else:
            deviates = draws.normal(recipe.seed, row, "flux", len(recipe.bands))
            measured = self.photometry.observed(galaxies.light, deviates)
        whole = Block(row, dict(galaxies.truth), measured, np.zeros((len(row), 2)), None, int(row[-1]) + 1)
        return whole.taken(self._seen(measured, recipe.above))

    def offset(self, row: Array) -> Array:
        """Return where galaxies lie, less the stamps' centres (n, 2): anywhere in a pixel."""
        return draws.uniform(self.recipe.seed, row, "offset", 2) - 0.5

    def _drawn(self, number: int, size: int) -> tuple[Array, Any]:
        recipe, row = self.recipe, np.arange(number * size, (number + 1) * size)
        return row, recipe.draw(recipe.survey, recipe.bands, recipe.seed, row, recipe.selection)

    def _seen(self, measured: Measured, above: float) -> Array:
        """Return whether (n,) each galaxy is seen in one of the bands that judge."""
        judged = list(self.recipe.judged)
        if not judged:
            return np.ones(len(measured.flux), bool)
        ratio = measured.flux[:, judged] / measured.error[:, judged]
        return np.asarray((ratio > above).any(axis=1))  # what is NaN is not seen


@contextmanager
def ordered(work: Callable[[int], T], threads: int, number: int | None = None) -> Iterator[Iterator[T]]:
    """Yield the answers of ``work(0)``, ``work(1)``, ... in order, so many or without end; threads work ahead."""
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def answers() -> Iterator[T]:
        ahead: deque[Future[T]] = deque()
        for block in count() if number is None else range(number):
            ahead.append(pool.submit(work, block))
            if len(ahead) > threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    try:
        yield answers()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)


def first(blocks: Iterator[Block], rows: int) -> Iterator[Block]:
    """Yield blocks until there are so many galaxies; the last is cut, and ends with the candidate of its last one.

    Raises
    ------
    RunError
        When no candidate of so many is kept that none ever may be.
    """
    done = 0
    for block in blocks:
        if done == 0 and not len(block.row) and block.end >= FRUITLESS:
            what = f"not one of {counted(block.end, 'candidate')} is seen by this survey as the selection asks"
            raise RunError(what, hint="Take other bands with --bands, or all galaxies with --all.")
        n = min(len(block.row), rows - done)
        done += n
        if done < rows:
            yield block
        else:
            yield block.taken(np.arange(n), int(block.row[n - 1]) + 1)
            return


def judging(survey_bands: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the wanted bands, without regard to case where that names one of them alone."""
    places = []
    for band in wanted:
        same = [i for i, name in enumerate(survey_bands) if name == band]
        close = same or [i for i, name in enumerate(survey_bands) if name.lower() == band.lower()]
        places += close if len(close) == 1 else []
    return tuple(places)


def _taken(truth: Mapping[str, Array], which: Array) -> dict[str, Array]:
    """Return some galaxies' truth."""
    return {name: np.asarray(values)[which] for name, values in truth.items()}


def rows_of(light: Light, rows: Array) -> Light:
    """Return some galaxies' light."""
    columns = {column.name: getattr(light, column.name) for column in fields(Light)}
    taken: dict[str, Any] = {name: None if v is None else np.asarray(v)[rows] for name, v in columns.items()}
    return Light(**taken)
