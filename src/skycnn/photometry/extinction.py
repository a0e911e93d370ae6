"""Galactic extinction: the state of a catalogue's fluxes, and the correction to the model's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.fluxunits import POGSON
from skycnn.photometry import habits
from skycnn.photometry.fields import Field, Fields
from skycnn.survey import Survey

TOPIC = "Galactic extinction"
VALID = {"transmission": (1e-6, 1.05), "A": (-0.5, 30.0), "E(B-V)": (-0.5, 30.0)}
"""Valid ranges, values outside are null marks; noisy dust maps dip a few 0.01 mag below zero."""


@dataclass(frozen=True)
class Dust:
    """Columns with the Galactic extinction of each row.

    Parameters
    ----------
    kind : str
        ``transmission``, ``A`` (mag in the band) or ``E(B-V)`` (mag).
    fields : mapping of str to Field
        By band.
    coefficients : mapping of str to float
        R_band of Schlafly & Finkbeiner (2011); E(B-V) only.
    """

    kind: str
    fields: Mapping[str, Field]
    coefficients: Mapping[str, float]

    def attenuation(self, chunk: Mapping[str, NDArray[np.generic]], band: str) -> NDArray[np.float64]:
        """Return observed over dust-free flux (n,), NaN where unknown."""
        value = self.fields[band].of(chunk).astype(np.float64)
        low, high = VALID[self.kind]
        value = np.where((value >= low) & (value <= high), value, np.nan)
        if self.kind == "transmission":
            return value
        return np.exp(-POGSON * self.coefficients.get(band, 1.0) * value)


@dataclass(frozen=True)
class Correction:
    """The correction for Galactic extinction.

    Parameters
    ----------
    dust : Dust or None
        None leaves fluxes as they are.
    power : int
        Fluxes are multiplied by attenuation**power: -1 corrects, +1 undoes a correction.
    note : str
        One line for the user.
    """

    dust: Dust | None
    power: int
    note: str


def plan(
    fields: Fields, bands: Sequence[str], named: bool, option: str | None, trained: str, survey: Survey | None
) -> Correction:
    """Return the correction of the fluxes of ``bands`` to the state ``trained``.

    Parameters
    ----------
    fields : Fields
        Of the table.
    bands : sequence of str
        The bands present.
    named : bool
        Whether the columns' names say corrected.
    option : str or None
        ``--extinction``: none, corrected, or a column: E(B-V), or transmission or A with ``*`` for the band.
    trained : str
        ``yes``, ``no`` or ``unknown``: whether the model's fluxes were corrected.
    survey : Survey or None
        Holds R_band, needed for E(B-V).

    Raises
    ------
    InputError
        On a mismatch that cannot be corrected.
    """
    state = option.lower() if option is not None and option.lower() in ("none", "corrected") else None
    given = _dust(fields, bands, survey, _named(fields, option)) if option is not None and state is None else None
    dust = given or _dust(fields, bands, survey, None)
    if state is None:
        state = "corrected" if named else "none" if dust else None
    wanted = {"yes": "corrected", "no": "none"}.get(trained)
    if wanted is None:
        return Correction(None, 0, f"{TOPIC}: as the catalogue has it; the model's training does not say")
    if state is None:
        return Correction(None, 0, f"{TOPIC}: assumed to be as in training; --extinction none|corrected|COLUMN tells")
    if state == wanted:
        done = "corrected in the catalogue" if state == "corrected" else "not corrected"
        return Correction(None, 0, f"{TOPIC}: {done}, as in training")
    names = " ".join(dict.fromkeys(f.name for f in dust.fields.values())) if dust else ""
    if dust and not (dust.kind == "E(B-V)" and not set(bands) <= set(dust.coefficients)):
        power, verb = (-1, "corrected") if wanted == "corrected" else (1, "put back")
        return Correction(dust, power, f"{TOPIC}: {verb} with {dust.kind} of {names}")
    states = {"none": "are not corrected", "corrected": "are corrected"}
    why = f"no survey gives R_band for {names}" if dust else "no column tells how much it is"
    raise InputError(
        f"{fields.label}: fluxes {states[state]} for Galactic extinction, the model's {states[wanted]}, and {why}",
        hint=f"Name the dust with --extinction COLUMN; --extinction {wanted} if the catalogue is as in training.",
    )


def _named(fields: Fields, option: str) -> str:
    """Return the column or style of ``--extinction``, with ``*`` for the band."""
    return option if "*" in option else fields.require(option, "--extinction COLUMN").name


def _dust(fields: Fields, bands: Sequence[str], survey: Survey | None, only: str | None) -> Dust | None:
    """Return the dust columns: those named ``only``, else the first of known names."""
    for kind, styles in (("transmission", habits.TRANSMISSIONS), ("A", habits.EXTINCTIONS)):
        for style in [only] if only is not None else styles:
            columns = _per_band(fields, bands, style)
            if columns and (only is None or ("transmission" in style.lower()) == (kind == "transmission")):
                return Dust(kind, columns, {})
    if only is not None and "*" in only:
        raise InputError(
            f"{fields.label} has no column for every band",
            value=only,
            hint="Give --extinction MW_TRANSMISSION_* or EXTINCTION_*, with * for the band.",
        )
    for name in [only] if only is not None else habits.REDDENINGS:
        field = fields.get(name)
        if field and field.numeric:
            coefficients = dict(survey.extinction) if survey else {}
            return Dust("E(B-V)", dict.fromkeys(bands, field), coefficients)
    return None


def _per_band(fields: Fields, bands: Sequence[str], style: str) -> dict[str, Field] | None:
    """Return a column for every band, of a style or of one band's name; None unless complete."""
    styles = [style] if "*" in style else [s for b in bands if (s := habits.star(style, b))]
    for s in styles:
        columns = {b: f for b in bands if (f := fields.get(s.replace("*", b))) and f.numeric}
        if len(columns) == len(bands):
            return columns
    return None
