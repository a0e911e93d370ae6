"""BandMask: the rows in which ``--mask-band`` leaves a band's stamp out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import BandError
from skycnn.fits.catalogue import Catalogue
from skycnn.photometry import conditions
from skycnn.photometry.fields import Fields
from skycnn.schema import Flag

Array = NDArray[Any]


class BandMask:
    """Conditions on which a band of a row is left out, for stamps; those of fluxes are `Photometry`'s own.

    Parameters
    ----------
    texts : mapping of str to str
        Band to a column or a condition, as the user typed it.
    catalogue : Catalogue
    bands : sequence of str
        Of the model.
    owner : str
        Names the model in messages.
    bits : mapping of str to mapping of str to int, optional
        See `conditions.parse`.

    Attributes
    ----------
    columns : tuple of str
        Columns of the catalogue that are read.
    notes : tuple of str
        What is left out, a line each.
    facts : dict
        The bits that conditions test by name, if any.

    Raises
    ------
    InputError
        When a band is not the model's, or a column is not there.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        catalogue: Catalogue,
        bands: Sequence[str],
        owner: str,
        bits: conditions.BitNames | None = None,
    ) -> None:
        strange = [band for band in texts if band not in bands]
        if strange:
            what = f"--mask-band names a band that {owner} has not"
            raise BandError(what, value=strange[0], expected=" ".join(bands))
        self._bands = tuple(bands)
        fields = Fields(catalogue.columns, catalogue.label, "--mask-band needs it")
        self._conditions = {
            band: conditions.parse(text, fields, f"--mask-band {band}=", bits) for band, text in texts.items()
        }
        self.columns = tuple(dict.fromkeys(name for found in self._conditions.values() for name in found.columns))
        self.facts = conditions.facts(self._conditions.values())
        self.notes = tuple(f"band {band} dropped where {found.text}" for band, found in self._conditions.items())

    def of(self, values: Mapping[str, Array], n: int) -> Array:
        """Return which bands of n rows are left out, bool (n, band)."""
        gone = np.zeros((n, len(self._bands)), bool)
        for band, condition in self._conditions.items():
            gone[:, self._bands.index(band)] = condition.holds(values)
        return gone


def clean(pixels: Array, flags: Array, gone: Array | None) -> Array:
    """Make pixels NaN, in place, that are infinite or of a band that is left out; return the flags, int32 (n,).

    Parameters
    ----------
    pixels : array (n, band, y, x)
    flags : array (n,)
        Those that are known of the stamps; one with an infinite pixel has a flag.
    gone : array (n, band) or None
        Which bands are left out, bool.
    """
    rows = np.flatnonzero(flags & (Flag.NAN_PIXELS | Flag.MISSING_BAND))
    if len(rows):
        some = pixels[rows]
        some[~np.isfinite(some)] = np.nan
        pixels[rows] = some
    if gone is None or not gone.any():
        return flags
    pixels[gone] = np.nan
    return flags | np.where(gone.any(axis=1), Flag.MISSING_BAND, 0).astype(np.int32)
