"""Draws: random numbers of each object, the same whatever the chunk, the order or the number of workers.

They are counter-based: a number is a function of (seed, name of what is drawn, row, place in the row) through Philox
4x64 (Salmon et al. 2011, SC'11, doi:10.1145/2063384.2063405). The key is a hash of seed and name, the counter tells the
row, so rows never share numbers, and another seed gives other ones throughout. Few numbers a row are drawn for whole
blocks of rows, which are fixed by the absolute row: the numbers of a row do not depend on which others are asked for.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import ArrayLike, NDArray

from skycnn.errors import InputError

BLOCK = 1024
"""Rows drawn at once; it is part of what the numbers are."""

Fill = Callable[[Generator, NDArray[np.float64]], object]


def uniform(seed: int, row: ArrayLike, name: str, count: int = 1) -> NDArray[np.float64]:
    """Return numbers uniform in [0, 1).

    Parameters
    ----------
    seed : int
        Of the run, 0 to 2**64 - 1.
    row : array of int (n,)
        Absolute numbers of the objects, from 0, in any order.
    name : str
        What is drawn, e.g. ``redshift``; another name gives other numbers.
    count : int
        Numbers an object; another count gives other numbers.

    Returns
    -------
    array (n, count)

    Raises
    ------
    InputError
        When the seed is no whole number of 64 bits.
    """
    return _of_blocks(seed, row, f"{name}/uniform", count, lambda generator, out: generator.random(out=out))


def normal(seed: int, row: ArrayLike, name: str, count: int = 1) -> NDArray[np.float64]:
    """Return numbers (n, count) of mean 0 and standard deviation 1; the arguments are those of `uniform`."""
    return _of_blocks(seed, row, f"{name}/normal", count, lambda generator, out: generator.standard_normal(out=out))


def generator(seed: int, row: int, name: str) -> Generator:
    """Return a generator of one object, for what takes many numbers or an unknown count, as pixels do.

    Raises
    ------
    InputError
        When the seed is no whole number of 64 bits.
    """
    return Generator(Philox(counter=[0, 0, row, 0], key=_key(seed, f"{name}/row")))


def pixels(seed: int, row: ArrayLike, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return standard normal numbers (n, *shape), float32, each object's from its own generator."""
    rows = np.asarray(row, np.int64)
    out = np.empty((len(rows), *shape), np.float32)
    for k, number in enumerate(rows.tolist()):
        generator(seed, number, name).standard_normal(dtype=np.float32, out=out[k])
    return out


def _of_blocks(seed: int, row: ArrayLike, name: str, count: int, fill: Fill) -> NDArray[np.float64]:
    rows = np.asarray(row, np.int64)
    if not len(rows):
        return np.empty((0, count))
    key = _key(seed, f"{name}/{count}")
    blocks = np.unique(rows // BLOCK)
    whole = np.empty((len(blocks) * BLOCK, count))
    for k, block in enumerate(blocks.tolist()):
        fill(Generator(Philox(counter=[0, 0, block, 0], key=key)), whole[k * BLOCK : (k + 1) * BLOCK])
    if len(rows) == len(whole) and (np.diff(rows) == 1).all():
        return whole
    taken: NDArray[np.float64] = whole[np.searchsorted(blocks, rows // BLOCK) * BLOCK + rows % BLOCK]
    return taken


@lru_cache(maxsize=256)
def _key(seed: int, name: str) -> NDArray[np.uint64]:
    """Return the 128 bits that stand for a seed and a name."""
    if not (isinstance(seed, (int, np.integer)) and 0 <= seed < 2**64):
        raise InputError("--seed is no number that can be used", value=seed, expected="0 to 18446744073709551615")
    digest = hashlib.blake2b(f"{int(seed)} {name}".encode(), digest_size=16).digest()
    return np.frombuffer(digest, "<u8").astype(np.uint64)
