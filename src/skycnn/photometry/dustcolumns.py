"""DustColumns: the columns of a catalogue that tell the Galactic extinction of each row."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import InputError
from skycnn.fits.fluxunits import POGSON
from skycnn.photometry import habits
from skycnn.photometry.fields import Field, Fields
from skycnn.survey import Survey

VALID = {"transmission": (1e-6, 1.05), "A": (-0.5, 30.0), "E(B-V)": (-0.5, 30.0)}
"""Valid ranges, values outside are null marks; noisy dust maps dip a few 0.01 mag below zero."""

ONE_BAND = re.compile(r"(?:a_?|.*(?:extinction|transmission)_)(?!e?b-?v)[a-z]{1,3}\d?", re.I)
"""Names of the extinction in one band, such as A_V: no E(B-V)."""


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

    @property
    def names(self) -> str:
        """The columns, for messages."""
        return " ".join(dict.fromkeys(f.name for f in self.fields.values()))

    def lacks(self, bands: Iterable[str]) -> bool:
        """Whether R_band is needed and not known for one of the bands."""
        return self.kind == "E(B-V)" and not set(bands) <= set(self.coefficients)

    def attenuation(self, chunk: Mapping[str, NDArray[np.generic]], band: str) -> NDArray[np.float64]:
        """Return observed over dust-free flux (n,), NaN where unknown."""
        value = self.fields[band].of(chunk).astype(np.float64)
        low, high = VALID[self.kind]
        value = np.where((value >= low) & (value <= high), value, np.nan)
        if self.kind == "transmission":
            return value
        return np.exp(-POGSON * self.coefficients.get(band, 1.0) * value)


def find(fields: Fields, bands: Sequence[str], survey: Survey | None) -> Dust | None:
    """Return the dust columns of known names, transmissions before A before E(B-V); None for none.

    Parameters
    ----------
    fields : Fields
        Of the table.
    bands : sequence of str
        The bands present.
    survey : Survey or None
        Holds R_band.
    """
    for kind, styles in (("transmission", habits.TRANSMISSIONS), ("A", habits.EXTINCTIONS)):
        for style in styles:
            if columns := _complete(fields, bands, style):
                return Dust(kind, columns, {})
    for name in habits.REDDENINGS:
        field = fields.get(name)
        if field and field.numeric:
            return _reddening(field, bands, survey)
    return None


def given(fields: Fields, bands: Sequence[str], survey: Survey | None, option: str) -> Dust:
    """Return the dust columns that ``--extinction`` names: with ``*`` for the band, by one band's column, or E(B-V).

    Raises
    ------
    InputError
        When there is none, or not one for every band.
    """
    field = None if "*" in option else fields.get(option)
    if field is not None and not field.numeric and field.index is None:
        elements = _elements(field, bands)
        if elements is not None:
            return Dust(_kind(option), elements, {})
    name = option if "*" in option else fields.require(option, "--extinction COLUMN").name
    styles = [name] if "*" in name else list(filter(None, (habits.star(name, b) for b in bands)))
    for style in styles:
        if columns := _complete(fields, bands, style):
            return Dust(_kind(name), columns, {})
    if "*" in name or ONE_BAND.fullmatch(name):
        raise InputError(
            f"{fields.label} has no column for every band",
            value=name,
            hint="Give --extinction MW_TRANSMISSION_* or EXTINCTION_*, with * for the band, or a column of E(B-V).",
        )
    return _reddening(fields.require(name, "--extinction COLUMN"), bands, survey)


def _reddening(field: Field, bands: Sequence[str], survey: Survey | None) -> Dust:
    return Dust("E(B-V)", dict.fromkeys(bands, field), dict(survey.extinction) if survey else {})


def _kind(name: str) -> str:
    return "transmission" if "transmission" in name.lower() else "A"


def _complete(fields: Fields, bands: Sequence[str], style: str) -> dict[str, Field] | None:
    """Return a column of a style for every band, else the elements of a vector of its name; None unless complete."""
    columns = {b: f for b in bands if (f := fields.get(style.replace("*", b))) and f.numeric}
    if len(columns) == len(bands):
        return columns
    vector = fields.get(style.replace("*", "").strip("_"))
    return _elements(vector, bands) if vector is not None else None


def _elements(field: Field, bands: Sequence[str]) -> dict[str, Field] | None:
    """Return the element of each band of a vector column whose length tells the order; None for another."""
    order = habits.VECTORS.get(field.column.repeat, "") if field.column.code in "ED" else ""
    if not order or not all(band in order for band in bands):
        return None
    return {band: Field(field.column, order.index(band)) for band in bands}
