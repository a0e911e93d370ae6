"""Backgrounds: frames of the user's that stamps are put on, cut at random places, instead of drawn noise."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skycnn.errors import InputError
from skycnn.simulate import draws

Array = NDArray[Any]


class Backgrounds:
    """Frames of all bands, pixel upon pixel.

    Parameters
    ----------
    frames : sequence of array (height, width)
        One a band, of one shape, microjansky a pixel; NaN where there is none.
    side : int
        Pixels along an edge of the stamps.

    Raises
    ------
    InputError
        When the frames are of several shapes, or no stamp fits on them.
    """

    def __init__(self, frames: Sequence[Array], side: int) -> None:
        shapes = {frame.shape for frame in frames}
        if len(shapes) > 1:
            told = ", ".join(f"{width}x{height}" for height, width in sorted(shapes))
            raise InputError("--background names frames of several sizes", value=told, expected="one, all bands alike")
        self.frames, self.side = tuple(frames), side
        height, width = frames[0].shape
        if min(height, width) < side:
            raise InputError("--background names frames smaller than a stamp", value=f"{width}x{height}")
        spoilt = np.zeros((height + 1, width + 1), np.int32)  # pixels above and to the left that some band lacks
        spoilt[1:, 1:] = ~np.logical_and.reduce([np.isfinite(frame) for frame in frames])
        spoilt = spoilt.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
        whole = spoilt[side:, side:] - spoilt[:-side, side:] - spoilt[side:, :-side] + spoilt[:-side, :-side] == 0
        self._across, self._corners = whole.shape[1], np.flatnonzero(whole)
        if not len(self._corners):
            raise InputError(f"--background names frames without {side}x{side} pixels that all bands have")

    def cut(self, seed: int, row: ArrayLike) -> Array:
        """Return the background (n, band, side, side), float32, of each object: at one place in all bands."""
        where = draws.uniform(seed, row, "background")[:, 0]
        corners = self._corners[(where * len(self._corners)).astype(np.int64)]
        stamps = np.empty((len(corners), len(self.frames), self.side, self.side), np.float32)
        for stamp, y, x in zip(stamps, *np.divmod(corners, self._across), strict=True):
            for band, frame in enumerate(self.frames):
                stamp[band] = frame[y : y + self.side, x : x + self.side]
        return stamps
