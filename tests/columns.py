"""Columns of imagined tables, for tests of what names, units and words mean."""

from skycnn.fits.tablecolumn import TableColumn


def column(name, form="E", unit=None, ucd=None, comment=None):
    repeat = int(form[:-1] or 1)
    return TableColumn(name, form, form[-1], repeat, 0, 4 * repeat, unit, ucd, comment)


def columns(names, unit=None, form="E"):
    """Return columns of these names, ``MAG_*|ugriz`` being one for every letter, ``MAG_*|NUV,U`` for every word."""
    found = []
    for name in names.split():
        style, _, bands = name.partition("|")
        words = bands.split(",") if "," in bands else list(bands)
        found += [column(style.replace("*", b), form, unit) for b in words] if bands else [column(style, form, unit)]
    return found
