"""CubeScale: how large a pixel of a stamp file is, by the header of its images."""

from collections.abc import Mapping
from math import hypot, isfinite

from skycnn.fits.cards import Value

_CELESTIAL = ("RA", "DEC", "GLON", "GLAT", "ELON", "ELAT")
_ARCSEC = {"": 3600.0, "deg": 3600.0, "arcmin": 60.0, "arcsec": 1.0}
"""Of the units of CUNIT1; degrees are its default (FITS 4.0, section 8.2)."""


def of(header: Mapping[str, Value]) -> float | None:
    """Return the pixel scale that PIXSCALE, or else the world coordinates of the first axis, say; None for neither.

    Parameters
    ----------
    header : mapping of str to value
        Of the images.

    Returns
    -------
    float or None
        arcsec.
    """
    said = _number(header, "PIXSCALE")
    if said is not None and said > 0:
        return said
    factor = _ARCSEC.get(str(header.get("CUNIT1") or "").strip().lower())
    if factor is None or not str(header.get("CTYPE1") or "").upper().startswith(_CELESTIAL):
        return None
    matrix = [_number(header, f"CD{i}_1") for i in (1, 2)]
    step = 1.0
    if matrix == [None, None]:
        matrix, step = [_number(header, f"PC{i}_1") for i in (1, 2)], _number(header, "CDELT1") or 0.0
        matrix = [1.0, None] if matrix == [None, None] else matrix
    scale = abs(step) * hypot(*(part or 0.0 for part in matrix)) * factor
    return scale if scale > 0 and isfinite(scale) else None


def _number(header: Mapping[str, Value], name: str) -> float | None:
    found = header.get(name)
    return float(found) if isinstance(found, int | float) and isfinite(found) else None
