"""FluxUnits: units of photometry as spelled in TUNIT, and values in microjansky."""

import re
from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skycnn.fits import unittext
from skycnn.schema import AB_ZERO_POINT

Array = NDArray[np.floating]

MAGGY = 10 ** (0.4 * AB_ZERO_POINT)
"""Microjansky of AB magnitude zero; a nanomaggy is AB 22.5 (Legacy Surveys, SDSS)."""

POGSON = 0.4 * log(10)
"""d ln(flux) / d mag (Pogson 1856)."""

FAINTEST, WORST = 40.0, 50.0
"""mag; magnitudes of 0, below it or above 40 and errors above 50 mark absent values."""

FAINTEST_ZERO_POINT = 100.0
"""mag; beyond, a unit of flux is none."""

SENTINELS = (99.0, 99.99, 999.0, 9999.0)
"""Errors that mark an absent value, apart from negative ones."""


@dataclass(frozen=True)
class Unit:
    """A unit of photometry.

    Parameters
    ----------
    name : str
        For messages.
    kind : str
        ``mag`` (AB, Pogson), ``asinh``, ``vega`` or ``flux``.
    scale : float
        Microjansky a unit; fluxes only.
    inverse : bool
        An inverse variance: one over the square of the unit.
    """

    name: str
    kind: Literal["mag", "asinh", "vega", "flux"]
    scale: float = 1.0
    inverse: bool = False


KINDS: dict[str, tuple[str, Literal["mag", "asinh", "vega"]]] = {
    **dict.fromkeys(("mag", "mags", "magnitude", "magnitudes", "pogson", "pogsonmag", "magpogson"), ("mag", "mag")),
    **dict.fromkeys(
        ("ab", "abmag", "abmags", "magab", "magsab", "mab", "abmagnitude", "magnitudeab"), ("mag(AB)", "mag")
    ),
    **dict.fromkeys(
        ("vega", "vegamag", "vegamags", "magvega", "vegamagnitude", "magnitudevega"), ("mag(Vega)", "vega")
    ),
}
"""Spellings of magnitudes, letters only; name and kind."""

ASINH = re.compile(r"(?:sdss|ab|mag(?:nitude)?s?)*(?:asinh|arcsinh|lup(?:titude|t)?s?)(?:sdss|ab|mag(?:nitude)?s?)*")
"""Spellings of asinh magnitudes, letters only; they were called luptitudes soon (Lupton, Gunn & Szalay 1999)."""

FLUXES: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("jy", "jansky", "janskys"), ("Jy", 1e6)),
    **dict.fromkeys(("mjy", "millijy", "millijansky"), ("mJy", 1e3)),
    **dict.fromkeys(("ujy", "microjy", "microjansky", "microjanskys"), ("uJy", 1.0)),
    **dict.fromkeys(("njy", "nanojy", "nanojansky", "nanojanskys"), ("nJy", 1e-3)),
    **dict.fromkeys(("maggy", "maggie", "maggies", "mgy"), ("maggy", MAGGY)),
    **dict.fromkeys(
        ("nmgy", "nmaggy", "nmaggie", "nmaggies", "nmgys", "nanomaggy", "nanomaggie", "nanomaggies", "nanomgy"),
        ("nanomaggy", 1e-9 * MAGGY),
    ),
}
"""Spellings of flux densities, lower case without blanks; name, microjansky a unit."""

BLANK = ("", "-", "--", "none", "null", "n/a", "unitless")
"""TUNIT of no unit."""

MICRO = re.compile("[\u00b5\u03bc]|\u00c2\u00b5|\u00ce\u00bc")
"""Both signs of micro, and their bytes in UTF-8 read as Latin-1, as headers are."""

INVERSE = re.compile(r"1/\(?(?P<a>.+?)\)?(?:\^|\*\*)?2|\(?(?P<b>.+?)\)?(?:\^|\*\*)?\(?-2\)?")
ZERO_POINT = re.compile(r"zp[=:]?(\d+(?:\.\d*)?)")


