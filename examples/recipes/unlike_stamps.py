"""Stamps that no network of CSST's galaxies was trained on, made of galaxies that are: for photoz_density.py."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from astropy.table import Table
from running import ROOT

from skycnn import survey, tasks
from skycnn.simulate.components import Components
from skycnn.simulate.mocks import Mocks
from skycnn.simulate.recipe import Recipe, judging

SEED, NEVER = 1077, 1078
"""Of the galaxies, and of noise drawn again."""
STARS = ROOT.parent / "shared" / "data" / "stars" / "parsec_solar_UBVRI.fits"
BESSELL = {
    "Umag": (3570, 0.79),
    "Bmag": (4380, -0.09),
    "Vmag": (5490, 0.02),
    "Rmag": (6410, 0.21),
    "Imag": (7980, 0.45),
}
"""Angstrom, and AB less Vega (Blanton & Roweis 2007, AJ 133, 734, table 1)."""
Seen = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Stamps (n, band, y, x), fluxes and errors (n, band)."""


class Strange:
    """Galaxies of the selection ``paper``, and what else may come in their stamps.

    Parameters
    ----------
    bands : tuple of str
    rows : int
    """

    def __init__(self, bands: tuple[str, ...], rows: int) -> None:
        self.bands, self.rows, mock = bands, rows, tasks.load("photoz").mock()
        self.survey, cut = survey.load("csst"), mock.cuts["paper"]
        self.recipe = Recipe(
            self.survey, bands, SEED, "paper", mock.draw, mock.observe, mock.side, judging(bands, cut.bands), cut.above
        )
        self.mocks = Mocks(self.recipe)
        with self.mocks.blocks(rows, 1, stamps=True) as blocks:
            kept = list(blocks)
        self.row, self.offset = (np.concatenate([getattr(part, name) for part in kept]) for name in ("row", "offset"))
        self.noisy = np.concatenate([part.pixels for part in kept])
        self.truth = {name: np.concatenate([part.truth[name] for part in kept]) for name in kept[0].truth}
        self.light = self.recipe.drawn(self.row).light
        self.total = self.light.total()
        self.clean = self.seen(self.light)
        self.random = np.random.default_rng(SEED)

    def seen(self, light, offset=None, **changes) -> np.ndarray:
        """Return stamps without noise, of another telescope where ``changes`` of the survey are given."""
        other = Mocks(replace(self.recipe, survey=replace(self.survey, **changes))) if changes else self.mocks
        return light.stamps(other.renderer, self.offset if offset is None else offset)

    def drawn(self, clean: np.ndarray, factor: float = 1.0) -> np.ndarray:
        """Return stamps with noise of their own, so many times the survey's."""
        first = self.mocks.noise.add(clean, NEVER, self.row)
        return clean + np.float32(factor) * (first - clean)

    def measured(self, pixels: np.ndarray, factor: float = 1.0) -> Seen:
        """Return stamps with the fluxes and errors that are measured on them."""
        found = self.mocks.photometry.measure(np.nan_to_num(pixels), self.offset)
        gone = ~(np.isfinite(pixels).mean((2, 3)) > 0.5)
        return pixels, np.where(gone, np.nan, found.flux), factor * found.error

    def stars(self) -> np.ndarray:
        """Return fluxes (n, band) of main-sequence stars, each as bright in i as the galaxy of its row.

        Their UBVRI are those of isochrones; between these bands and beyond, straight lines in log wavelength.
        """
        known = Table.read(STARS)
        known = known[(known["label"] <= 1) & (known["Mini"] < 3) & (np.abs(known["logAge"] - 9.5) < 0.3)]
        known = known[self.random.integers(len(known), size=self.rows)]
        places = np.log([wave for wave, _ in BESSELL.values()])
        mags = np.stack([known[name] + offset for name, (_, offset) in BESSELL.items()], 1)
        wanted = np.log([self.survey.wavelength[band] for band in self.bands])
        at = np.clip(np.searchsorted(places, wanted), 1, len(places) - 1)
        slope = (mags[:, at] - mags[:, at - 1]) / (places[at] - places[at - 1])
        mags = mags[:, at - 1] + slope * (wanted - places[at - 1])
        flux, i = 10 ** (-0.4 * mags), self.bands.index("i")
        return (flux * (self.total[:, i] / flux[:, i])[:, None]).astype(np.float32)

    def points(self, flux: np.ndarray) -> np.ndarray:
        """Return stamps of points of these fluxes (n, band), without noise."""
        one = np.ones((self.rows, 1))
        return self.seen(Components(flux[:, None], 0 * one, one, one, 0 * one))

    def turned(self, step: int = 1) -> np.ndarray:
        """Return numbers of other rows."""
        return np.roll(np.arange(self.rows), step)

    def known(self) -> Iterator[tuple[str, Seen]]:
        """Yield rows that are like the training sample, with bands missing."""
        yield "as they are", self.measured(self.noisy)
        for k, band in enumerate(self.bands):
            yield f"without {band}", self.without(k)
        yield "without NUV and y", self.without(0, -1)
        yield "without NUV, u and y", self.without(0, 1, -1)
        yield "g, r and i alone", self.without(0, 1, -2, -1)
        yield "r and i alone", self.without(0, 1, 2, -2, -1)

    def without(self, *gone: int) -> Seen:
        """Return the galaxies without some bands."""
        pixels, flux, error = self.measured(self.noisy)
        pixels, flux = pixels.copy(), flux.copy()
        pixels[:, list(gone)], flux[:, list(gone)] = np.nan, np.nan
        return pixels, flux, error

    def others(self) -> Iterator[tuple[str, Seen]]:
        """Yield rows that are not."""
        clean, noisy, bands, side = self.clean, self.noisy, len(self.bands), self.noisy.shape[-1]
        yield "stars of stellar colours", self.measured(self.drawn(self.points(self.stars())))
        yield "stars of the galaxies' colours", self.measured(self.drawn(self.points(self.total)))
        yield "sky alone", self.measured(self.drawn(0 * clean))
        yield "noise 2 times", self.measured(self.drawn(clean, 2), 2)
        yield "noise 2 times, errors as before", self.measured(self.drawn(clean, 2))
        yield "noise 0.5 times", self.measured(self.drawn(clean, 0.5), 0.5)
        yield "noise 0.5 times, errors as before", self.measured(self.drawn(clean, 0.5))
        for times in (0.5, 2):
            other = self.seen(self.light, pixel_scale=times * self.survey.pixel_scale)
            yield f"pixels {times:g} times as wide, noise of a pixel as before", self.measured(self.drawn(other))
            yield (
                f"pixels {times:g} times as wide, noise of the same depth",
                self.measured(self.drawn(other, times), times),
            )
        wide = self.seen(
            self.light, **{name: {k: 2 * v for k, v in getattr(self.survey, name).items()} for name in ("psf", "r80")}
        )
        yield "PSF 2 times as wide", self.measured(self.drawn(wide))
        yield "inverted", self.measured(-noisy)
        near = clean[self.turned()] * (2 * self.total.sum(1) / self.total[self.turned()].sum(1))[:, None, None, None]
        yield "another galaxy, twice as bright, on it", self.measured(noisy + near)
        beside = np.roll(near, 7, axis=3)
        yield "another galaxy, twice as bright, 7 pixels beside it", self.measured(noisy + beside)
        yield "the same, 12 pixels beside it", self.measured(noisy + np.roll(near, 12, axis=3))
        far = self.seen(self.light, self.offset + np.array([8, 0]))
        yield "8 pixels off the centre", self.measured(self.drawn(far))
        yield (
            "4 pixels off the centre",
            self.measured(self.drawn(self.seen(self.light, self.offset + np.array([4, 0])))),
        )
        for factor in (0.1, 10, 100):
            yield f"{factor:g} times the unit", self.measured(factor * noisy, factor)
        yield "zeros", self.measured(0 * noisy)
        yield "a constant", self.measured(0 * noisy + self.mocks.noise.sigma[:, None, None].astype(np.float32))
        yield "bands in reverse", self.measured(noisy[:, ::-1].copy())
        yield "bands moved on by one", self.measured(np.roll(noisy, 1, axis=1))
        for a, b in ((2, 3), (3, 4), (5, 6)):
            order = np.arange(bands)
            order[[a, b]] = b, a
            yield f"{self.bands[a]} and {self.bands[b]} exchanged", self.measured(noisy[:, order])
        half = noisy.copy()
        half[..., : side // 2] = 0
        yield "left half blank", self.measured(half)
        half = noisy.copy()
        half[..., : side // 2 - 2] = np.nan
        yield "left half less 2 pixels NaN", self.measured(half)
        level = np.quantile(noisy, 0.7, axis=(2, 3), keepdims=True)
        yield "cut at the level of their brightest third", self.measured(np.minimum(noisy, level))
        full = noisy.copy()
        full[..., side // 4 : -side // 4] = 100 * noisy.max((2, 3), keepdims=True)[..., 0, :][..., None]
        yield "columns saturated", self.measured(full)
        dark = noisy.copy()
        dark[:, 4] = 0
        yield "zeros in i", self.measured(dark)
        sky = self.mocks.noise.sigma[:, None, None].astype(np.float32)
        yield "a sky of 3 sigma left in", self.measured(noisy + 3 * sky)
        yield "a sky of 1 sigma left in", self.measured(noisy + sky)
        yield (
            "smoothed over 2 x 2 pixels",
            self.measured((noisy + np.roll(noisy, 1, 2) + np.roll(noisy, 1, 3) + np.roll(noisy, (1, 1), (2, 3))) / 4),
        )
        pixels, flux, error = self.measured(noisy)
        other = self.turned(5)
        yield "fluxes of another row", (pixels, flux[other], error[other])
