"""Measure: one band of a catalogue, its value, error, unit and flags."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import fluxunits
from skycnn.fits.fluxunits import Unit
from skycnn.photometry import habits
from skycnn.photometry.conditions import Condition
from skycnn.photometry.fields import Field, Fields
from skycnn.survey import Survey

SPELLINGS = "nmgy, uJy, nJy, mag(AB), asinh, zp30 (AB mag of one unit), ..."


@dataclass(frozen=True)
class Measure:
    """One band of a catalogue.

    Parameters
    ----------
    value : Field
        Flux or magnitude.
    error : Field or float
        Its error or inverse variance; a number for all rows, in the unit of the value.
    unit, error_unit : Unit
        Theirs.
    unit_note : str
        The unit and its source, for the user.
    flags : tuple of Field
        Non-zero where the band is unusable.
    mask : Condition, optional
        Of ``--mask-band``.
    softening, vega : float
        Constants of asinh and Vega magnitudes, else NaN.
    """

    value: Field
    error: Field | float
    unit: Unit
    error_unit: Unit
    unit_note: str
    flags: tuple[Field, ...] = ()
    mask: Condition | None = None
    softening: float = np.nan
    vega: float = np.nan

    @property
    def error_name(self) -> str:
        """The error's column or number."""
        return self.error.name if isinstance(self.error, Field) else f"{self.error:g}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The catalogue columns read, without those of ``mask``."""
        fields = (self.value, self.error, *self.flags)
        return tuple(f.column.name for f in fields if isinstance(f, Field))

    def microjansky(self, chunk: Mapping[str, NDArray[np.generic]]) -> tuple[fluxunits.Array, fluxunits.Array]:
        """Return flux and error (n,) float32, microjansky, NaN in both where absent."""
        value = self.value.of(chunk).astype(np.float64, copy=False)
        error = self.error.of(chunk) if isinstance(self.error, Field) else np.full(len(value), self.error)
        sigma = fluxunits.deviation(error.astype(np.float64, copy=False), self.error_unit, self.unit.kind)
        return fluxunits.microjansky(value, sigma, self.unit, self.softening, self.vega)

    def flagged(self, chunk: Mapping[str, NDArray[np.generic]]) -> list[NDArray[np.bool_]]:
        """Return the rows (n,) where each flag is set; null is not set."""
        return [(f.of(chunk) != 0) & (f.of(chunk) == f.of(chunk)) for f in self.flags]


def measure(
    fields: Fields,
    band: str,
    value: Field,
    error: Field | float,
    style: str,
    spelled: str,
    given: str | None,
    survey: Survey | None,
    mask: Condition | None,
) -> Measure:
    """Return the measure of a band, with its units.

    Parameters
    ----------
    fields : Fields
        Of the table.
    band : str
        As the model spells it.
    value, error : Field
        The error may be a number.
    style, spelled : str
        Of the value's name: with ``*`` for the band, and the band's spelling in it.
    given : str or None
        Unit of ``--unit``.
    survey : Survey or None
        For the constants of asinh and Vega magnitudes.
    mask : Condition or None
        Of ``--mask-band``.

    Raises
    ------
    InputError
        When a unit is invalid or unknown, or value and error do not belong together.
    """
    if isinstance(error, Field):
        fields.checked(error, f"--error {band}=COLUMN")
    name = error.name if isinstance(error, Field) else ""
    unit, note = _unit(fields, band, value, style, name, given)
    inverse = "ivar" in name.lower() or "invvar" in name.lower()
    error_unit = Unit(unit.name, unit.kind, unit.scale, inverse)
    column_unit = fluxunits.read(error.column.unit) if isinstance(error, Field) and given is None else None
    if column_unit is not None:
        if (column_unit.kind == "flux") != (unit.kind == "flux"):
            raise InputError(
                f"{fields.label}: '{name}' is in {column_unit.name} but '{value.name}' in {unit.name}",
                hint=f"Name the error of {band} with --error {band}=COLUMN, or both units with --unit {band}=UNIT.",
            )
        error_unit = Unit(column_unit.name, unit.kind, column_unit.scale, column_unit.inverse or inverse)
    present = [f for n in habits.flags(style) if (f := fields.get(n.replace("*", spelled))) and f.flag]
    flags = tuple(dict.fromkeys(present))
    softening = _constant(fields, band, value, unit, "asinh", survey.softening if survey else {}, "softening")
    vega = _constant(fields, band, value, unit, "vega", survey.vega if survey else {}, "a Vega zero point")
    return Measure(value, error, unit, error_unit, note, flags, mask, softening, vega)


def _unit(fields: Fields, band: str, value: Field, style: str, error: str, given: str | None) -> tuple[Unit, str]:
    if given is not None:
        unit = fluxunits.read(given)
        if unit is None or unit.inverse:
            raise InputError(f"--unit {band} is not understood", value=given, expected=SPELLINGS)
        return unit, f"{unit.name}, by --unit"
    text = value.column.unit
    if text is not None and text.strip().lower() not in fluxunits.BLANK:
        unit = fluxunits.read(text)
        if unit is None or unit.inverse:
            raise InputError(
                f"{fields.label}: the unit of '{value.name}' is not understood",
                value=text,
                hint=f"Give it with --unit {band}=UNIT: {SPELLINGS}",
            )
        return unit, "AB magnitudes, assumed of TUNIT mag" if unit.name == "mag" else f"{unit.name}, by TUNIT"
    name, survey = habits.unit(style, error)
    unit = fluxunits.read(name)
    if unit is None:
        raise InputError(
            f"{fields.label} gives no unit for '{value.name}'", hint=f"Give it with --unit {band}=UNIT: {SPELLINGS}"
        )
    return unit, f"{name}, by the habit of {survey}" if survey else "AB magnitudes, assumed: no TUNIT"


def _constant(
    fields: Fields, band: str, value: Field, unit: Unit, kind: str, table: Mapping[str, float], what: str
) -> float:
    if unit.kind != kind:
        return np.nan
    if band not in table:
        raise InputError(
            f"{fields.label}: '{value.name}' is in {unit.name} and no survey gives {what} for {band}",
            hint=f"If it is AB after all: --unit {band}='mag(AB)'.",
        )
    return table[band]
