"""SizeColumn: the column of a catalogue that tells how large an object looks."""

import re
from collections.abc import Sequence

from skycnn.fits.tablecolumn import TableColumn

UCD = "phys.angSize"
"""What the IVOA calls it."""

NAMES = re.compile(
    r"flux_?radius(_\w+)?|petror(50|ad)_?[gri]?|r_?e(ff)?(_true)?|r_?half(_true)?|half_?light_?radius|hlr"
    r"|(de|exp)v?rad_?[gri]|shape_?r|r50(_\w+)?|kron_?radius",
    re.I,
)
"""Of SExtractor, SDSS, Legacy Surveys, Gaia, KiDS and of mocks."""


def find(columns: Sequence[TableColumn]) -> TableColumn | None:
    """Return the size that stands first: by its UCD, else by its name; None without one.

    Radii of apertures are none of the object's, whatever their UCD.
    """
    there = [column for column in columns if column.numeric and not re.search("apertur|psf|fwhm", column.name, re.I)]
    told = [column for column in there if (column.ucd or "").lower().startswith(UCD.lower())]
    named = [column for column in there if NAMES.fullmatch(column.name)]
    return next(iter(told or named), None)