def read(text: str | None) -> Unit | None:
    """Return the unit of photometry that a text names, else None.

    Parameters
    ----------
    text : str or None
        TUNIT or the value of ``--unit``: ``nmgy``, ``uJy``, ``mag(AB)``, ``1/nanomaggy^2``, ``asinh``, ``zp30`` (a flux
        whose unit is AB magnitude 30), or what astropy understands as a flux density.

    Examples
    --------
    >>> read("nanomaggies^-2")
    Unit(name='1/nanomaggy^2', kind='flux', scale=3.63078054770101..., inverse=True)
    """
    if text is None or text.strip().lower() in BLANK or len(text) > unittext.LONGEST:
        return None
    text = MICRO.sub("u", text)
    word = re.sub(r"\s|'", "", text)
    if word == "MJy":  # not mJy
        return Unit("MJy", "flux", 1e12)
    plain = _plain(word.lower())
    if plain is not None:
        return plain
    match = INVERSE.fullmatch(word.lower())
    base = _plain(match["a"] or match["b"]) if match else None
    if base is not None:
        return Unit(f"1/{base.name}^2", base.kind, base.scale, inverse=True)
    return _other(text)


def _plain(word: str) -> Unit | None:
    letters = re.sub(r"[_:()\[\]-]", "", word)
    if letters in KINDS:
        return Unit(*KINDS[letters])
    if ASINH.fullmatch(letters):
        return Unit("mag(asinh)", "asinh")
    if letters in FLUXES:
        name, scale = FLUXES[letters]
        return Unit(name, "flux", scale)
    match = ZERO_POINT.fullmatch(word)
    if match is None or not float(match[1]) <= FAINTEST_ZERO_POINT:
        return None
    return Unit(f"zp{match[1]}", "flux", 10 ** (0.4 * (AB_ZERO_POINT - float(match[1]))))


def _other(text: str) -> Unit | None:
    scale = unittext.factor(text, "uJy")
    if scale is not None:
        return Unit(text.strip(), "flux", scale)
    scale = unittext.factor(text, "uJy-2")
    return Unit(text.strip(), "flux", scale**-0.5, inverse=True) if scale is not None else None


def deviation(error: Array, unit: Unit, kind: str) -> Array:
    """Return standard deviations, NaN where absent, of errors or inverse variances.

    Parameters
    ----------
    error : array
        In ``unit``.
    unit : Unit
        Of the errors; fluxes come back in microjansky, magnitudes in mag.
    kind : str
        Of the values they belong to.
    """
    if unit.inverse:
        sigma = np.where((error > 0) & (error < 9.9e19), error, np.nan).astype(float) ** -0.5
    else:
        sigma = np.where((error > 0) & (error < 9.9e19), error, np.nan)
        for sentinel in SENTINELS if kind == "flux" else ():  # of magnitudes they are above WORST
            sigma[(error == sentinel) | (error == np.float32(sentinel))] = np.nan
    if kind == "flux":
        return sigma * unit.scale
    sigma = sigma * unit.scale  # of mmag
    return np.where(sigma <= WORST, sigma, np.nan)


def microjansky(
    value: Array, sigma: Array, unit: Unit, softening: float | Array = np.nan, vega: float = np.nan
) -> tuple[Array, Array]:
    """Return fluxes and errors in microjansky, NaN in both where either is absent.

    Parameters
    ----------
    value : array
        In ``unit``.
    sigma : array
        Of `deviation`.
    unit : Unit
        Of the values.
    softening : float or array (n,)
        b of asinh magnitudes, in units of the flux of magnitude zero (Lupton et al. 1999).
    vega : float
        m_AB - m_Vega, mag.

    Notes
    -----
    A negative flux is data; a magnitude of 0 or outside 0..40 and a flux of -99, +-9999, -1e30 or 1e20 are absent.
    """
    value = value.astype(np.float64, copy=False)
    if unit.kind == "flux":
        absent = (value == -99) | (np.abs(value) == 9999) | (value > 9.9e19) | (value < -9.9e29)
        return _both(value * unit.scale, sigma, absent)
    absent = ~((value > 0) & (value <= FAINTEST))
    if unit.kind == "asinh":
        x = np.where(absent, np.nan, -POGSON * value - np.log(softening))
        scale = 2 * softening * MAGGY
        return _both(scale * np.sinh(x), scale * np.cosh(x) * POGSON * sigma, absent)
    zero = AB_ZERO_POINT - (vega if unit.kind == "vega" else 0)
    flux = np.exp(POGSON * (zero - np.where(absent, np.nan, value)))
    return _both(flux, flux * (POGSON * sigma), absent)


def _both(flux: Array, error: Array, absent: NDArray[np.bool_]) -> tuple[Array, Array]:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        flux32, error32 = flux.astype(np.float32), error.astype(np.float32)
    bad = absent | ~(np.isfinite(flux32) & np.isfinite(error32) & (error32 > 0))
    flux32[bad] = np.nan
    error32[bad] = np.nan
    return flux32, error32
