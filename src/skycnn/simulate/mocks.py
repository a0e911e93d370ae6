"""Mocks: galaxies drawn, seen through a survey's optics, made noisy, measured and selected, block by block.

A block is a fixed range of absolute candidate numbers and is worked by one thread, so that its bits do not depend on
how many blocks are wanted, nor on how many are worked side by side.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
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
from skycnn.simulate.render import Light, Renderer
from skycnn.survey import Survey

Array = NDArray[Any]
T = TypeVar("T")

BLOCK, PART, FLUX_BLOCK = draws.BLOCK, 128, 16384
"""Candidates of a block with stamps, of those drawn on pixels together, and of a block without stamps; they are part of
what the bits are."""

HOPELESS = 0.7
"""A candidate whose expected signal to noise is this share of what is asked for, or less, is not drawn on pixels: to be
kept at 10 it would take a deviation of three standard deviations, which costs one galaxy in 10,000."""

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
    """All that the blocks of a recipe share.

    Parameters
    ----------
    recipe : Recipe
    most : int, optional
        Galaxies with stamps after which a block may end early, for no more are wanted.
    """

    def __init__(self, recipe: Recipe, most: int | None = None) -> None:
        self.recipe, self.most = recipe, most
        survey, bands = recipe.survey, recipe.bands
        self.noise = Noise.of(survey, bands)
        self.psfs = tuple(psf_of(survey, band) for band in bands)
        r80 = [psf.r80 for psf in self.psfs]
        self.photometry = Photometry(self.noise, r80, survey.pixel_scale, recipe.side)
        self.render = Renderer(self.psfs, survey.pixel_scale, recipe.side)

    def stamps(self, number: int) -> Block:
        """Return block ``number`` with its stamps."""
        recipe, row, galaxies = self._drawn(number, BLOCK)
        expected = self.photometry.expected(galaxies.light)
        hopeful = self._seen(expected, HOPELESS * recipe.above)
        parts: list[Block] = []
        for start in range(0, BLOCK, PART):
            here = start + np.flatnonzero(hopeful[start : start + PART])
            offset = self.offset(row[here])
            clean = self.render(rows_of(galaxies.light, here), offset)
            pixels = self.noise.add(clean, recipe.seed, row[here])
            measured = self.photometry.measure(pixels, offset)
            end = int(row[0]) + start + PART
            whole = Block(row[here], _taken(galaxies.truth, here), measured, offset, pixels, end)
            parts.append(whole.taken(self._seen(measured, recipe.above)))
            if self.most is not None and sum(len(part.row) for part in parts) >= self.most:
                break
        return _joined(parts)

    def fluxes(self, number: int) -> Block:
        """Return block ``number`` without stamps, its fluxes observed as the survey does, else as on a stamp."""
        recipe, row, galaxies = self._drawn(number, FLUX_BLOCK)
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

    def _drawn(self, number: int, size: int) -> tuple[Recipe, Array, Any]:
        recipe, row = self.recipe, np.arange(number * size, (number + 1) * size)
        return recipe, row, recipe.draw(recipe.survey, recipe.bands, recipe.seed, row, recipe.selection)

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
            raise RunError(what, hint="Take other bands with --band, or all galaxies with --all.")
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


def _joined(parts: Sequence[Block]) -> Block:
    """Return blocks that follow one another as one."""
    seen = [part.measured for part in parts]
    fields_of = ("flux", "error", "radius")
    measured = Measured(*(np.concatenate([getattr(one, name) for one in seen]) for name in fields_of))
    truth = {name: np.concatenate([part.truth[name] for part in parts]) for name in parts[0].truth}
    pixels = [part.pixels for part in parts if part.pixels is not None]
    row, offset = (np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "offset"))
    return Block(row, truth, measured, offset, np.concatenate(pixels) if pixels else None, parts[-1].end)


def _taken(truth: Mapping[str, Array], which: Array) -> dict[str, Array]:
    """Return some galaxies' truth."""
    return {name: np.asarray(values)[which] for name, values in truth.items()}


def rows_of(light: Light, rows: Array) -> Light:
    """Return some galaxies' light."""
    columns = {column.name: getattr(light, column.name) for column in fields(Light)}
    taken: dict[str, Any] = {name: None if v is None else np.asarray(v)[rows] for name, v in columns.items()}
    return Light(**taken)
