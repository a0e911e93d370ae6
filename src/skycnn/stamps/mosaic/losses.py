"""Losses: what is missing in some stamps of a band - by image that cannot be read, by mask or weight that hides it."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Losses:
    """What is missing in the stamps of one cut, each counted once in however many pieces it is read.

    Parameters
    ----------
    stamps : int
        How many there are.
    of : array (n,)
        The stamp that each piece read belongs to.
    images : dict of str to (str, array (stamps,))
        Image to the reason, and the stamps that miss it, bool.
    planes : dict of str to tuple of array (stamps,)
        ``mask`` or ``weight`` to the stamps that had pixels before it, and that still have some, bool.
    """

    stamps: int
    of: Array
    images: dict[str, tuple[str, Array]] = field(default_factory=dict)
    planes: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    @classmethod
    def none(cls, stamps: int) -> Self:
        """Return those of stamps of which nothing is read yet, each a piece of its own."""
        return cls(stamps, np.arange(stamps))

    def take(self, pieces: Array) -> Self:
        """Return the same for some of the pieces."""
        return replace(self, of=self.of[pieces])

    def belonging(self, of: Array) -> Self:
        """Return the same for pieces that belong to other stamps of these."""
        return replace(self, of=of)

    def miss(self, label: str, reason: str, broken: Array) -> None:
        """Note the pieces (n,) that lack pixels of an image."""
        if broken.any():
            self.images.setdefault(label, (reason, np.zeros(self.stamps, bool)))[1][self.of[broken]] = True

    def hide(self, plane: str, before: Array, after: Array) -> None:
        """Note the pieces (n,) that had pixels before a mask or weight, and that have some after it."""
        had, has = self.planes.setdefault(plane, (np.zeros(self.stamps, bool), np.zeros(self.stamps, bool)))
        had[self.of[before]] = True
        has[self.of[before & after]] = True
