"""SEDs: the spectra that galaxies are mixed of; they ship in ``seds/library.npz``, with sources and licences beside it.

Every spectrum is f_nu on even steps of log wavelength, 1 at 5500 Angstrom; the last one holds emission lines alone, as
strong as the light of the others where Hbeta has an equivalent width of 10 Angstrom.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Library:
    """Spectra.

    Parameters
    ----------
    names : tuple of str
        Of the spectra.
    wavelength : array (m,)
        Rest frame, Angstrom, even steps in log wavelength.
    flux : array (k, m)
        f_nu; 1 at 5500 Angstrom, but for the lines.
    redness : array (k,)
        Order of age and dust: 0 the youngest, 1 the oldest.
    """

    names: tuple[str, ...]
    wavelength: Array
    flux: Array
    redness: Array


@lru_cache(maxsize=1)
def load() -> Library:
    """Return the library that ships."""
    with files("skycnn").joinpath("seds", "library.npz").open("rb") as stream, np.load(stream) as kept:
        first, step, count = kept["log_wavelength"]
        wavelength = np.exp(first + step * np.arange(int(count)))
        flux = np.exp(kept["log_flux"].astype(np.float64))
        names = tuple(str(name) for name in kept["names"])
        return Library(names, wavelength, flux, kept["redness"].astype(np.float64))
