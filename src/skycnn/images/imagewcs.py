"""ImageWcs: an image's pixels to sky and back, by wcslib on arrays; a failure costs its row alone."""

import re
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from astropy.wcs import Wcsprm
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import cards as fitscards
from skycnn.images import sip, wcscards
from skycnn.images.keptcards import WCS
from skycnn.images.pixelgrid import PixelGrid
from skycnn.images.positions import frames

Array = NDArray[Any]

CYLINDRICAL = ("CAR", "CEA", "MER", "CYP", "")
"""Projections (or none) linear in longitude: the sky repeats every 360 degrees."""

CLOSE = 1e-7
"""px; positions this close to a pixel's centre or edge are snapped to it: a round trip through the sky errs by a tenth
of this, and snapping makes the stamps of all bands start at one pixel."""

NARROWEST, WIDEST = 1e-6, 36000.0
"""arcsec a pixel; beyond, the header is wrong."""

_FRAME = (("RADESYS", "RADECSYS"), ("EQUINOX", "EPOCH"))
"""Cards of the celestial system; the second of each is the older name."""


class ImageWcs:
    """The world coordinates of one image; thread-safe.

    Parameters
    ----------
    text : str
        The header's cards, 80 characters each, joined.
    shape : tuple of int
        (ny, nx).
    label : str
        Names the image in messages.

    Attributes
    ----------
    frame : Frame
        The celestial system of the header.
    grid : PixelGrid
        Scale, rotation and parity at the centre.
    centre : tuple of float
        ICRS, deg.
    radius : float
        deg, of a circle about `centre` around the whole image; 180 if unknown.
    notes : tuple of str
        What was decided, where the header says two things.

    Raises
    ------
    InputError
        When the header has no valid celestial WCS.
    """

    def __init__(self, text: str, shape: tuple[int, int], label: str) -> None:
        self.shape, self.label = shape, label
        self._lock = threading.Lock()  # wcslib is not thread-safe
        octets = text.encode("ascii", "replace")
        cards = [octets[at : at + 80].ljust(80) for at in range(0, len(octets), 80)]
        fitscards.check_clear(cards, WCS, label)
        header = fitscards.values(cards)
        known = wcscards.read(header, shape, label)
        self.notes, self._known = known.notes, known
        self._sip = sip.read(known.values, label) if known.polynomial else None
        try:
            self._wcs = Wcsprm(known.text, relax=True, warnings=False)
            self._wcs.fix()
            self._wcs.set()
            self._lng, self._lat = self._wcs.lng, self._wcs.lat
        except (ValueError, KeyError, MemoryError, AttributeError) as error:  # wcslib's are ValueErrors
            parts = re.sub(r"ERROR \d+ in [^:]*:", "\n", " ".join(str(error).split())).split("\n")
            reason = max(parts[:2], key=len).strip(" .:")
            raise InputError(
                f"{label}: its WCS makes no sense ({reason}): {known.shaping}", hint=wcscards.NO_WCS
            ) from error
        if self._lng < 0 or self._lat < 0 or self._wcs.naxis != 2:
            raise InputError(f"{label} has no celestial WCS", hint=wcscards.NO_WCS)
        self.frame = self._frame(header)
        self._period = self._repeat()
        self._measure()

    def to_pixel(self, lon: Array, lat: Array) -> tuple[Array, Array]:
        """Return the 0-based pixels of sky positions.

        Parameters
        ----------
        lon, lat : array (n,)
            ICRS, deg.

        Returns
        -------
        x, y : array (n,)
            float64; NaN outside the projection or distortion, and for invalid input.
        """
        lon, lat = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
        out = np.full((2, len(lon)), np.nan)
        good = np.flatnonzero(np.isfinite(lon) & (abs(lat) <= 90))
        if not len(good):
            return out[0], out[1]
        world = np.empty((len(good), 2))
        world[:, self._lng], world[:, self._lat] = self.frame.from_icrs(lon[good] % 360, lat[good])
        pixel = self._converted(self._wcs.s2p, world, "pixcrd")
        if self._period is not None:
            middle = np.array([(self.shape[1] - 1) / 2, (self.shape[0] - 1) / 2])
            times = np.round((middle - pixel) @ self._period / (self._period @ self._period))
            pixel += times[:, None] * self._period
        x, y = pixel[:, 0], pixel[:, 1]
        out[:, good] = self._sip.inverse(x, y) if self._sip else (x, y)
        halves = np.round(out * 2) / 2
        out = np.where(abs(out - halves) < CLOSE, halves, out)
        return out[0], out[1]

    def to_sky(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return the ICRS longitudes in [0, 360) and latitudes, deg, of 0-based pixel positions (n,).

        NaN off the sky, e.g. outside the ellipse of an all-sky map.
        """
        x, y = np.atleast_1d(np.asarray(x, np.float64)), np.atleast_1d(np.asarray(y, np.float64))
        out = np.full((2, len(x)), np.nan)
        good = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if not len(good):
            return out[0], out[1]
        place = self._sip.forward(x[good], y[good]) if self._sip else (x[good], y[good])
        world = self._converted(self._wcs.p2s, np.stack(place, axis=1), "world")
        lon, lat = self.frame.to_icrs(world[:, self._lng], world[:, self._lat])
        out[:, good] = lon % 360, lat
        return out[0], out[1]

    def _converted(self, convert: Callable[[Array, int], dict[str, Array]], places: Array, key: str) -> Array:
        """Return what wcslib makes of places (n, 2), NaN where it fails."""
        try:
            with self._lock, np.errstate(all="ignore"):
                result = convert(places, 0)
        except ValueError:  # a projection whose parameters hold nowhere
            return np.full(places.shape, np.nan)
        return np.where((result["stat"] == 0)[:, None], result[key], np.nan)

    def grid_at(self, x: float, y: float) -> PixelGrid | None:
        """Return the pixel grid at a 0-based position; None off the sky."""
        dx, dy = np.array([0, 0.5, -0.5, 0, 0]), np.array([0, 0, 0, 0.5, -0.5])
        lon, lat = self.to_sky(x + dx, y + dy)
        if not np.isfinite(lon).all():
            return None
        across = (lon[1:] - lon[0] + 180) % 360 - 180
        # sines of half angles: exact for small differences, also at the pole
        north, east = np.radians(lat[1:]), np.radians(across)
        centre_lat = np.radians(lat[0])
        e = np.cos(north) * np.sin(east)
        n = np.sin(north - centre_lat) + 2 * np.cos(north) * np.sin(centre_lat) * np.sin(east / 2) ** 2
        steps = np.degrees(np.array([[e[0] - e[1], e[2] - e[3]], [n[0] - n[1], n[2] - n[3]]])) * 3600
        return PixelGrid(steps, float(lon[0]), float(lat[0]))

    @property
    def sides(self) -> tuple[float, float]:
        """Sides of a pixel along x and y, arcsec, by the linear part of the WCS."""
        x, y = np.linalg.norm(self._matrix(), axis=0) * 3600
        return float(x), float(y)

    def _frame(self, header: dict[str, fitscards.Value]) -> frames.Frame:
        kind = str(self._wcs.lngtyp).strip().upper()
        if kind == "GLON":
            return frames.Frame("GALACTIC")
        if kind != "RA":
            raise InputError(
                f"{self.label}: its WCS is in coordinates that are not supported",
                value=kind,
                expected="RA and DEC, or GLON and GLAT",
            )
        radesys, equinox = (next((n for n in names if n in header), names[0]) for names in _FRAME)
        frame = frames.read(header.get(radesys), header.get(equinox), self.label, names=(radesys, equinox))
        if frame.name == "GALACTIC":
            what = f"{self.label}: its WCS makes no sense: CTYPE{self._lng + 1} is RA, {radesys} is not of RA and DEC"
            raise InputError(what, value=header.get(radesys), hint=wcscards.NO_WCS)
        return frame

    def _repeat(self) -> Array | None:
        """Return the step in pixels of 360 degrees, None where the sky does not repeat."""
        if self._wcs.ctype[self._lng][5:8] not in CYLINDRICAL or self._sip is not None:
            return None
        around = np.zeros(2)
        around[self._lng] = 360.0
        step: Array = np.linalg.solve(self._matrix(), around)
        return step

    def _matrix(self) -> Array:
        """Return the linear part of the WCS, deg a pixel."""
        matrix: Array = self._wcs.get_pc() * self._wcs.get_cdelt()[:, None]
        return matrix

    def _measure(self) -> None:
        """Set centre, radius and grid; refuse impossible ones."""
        ny, nx = self.shape
        part = np.linspace(0, 1, 9)
        ends = np.zeros(9)
        xs = np.concatenate([part, part, ends, ends + 1, part[1:-1], [0.5]]) * nx - 0.5
        ys = np.concatenate([ends, ends + 1, part, part, part[1:-1], [0.5]]) * ny - 0.5
        lon, lat = self.to_sky(xs, ys)
        valid = np.flatnonzero(np.isfinite(lon))
        grid = self.grid_at(xs[valid[-1]], ys[valid[-1]]) if len(valid) else None
        if grid is None:
            raise InputError(f"{self.label}: its WCS leads nowhere on the sky", hint=wcscards.NO_WCS)
        nominal = float(np.sqrt(abs(np.linalg.det(self._matrix())))) * 3600
        if not (min(grid.scale, nominal) > NARROWEST and max(grid.scale, nominal) < WIDEST and grid.aspect < 100):
            raise InputError(
                f"{self.label}: its WCS makes no sense: {self._known.shaping} give pixels of {nominal:.4g} arcsec, "
                f"aspect {grid.aspect:.4g}",
                hint=wcscards.NO_WCS,
            )
        self.grid, self.centre = grid, (grid.lon, grid.lat)
        middle, others = frames.vectors(np.array([grid.lon]), np.array([grid.lat])), frames.vectors(lon, lat)
        away = 2 * np.degrees(np.arcsin(np.minimum(np.linalg.norm(others - middle, axis=0) / 2, 1)))
        # a margin for the edge between the points sampled
        radius = float(away[valid].max()) * 1.01 + 2 * grid.scale * grid.aspect / 3600
        self.radius = radius if len(valid) == len(lon) and radius < 80 else 180.0
