"""Galactic extinction: the state of a catalogue's fluxes, and what brings them to the state a model was trained in."""

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
"""Ranges outside which a value is a sentinel; maps made from noisy data dip below zero by a few 0.01 mag."""


@dataclass(frozen=True)
class Dust:
    """Columns that tell the Galactic extinction of each row.

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
        """Return flux seen over flux without dust (n,), NaN where unknown."""
        value = self.fields[band].of(chunk).astype(np.float64)
        low, high = VALID[self.kind]
        value = np.where((value >= low) & (value <= high), value, np.nan)
        if self.kind == "transmission":
            return value
        return np.exp(-POGSON * self.coefficients.get(band, 1.0) * value)


@dataclass(frozen=True)
class Correction:
    """What is done about Galactic extinction.

    Parameters
    ----------
    dust : Dust or None
        None when fluxes are left as they are.
    power : int
        Fluxes are multiplied by attenuation**power: -1 corrects, +1 takes a correction back.
    note : str
        One line for the user.
    """

    dust: Dust | None
    power: int
    note: str


def plan(
    fields: Fields, bands: Sequence[str], named: bool, option: str | None, trained: str, survey: Survey | None
) -> Correction:
    """Return what brings the fluxes of ``bands`` to the state ``trained``.

    Parameters
    ----------
    fields : Fields
        Of the table.
    bands : sequence of str
        Those present.
    named : bool
        Whether the columns' names say that extinction was corrected.
    option : str or None
        ``--extinction``: none, corrected, or a column: E(B-V), or transmission or A with ``*`` for the band.
    trained : str
        ``yes``, ``no`` or ``unknown``: whether the model's fluxes were corrected.
    survey : Survey or None
        Holds R_band, needed for E(B-V).

    Raises
    ------
    InputError
        On a known mismatch that cannot be mended.
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
    told = {"none": "are not corrected", "corrected": "are corrected"}
    why = f"no survey gives R_band for {names}" if dust else "no column tells how much it is"
    raise InputError(
        f"{fields.label}: fluxes {told[state]} for Galactic extinction, the model's {told[wanted]}, and {why}",
        hint=f"Name the dust with --extinction COLUMN; --extinction {wanted} if the catalogue is as in training.",
    )


def _named(fields: Fields, option: str) -> str:
    """Return the column name or style that ``--extinction`` gives, with ``*`` for the band."""
    return option if "*" in option else fields.require(option, "--extinction COLUMN").name


def _dust(fields: Fields, bands: Sequence[str], survey: Survey | None, only: str | None) -> Dust | None:
    """Return the dust that the columns tell: the one named ``only``, else the first by known names."""
    for kind, styles in (("transmission", habits.TRANSMISSIONS), ("A", habits.EXTINCTIONS)):
        for style in [only] if only is not None else styles:
            found = _per_band(fields, bands, style)
            if found and (only is None or ("transmission" in style.lower()) == (kind == "transmission")):
                return Dust(kind, found, {})
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
    """Return a column for every band, of a style or of the style of one band's name; None if one lacks."""
    styles = [style] if "*" in style else [s for b in bands if (s := habits.star(style, b))]
    for s in styles:
        found = {b: f for b in bands if (f := fields.get(s.replace("*", b))) and f.numeric}
        if len(found) == len(bands):
            return found
    return None
