"""Population: the galaxies of the sky to I = 26.5 and z = 4, and the selections of them that mocks are made of.

A galaxy's I magnitude and redshift come from the census; its mixture of spectra, dust and emission lines from a
Gaussian mixture given redshift and luminosity, fitted to zCOSMOS galaxies at their true redshifts; on top its spectrum
bends smoothly, for no library holds every galaxy; its shape comes from its magnitude, redshift and type. The numbers
ship in ``populations/field.npz``; ``examples/recipes/cosmos_population.py`` fits them and compares with the sky. The
selection ``sdss``, of galaxies chosen by colour, has its own mixture of spectra in ``populations/sdss.npz``, made by
``examples/recipes/sdss_observation.py``.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skycnn.cosmology import distance_modulus
from skycnn.errors import InputError
from skycnn.simulate import draws, fluxtable, morphology, seds
from skycnn.simulate.census import LIMIT, NumberCounts, Success
from skycnn.simulate.components import Components
from skycnn.simulate.fluxtable import FluxTable
from skycnn.simulate.galaxies import Galaxies
from skycnn.simulate.mixture import Mixture
from skycnn.simulate.observation import Joined, Observation
from skycnn.survey import Survey

Array = NDArray[np.float64]

ZERO_POINT = 23.9
"""AB magnitude of a microjansky."""

BEND = 0.01
"""Root mean square by which a galaxy's spectrum bends off the library's, mag."""

KNOTS = np.arange(np.log(700), np.log(30000), 0.3)
"""Rest-frame ln Angstrom between which bends are independent: about the width of a broad band."""

FITTED = 0.9
"""Redshift beyond which the sample that spectra were fitted to holds the most luminous galaxies alone."""

YOUNGER = 3.0, 0.35, 23.0
"""How fast spectra grow younger: for a unit of log(1 + z) beyond `FITTED`, and a magnitude fainter than the third one
(from z = 1 on; nearer in proportion to z, for there faint galaxies are as the fit has them). Tuned to the colours of
100 galaxies to I = 26 with photometry of HSC, which BlendingToolKit carries."""


OLD, CLEARER = 2.0, 0.5
"""What a unit of `YOUNGER` takes off the logit of the oldest spectrum, and off log E(B-V)."""


class Population:
    """The one population of galaxies.

    Parameters
    ----------
    census : NumberCounts
        Numbers by magnitude and redshift.
    spectra : mapping of str to Mixture
        Of log(1 + z) and luminosity; given these, of the logits of the spectra, log of the lines and log E(B-V). By
        selection; ``all`` is that of selections without their own.
    observations : mapping of str to Observation or Joined
        By the name of the survey whose catalogue it tells of.
    """

    def __init__(
        self,
        census: NumberCounts,
        spectra: Mapping[str, Mixture],
        observations: Mapping[str, Observation | Joined],
    ) -> None:
        self.census, self.spectra, self.observations = census, spectra, observations

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> "Population":
        """Return the population that ships."""
        field, sdss = _fitted("field.npz"), _fitted("sdss.npz")
        census = NumberCounts({"cosmos": Success.of(field), "sdss": Success.of(sdss)})
        parts = [Observation.of(sdss, name) for name in ("mgs", "boss")]
        observations: Mapping[str, Observation | Joined] = {
            "cosmos": Observation.of(field, "cosmos"),
            "sdss": Joined(parts, sdss["part_magnitude"], sdss["part_share"]),
        }
        return Population(census, {"all": Mixture.of(field, 2), "sdss": Mixture.of(sdss, 2)}, observations)

    def density(self) -> float:
        """Return the galaxies a square arcminute of the selection ``all``."""
        return self.census.count("all")

    def draw(self, survey: Survey, bands: Sequence[str], seed: int, row: ArrayLike, selection: str) -> Galaxies:
        """Return galaxies, each a function of seed, row and selection, its fluxes also of the survey's bands.

        Random numbers go by blocks of `draws.BLOCK` rows: ask for many rows at once.

        Parameters
        ----------
        survey : Survey
            Tells where its bands lie.
        bands : sequence of str (b,)
        seed : int
        row : array of int (n,)
            Absolute numbers of the candidates, from 0.
        selection : str
            One of ``census.LIMIT``.

        Raises
        ------
        InputError
            For an unknown selection, or a band whose place the survey does not tell.
        """
        if selection not in LIMIT:
            raise InputError("no such selection", value=selection, expected=" or ".join(LIMIT))
        return self._drawn(fluxtable.of_survey(survey, bands), seed, np.asarray(row, np.int64), selection)

    def observe(
        self, survey: Survey, bands: Sequence[str], galaxies: Galaxies, seed: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Return fluxes and errors (n, band), microjansky, as a survey's catalogue has them; NaN where it has none.

        None for a survey of whose catalogue nothing was learned: there they follow from the depth.
        """
        if survey.name not in self.observations:
            return None
        flux = galaxies.light.flux.sum(axis=1, dtype=np.float64)
        return self.observations[survey.name](bands, flux, galaxies.truth["MAG_I"], seed, galaxies.row)

    def _drawn(self, table: FluxTable, seed: int, row: NDArray[np.int64], selection: str) -> Galaxies:
        """Return galaxies, see `draw`; no sum runs over rows, so that bits depend on no other row."""
        library = seds.load()
        magnitude, redshift = self.census.draw(selection, draws.uniform(seed, row, f"census/{selection}", 3))
        kinds = len(library.names)
        drawn = self.spectra.get(selection, self.spectra["all"]).draw(
            luminosity(magnitude, redshift),
            draws.uniform(seed, row, "spectra")[:, 0],
            draws.normal(seed, row, "spectra", kinds + 1),
        )
        younger = youth(magnitude, redshift)
        logit = drawn[:, : kinds - 1] - OLD * younger[:, None] * library.redness[:-1]
        lines, ebv = np.exp(drawn[:, kinds - 1]), np.exp(drawn[:, kinds] - CLEARER * younger)
        weight = np.exp(logit - logit.max(axis=1, keepdims=True))
        weight = np.column_stack([weight / weight.sum(axis=1, keepdims=True), lines])
        flux = table(redshift, np.minimum(ebv, 2.0)) * weight[:, :, None]
        in_i = flux[:, :, -1]
        light = np.ascontiguousarray((in_i / in_i.sum(axis=1, keepdims=True)).T, np.float64)  # (spectrum, n)
        age = (light * library.redness[:, None]).sum(axis=0)
        shape = morphology.draw(seed, row, magnitude, redshift, age)
        share = morphology.shares(light, library.redness, shape.bulge, shape.clumps)
        bent = 10 ** (0.4 * (ZERO_POINT - magnitude)) / in_i.sum(axis=1, dtype=np.float64)
        factor = bent[:, None] * bend(draws.normal(seed, row, "bend", len(KNOTS)), table.centre, redshift)
        parts = np.zeros((len(row), len(share), flux.shape[2] - 1))
        for k in range(kinds):
            parts += share[:, k].T[:, :, None] * flux[:, None, k, :-1]
        whole = (light * share).sum(axis=1)
        truth = {
            "Z": redshift,
            "MAG_I": magnitude,
            "R_E": shape.size,
            "BULGE": whole[0],
            "CLUMPS": whole[2:].sum(axis=0),
            "TYPE": age,
            "EBV": ebv,
            "LINES": lines,
            "AXIS_RATIO": shape.ratio[:, 1],
            "ANGLE": shape.angle[:, 1],
            "N_BULGE": shape.index[:, 0],
            "N_DISC": shape.index[:, 1],
            "R_BULGE": shape.radius[:, 0],
            "R_DISC": shape.radius[:, 1],
            "RATIO_BULGE": shape.ratio[:, 0],
            "THICKNESS": shape.thickness,
        }
        of = (parts * factor[:, None, :-1]).astype(np.float32)
        return Galaxies(row, Components(of, shape.radius, shape.index, shape.ratio, shape.angle, shape.shift), truth)


