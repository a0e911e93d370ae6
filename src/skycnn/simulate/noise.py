"""Noise: what sky, detector and photons add to images, as a survey's depth tells it or as its photons are counted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skycnn import interrupt
from skycnn.errors import InputError
from skycnn.simulate import draws
from skycnn.simulate.correlation import Correlation
from skycnn.simulate.optics import psf_of
from skycnn.simulate.starlight import Starlight
from skycnn.survey import Survey, where
from skycnn.surveyfile import DEPTHS

Array = NDArray[np.float64]

MICROJANSKY = 23.9
"""AB magnitude of one microjansky (Oke & Gunn 1983, ApJ 266, 713: 3631 Jy at magnitude zero)."""

SIGMA = 5.0
"""Signal to noise at a depth."""

COUNTED = ("sky", "electrons", "dark", "read_noise")
"""What noise is counted from."""


@dataclass(frozen=True)
class Noise:
    """What is added to images of some bands.

    Parameters
    ----------
    sigma : array (band,) or (n, band)
        Standard deviation of a pixel without a source, microjansky: of sky, dark current and reading together. Of n
        images, where each has its own.
    electrons : array of the same shape
        That one microjansky gives; NaN where it is not known, and the sources' photons then add no noise.
    correlation : Correlation, optional
        Between pixels of the noise that ``sigma`` tells; left out, there is none.
    drawn : bool
        Whether images get it; else it tells apertures and errors alone.
    """

    sigma: Array
    electrons: Array
    correlation: Correlation | None = None
    drawn: bool = True

    @classmethod
    def of(
        cls,
        survey: Survey,
        bands: Sequence[str] | None = None,
        pixel_scale: float | None = None,
        correlation: Correlation | None = None,
    ) -> "Noise":
        """Return the noise with which a star at the survey's depth, seen by its PSF and pixels, has signal to noise 5.

        An aperture is a circle that takes the share of each pixel that lies within it, as the mean over where its
        centre falls in a pixel. Correlated noise is scaled so that the aperture still has the depth. What the star's
        own photons add is part of the noise at the depth, and taken off the sky's.

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
            When the survey does not tell what its depth means, has no such band, or its depth is beyond what the
            photons of a star allow.
        """
        names = _known(survey, bands)
        scale = pixel_scale or survey.pixel_scale
        electrons = np.array([survey.electrons.get(band, math.nan) for band in names])
        sigma = [_at_depth(survey, band, scale, correlation) for band in names]
        return cls(np.array(sigma), electrons, correlation)

    @classmethod
    def counted(cls, survey: Survey, bands: Sequence[str] | None = None) -> "Noise":
        """Return the noise of the survey's own sky, dark current and reading, in its pixels.

        Raises
        ------
        InputError
            When the survey does not tell one of them for a band, or has no such band.
        """
        names = _known(survey, bands)
        for key in COUNTED:
            table = getattr(survey, key)
            for band in names:
                if band not in table:
                    what = f"{where(survey, key)} does not tell '{key}' of {band}, which noise is counted from"
                    raise InputError(what, hint="Leave --noise counted out, or give --noise depth.")
        sky, electrons, dark, reading = (np.array([getattr(survey, key)[band] for band in names]) for key in COUNTED)
        light = 10 ** (0.4 * (MICROJANSKY - sky)) * survey.pixel_scale**2 * electrons
        return cls(np.sqrt(light + dark + reading**2) / electrons, electrons)

    def times(self, factor: ArrayLike) -> "Noise":
        """Return this noise, that of the photons too, times a factor, or times that of each image (n,)."""
        by = np.asarray(factor, np.float64)[..., None]
        return replace(self, sigma=self.sigma * by, electrons=self.electrons / by**2)

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
        if images.ndim != 4 or images.shape[1] != self.sigma.shape[-1]:
            raise InputError(f"noise of {self.sigma.shape[-1]} bands for images of another shape", value=images.shape)
        if not self.drawn:
            return images.astype(np.float32)
        rows = np.asarray(row, np.int64)
        shape = images.shape[1:]
        out = np.empty(images.shape, np.float32)
        scale = self._each(self.sigma, rows).astype(np.float32)[..., None, None]
        gain = self._each(self.electrons, rows)
        for k, number in enumerate(rows.tolist()):
            interrupt.check()
            generator = draws.generator(seed, number, name)
            if self.correlation is None:
                field = generator.standard_normal(shape, np.float32)
            else:
                field = self.correlation.field(generator, shape)
            out[k] = scale[k] * field + _photons(images[k], gain[k], generator)
        return out

    def photons(self, images: NDArray[np.float32], seed: int, row: ArrayLike) -> NDArray[np.float32]:
        """Return images (n, band, y, x) with the noise of their own photons alone, as `add` makes it."""
        if not self.drawn:
            return images.astype(np.float32)
        out, rows = np.empty(images.shape, np.float32), np.asarray(row, np.int64)
        gain = self._each(self.electrons, rows)
        for k, number in enumerate(rows.tolist()):
            out[k] = _photons(images[k], gain[k], draws.generator(seed, number, "photons"))
        return out

    def _each(self, values: Array, rows: NDArray[np.int64]) -> Array:
        """Return the values (n, band) of every image."""
        return np.broadcast_to(values, (len(rows), values.shape[-1]))


def _photons(image: NDArray[np.float32], gain: Array, generator: np.random.Generator) -> NDArray[np.float32]:
    """Return one object's light (band, y, x) as its photons are counted; as it is where electrons are unknown."""
    seen = image.copy()
    for b in np.flatnonzero(np.isfinite(gain)):
        light = image[b].astype(np.float64)
        counts = generator.poisson(np.maximum(light, 0) * gain[b])
        seen[b] = counts / gain[b] + np.minimum(light, 0)  # ringing below zero stays as it is
    return seen


