"""RowUnits: the pixel unit of each row's image, compared with that of the first image."""

from collections.abc import Sequence

from skycnn.images import pixelunit
from skycnn.images.imageheader import ImageHeader
from skycnn.images.pixelunit import Conversion, Units
from skycnn.stamps.rowimages.rowfiles import MissingError


class RowUnits:
    """The units of the first images.

    Parameters
    ----------
    first : mapping of str to str or None
        By band the unit in the first image's header, None without one.
    """

    def __init__(self, first: dict[str, str | None] | None = None) -> None:
        self.first = first or {}

    def units(self, bands: Sequence[str]) -> Units:
        """Return by band the unit of the first image, empty without an image."""
        return {band: {self.first[band]: "the first image"} if band in self.first else {} for band in bands}

    def factor(self, band: str, header: ImageHeader, conversion: Conversion | None) -> float:
        """Return what to multiply a row's pixels by.

        Parameters
        ----------
        band : str
        header : ImageHeader
            Of the row's image.
        conversion : Conversion or None
            None keeps pixels as they are: then all rows of a band must be in one unit.

        Raises
        ------
        MissingError
            When the unit differs from that of the first image and cannot be converted.
        """
        unit = pixelunit.of(header.cards)
        first = self.first.get(band, unit)
        if conversion is None or (unit is None and conversion.named(band) is None):
            factor = 1.0 if pixelunit.alike(unit, first) else None  # no unit: that of the first
        else:
            factor = conversion.factor(band, unit)
        if factor is None:
            raise MissingError("", f"another unit: {unit or 'none'} against {first or 'none'}")
        return factor

    def per_area(self, band: str, header: ImageHeader, conversion: Conversion | None) -> bool:
        """Whether a row's pixels are in a surface brightness, of which many make no sum but a mean."""
        named = None if conversion is None else conversion.named(band)
        return pixelunit.per_area(named or pixelunit.of(header.cards))
