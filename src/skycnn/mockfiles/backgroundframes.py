"""BackgroundFrames: the frames behind stamps and the sources to avoid on them, read from the user's files."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError, counted
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.source import parse
from skycnn.fits.tablecolumn import TableColumn
from skycnn.images import framefile
from skycnn.images.framefile import Frame
from skycnn.images.imagewcs import ImageWcs
from skycnn.images.positions import positions
from skycnn.photometry import conditions
from skycnn.photometry.conditions import BitNames
from skycnn.photometry.fields import Fields
from skycnn.simulate.backgrounds import Backgrounds

Array = NDArray[Any]

APART = 0.5
"""Pixels by which two frames may be displaced: a stamp shows the same sky in both."""


@dataclass(frozen=True)
class Avoid:
    """A catalogue of sources in whose place no background is cut; the command line's options bear the same names.

    Parameters
    ----------
    avoid : str
        ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits.gz``, ``-``.
    radec, xy : (str, str), optional
        The columns of the positions, where they are not found: on the sky, or 1-based pixels of the frames.
    where : str, optional
        A condition on the rows.
    bits : mapping
        Names of bits in its columns.
    """

    avoid: str
    radec: tuple[str, str] | None = None
    xy: tuple[str, str] | None = None
    where: str | None = None
    bits: BitNames = field(default_factory=dict)

    def places(self, frames: Sequence[Frame]) -> tuple[Array, dict[str, Any]]:
        """Return where the sources lie (n, 2), x and y in pixels from 0, and what files are told of them.

        Raises
        ------
        InputError
            When the catalogue cannot be read or has no positions, no frame has a WCS to find them by, or no source
            that is to be avoided lies on the frames.
        """
        with Catalogue.open(self.avoid, holds=self._located) as catalogue:
            label = catalogue.label
            where = positions.find(catalogue.columns, catalogue.header, sky=self.radec, xy=self.xy, label=label)
            fields = Fields(catalogue.columns, label, "--where needs it")
            condition = conditions.parse(self.where, fields, "--where", self.bits) if self.where is not None else None
            names = dict.fromkeys((*where.columns, *(condition.columns if condition else ())))
            found = [np.empty((0, 2))]
            for _, values in catalogue.chunks(tuple(names)):
                places = np.stack(where.of(values), axis=1)
                found.append(places if condition is None else places[condition.holds(values)])
        places = np.concatenate(found)
        if where.kind == "sky":
            places = np.stack(_wcs(frames, label).to_pixel(*places.T), axis=1)
        height, width = frames[0].pixels.shape
        there = ((places > -0.5) & (places < (width - 0.5, height - 0.5))).all(axis=1)
        if not there.any():
            chosen = f" that meet --where {self.where!r}" if self.where is not None else ""
            what = f"--avoid {self.avoid}: of {counted(len(places), 'row')}{chosen} none lies on the frames"
            raise InputError(what, hint="See that it is of the same field, or leave --avoid out.")
        digest = hashlib.sha256(places[there].astype(">f8").tobytes()).hexdigest()
        return places, {"file": os.path.basename(label), "sources": int(there.sum()), "sha256": digest}

    def _located(self, columns: Sequence[TableColumn], _: object) -> bool:
        """Return whether a table has positions."""
        try:
            positions.find(columns, {}, sky=self.radec, xy=self.xy)
        except InputError:
            return False
        return True


def read(files: Mapping[str, str], bands: Sequence[str], side: int, avoid: Avoid | None) -> Backgrounds:
    """Return the frames of some bands, and the places where stamps are cut from them.

    Parameters
    ----------
    files : mapping of str to str
        By band: ``frame.fits``, ``frame.fits[EXT]``.
    bands : sequence of str
    side : int
        Pixels along an edge of a stamp.
    avoid : Avoid, optional

    Raises
    ------
    InputError
        When a frame or the catalogue cannot be read, the frames are not on one pixel grid, or too few places are left.
    """
    specs = [parse(files[band]) for band in bands]
    frames = [framefile.read(spec.path, spec.extension) for spec in specs]
    placed = [frame for frame in frames if frame.placed]
    for frame in placed[1:]:
        if frame.pixels.shape == placed[0].pixels.shape:
            _check_grid(placed[0], frame)
    sources, told = avoid.places(frames) if avoid is not None else (None, None)
    facts: dict[str, Any] = {"frames": {band: frame.facts for band, frame in zip(bands, frames, strict=True)}}
    if told is not None:
        facts["avoid"] = told
    scale = placed[0].wcs.grid.scale if placed else None
    return Backgrounds([frame.pixels for frame in frames], side, sources, facts, scale)


def _wcs(frames: Sequence[Frame], label: str) -> ImageWcs:
    """Return the world coordinates of the first frame that has any, to find the positions of a catalogue by."""
    for frame in frames:
        if frame.placed:
            return frame.wcs
    what = f"--avoid {label} has positions on the sky, and no frame of --background has a WCS to find them by"
    raise InputError(what, hint="--xy X,Y names columns of pixels, the first is 1.")


def _check_grid(first: Frame, second: Frame) -> None:
    """See that two frames of one size show the same sky in each pixel: at the corners and in the middle."""
    height, width = first.pixels.shape
    x, y = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]]).T * [[width - 1], [height - 1]]
    u, v = second.wcs.to_pixel(*first.wcs.to_sky(x, y))
    apart = float(np.hypot(u - x, v - y).max())
    if not apart <= APART:  # NaN where one projection does not reach
        told = f"the same sky lies up to {apart:.1f} pixels apart" if np.isfinite(apart) else "they show other sky"
        raise InputError(
            f"--background names frames of several pixel grids: {first.label} and {second.label}, {told}",
            expected=f"one grid, to {APART} pixels",
            hint="Resample them to one first.",
        )
