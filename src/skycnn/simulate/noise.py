"""Noise: what sky, detector and photons add to images, as a survey's depth tells it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skycnn import interrupt
from skycnn.errors import InputError
from skycnn.simulate import draws
from skycnn.simulate.correlation import Correlation
from skycnn.survey import Survey, where
from skycnn.surveyfile import DEPTHS

Array = NDArray[np.float64]

MICROJANSKY = 23.9
"""AB magnitude of one microjansky (Oke & Gunn 1983, ApJ 266, 713: 3631 Jy at magnitude zero)."""

SIGMA = 5.0
"""Signal to noise at a depth."""

ENCLOSED = 0.8
"""Share of a point source's light within R80."""

GAUSSIAN_R80 = math.sqrt(math.log(5) / (4 * math.log(2)))
"""R80 of a Gaussian over its FWHM: 1 - exp(-4 ln2 (r/FWHM)^2) = 0.8."""

PSF_AREA = math.pi / (2 * math.log(2))
"""Area over which PSF photometry of a Gaussian gathers noise, in FWHM^2: 1 / sum psf^2 = 4 pi sigma^2 (King 1983)."""


@dataclass(frozen=True)
class Noise:
    """What is added to images of some bands.

    Parameters
    ----------
    sigma : array (band,)
        Standard deviation of a pixel without a source, microjansky: of sky, dark current and reading together.
    electrons : array (band,)
        That one microjansky gives; NaN where it is not known, and the sources' photons then add no noise.
    correlation : Correlation, optional
        Between pixels of the noise that ``sigma`` tells; left out, there is none.
    """

    sigma: Array
    electrons: Array
    correlation: Correlation | None = None

    @classmethod
    def of(
        cls,
        survey: Survey,
        bands: Sequence[str] | None = None,
        pixel_scale: float | None = None,
        correlation: Correlation | None = None,
    ) -> "Noise":
        """Return the noise at a survey's depth.

        The depth's aperture is a circle that takes the share of each pixel that lies within it, as the mean over where
        its centre falls in a pixel. Correlated noise is scaled so that the aperture still has the depth.

        Parameters
        ----------
        survey : Survey
        bands : sequence of str, optional
            Left out, the survey's.
        pixel_scale : float, optional
            arcsec; left out, the survey's.
        correlation : Correlation, optional
            Between pixels of that scale.

        Raises
        ------
        InputError
            When the survey does not tell what its depth means, or has no such band.
        """
        names = tuple(bands or survey.bands)
        scale = pixel_scale or survey.pixel_scale
        missing = [band for band in names if band not in survey.bands]
        if missing:
            what = f"survey {survey.name} has no band {missing[0]}"
            raise InputError(what, expected=" ".join(survey.bands))
        sigma = [_limit(survey, band) / _gathered(survey, band, scale, correlation) for band in names]
        electrons = [survey.electrons.get(band, math.nan) for band in names]
        return cls(np.array(sigma), np.array(electrons), correlation)

    def add(self, images: NDArray[np.float32], seed: int, row: ArrayLike, name: str = "noise") -> NDArray[np.float32]:
        """Return images with noise.

        Parameters
        ----------
        images : array (n, band, y, x)
            Without noise and sky, microjansky a pixel.
        seed : int
            Of the run.
        row : array of int (n,)
            Absolute numbers of the objects.
        name : str
            Another name gives another realisation.

        Returns
        -------
        array (n, band, y, x)
            float32. An object's pixels depend on its image, the seed, its row and the name alone.

        Raises
        ------
        InputError
            When the images have not the bands of this noise.
        """
        if images.ndim != 4 or images.shape[1] != len(self.sigma):
            raise InputError(f"noise of {len(self.sigma)} bands for images of another shape", value=images.shape)
        rows = np.asarray(row, np.int64)
        shape = images.shape[1:]
        out = np.empty(images.shape, np.float32)
        scale = self.sigma.astype(np.float32)[:, None, None]
        for k, number in enumerate(rows.tolist()):
            interrupt.check()
            generator = draws.generator(seed, number, name)
            if self.correlation is None:
                field = generator.standard_normal(shape, np.float32)
            else:
                field = self.correlation.field(generator, shape)
            out[k] = scale * field + self._photons(images[k], generator)
        return out

    def photons(self, images: NDArray[np.float32], seed: int, row: ArrayLike) -> NDArray[np.float32]:
        """Return images (n, band, y, x) with the noise of their own photons alone, as `add` makes it."""
        out = np.empty(images.shape, np.float32)
        for k, number in enumerate(np.asarray(row, np.int64).tolist()):
            out[k] = self._photons(images[k], draws.generator(seed, number, "photons"))
        return out

    def _photons(self, image: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
        """Return one object's light (band, y, x) as its photons are counted; as it is where electrons are unknown."""
        seen = image.copy()
        for b in np.flatnonzero(np.isfinite(self.electrons)):
            light = image[b].astype(np.float64)
            counts = generator.poisson(np.maximum(light, 0) * self.electrons[b])
            seen[b] = counts / self.electrons[b] + np.minimum(light, 0)  # ringing below zero stays as it is
        return seen


def _limit(survey: Survey, band: str) -> float:
    """Return the standard deviation of the flux measured at the depth, before it is brought to all light."""
    if survey.depth_kind not in ("point", "psf", "aperture"):
        kinds = " or ".join(kind for kind in DEPTHS if kind != "completeness")
        what = f"{where(survey, 'depth_kind')} does not tell a depth that noise can be made from"
        raise InputError(what, value=survey.depth_kind or None, expected=f"depth_kind {kinds}, above its tables")
    flux = 10 ** (0.4 * (MICROJANSKY - survey.depth[band])) / SIGMA
    return flux * ENCLOSED if survey.depth_kind == "point" else flux


def _gathered(survey: Survey, band: str, scale: float, correlation: Correlation | None) -> float:
    """Return the noise of the depth's measurement over that of a pixel."""
    fwhm = survey.psf[band] / scale
    if survey.depth_kind == "psf":
        if correlation is not None:
            raise InputError(f"the depth of survey {survey.name} is by PSF photometry, which correlation would blur")
        return math.sqrt(PSF_AREA) * fwhm
    if survey.depth_kind == "point":
        radius = survey.r80[band] / scale if band in survey.r80 else GAUSSIAN_R80 * fwhm
    else:
        radius = (survey.aperture or 0) / 2 / scale
    return math.sqrt(aperture_area(radius, correlation))


def aperture_area(radius: float, correlation: Correlation | None = None) -> float:
    """Return the variance of a circular aperture's sum over that of a pixel: the pixels that it gathers noise of.

    With weights w, the share of each pixel within the circle, it is sum w_p w_q c(p - q), the mean over where the
    circle's centre falls in a pixel: the integral of the circle's overlap with itself moved by d, times that of two
    pixels moved by d - lag, times c(lag).

    Parameters
    ----------
    radius : float
        Pixels.
    correlation : Correlation, optional
        Between the pixels; left out, there is none.
    """
    nodes, weights = np.polynomial.legendre.leggauss(24)
    ends = np.concatenate([(nodes - 1) / 2, (nodes + 1) / 2])  # a pixel's overlap has its kink at 0
    weight = np.concatenate([weights, weights]) / 2 * (1 - np.abs(ends))
    lags = [(0, 0, 1.0)] if correlation is None else correlation.lags(2 * radius + 2)
    total = 0.0
    for dy, dx, value in lags:
        apart = np.hypot(ends[:, None] + dy, ends[None, :] + dx)
        total += value * float(weight @ _overlap(radius, apart) @ weight)
    return total


def _overlap(radius: float, apart: Array) -> Array:
    """Return the area that two circles of one radius share, their centres ``apart``."""
    half = np.minimum(apart / 2 / radius, 1)
    area: Array = 2 * radius**2 * (np.arccos(half) - half * np.sqrt(1 - half**2))
    return area