def _known(survey: Survey, bands: Sequence[str] | None) -> tuple[str, ...]:
    """Return the bands, all of them the survey's."""
    names = tuple(bands or survey.bands)
    for band in names:
        if band not in survey.bands:
            what = f"survey {survey.name} has no band {band}"
            raise InputError(what, expected=" ".join(survey.bands))
    return names


def _at_depth(survey: Survey, band: str, scale: float, correlation: Correlation | None) -> float:
    """Return the noise of a pixel with which a star at the depth has the signal to noise `SIGMA`.

    With pixels' weights w and shares p of the star's light the measured light is ``F sum w p``, and its variance
    ``sigma^2 sum w^2 + F/electrons sum w^2 p``. An aperture's w are shares of pixels; the best against the sky is p.
    """
    kind = survey.depth_kind
    if kind not in ("point", "psf", "aperture"):
        kinds = " or ".join(kind for kind in DEPTHS if kind != "completeness")
        what = f"{where(survey, 'depth_kind')} does not tell a depth that noise can be made from"
        raise InputError(what, value=kind or None, expected=f"depth_kind {kinds}, above its tables")
    flux = 10 ** (0.4 * (MICROJANSKY - survey.depth[band]))
    psf, electrons = psf_of(survey, band), survey.electrons.get(band, math.nan)
    if kind == "psf":
        if correlation is not None:
            raise InputError(f"the depth of survey {survey.name} is by PSF photometry, which correlation would blur")
        star = Starlight(psf, scale)
        gathered = area = star.power(2)
        photons = star.power(3)
    elif kind == "point":
        radius = survey.r80.get(band, psf.r80) / scale
        gathered, photons = Starlight(psf, scale, radius).gathered(radius)
        area = aperture_area(radius, correlation)
    else:  # the depth is of the light in the aperture itself
        gathered = photons = 1.0
        area = aperture_area((survey.aperture or 0) / 2 / scale, correlation)
    own = 0.0 if math.isnan(electrons) else flux * photons / electrons
    variance = (flux * gathered / SIGMA) ** 2 - own
    if variance <= 0:
        what = f"{where(survey, 'depth', band)}: a star of {survey.depth[band]:g} mag in {band} gives "
        what += f"{flux * electrons:.3g} electrons, too few for its depth"
        raise InputError(what, hint="See 'electrons' and 'depth'; without 'electrons' photons add no noise.")
    return math.sqrt(variance / area)


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
