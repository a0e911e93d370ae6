"""Observation: fluxes and errors as a survey's published catalogue has them, learned from its galaxies.

Where a catalogue is at hand, its own habits say more than its depth: zero points that are off against the spectra,
light that the aperture loses, errors quoted by magnitude, scatter beyond them with long tails, bands that are missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.simulate import draws

Array = NDArray[np.float64]

LEVELS = np.array([0.0, 0.025, 0.16, 0.5, 0.84, 0.975, 1.0])
"""Where the distribution of lost light is kept; its ends are the 0.5 and 99.5 % points, straight lines lie between."""

FREEDOM = 2
"""Degrees of freedom of Student's t of the scatter, where a catalogue tells none: those of COSMOS's residuals."""

AGAIN = 16
"""Draws of the noise after which a galaxy without a positive flux is one that the catalogue has no flux of."""

ZERO_POINT = 23.9
"""AB magnitude of a microjansky."""


@dataclass(frozen=True)
class Observation:
    """The habits of a catalogue.

    Parameters
    ----------
    bands : tuple of str (b,)
    total : array (k,)
        Nodes in total I magnitude for the next three.
    offset : array (b, k)
        Observed less true magnitude.
    scatter : array (b, k)
        Scale of the scatter beyond the quoted errors, as a share of the flux.
    honesty : array () or (b,)
        Scale of the true errors over the quoted ones.
    correlation : array (b, b)
        Of the deviations in any two bands.
    lost : array (k, levels)
        Magnitudes by which the catalogue falls short of the total in all bands alike, at `LEVELS`.
    magnitude : array (b, m)
        Nodes in the band for the next three.
    error, spread : array (b, m)
        log10 of the quoted error of the flux in microjansky, and its standard deviation among galaxies, dex.
    missing : array (b, m)
        Share of galaxies without this band.
    common : array () or (b,), optional
        Share of that spread which all bands have in common, as a correlation with it.
    freedom : array () of int, optional
        Degrees of freedom of Student's t of the scatter.
    positive : array () of bool, optional
        Whether the catalogue lists those galaxies alone whose noise left a positive flux in every band.
    """

    bands: tuple[str, ...]
    total: Array
    offset: Array
    scatter: Array
    honesty: Array
    correlation: Array
    lost: Array
    magnitude: Array
    error: Array
    spread: Array
    missing: Array
    common: Array | float = 0.714
    freedom: Array | int = FREEDOM
    positive: Array | bool = False

    @classmethod
    def of(cls, fitted: Mapping[str, NDArray[Any]], survey: str) -> "Observation":
        """Return the habits of a survey among fitted numbers named ``<survey>_<field>``."""
        names = [name for name in cls.__dataclass_fields__ if name != "bands" and f"{survey}_{name}" in fitted]
        found = {name: fitted[f"{survey}_{name}"] for name in names}
        return cls(tuple(str(band) for band in fitted[f"{survey}_bands"]), **found)

    def __call__(
        self, bands: Sequence[str], flux: Array, magnitude: Array, seed: int, row: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return observed fluxes and errors.

        Parameters
        ----------
        bands : sequence of str (b,)
            Among ``bands`` of the catalogue.
        flux : array (n, b)
            In total and without noise, microjansky.
        magnitude : array (n,)
            In total in I.
        seed : int
        row : array of int (n,)

        Returns
        -------
        flux, error : array (n, b)
            Microjansky; NaN where the band is missing.
        """
        lost = self._lost(magnitude, draws.uniform(seed, row, "lost")[:, 0])
        quoted = draws.normal(seed, row, "quoted")[:, 0]
        common, honesty = (np.broadcast_to(value, len(self.bands)) for value in (self.common, self.honesty))
        seen, errors = np.empty(flux.shape, np.float32), np.empty(flux.shape, np.float32)
        deviates = draws.normal(seed, row, "observation", len(self.bands))
        calm = np.sqrt((draws.normal(seed, row, "calm", int(self.freedom)) ** 2).mean(axis=1))
        joined = np.linalg.cholesky(self.correlation)
        for j, band in enumerate(bands):
            b = self.bands.index(band)
            mean = flux[:, j] * 10 ** (-0.4 * (lost + np.interp(magnitude, self.total, self.offset[b])))
            place = ZERO_POINT - 2.5 * np.log10(np.maximum(mean, 1e-6))
            alone = draws.normal(seed, row, f"quoted/{band}")[:, 0]
            own = np.sqrt(1 - common[b] ** 2) * alone + common[b] * quoted
            own *= np.interp(place, self.magnitude[b], self.spread[b])
            error = 10 ** (np.interp(place, self.magnitude[b], self.error[b]) + own)
            true = np.hypot(
                error * honesty[b],
                mean * np.interp(magnitude, self.total, self.scatter[b]),
            )
            normal = sum(joined[b, k] * deviates[:, k] for k in range(b + 1))
            value = mean + true * normal / calm
            low = np.flatnonzero(value <= 0) if self.positive else ()
            if len(low):
                again = draws.normal(seed, row[low], f"again/{band}", AGAIN) * (true / calm)[low, None]
                again += mean[low, None]
                value[low] = again[np.arange(len(low)), (again > 0).argmax(axis=1)]
            absent = draws.uniform(seed, row, f"missing/{band}")[:, 0] < np.interp(
                place, self.magnitude[b], self.missing[b]
            )
            absent |= value <= 0  # a catalogue of magnitudes has none for it
            seen[:, j] = np.where(absent, np.nan, value)
            errors[:, j] = np.where(absent, np.nan, error)
        return seen, errors

    def _lost(self, magnitude: Array, uniform: Array) -> Array:
        place = np.clip(np.interp(magnitude, self.total, np.arange(len(self.total))), 0, len(self.total) - 1.001)
        k = place.astype(np.int64)
        share = (place - k)[:, None]
        nodes = self.lost[k] * (1 - share) + self.lost[k + 1] * share
        level = np.clip(np.searchsorted(LEVELS, uniform, side="right") - 1, 0, len(LEVELS) - 2)
        part = (uniform - LEVELS[level]) / (LEVELS[level + 1] - LEVELS[level])
        rows = np.arange(len(magnitude))
        result: Array = nodes[rows, level] * (1 - part) + nodes[rows, level + 1] * part
        return result


@dataclass(frozen=True)
class Joined:
    """Several catalogues in one table: which of them a galaxy is in is drawn, by its magnitude.

    Parameters
    ----------
    parts : sequence of Observation
        Of the same bands.
    magnitude : array (k,)
        Nodes in total I magnitude.
    share : array (part, k)
        Of the galaxies there.
    """

    parts: Sequence[Observation]
    magnitude: Array
    share: Array

    def part(self, magnitude: Array, seed: int, row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number (n,) of each galaxy's catalogue."""
        shares = np.cumsum([np.interp(magnitude, self.magnitude, share) for share in self.share], axis=0)
        drawn = draws.uniform(seed, row, "catalogue")[:, 0] * shares[-1]
        chosen: NDArray[np.int64] = (shares[:-1] <= drawn).sum(axis=0)
        return chosen

    def __call__(
        self, bands: Sequence[str], flux: Array, magnitude: Array, seed: int, row: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return observed fluxes and errors (n, b) of each galaxy as its catalogue has them; see `Observation`."""
        seen, errors = np.empty(flux.shape, np.float32), np.empty(flux.shape, np.float32)
        chosen = self.part(magnitude, seed, row)
        for k, part in enumerate(self.parts):
            here = np.flatnonzero(chosen == k)
            seen[here], errors[here] = part(bands, flux[here], magnitude[here], seed, row[here])
        return seen, errors
