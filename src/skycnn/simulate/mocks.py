"""Mocks: objects drawn, seen through a survey's optics, made noisy, measured and selected, block by block.

A block is a fixed range of absolute candidate numbers and is worked by one thread, so that its bits do not depend on
how many blocks are wanted, nor on how many are worked side by side.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError, RunError, counted
from skycnn.simulate import draws
from skycnn.simulate.aperture import AperturePhotometry, Measured
from skycnn.simulate.blocks import Need, worked
from skycnn.simulate.recipe import Recipe
from skycnn.simulate.render import Renderer

Array = NDArray[Any]

BLOCK, FLUX_BLOCK = 128, 16384
"""Candidates of a block at most, with stamps and without; they are part of what the bits are."""

DRAWN = draws.BLOCK
"""Candidates drawn together at most, and shared by the blocks with stamps among them; a multiple of `BLOCK`."""

SETS, MEMORY = 8, 64 << 20
"""Sets of candidates drawn together that are kept, and bytes of all of them, or of a block without stamps."""

HOPELESS = 0.7
"""A candidate whose expected signal to noise is this share of what is asked for, or less, is not drawn on pixels: to be
kept at 10 it would take a deviation of three standard deviations, which costs one object in a thousand at most."""

FRUITLESS = 1_000_000
"""Candidates after which a selection that kept none is given up."""

LAST = 2**31 - 1
"""The last candidate, and the most rows: files have their numbers as 32-bit integers."""


@dataclass(frozen=True)
class Block:
    """The objects of a block that were kept, in the order of the candidates.

    Parameters
    ----------
    row : array (n,)
        Absolute candidate numbers.
    group : array (n,)
        Numbers of what several rows show, else those of the candidates.
    truth : dict of array (n,)
    total : array (n, band)
        True fluxes, of all light, microjansky.
    measured : Measured or None
        None where nothing is.
    offset : array (n, 2)
        Where the objects lie, less the stamps' centres: x and y, pixels.
    pixels : array (n, band, side, side) or None
        Microjansky, float32.
    end : int
        The candidate after the block's last one.
    """

    row: Array
    group: Array
    truth: dict[str, Array]
    total: Array
    measured: Measured | None
    offset: Array
    pixels: Array | None
    end: int

    def taken(self, which: Array, end: int | None = None) -> "Block":
        """Return some of the objects, by numpy's rules of indexing."""
        return Block(
            row=self.row[which],
            group=self.group[which],
            truth=_taken(self.truth, which),
            total=self.total[which],
            measured=self.measured and self.measured.take(which),
            offset=self.offset[which],
            pixels=None if self.pixels is None else self.pixels[which],
            end=self.end if end is None else end,
        )