def _fitted(name: str) -> dict[str, NDArray[Any]]:
    with files("skycnn").joinpath("populations", name).open("rb") as stream, np.load(stream) as kept:
        found = {name: kept[name] for name in kept.files}
    return {name: value.astype(np.float64) if value.dtype.kind == "f" else value for name, value in found.items()}


def luminosity(magnitude: Array, redshift: Array) -> Array:
    """Return what the mixture of spectra depends on: log(1 + z) and I less the distance modulus (n, 2).

    Beyond `FITTED` a galaxy is taken for one there, as luminous at the wavelengths that it is seen in; one too faint
    there to be among those fitted, for one that just is.
    """
    distance = np.log1p(redshift)
    beyond = np.maximum(distance - np.log1p(FITTED), 0)
    absolute = magnitude - distance_modulus(redshift) + 2.5 * beyond / np.log(10)
    faintest = YOUNGER[2] - distance_modulus(np.expm1(distance - beyond))
    return np.column_stack([distance - beyond, np.minimum(absolute, faintest)])


def youth(magnitude: Array, redshift: Array) -> Array:
    """Return how much younger galaxies (n,) are than the mixture says, fitted as it was to nearer and brighter ones."""
    beyond = np.maximum(np.log1p(redshift) - np.log1p(FITTED), 0)
    fainter = np.maximum(magnitude - YOUNGER[2], 0) * np.minimum(redshift, 1)
    younger: Array = YOUNGER[0] * beyond + YOUNGER[1] * fainter
    return younger


def bend(normal: Array, centre: Array, redshift: Array) -> Array:
    """Return factors (n, band) on the fluxes: a smooth random function of rest-frame wavelength, 1 in the last band.

    Parameters
    ----------
    normal : array (n, knot)
        Of mean 0 and standard deviation 1.
    centre : array (band,)
        ln Angstrom, as observed.
    redshift : array (n,)
    """
    table, first, step = _knots()
    rest = centre - np.log1p(redshift)[:, None]
    place = np.rint((rest - first) / step).astype(np.int64)
    curve = np.zeros_like(rest)
    for shares, deviate in zip(table, normal.T, strict=True):
        curve += shares[place] * deviate[:, None]
    result: Array = 10 ** (-0.4 * BEND * (curve - curve[:, -1:]))
    return result


@lru_cache(maxsize=1)
def _knots() -> tuple[Array, float, float]:
    """Return the shares (knot, m) of the knots along ln wavelength, its first value and its step."""
    place = np.arange(np.log(200), np.log(50_000), 0.01)
    near = np.exp(-0.5 * ((place[:, None] - KNOTS) / (KNOTS[1] - KNOTS[0])) ** 2)
    near /= np.sqrt((near**2).sum(axis=1, keepdims=True))
    return np.ascontiguousarray(near.T), float(place[0]), 0.01
