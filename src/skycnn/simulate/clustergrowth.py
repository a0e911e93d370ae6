"""ClusterGrowth: how the light of star clusters grows with the radius, through a survey's optics.

A table of stars at some distances from the centre tells which share of a profile's light each aperture holds, and so
radius and flux of a cluster. That few stars hold most of the light of a young one counts as noise: where the variance
of its light, in units of itself, is v, that of the rings is v times the mean product of what they see of a star.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.shapes import aperturelight
from skycnn.shapes.aperturelight import Apertures
from skycnn.simulate import stargrid
from skycnn.simulate.clusterprofile import EFF
from skycnn.simulate.render import Renderer
from skycnn.simulate.whitening import whitened

Array = NDArray[Any]

GAMMAS = (2.2, 2.5, 3.0, 4.0)
"""Of EFF's profiles, each as likely."""

STARS: Array = np.concatenate([np.arange(0, 4, 0.5), np.arange(4, 14, 1.0), [14.0, 16.0, 20.0, 40.0]])
"""Distances of stars from the centre, pixels, of which it is known what the apertures see; between them, lines."""

ANGLES = 6
"""Of these stars, about the centre."""

SHARES: Array = (np.arange(128) + 0.5) / 128
"""Of a profile's light, at whose radii its stars are put."""

SOFT = 0.01
"""Of the flux in a ring: what models are off by at least."""


@dataclass(frozen=True)
class Grown:
    """Radii and fluxes of n clusters.

    Parameters
    ----------
    probability : array (n, radius)
        Of `ClusterGrowth.radius`.
    flux, variance : array (n, band)
        Of the whole cluster, and its variance but for what chance makes of the light of so many stars; infinite where
        the band is absent.
    common : array (n,)
        Variance of the logarithm of the flux, the same of all bands, by the radius being uncertain.
    """

    probability: Array
    flux: Array
    variance: Array
    common: Array


@dataclass(frozen=True)
class ClusterGrowth:
    """A table of models; a model is a radius and one of `GAMMAS`, the last fastest.

    Parameters
    ----------
    radius : array (radius,)
        r_h, arcsec.
    share : array (model, band, ring)
        Of a cluster's light in rings between `aperturelight.RADII`.
    square : array (model, band, ring, ring)
        Mean product of a star's shares.
    """

    radius: Array
    share: Array
    square: Array

    @classmethod
    def of(cls, renderer: Renderer, radius: Array) -> "ClusterGrowth":
        """Return the models of some radii, arcsec, seen by a renderer of stamps."""
        seen = _stars(renderer)
        share, square = [], []
        for r_h in radius.tolist():
            for gamma in GAMMAS:
                away = np.minimum(r_h * EFF(gamma).radius(SHARES) / renderer.pixel_scale, STARS[-1])
                after = np.clip(np.searchsorted(STARS, away), 1, len(STARS) - 1)
                part = ((away - STARS[after - 1]) / (STARS[after] - STARS[after - 1]))[:, None, None]
                stars = seen[after - 1] * (1 - part) + seen[after] * part
                share.append(stars.mean(axis=0))
                square.append(np.einsum("sbi,sbj->bij", stars, stars) / len(stars))
        return cls(radius, np.array(share), np.array(square))

    def fit(self, seen: Apertures, electrons: Array, chance: Array) -> Grown:
        """Return radii and fluxes.

        Parameters
        ----------
        seen : Apertures
        electrons : array (band,)
            That one unit of flux gives.
        chance : array (n, band)
            Variance of a cluster's light in units of itself: that few stars hold it.
        """
        flux, floor = self._observed(seen, electrons)
        whole = np.maximum(flux.sum(axis=2), np.sqrt(floor[..., 0]))
        there = np.asarray(np.isfinite(seen.flux).any(axis=2))
        likelihood = np.zeros((len(flux), len(self.share)))
        found = []
        for band in range(flux.shape[1]):
            scale = whole[:, band, None]
            values = [flux[:, band, k, None] / scale for k in range(flux.shape[2])]
            noise = [floor[:, band, k, None] / scale**2 for k in range(flux.shape[2])]
            model = list(self.share[:, band].T)
            own = [
                [chance[:, band, None] * self.square[:, band, i, j] for j in range(i + 1)] for i in range(len(model))
            ]
            for i, part in enumerate(noise):
                own[i][i] = own[i][i] + part
            sums = whitened(values, model, own)
            likelihood += np.where(there[:, band, None], sums.likelihood - 0.5 * np.log(sums.power), 0.0)
            found.append((sums.scale * scale, scale**2 * np.maximum(1 / sums.power - chance[:, band, None], 0)))
        likelihood /= np.maximum(there.sum(axis=1, keepdims=True), 1)  # the stars are the same in all bands
        probability = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        probability /= probability.sum(axis=1, keepdims=True)
        amplitude, variance = (
            np.stack([(probability * parts[k]).sum(axis=1) for parts in found], axis=1) for k in range(2)
        )
        total = np.log(np.maximum(sum(t[:, None] * p[0] for t, p in zip(there.T, found, strict=True)), 1e-30))
        mean = (probability * total).sum(axis=1, keepdims=True)
        common = (probability * (total - mean) ** 2).sum(axis=1)
        by_radius = probability.reshape(len(flux), len(self.radius), -1).sum(axis=2)
        return Grown(by_radius, amplitude, np.where(there, variance, np.inf), common)

    def _observed(self, seen: Apertures, electrons: Array) -> tuple[Array, Array]:
        """Return the light in rings and its variance (n, band, ring); of a ring that is absent 0 and without end."""
        flux = _rings(seen.flux)
        area = np.pi * np.diff(np.square([0.0, *aperturelight.RADII]))
        variance = np.maximum(_rings(seen.error**2), seen.noise[..., None] ** 2 * area)
        photons = np.maximum(flux, 0) / electrons[:, None]
        variance = variance + np.where(np.isfinite(photons), photons, 0) + (SOFT * flux) ** 2
        there = np.isfinite(flux) & np.isfinite(variance)
        return np.where(there, flux, 0.0), np.where(there, np.maximum(variance, 1e-30), 1e30)


def _stars(renderer: Renderer) -> Array:
    """Return which share of a star's light the rings see, (distance, band, ring)."""
    grid, ones = stargrid.of(renderer), np.ones((1, len(renderer.psfs)))
    angle = 2 * np.pi * (np.arange(ANGLES) + 0.4) / ANGLES
    round_about = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    inside = renderer.side / 2 > STARS
    stamps = np.stack([grid.stamp(away * one[None], ones) for away in STARS[inside] for one in round_about])
    flux = _rings(aperturelight.measure(stamps, np.zeros((len(stamps), 2))).flux)
    found = np.zeros((len(STARS), *flux.shape[1:]))
    found[inside] = flux.reshape(-1, ANGLES, *flux.shape[1:]).mean(axis=1)
    return found


def _rings(values: Array) -> Array:
    """Return what lies between radii, of what lies within them, along the last axis."""
    rings: Array = np.diff(values, axis=-1, prepend=0.0)
    return rings
