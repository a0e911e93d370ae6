"""FitsFile: a file opened, with its header-data units; to DEEPMERGE's files a table of their labels is added."""

from collections.abc import Sequence

from skycnn.errors import InputError
from skycnn.files.regular import opened
from skycnn.fits.source import Source, Spec, open_source
from skycnn.fits.tablebytes import Hdu, scan

NUMPY = b"\x93NUMPY"
LABELS = "MERGERLABELS"
"""EXTNAME of DEEPMERGE's labels, in capitals."""


def open_fits(spec: Spec, scratch: str | None = None) -> tuple[Source, list[Hdu]]:
    """Open a file and return it with its header-data units.

    Parameters
    ----------
    spec : Spec
        What to open.
    scratch : str, optional
        Folder for temporary uncompressed bytes.

    Raises
    ------
    InputError
        As `open_source` and `scan`, and for DEEPMERGE files whose arrays are no stamps, or whose labels do not fit.
    """
    if _is_array(spec):
        from skycnn.fits.stamplayout.deepmerge import open_arrays

        source = open_arrays(spec, scratch)
    else:
        source = open_source(spec, scratch)
    try:
        units = scan(source.fd, source.size, source.label)
        labels = _labels(units)
        if labels is not None:
            from skycnn.fits.stamplayout.deepmerge import with_table

            bare, source = source, with_table(source, units[0], labels, scratch)
            bare.file.close()
            units = scan(source.fd, source.size, source.label)
    except BaseException:
        source.file.close()
        raise
    return source, units


def _is_array(spec: Spec) -> bool:
    try:
        with opened(spec.path, "stamps") as file:
            return not spec.standard and file.read(len(NUMPY)) == NUMPY
    except (InputError, OSError):  # whoever opens it says what is wrong
        return False


def _labels(units: Sequence[Hdu]) -> Hdu | None:
    """Return the labels of DEEPMERGE's stamps, where there is no table."""
    if units[0].header.get("NAXIS") != 4 or any(unit.kind == "table" for unit in units):
        return None
    return next((unit for unit in units if unit.kind == "image" and unit.name.upper() == LABELS), None)
