"""Luptitudes: which magnitudes are asinh magnitudes (Lupton, Gunn & Szalay 1999, AJ 118, 1406).

All magnitudes in SDSS's Catalog Archive Server are (Stoughton et al. 2002, AJ 123, 485): names that it alone uses tell
them, and so do words in a column's unit or description. Below a signal to noise of two they differ from Pogson's.
"""

import re
from collections.abc import Mapping

from skycnn import survey as surveys
from skycnn.fits.columnnames import plain
from skycnn.fits.fluxunits import Unit
from skycnn.fits.tablecolumn import TableColumn
from skycnn.photometry import habits
from skycnn.survey import Survey

ARCHIVE = re.compile(r"(?:(?:c?model|psf|petro|fiber2?|exp|dev)mag|dered)_\*|(?:c?model|psf|petro|fiber2?)mag", re.I)
"""Styles of SDSS's archive; without the band vectors of its files, MODELMAG[0]."""

SAID = re.compile(r"asinh|arcsinh|luptitude", re.I)
"""Words of a column's description."""

UNIT = Unit("mag(asinh)", "asinh")


def archive(column: TableColumn, band: str) -> bool:
    """Whether a column's name is one of SDSS's archive alone."""
    name = plain(column.name)
    return bool(ARCHIVE.fullmatch(habits.star(name, band) or name))


def described(column: TableColumn) -> bool:
    """Whether a column's description says asinh magnitude or luptitude."""
    return bool(SAID.search(column.comment or ""))


def softening(column: TableColumn, band: str, survey: Survey | None) -> Mapping[str, float]:
    """Return b by band: the model's survey's, else SDSS's for a column of its archive."""
    if survey is not None and band in survey.softening:
        return survey.softening
    return surveys.load("sdss").softening if archive(column, band) else {}


def read(column: TableColumn, band: str, unit: Unit, survey: Survey | None) -> tuple[Unit, str] | None:
    """Return the unit of a magnitude that is asinh by its description or its name, and who says so; None for others.

    Parameters
    ----------
    column : TableColumn
        Of the magnitude.
    band : str
        As the model spells it.
    unit : Unit
        By TUNIT or habit; where it says AB, the name tells nothing.
    survey : Survey or None
        Of the model.
    """
    if unit.kind != "mag":
        return None
    if described(column):
        return UNIT, "asinh magnitudes, by the columns' descriptions; --unit mag reads Pogson's"
    if unit.name == "mag" and archive(column, band) and band in softening(column, band, survey):
        return UNIT, "SDSS asinh magnitudes, by the columns' names; --unit mag reads Pogson's"
    return None
