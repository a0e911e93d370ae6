"""Photometry: the columns of a catalogue that hold a model's bands, and their values in microjansky."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.fluxunits import Array
from skycnn.photometry.conditions import Condition
from skycnn.photometry.extinction import Correction
from skycnn.photometry.measure import Measure


@dataclass(frozen=True)
class PhotometryOptions:
    """The options about photometry; bands as the model spells them.

    Parameters
    ----------
    band, error : mapping of str to str
        Columns of values and errors; an error may be a number in the unit of the values, and its band ``*`` for all.
    unit : mapping of str to str
        See `fluxunits.read`; the band may be ``*`` for all.
    photometry : str, optional
        A key of `habits.FAMILIES`, or the columns' names with ``*`` for the band.
    extinction : str, optional
        State of the catalogue's fluxes: none, corrected, or a column of E(B-V), transmission or A.
    bad : tuple of str
        Conditions on which a row is dropped; see `conditions.parse`.
    mask_band : mapping of str to str
        Column or condition on which a band of a row is dropped.
    """

    band: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, str] = field(default_factory=dict)
    unit: Mapping[str, str] = field(default_factory=dict)
    photometry: str | None = None
    extinction: str | None = None
    bad: tuple[str, ...] = ()
    mask_band: Mapping[str, str] = field(default_factory=dict)

    def spelled(self, bands: Sequence[str]) -> Self:
        """Return the options with bands as a model spells them: in the same case, else in another if that is one's."""

        def spelling(band: str, table: Mapping[str, str]) -> str:
            alike = [b for b in bands if b.lower() == band.lower()]
            return alike[0] if band not in bands and len(alike) == 1 and alike[0] not in table else band

        def all_of(table: Mapping[str, str]) -> dict[str, str]:
            return {spelling(band, table): value for band, value in table.items()}

        band, error, unit, mask = map(all_of, (self.band, self.error, self.unit, self.mask_band))
        return replace(self, band=band, error=error, unit=unit, mask_band=mask)

    def settings(self) -> dict[str, object]:
        """Return the options set, as plain JSON in a fixed order, to compare runs."""
        texts = {"photometry": self.photometry, "extinction": self.extinction, "bad": list(self.bad)}
        tables = {"band": self.band, "error": self.error, "unit": self.unit, "mask_band": self.mask_band}
        every = {**{name: dict(sorted(table.items())) for name, table in tables.items()}, **texts}
        return {name: value for name, value in every.items() if value}


@dataclass(frozen=True)
class Fluxes:
    """Fluxes of some rows.

    Parameters
    ----------
    flux, error : array of float32, (n, band)
        Microjansky, in the order of the requested bands; NaN in both where absent.
    bad : array of bool, (n,)
        Rows dropped by ``--bad``; their fluxes are kept.
    """

    flux: NDArray[np.float32]
    error: NDArray[np.float32]
    bad: NDArray[np.bool_]


@dataclass(frozen=True)
class Photometry:
    """The columns of one catalogue with the bands of one model.

    Parameters
    ----------
    requested : tuple of str
        The model's bands, in its order.
    measures : mapping of str to Measure
        By band present.
    family : str
        A key of `habits.FAMILIES`; ``named`` when the user named every column.
    correction : Correction
        Of Galactic extinction.
    bad : tuple of Condition
        Of ``--bad``.
    notes : tuple of str
        Columns, units and assumptions, for the user.
    warnings : tuple of str
        What may be wrong.
    native : bool
        Whether the columns' names tell that the filters are those of the model's survey.
    """

    requested: tuple[str, ...]
    measures: Mapping[str, Measure]
    family: str
    correction: Correction
    bad: tuple[Condition, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    native: bool = False

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands present, in the model's order."""
        return tuple(self.measures)

    @property
    def missing(self) -> tuple[str, ...]:
        """The bands without a column or error."""
        return tuple(b for b in self.requested if b not in self.measures)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those of ``--mask-band`` and ``--bad``."""
        return (*(m.mask for m in self.measures.values() if m.mask), *self.bad)

    @property
    def columns(self) -> tuple[str, ...]:
        """The catalogue columns that `fluxes` reads: values, errors, flags, dust, conditions."""
        measured = [name for m in self.measures.values() for name in m.columns]
        tested = [name for condition in self.conditions for name in condition.columns]
        return tuple(dict.fromkeys([*measured, *self.correction.columns, *tested]))

    def table(self) -> tuple[dict[str, str], ...]:
        """Return ``band``, ``column``, ``error`` and ``unit`` of each band present."""
        keys = ("band", "column", "error", "unit")
        rows = ((band, m.value.name, m.error_name, m.unit.name) for band, m in self.measures.items())
        return tuple(dict(zip(keys, row, strict=True)) for row in rows)

    def fluxes(self, chunk: Mapping[str, NDArray[np.generic]]) -> Fluxes:
        """Return the fluxes of a chunk of rows.

        Parameters
        ----------
        chunk : mapping of str to array
            `columns` by name, (n,) or (n, k): physical values, NaN for null.

        Notes
        -----
        A value without a valid error counts as absent: no interval can be given.
        """
        n = len(next(iter(chunk.values())))
        flux = np.full((n, len(self.requested)), np.nan, np.float32)
        error = np.full((n, len(self.requested)), np.nan, np.float32)
        for i, band in enumerate(self.requested):
            if band in self.measures:
                flux[:, i], error[:, i] = self._band(chunk, band)
        bad = np.zeros(n, bool)
        for condition in self.bad:
            bad |= condition.holds(chunk)
        return Fluxes(flux, error, bad)

    def _band(self, chunk: Mapping[str, NDArray[np.generic]], band: str) -> tuple[Array, Array]:
        m, removed = self.measures[band], self.correction.removed
        flux, error = m.microjansky(chunk, removed.attenuation(chunk, band) if removed else None)
        factor = self.correction.factor(chunk, band)
        if factor is not None:
            flux, error = flux * factor, error * factor
        for masked in (*m.flagged(chunk), *([m.mask.holds(chunk)] if m.mask else [])):
            flux[masked] = error[masked] = np.nan
        return flux, error
