"""Galactic extinction: the state of a catalogue's fluxes, and the correction to the model's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.photometry import dustcolumns
from skycnn.photometry.dustcolumns import Dust
from skycnn.photometry.fields import Fields
from skycnn.survey import Survey

TOPIC = "Galactic extinction"
STATES = ("none", "corrected")
"""Values of ``--extinction`` that tell the fluxes' state; any other names a column."""

WANTED = {"yes": "corrected", "no": "none"}
"""State by the word of the card."""


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
    warning : str
        What was assumed and may be wrong; empty for nothing.
    removed : Dust or None
        What the catalogue's own correction took off its values, where columns tell it; asinh magnitudes need it.
    """

    dust: Dust | None
    power: int
    note: str
    warning: str = ""
    removed: Dust | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The catalogue's columns that are read."""
        used = [field for dust in (self.dust, self.removed) if dust for field in dust.fields.values()]
        return tuple(dict.fromkeys(field.column.name for field in used))

    def factor(self, chunk: Mapping[str, NDArray[np.generic]], band: str) -> NDArray[np.float32] | None:
        """Return what fluxes (n,) of a band are multiplied by, NaN where it is unknown; None for nothing."""
        if self.dust is None:
            return None
        return (self.dust.attenuation(chunk, band) ** self.power).astype(np.float32)


def names_column(option: str | None) -> bool:
    """Whether ``--extinction`` names a column, and not a state."""
    return option is not None and option.lower() not in STATES


def plan(
    fields: Fields,
    bands: Sequence[str],
    named: bool | None,
    option: str | None,
    trained: str,
    survey: Survey | None,
) -> Correction:
    """Return the correction of the fluxes of ``bands`` to the state ``trained``.

    Parameters
    ----------
    fields : Fields
        Of the table.
    bands : sequence of str
        The bands present.
    named : bool or None
        Whether the columns' names say corrected, or not corrected; None where they say neither.
    option : str or None
        ``--extinction``: none, corrected, or a column: E(B-V), or transmission or A with ``*`` for the band.
    trained : str
        ``yes``, ``no`` or ``unknown``: whether the model's fluxes were corrected.
    survey : Survey or None
        Holds R_band, needed for E(B-V).

    Raises
    ------
    InputError
        On a column that is not there or cannot act, and on a mismatch that cannot be corrected.
    """
    given = dustcolumns.given(fields, bands, survey, option) if option is not None and names_column(option) else None
    dust = given or dustcolumns.find(fields, bands, survey)
    stated = option.lower() if option is not None and given is None else "none" if given else None
    by_name = None if named is None else "corrected" if named else "none"
    state = stated or by_name or ("none" if dust else None)
    known = dust if dust and not dust.lacks(bands) else None
    removed = known if state == "corrected" else None
    if trained not in WANTED:
        return replace(_unknown(dust, option, stated), removed=removed)
    wanted = WANTED[trained]
    if state is None:
        return Correction(None, 0, f"{TOPIC}: assumed to be as in training; --extinction none|corrected|COLUMN tells")
    guess = contradicted = ""
    if named and stated == "none":
        contradicted = f"by the columns' names the fluxes are corrected; --extinction {option} says not"
    if dust and stated is None and named is None and dust.kind != "transmission":
        guess = f"{fields.label} has {dust.names}: its fluxes are taken as not corrected for {TOPIC}"
    if state == wanted:
        done = "corrected in the catalogue" if state == "corrected" else "not corrected"
        warning = f"{guess}, as in training; --extinction corrected if they are" if guess else contradicted
        return Correction(None, 0, f"{TOPIC}: {done}, as in training", warning, removed)
    if known:
        power, verb = (-1, "corrected") if wanted == "corrected" else (1, "put back")
        warning = f"{guess}, and are corrected; --extinction corrected if they are already" if guess else contradicted
        return Correction(known, power, f"{TOPIC}: {verb} with {known.kind} of {known.names}", warning, removed)
    words = {"none": "are not corrected", "corrected": "are corrected"}
    what = f"{fields.label}: fluxes {words[state]} for {TOPIC}, the model's {words[wanted]}"
    if state == "none" and stated is None and dust is None:  # by their names, as most that SDSS gives away
        note = "not corrected, by the columns' names, and left so; --extinction COLUMN corrects with its E(B-V)"
        return Correction(None, 0, f"{TOPIC}: {note}")
    why = f"no survey gives R_band for {dust.names}" if dust else "no column tells how much it is"
    raise InputError(
        f"{what}, and {why}",
        hint=f"Name the dust with --extinction COLUMN; --extinction {wanted} if the catalogue is as in training.",
    )


def _unknown(dust: Dust | None, option: str | None, stated: str | None) -> Correction:
    """Return what is done for a model whose state is unknown: nothing, and it is said."""
    unknown = f"whether the model's fluxes are corrected for {TOPIC} is unknown, for its training did not say"
    if names_column(option):
        raise InputError(
            f"--extinction {option} cannot act: {unknown}",
            hint="Leave it out to take the fluxes as they are; of a model of your own, train --dereddened yes says it.",
        )
    note, warning = f"{TOPIC}: as the catalogue has it; the model's training does not say", ""
    if stated is not None:
        warning = f"--extinction {stated} chooses among columns and corrects nothing: {unknown}"
    elif dust is not None:
        warning = f"{dust.names} is not used, the fluxes are taken as they are: {unknown}"
    return Correction(None, 0, note, warning)