class Mocks:
    """All that the blocks of a recipe share."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.psfs = tuple(recipe.psf(band) for band in recipe.bands)
        self.noise = recipe.noise_of_pixels()
        r80 = [psf.r80 for psf in self.psfs]
        self.photometry = AperturePhotometry(self.noise, r80, recipe.pixel_scale, recipe.side)
        self.renderer = Renderer(self.psfs, recipe.pixel_scale, recipe.side, recipe.device)
        behind = recipe.backgrounds.row_bytes if recipe.backgrounds else 0
        self._block, self._together = _blocks(recipe.row_bytes + behind)
        self._flux_block = min(FLUX_BLOCK, _fitting(MEMORY, recipe.row_bytes))
        self._hopeful, self._drawing = lru_cache(maxsize=SETS)(self._draw_hopeful), Lock()

    def _measuring(self, row: Array) -> AperturePhotometry:
        """Return what measures some candidates."""
        recipe = self.recipe
        varied = recipe.noise.varied
        return self.photometry.under(recipe.noise.each(self.noise, recipe.seed, row)) if varied else self.photometry

    @contextmanager
    def blocks(self, rows: int, threads: int, *, stamps: bool, before: Sequence[int] = ()) -> Iterator[Iterator[Block]]:
        """Yield blocks, with stamps or without, until there are so many objects, that many threads ahead; see `first`.

        No more blocks are worked than it takes, as far as those before tell how many objects a block keeps. Of blocks
        that are there already, the first ones, ``before`` tells the objects.
        """
        work, size = (self.stamps, self._block) if stamps else (self.fluxes, self._flux_block)
        need = Need(rows, size)
        for count in before:
            need.skip(count)
        with closing(worked(work, need, threads)) as blocks:
            yield first(blocks, need)

    def stamps(self, number: int) -> Block:
        """Return block ``number`` with its stamps."""
        start, first = number * self._block, number * self._block % self._together
        if self._block == self._together:
            drawn, hopeful = self._draw_hopeful(number)
        else:
            with self._drawing:  # else every thread would draw the same candidates
                drawn, hopeful = self._hopeful(start // self._together)
        here = first + np.flatnonzero(hopeful[first:][: self._block])
        row = start - first + here
        offset = self.offset(row)
        light = drawn.light.take(here)
        pixels = self._noisy(light.stamps(self.renderer, offset), row)
        measured = self._measuring(row).measure(pixels, offset) if self.recipe.measured else None
        group, truth = groups(drawn, row, here), _taken(drawn.truth, here)
        whole = Block(row, group, truth, light.total(), measured, offset, pixels, start + self._block)
        return whole.taken(self._seen(measured, len(row), self.recipe.above))

    def _noisy(self, clean: Array, row: Array) -> Array:
        """Return stamps with drawn noise, or on the user's frames."""
        seed, backgrounds = self.recipe.seed, self.recipe.backgrounds
        noise = self.recipe.noise.each(self.noise, seed, row)
        if backgrounds is None:
            return noise.add(clean, seed, row)
        return noise.photons(clean, seed, row) + backgrounds.cut(seed, row)

    def _draw_hopeful(self, number: int) -> tuple[Any, Array]:
        """Return the candidates of several blocks, as they are on their backgrounds, and whether each may be seen."""
        row, drawn = self._drawn(number, self._together)
        backgrounds = self.recipe.backgrounds
        if backgrounds is not None and hasattr(drawn, "upon"):
            drawn = drawn.upon(backgrounds.cut(self.recipe.seed, row))
        expected = drawn.light.expected(self._measuring(row)) if self.recipe.judged else None
        return drawn, self._seen(expected, len(row), HOPELESS * self.recipe.above)

    def fluxes(self, number: int) -> Block:
        """Return block ``number`` without stamps, its fluxes observed as the survey does, else as on a stamp.

        Raises
        ------
        InputError
            When only stamps could tell what is measured.
        """
        recipe = self.recipe
        row, drawn = self._drawn(number, self._flux_block)
        truth, nowhere = dict(drawn.truth), np.zeros((len(row), 2))
        measured = self._observed(row, drawn) if recipe.measured else None
        total, end = drawn.light.total(), int(row[-1]) + 1
        whole = Block(row, groups(drawn, row), truth, total, measured, nowhere, None, end)
        return whole.taken(self._seen(measured, len(row), recipe.above))

    def _observed(self, row: Array, drawn: Any) -> Measured:
        recipe = self.recipe
        learned = recipe.observe and recipe.observe(recipe.survey, recipe.bands, drawn, recipe.seed)
        if learned:
            return Measured(*learned, np.full(len(row), np.nan, np.float32))
        photometry = self._measuring(row)
        expected = drawn.light.expected(photometry)
        if expected is None:
            hint = "Leave out --fluxes-only."
            raise InputError("fluxes of this light can be measured on stamps alone", hint=hint)
        return photometry.observed(expected, draws.normal(recipe.seed, row, "flux", len(recipe.bands)))

    def offset(self, row: Array) -> Array:
        """Return where objects lie, less the stamps' centres (n, 2): anywhere in a pixel."""
        return draws.uniform(self.recipe.seed, row, "offset", 2) - 0.5

    def _drawn(self, number: int, size: int) -> tuple[Array, Any]:
        row = np.arange(number * size, (number + 1) * size)
        return row, self.recipe.drawn(row)

    def _seen(self, measured: Measured | None, count: int, above: float) -> Array:
        """Return whether each of so many objects is seen in one of the bands that judge; all, where nothing judges."""
        judged = list(self.recipe.judged)
        if not judged or measured is None:
            return np.ones(count, bool)
        ratio = measured.flux[:, judged] / measured.error[:, judged]
        return np.asarray((ratio > above).any(axis=1))  # what is NaN is not seen


def first(blocks: Iterator[Block], need: Need) -> Iterator[Block]:
    """Yield blocks until there are so many objects; the last is cut, and ends with the candidate of its last one.

    Raises
    ------
    RunError
        When no candidate of so many is kept that none ever may be, or a candidate's number is beyond `LAST`.
    """
    for block in blocks:
        if need.done == 0 and not len(block.row) and block.end >= FRUITLESS:
            what = f"not one of {counted(block.end, 'candidate')} is seen by this survey as the selection asks"
            raise RunError(what, hint="Take other bands with --bands, or all objects with --all.")
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
    """Return some objects' truth."""
    return {name: np.asarray(values)[which] for name, values in truth.items()}


def groups(drawn: Any, row: Array, where: Any = slice(None)) -> Array:
    """Return the groups of some of the drawn candidates, by default their numbers ``row``."""
    group = getattr(drawn, "group", None)
    return row if group is None else np.asarray(group)[where]


def _blocks(row_bytes: int) -> tuple[int, int]:
    """Return how many candidates make a block with stamps, and how many are drawn together."""
    together = min(DRAWN, _fitting(MEMORY // SETS, row_bytes))
    return min(BLOCK, together), together


def _fitting(memory: int, row_bytes: int) -> int:
    """Return how many rows fit in memory: a power of two, at least one."""
    return 1 << max(0, (memory // row_bytes).bit_length() - 1)
