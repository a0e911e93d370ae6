"""Measure: one band of a catalogue, its value, error, unit and flags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits import fluxunits
from skycnn.fits.fluxunits import Unit
from skycnn.photometry import habits, luptitudes
from skycnn.photometry.conditions import Condition
from skycnn.photometry.fields import Field, Fields
from skycnn.survey import Survey

MILLIMAG = re.compile(r"\s*m(?:illi)?mag(?:nitude)?s?\s*", re.I)
SAME = 1e-6
"""Share by which the scales of units may differ that are the same."""
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

    def microjansky(
        self, chunk: Mapping[str, NDArray[np.generic]], removed: NDArray[np.float64] | None = None
    ) -> tuple[fluxunits.Array, fluxunits.Array]:
        """Return flux and error (n,) float32, microjansky, NaN in both where absent.

        Parameters
        ----------
        chunk : mapping of str to array
            `columns` by name.
        removed : array (n,), optional
            The attenuation that the catalogue has corrected for. Asinh magnitudes are made of observed fluxes: a
            correction by A mag makes the softening of what is left 10**(0.4 A) times as large.
        """
        value = self.value.of(chunk).astype(np.float64, copy=False)
        softening = self.softening if removed is None else self.softening / np.nan_to_num(removed, nan=1.0)
        return fluxunits.microjansky(value, self.deviation(chunk), self.unit, softening, self.vega)

    def deviation(self, chunk: Mapping[str, NDArray[np.generic]]) -> fluxunits.Array:
        """Return the standard deviation (n,) in mag or microjansky, NaN where absent."""
        value = self.value.of(chunk)
        error = self.error.of(chunk) if isinstance(self.error, Field) else np.full(len(value), self.error)
        return fluxunits.deviation(error.astype(np.float64, copy=False), self.error_unit, self.unit.kind)

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
    if given is None:
        unit, note = luptitudes.read(value.column, band, unit, survey) or (unit, note)
    inverse = "ivar" in name.lower() or "invvar" in name.lower()
    error_unit = Unit(unit.name, unit.kind, unit.scale, inverse)
    if isinstance(error, Field) and given is None:
        error_unit = _error_unit(fields, band, value, error, unit, inverse)
    present = [f for n in habits.flags(style) if (f := fields.get(n.replace("*", spelled))) and f.flag]
    flags = tuple(dict.fromkeys(present))
    softenings = luptitudes.softening(value.column, band, survey) if unit.kind == "asinh" else {}
    softening = _constant(fields, band, value, unit, "asinh", softenings, "softening")
    vega = _constant(fields, band, value, unit, "vega", survey.vega if survey else {}, "a Vega zero point")
    return Measure(value, error, unit, error_unit, note, flags, mask, softening, vega)


def _error_unit(fields: Fields, band: str, value: Field, error: Field, unit: Unit, inverse: bool) -> Unit:
    """Return the unit of an error by its TUNIT; an error of a flux has one, or none of the two has."""
    text, stated = error.column.unit, not _blank(value.column.unit)
    if _blank(text):
        if stated and unit.kind == "flux":
            raise InputError(
                f"{fields.label}: '{value.name}' is in {unit.name}, and its error '{error.name}' has no unit",
                hint=f"If all errors are in the unit of their fluxes: --unit {quote(unit.name)}; else name other ones "
                f"with --error {band}=COLUMN.",
            )
        return Unit(unit.name, unit.kind, unit.scale, inverse)
    read = Unit("mmag", "mag", 1e-3) if MILLIMAG.fullmatch(str(text)) else fluxunits.read(text)
    if read is None or (read.kind == "flux") != (unit.kind == "flux"):
        raise InputError(
            f"{fields.label}: '{error.name}' is in {text} but '{value.name}' in {unit.name}",
            hint=f"Name the error of {band} with --error {band}=COLUMN, or give one number for all, in the unit of the "
            f"values: --error 0.1. It has: {fields.listing()}",
        )
    if not stated and unit.kind == "flux" and abs(read.scale / unit.scale - 1) > SAME:
        raise InputError(
            f"{fields.label}: '{error.name}' is in {text} but '{value.name}', without a unit, by habit in {unit.name}",
            hint=f"If both are in that of the errors: --unit {quote(_base(read, str(text)))}; else --unit {band}=UNIT.",
        )
    return Unit(read.name, unit.kind, read.scale, read.inverse or inverse)


def _blank(text: str | None) -> bool:
    return text is None or text.strip().lower() in fluxunits.BLANK


def _base(unit: Unit, text: str) -> str:
    """Return the unit whose inverse square an inverse variance is in."""
    known = next((name for name, scale in fluxunits.FLUXES.values() if abs(scale / unit.scale - 1) < SAME), None)
    return known or ("UNIT" if unit.inverse else text)


def _unit(fields: Fields, band: str, value: Field, style: str, error: str, given: str | None) -> tuple[Unit, str]:
    if given is not None:
        unit = fluxunits.read(given)
        if unit is None or unit.inverse:
            raise InputError(f"--unit {band} is not understood", value=given, expected=SPELLINGS)
        return unit, f"{unit.name}, by --unit"
    text = value.column.unit
    hint = f"Give it with --unit {band}=UNIT: {SPELLINGS}; one for all bands e.g. with --unit uJy."
    if not _blank(text):
        unit = fluxunits.read(text)
        if unit is None or unit.inverse:
            raise InputError(f"{fields.label}: the unit of '{value.name}' is not understood", value=text, hint=hint)
        said = style.lower()
        if ("flux" in said) != ("mag" in said) and ("flux" in said) != (unit.kind == "flux"):
            raise InputError(
                f"{fields.label}: '{value.name}' is in {unit.name}, which its name does not say",
                hint=f"If its unit is right: --unit {quote(unit.name)}; else type the right one: --unit UNIT.",
            )
        return unit, "AB magnitudes, assumed of TUNIT mag" if unit.name == "mag" else f"{unit.name}, by TUNIT"
    name, survey = habits.unit(style, error)
    unit = fluxunits.read(name)
    if unit is None:
        raise InputError(f"{fields.label} gives no unit for '{value.name}'", hint=hint)
    return unit, f"{name}, by the habit of {survey}" if survey else "AB magnitudes, assumed: no TUNIT"


def _constant(
    fields: Fields, band: str, value: Field, unit: Unit, kind: str, table: Mapping[str, float], what: str
) -> float:
    if unit.kind != kind:
        return np.nan
    if band not in table:
        raise InputError(
            f"{fields.label}: '{value.name}' is in {unit.name} and no survey gives {what} for {band}",
            hint=f"If it is AB after all: --unit 'mag(AB)'; of this band alone: --unit {band}='mag(AB)'.",
        )
    return table[band]
