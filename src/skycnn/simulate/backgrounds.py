"""Backgrounds: frames of the user's that stamps are put on, cut at random places, instead of drawn noise."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skycnn.errors import InputError, counted
from skycnn.simulate import draws
from skycnn.simulate.blankpixels import blank
from skycnn.simulate.peaks import peaks

Array = NDArray[Any]

NEAR = 4
"""A stamp's side over the radius about its centre that holds no source: a quarter of the side is where the object is
put and measured, and beyond it there may be any neighbours, as about the objects of a real catalogue."""

FEWEST = 100
"""Places below which the mocks would all lie on the same few pixels."""

_TOGETHER = 1 << 12
"""Sources whose surroundings are excluded at once."""


class Backgrounds:
    """Frames of all bands, pixel upon pixel, and the places where stamps are cut from them.

    A stamp lies wholly on pixels that show sky in all bands, and within `radius` of its centre there is no source:
    none of those named, and none that stands out of the frame of any band.

    Parameters
    ----------
    frames : sequence of array (height, width)
        One a band, of one shape, microjansky a pixel; NaN where there is none.
    side : int
        Pixels along an edge of the stamps.
    sources : array (n, 2), optional
        Places to avoid: x and y, pixels from 0.
    facts : mapping, optional
        Plain JSON: what files are told of the frames.
    pixel_scale : float, optional
        arcsec, where it is known.

    Attributes
    ----------
    radius : float
        Pixels.
    places : int
        Where a stamp can be cut.
    facts : dict
        Those given, the radius, the number of places, and that of sources that stand out and about which there is none,
        each band by itself.

    Raises
    ------
    InputError
        When the frames are of several shapes, or no stamp fits on them, or there are fewer than `FEWEST` places.
    """

    def __init__(
        self,
        frames: Sequence[Array],
        side: int,
        sources: Array | None = None,
        facts: Mapping[str, Any] | None = None,
        pixel_scale: float | None = None,
    ) -> None:
        shapes = {frame.shape for frame in frames}
        if len(shapes) > 1:
            told = ", ".join(f"{width}x{height}" for height, width in sorted(shapes))
            raise InputError("--background names frames of several sizes", value=told, expected="one, all bands alike")
        self.frames, self.side, self.pixel_scale = tuple(frames), side, pixel_scale
        self.radius = side / NEAR
        height, width = frames[0].shape
        if min(height, width) < side:
            what = "--background names frames smaller than a stamp"
            raise InputError(what, value=f"{width}x{height}", expected=f"{side}x{side} pixels or more")
        blanks = [blank(frame) for frame in frames]
        whole = _whole(np.logical_or.reduce(blanks), side)
        if not whole.any():
            what = f"--background names frames without {side}x{side} pixels of sky that all bands have"
            raise InputError(what, hint="Give larger frames, or a smaller --size.")
        evident = [peaks(frame, lacking, side) for frame, lacking in zip(frames, blanks, strict=True)]
        allowed = whole.copy()
        if sources is not None:
            self._exclude(allowed, whole, sources)
        near = sum(self._exclude(allowed, whole, some) for some in evident)
        self._across, self._corners = allowed.shape[1], np.flatnonzero(allowed)
        if self.places < FEWEST:
            what = f"--background leaves {counted(self.places, 'place')} for stamps of {side}x{side} pixels"
            on, gone = whole.sum(), whole.sum() - self.places
            why = f"{on:,} lie wholly on sky that all bands have, {gone:,} of these with a source"
            raise InputError(
                f"{what}: {why} within {self.radius:g} pixels of their centre",
                expected=f"{FEWEST} or more",
                hint="Give larger frames, or a smaller --size.",
            )
        counts = {"radius": self.radius, "places": self.places, "evident": near}
        self.facts = {**(facts or {}), **counts}

    @property
    def places(self) -> int:
        """Where a stamp can be cut."""
        return len(self._corners)

    @property
    def line(self) -> str:
        """What was done, in words."""
        kinds = [counted(self.facts["evident"], "source") + " that stand out of the frames"]
        kinds += [counted(self.facts["avoid"]["sources"], "source") + " of --avoid"] if "avoid" in self.facts else []
        what = f"backgrounds: {counted(self.places, 'place')} on the frames"
        return f"{what}, their centres farther than {self.radius:g} pixels from {' and '.join(kinds)}"

    @property
    def row_bytes(self) -> int:
        """Memory that a stamp of all bands takes."""
        return 4 * len(self.frames) * self.side**2

    def cut(self, seed: int, row: ArrayLike) -> Array:
        """Return the background (n, band, side, side), float32, of each object: at one place in all bands."""
        where = draws.uniform(seed, row, "background")[:, 0]
        corners = self._corners[(where * len(self._corners)).astype(np.int64)]
        stamps = np.empty((len(corners), len(self.frames), self.side, self.side), np.float32)
        for stamp, y, x in zip(stamps, *np.divmod(corners, self._across), strict=True):
            for band, frame in enumerate(self.frames):
                stamp[band] = frame[y : y + self.side, x : x + self.side]
        return stamps

    def _exclude(self, allowed: Array, whole: Array, sources: Array) -> int:
        """Take away the stamps whose centre lies within the radius of a source, and return for how many sources.

        Parameters
        ----------
        allowed, whole : bool array (y, x)
            By the first pixel of a stamp: whether one is cut there, which is changed, and whether it lies on sky.
        sources : array (n, 2)
            x and y, pixels from 0.
        """
        reach = math.ceil(self.radius)  # from the nearest pixel
        around = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), axis=-1).reshape(-1, 2)
        first, count = sources[np.isfinite(sources).all(axis=1)] - (self.side - 1) / 2, 0
        for start in range(0, len(first), _TOGETHER):
            some = first[start : start + _TOGETHER, None]
            corner = np.round(some).astype(np.int64) + around
            near = ((corner - some) ** 2).sum(axis=-1) <= self.radius**2
            near &= ((corner >= 0) & (corner < whole.shape[::-1])).all(axis=-1)
            x, y = corner[near].T
            near[near] = whole[y, x]
            allowed[y, x] = False
            count += int(near.any(axis=1).sum())
        return count


def _whole(lacking: Array, side: int) -> Array:
    """Return which stamps (y, x of their first pixels) hold no pixel that is lacking."""
    before = np.zeros((lacking.shape[0] + 1, lacking.shape[1] + 1), np.int32)  # above and to the left
    before[1:, 1:] = lacking
    before = before.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    return np.asarray(
        before[side:, side:] - before[:-side, side:] - before[side:, :-side] + before[:-side, :-side] == 0
    )
