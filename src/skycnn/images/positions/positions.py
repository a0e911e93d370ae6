"""Positions: where the rows of a catalogue lie, on the sky or in pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.columnnames import numbered, resolved
from skycnn.fits.tablechoice import listing
from skycnn.fits.tablecolumn import TableColumn
from skycnn.images.positions import frames, positionhabits
from skycnn.images.positions.angles import AngleColumn, angle
from skycnn.images.positions.frames import Frame
from skycnn.images.positions.positionhabits import Pair

Array = NDArray[Any]

HINT = "Name the columns: --radec RA,DEC on the sky, or --xy X,Y in 1-based pixels."

FARTHEST = 1e9
ABSENT = (-99.0, -999.0, -9999.0)
"""Null marks in pixel columns, as are values beyond the former; 999 and 9999 are pixels."""


@dataclass(frozen=True)
class Positions:
    """The columns of a position and their meaning.

    Parameters
    ----------
    columns : tuple of str
        Longitude and latitude, or x and y.
    kind : str
        ``sky`` or ``pixel``.
    notes : tuple of str
        Assumptions and conversions, for the user.
    axes : tuple of AngleColumn
        Of the two coordinates; empty for pixels.
    frame : Frame
        Of the coordinates.
    """

    columns: tuple[str, ...]
    kind: Literal["sky", "pixel"]
    notes: tuple[str, ...] = ()
    axes: tuple[AngleColumn, ...] = ()
    frame: Frame = field(default_factory=Frame)

    def of(self, values: Mapping[str, Array]) -> tuple[Array, Array]:
        """Return the positions of rows.

        Parameters
        ----------
        values : mapping of str to array
            `columns` by name, each (n,).

        Returns
        -------
        a, b : array (n,)
            float64: ICRS longitude in [0, 360) and latitude in deg, or 0-based pixels x and y; both NaN without a
            position.
        """
        if self.kind == "pixel":
            x, y = (np.asarray(values[name]).astype(np.float64) for name in self.columns)
            bad = np.zeros(x.shape, bool)
            for axis in (x, y):
                bad |= ~(abs(axis) <= FARTHEST) | np.isin(axis, ABSENT)
            return np.where(bad, np.nan, x - 1), np.where(bad, np.nan, y - 1)
        lon, lat = (axis.degrees(values[axis.name]) for axis in self.axes)
        good = np.isfinite(lon) & (abs(lat) <= 90)
        out = np.full((2, len(lon)), np.nan)
        out[:, good] = self.frame.to_icrs(lon[good] % 360, lat[good])
        return out[0], out[1]


def find(
    columns: Sequence[TableColumn],
    header: Mapping[str, object],
    *,
    sky: tuple[str, str] | None = None,
    xy: tuple[str, str] | None = None,
    label: str = "the table",
) -> Positions:
    """Return the positions of a table's rows.

    Parameters
    ----------
    columns : sequence of TableColumn
        In any order.
    header : mapping
        Of the table: RADESYS and EQUINOX.
    sky, xy : tuple of str, optional
        The user's columns: on the sky, or 1-based FITS pixels.
    label : str
        Names the table in messages: ``cat.fits[1]``.

    Raises
    ------
    InputError
        When there are no such columns, or two equally good pairs.
    """
    if sky is not None and xy is not None:
        raise InputError("--radec and --xy are two ways to say where an object lies", hint="Give one of the two.")
    if xy is not None:
        axes = tuple(_column(columns, name, "--xy", label) for name in xy)
        for column in axes:
            if not column.numeric:
                raise InputError(f"{label}: column {column.name!r} is {column.form}", expected="one number a row")
        names = tuple(column.name for column in axes)
        return Positions(names, "pixel", (f"positions: {names[0]} {names[1]}, pixels, the first is 1",))
    if sky is not None:
        lon, lat = (_column(columns, name, "--radec", label) for name in sky)
        known = [(pair.lon, pair.lat, pair.frame) for pair in positionhabits.pairs([lon, lat])]
        if known and known[0][:2] == (lat, lon):
            raise InputError(
                f"--radec names {lon.name} as the longitude and {lat.name} as the latitude",
                hint=f"Turn them: --radec {lat.name},{lon.name}.",
            )
        pair = Pair(lon, lat, known[0][2] if known else "equatorial", ())
    else:
        pair = _best(columns, label)
    return _positions(pair, header, label)


def _best(columns: Sequence[TableColumn], label: str) -> Pair:
    pairs = positionhabits.pairs(columns)
    known = [pair for pair in pairs if pair.frame != "other"]
    columns_listed = f"It has: {listing([column.name for column in columns])}"
    if not known and pairs:
        raise InputError(
            f"{label} has positions only in a system that is not converted: {pairs[0].names}",
            expected="equatorial or Galactic coordinates",
            hint=f"{HINT} {columns_listed}",
        )
    if not known:
        raise InputError(f"{label} has no columns that are known as positions", hint=f"{HINT} {columns_listed}")
    equal = [pair for pair in known if pair.rank == known[0].rank]
    if len(equal) > 1:
        names = [(numbered(columns, pair.lon), numbered(columns, pair.lat)) for pair in equal]
        raise InputError(
            f"{label} has several positions: {'; '.join(' and '.join(pair) for pair in names)}",
            hint=f"Choose with --radec, e.g. --radec {','.join(names[0])}.",
        )
    return known[0]


def _positions(pair: Pair, header: Mapping[str, object], label: str) -> Positions:
    if pair.frame == "other":
        raise InputError(
            f"{label}: {pair.names} are in a system that is not converted",
            expected="equatorial or Galactic coordinates",
        )
    hours = pair.frame != "Galactic"
    lon, lat = angle(pair.lon, hours, label), angle(pair.lat, False, label)
    if pair.lon.unit and not pair.lat.unit and lon.unit == "rad":
        lat = angle(pair.lat, False, label, unit=lon.unit)
    frame, why = _frame(pair, header, label)
    units = lon.shown if lon.shown == lat.shown else f"{lon.shown} and {lat.shown}"
    note = f"positions: {lon.name} {lat.name} in {units}, {frame}{why}"
    if frame.name != "ICRS":
        note += ", converted to ICRS"
    return Positions((lon.name, lat.name), "sky", (note,), (lon, lat), frame)


def _frame(pair: Pair, header: Mapping[str, object], label: str) -> tuple[Frame, str]:
    """Return the frame of two columns, and the reason."""
    if pair.frame == "Galactic":
        return Frame("GALACTIC"), ""
    if pair.frame == "B1950":
        return Frame("FK4", 1950.0), " by their names"
    radesys, equinox = header.get("RADESYS", header.get("RADECSYS")), header.get("EQUINOX")
    if radesys is None and equinox is None:
        return Frame(), " (no RADESYS card)"
    frame = frames.read(radesys, equinox, label)
    if frame.name.startswith("FK4") and "2000" in pair.lon.name:
        return Frame(), " by their names"
    return frame, ""


def _column(columns: Sequence[TableColumn], name: str, option: str, label: str) -> TableColumn:
    name = resolved(columns, name, label, f"{option} with COLUMN")
    exact = [column for column in columns if column.name == name]
    loose = [column for column in columns if column.name.casefold() == name.casefold()]
    column = next(iter(exact or loose), None)
    if column is None:
        names = [column.name for column in columns]
        close = get_close_matches(name.upper(), [other.upper() for other in names], 1, 0.6)
        meant = next((f"Did you mean {other}? " for other in names if close and other.upper() == close[0]), "")
        raise InputError(
            f"{label} has no column {name!r}, which {option} names", hint=f"{meant}It has: {listing(names)}"
        )
    return column
