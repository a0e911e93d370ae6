"""Mocks: galaxies drawn, seen through a survey's optics, made noisy, measured and selected, block by block.

A block is a fixed range of absolute candidate numbers and is worked by one thread, so that its bits do not depend on
how many blocks are wanted, nor on how many are worked side by side.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import RunError, counted
from skycnn.simulate import draws
from skycnn.simulate.aperture import AperturePhotometry, Measured
from skycnn.simulate.blocks import Need, worked
from skycnn.simulate.noise import Noise
from skycnn.simulate.recipe import Recipe
from skycnn.simulate.render import Light, Renderer

Array = NDArray[Any]

BLOCK, FLUX_BLOCK = 128, 16384
"""Candidates of a block, with stamps and without; they are part of what the bits are."""

DRAWN = draws.BLOCK
"""Candidates that are drawn together, and shared by the blocks with stamps among them; a multiple of `BLOCK`."""

HOPELESS = 0.7
"""A candidate whose expected signal to noise is this share of what is asked for, or less, is not drawn on pixels: to be
kept at 10 it would take a deviation of three standard deviations, which costs one galaxy in a thousand at most."""

FRUITLESS = 1_000_000
"""Candidates after which a selection that kept none is given up."""

LAST = 2**31 - 1
"""The last candidate, and the most rows: files have their numbers as 32-bit integers."""


@dataclass(frozen=True)
class Block:
    """The galaxies of a block that were kept, in the order of the candidates.

    Parameters
    ----------
    row : array (n,)
        Absolute candidate numbers.
    truth : dict of array (n,)
    total : array (n, band)
        True fluxes, of all light, microjansky.
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
    total: Array
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
        truth, total = _taken(self.truth, which), self.total[which]
        return Block(self.row[which], truth, total, measured, self.offset[which], pixels, end)


class Mocks:
    """All that the blocks of a recipe share."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        survey, bands = recipe.survey, recipe.bands
        self.noise = Noise.of(survey, bands)
        self.psfs = tuple(recipe.psf(band) for band in bands)
        r80 = [psf.r80 for psf in self.psfs]
        self.photometry = AperturePhotometry(self.noise, r80, survey.pixel_scale, recipe.side)
        self.render = Renderer(self.psfs, survey.pixel_scale, recipe.side, recipe.device)
        self._hopeful, self._drawing = lru_cache(maxsize=8)(self._draw_hopeful), Lock()

    @contextmanager
    def galaxies(self, rows: int, threads: int, *, stamps: bool) -> Iterator[Iterator[Block]]:
        """Yield blocks, with stamps or without, until there are so many galaxies, that many threads ahead; see `first`.

        No more blocks are worked than it takes, as far as those before tell how many galaxies a block keeps.
        """
        work, size = (self.stamps, BLOCK) if stamps else (self.fluxes, FLUX_BLOCK)
        need = Need(rows, size)
        with closing(worked(work, need, threads)) as blocks:
            yield first(blocks, need)

    def stamps(self, number: int) -> Block:
        """Return block ``number`` with its stamps."""
        start = number * BLOCK
        with self._drawing:  # else every thread would draw the same candidates
            galaxies, hopeful = self._hopeful(start // DRAWN)
        here = start % DRAWN + np.flatnonzero(hopeful[start % DRAWN :][:BLOCK])
        row = start // DRAWN * DRAWN + here
        offset = self.offset(row)
        light = rows_of(galaxies.light, here)
        clean = self.render(light, offset)
        pixels = self.noise.add(clean, self.recipe.seed, row)
        measured = self.photometry.measure(pixels, offset)
        truth = _taken(galaxies.truth, here)
        whole = Block(row, truth, total(light), measured, offset, pixels, start + BLOCK)
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
        truth, nowhere = dict(galaxies.truth), np.zeros((len(row), 2))
        whole = Block(row, truth, total(galaxies.light), measured, nowhere, None, int(row[-1]) + 1)
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


def first(blocks: Iterator[Block], need: Need) -> Iterator[Block]:
    """Yield blocks until there are so many galaxies; the last is cut, and ends with the candidate of its last one.

    Raises
    ------
    RunError
        When no candidate of so many is kept that none ever may be, or a candidate's number is beyond `LAST`.
    """
    for block in blocks:
        if need.done == 0 and not len(block.row) and block.end >= FRUITLESS:
            what = f"not one of {counted(block.end, 'candidate')} is seen by this survey as the selection asks"
            raise RunError(what, hint="Take other bands with --bands, or all galaxies with --all.")
        n = min(len(block.row), need.rows - need.done)
        if n and block.row[n - 1] > LAST:
            what = f"the selection keeps {need.done} of {counted(LAST + 1, 'candidate')}, and files number no more"
            raise RunError(what, hint=f"Ask for fewer, -n {need.done}, and for the rest with another --seed.")
        need.add(len(block.row))
        if need.done < need.rows:
            yield block
        else:
            yield block.taken(np.arange(n), int(block.row[n - 1]) + 1)
            return


def _taken(truth: Mapping[str, Array], which: Array) -> dict[str, Array]:
    """Return some galaxies' truth."""
    return {name: np.asarray(values)[which] for name, values in truth.items()}


def total(light: Light) -> Array:
    """Return the flux (n, band) of whole objects, float32."""
    found: Array = np.asarray(light.flux).sum(axis=1, dtype=np.float64).astype(np.float32)
    return found


def rows_of(light: Light, rows: Array) -> Light:
    """Return some galaxies' light."""
    columns = {column.name: getattr(light, column.name) for column in fields(Light)}
    taken: dict[str, Any] = {name: None if v is None else np.asarray(v)[rows] for name, v in columns.items()}
    return Light(**taken)
