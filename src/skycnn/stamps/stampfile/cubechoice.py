"""CubeChoice: which image of a file holds its stamps."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from skycnn.errors import InputError
from skycnn.fits.tablebytes import Hdu


def _axes(unit: Hdu) -> object:
    return unit.header.get({"image": "NAXIS", "compressed image": "ZNAXIS"}.get(unit.kind, ""))


def find(units: Sequence[Hdu], label: str, extension: str | None) -> Hdu | None:
    """Return the stamps: those named, else the primary's, else those called IMAGES, else the only ones; None for none.

    Parameters
    ----------
    units : sequence of Hdu
        Of the file.
    label : str
        Names the file in messages.
    extension : str or None
        A number or EXTNAME.

    Raises
    ------
    InputError
        When there are several.
    """
    cubes = [unit for unit in units if _axes(unit) == 4]
    if extension is not None:
        named = [unit for unit in cubes if extension.upper() in (str(unit.number), unit.name.upper())]
        return next(iter(named), None)
    usual = [unit for unit in cubes if unit.number == 0 or unit.name.upper() == "IMAGES"]
    if len(cubes) > 1 and not usual:
        names = [unit.name or str(unit.number) for unit in cubes]
        options = " or ".join(f"--stamps {quote(f'{label}[{name}]')}" for name in names)
        raise InputError(f"{label} holds {len(cubes)} cubes of stamps: {' '.join(names)}", hint=f"Name one: {options}.")
    return next(iter(usual or cubes), None)


def none(units: Sequence[Hdu], label: str) -> InputError:
    """Return the error of a file without stamps, with what makes them of the images that it holds."""
    flat, deep = ([unit for unit in units if _axes(unit) == axes] for axes in (2, 3))
    hint = None
    if deep:
        names = [unit.name or str(unit.number) for unit in deep]
        numbers = ", ".join(str(unit.number) for unit in deep)
        out = f"{Path(label).name.split('.')[0]}-stamps.fits"
        code = (
            "import numpy as np; from astropy.io import fits; "
            f"f = fits.open({label!r}); s = np.stack([f[i].data for i in [{numbers}]], 1); "
            f"fits.PrimaryHDU(s, fits.Header({{'BANDS': {' '.join(names)!r}}})).writeto({out!r})"
        )
        hint = f"Stack its bands {' '.join(names)}, if they are some, and name {out}: python -c {quote(code)}"
    elif flat:
        names = [unit.name or str(unit.number) for unit in flat]
        band = "BAND" if names[0].isdigit() else names[0]
        hint = f"Images of the sky are named for each band: --images {quote(f'{band}={label}[{names[0]}]')}"
    return InputError(f"{label} has no stamps", expected="an image of four axes (row, band, y, x)", hint=hint)


def is_cube(units: Sequence[Hdu]) -> bool:
    """Whether a file holds stamps: an image of four axes."""
    return any(_axes(unit) == 4 for unit in units)
