"""RowUnits: the unit of each row's own image, held against that of the first one that was found."""

from collections.abc import Sequence

from skycnn.images import pixelunit
from skycnn.images.imageheader import ImageHeader
from skycnn.images.pixelunit import Conversion, Stated
from skycnn.stamps.rowimages.rowfiles import MissingError


class RowUnits:
    """What the first images say of their pixels.

    Parameters
    ----------
    first : mapping of str to str or None
        By band the unit that the first image found there states, None for none.
    """

    def __init__(self, first: dict[str, str | None] | None = None) -> None:
        self.first = first or {}

    def stated(self, bands: Sequence[str]) -> Stated:
        """Return by band the unit of the first image; nothing of a band where none was found."""
        return {band: {self.first[band]: "the first image"} if band in self.first else {} for band in bands}

    def factor(self, band: str, header: ImageHeader, conversion: Conversion | None) -> float:
        """Return what to multiply a row's pixels by.

        Parameters
        ----------
        band : str
        header : ImageHeader
            Of the row's image.
        conversion : Conversion or None
            None where pixels stay as they are: then the rows of a band must be in one unit.

        Raises
        ------
        MissingError
            When they are in a unit that is not that of the first image, and cannot be brought to one.
        """
        own = pixelunit.of(header.cards)
        first = self.first.get(band, own)
        if conversion is None or (own is None and conversion.named(band) is None):
            factor = 1.0 if pixelunit.alike(own, first) else None  # what is not told is as told of the others
        else:
            factor = conversion.factor(band, own)
        if factor is None:
            raise MissingError("", f"another unit: {own or 'none'} against {first or 'none'}")
        return factor
