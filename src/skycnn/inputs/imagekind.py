"""ImageKind: stamps centred on the rows, in the pixels that a network was trained with."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skycnn import survey
from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablecolumn import TableColumn
from skycnn.inputs import bandmask
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.bandmask import BandMask
from skycnn.inputs.kind import Array, Input, Kind, Piece
from skycnn.network.card import Card
from skycnn.photometry import extinction
from skycnn.photometry.extinction import Correction
from skycnn.photometry.fields import Fields

if TYPE_CHECKING:  # imported where there are stamps: who reads fluxes alone need not load them
    from skycnn.stamps.stamps import Stamps

SCALE = 0.02
"""Share by which a model's pixel scale and the images' may differ."""


class ImageInput(Input):
    """The stamps of one catalogue in the bands of one model.

    Parameters
    ----------
    card : Card
    stamps : Stamps
    mask : BandMask, optional
        Bands that are left out of some rows.
    correction : Correction, optional
        Of Galactic extinction; pixels are taken as the catalogue's fluxes are.
    """

    words = "images"

    def __init__(
        self, card: Card, stamps: "Stamps", mask: BandMask | None = None, correction: Correction | None = None
    ) -> None:
        self.card, self.stamps, self._mask, self._correction = card, stamps, mask, correction
        self.side = int(card.stamp or 0)
        self.bands: tuple[str, ...] = tuple(band for band in card.bands if band in stamps.bands)
        self.columns = (
            *stamps.columns,
            *(mask.columns if mask else ()),
            *(correction.columns if correction else ()),
        )
        said = () if correction is None else (f"pixels: {correction.note}",)
        self.notes = (*stamps.notes, *(mask.notes if mask else ()), *said)

    @classmethod
    def of(cls, card: Card, stamps: "Stamps", available: Available, reddened: bool = False) -> "ImageInput":
        """Return stamps that leave out what ``--mask-band`` names, corrected as ``--extinction`` says.

        Raises
        ------
        InputError
            When a column is not there, or extinction cannot be corrected.
        """
        texts = available.options.photometry.mask_band
        given = (texts, available.catalogue, card.bands, card.name, available.bits)
        return cls(card, stamps, BandMask(*given) if texts else None, _correction(card, stamps, available, reddened))

    def pieces(self, piece: Piece, first: int, values: Mapping[str, Array], wanted: Array) -> Iterator[Piece]:
        """Yield the rows wanted with ``image`` (b, band, y, x), in the order that suits the images.

        Parameters
        ----------
        piece : Piece
            All rows of a chunk, with other input.
        first : int
            Absolute number of the chunk's first row.
        values : mapping of str to array (n, ...)
        wanted : array (n,)
            bool.
        """
        from skycnn.stamps.stamps import flat, shown

        gone = self._mask.of(values, len(wanted)) if self._mask is not None else None
        dimmed = self._dimmed(values, len(wanted))
        for batch in self.stamps.batches(first, values, wanted, bands=self.card.bands, side=self.side):
            flags = bandmask.clean(batch.pixels, batch.flags, None if gone is None else gone[batch.rows])
            blank = flat(batch.pixels)
            if blank.any():
                flags = bandmask.clean(batch.pixels, flags, blank)
            if dimmed is not None:
                np.multiply(batch.pixels, dimmed[batch.rows][:, :, None, None], out=batch.pixels)
            yield piece.join(batch.rows, {"image": batch.pixels}, shown(batch.pixels), flags, batch.rests)

    def _dimmed(self, values: Mapping[str, Array], rows: int) -> Array | None:
        """Return what the pixels of rows and bands are multiplied by, float32 (n, band); None for nothing."""
        if self._correction is None or self._correction.dust is None:
            return None
        factors = np.ones((rows, len(self.card.bands)), np.float32)
        for i, band in enumerate(self.card.bands):
            if band in self.bands:
                factors[:, i] = self._correction.factor(values, band)
        return factors

    def check(self, catalogue: Catalogue, rows: tuple[int, int | None] | None) -> list[str]:
        """See before the work that the images of all bands show rows ``rows`` alike; return what looks wrong.

        Raises
        ------
        InputError
            When their pixel grids differ.
        """
        first, end = rows or (0, None)
        last = catalogue.rows if end is None else min(end, catalogue.rows)
        census = self.stamps.census(catalogue, (first, last), self.side)
        found = [self._correction.warning] if self._correction is not None and self._correction.warning else []
        if not census.rows or census.nowhere + census.unplaced < census.rows:
            return found
        from skycnn.stamps import stampfacts  # which knows all sources of stamps

        return [*found, stampfacts.astray(catalogue, self.stamps, census, first)]

    def facts(self) -> dict[str, Any]:
        """Return what the images are, and what is done to their pixels."""
        changed = dict(self.stamps.conversion.changed) if self.stamps.conversion is not None else {}
        masked = self._mask.facts if self._mask is not None else {}
        return {**self.stamps.facts(), **({"pixel_unit": changed} if changed else {}), **masked}


class ImageKind(Kind):
    """Stamps, (n, band, y, x), in microjansky a pixel or what the network was trained with.

    Parameters
    ----------
    reddened : bool
        Whether objects have dust of their own, see `task.Task`.
    """

    name = "image"
    tensors = ("image",)

    def __init__(self, reddened: bool = False) -> None:
        self.reddened = reddened

    def presents(self, columns: Sequence[TableColumn], card: Card, options: InputOptions) -> bool:
        """Return whether a table can say where its rows are in images, or stands beside a cube of stamps."""
        if options.stamps is None:
            return {"DX", "DY"} <= {column.name for column in columns}
        from skycnn.stamps import stampsource

        return stampsource.presents(columns, options.stamps)

    def find(self, card: Card, available: Available) -> ImageInput:
        """Return the stamps of a model's bands, as it takes them.

        Raises
        ------
        InputError
            When there are none, or in pixels of another scale or unit.
        """
        scale = card.pixel_scale
        if available.stamps is not None:
            from skycnn.stamps.stampsource import LARGEST

            if not 1 <= (card.stamp or 0) <= LARGEST or not (scale is None or 0 < scale < math.inf):
                stated = f"{card.stamp} pixels of {scale} arcsec"
                raise InputError(f"{card.name}: its card does not say which stamps it takes", value=stated)
        return ImageInput.of(card, fitting(available.stamps, card), available, self.reddened)

    def imagined(self, card: Card, rows: int, random: np.random.Generator) -> dict[str, Array]:
        """Return noise."""
        side = card.stamp or 1
        return {"image": random.standard_normal((rows, len(card.bands), side, side), np.float32)}


def _correction(card: Card, stamps: "Stamps", available: Available, reddened: bool) -> Correction | None:
    """Return the correction of the pixels for Galactic extinction; None where nothing is known or asked of it."""
    option, catalogue = available.options.photometry.extinction, available.catalogue
    if option is None and (card.dereddened == "unknown" or reddened):
        return None
    bands = [band for band in card.bands if band in stamps.bands]
    fields = Fields(catalogue.columns, catalogue.label, f"{card.name} needs {' '.join(bands)}")
    known = survey.known(card.survey_for(available.survey), available.user_survey)
    found = extinction.plan(fields, bands, None, option, card.dereddened, known)
    return found if option is not None or found.dust is not None else None


def opened(catalogue: Catalogue, options: InputOptions, rows: tuple[int, int | None] | None = None) -> "Stamps | None":
    """Return the stamps that the options name, else those of the file itself where it is a stamp file, else None.

    Raises
    ------
    InputError
        When what is named cannot be used.
    """
    if options.stamps is None and not any(
        4 in (unit.header.get("NAXIS"), unit.header.get("ZNAXIS")) for unit in catalogue.units
    ):
        return None
    from skycnn.stamps import stampsource

    return stampsource.offered(catalogue, options.stamps or stampsource.StampOptions(), rows=rows)


def fitting(stamps: "Stamps | None", card: Card, *, whole: bool = False) -> "Stamps":
    """Return stamps in the pixels that a network takes.

    Parameters
    ----------
    stamps : Stamps or None
        What there is.
    card : Card
        What the network takes.
    whole : bool
        Whether all bands must be there; else one will do.

    Raises
    ------
    InputError
        When there are none of the network's bands, or they are too small or of another scale or unit.
    """
    needs = f"{card.name} needs images{' of ' + ' '.join(card.bands) if card.bands else ''}"
    missing = [band for band in card.bands if stamps is None or band not in stamps.bands]
    named = " ".join(f"--images {band}=FILE" for band in missing) or "--images BAND=FILE for each band"
    hint = f"Name them: {named}; or --stamps FILE."
    if stamps is None:
        raise InputError(f"{needs}; none are named", hint=hint)
    if missing and (whole or len(missing) == len(card.bands)):
        raise InputError(f"{needs}; there are {' '.join(stamps.bands)}", hint=hint)
    scale, wanted = stamps.pixel_scale, card.pixel_scale
    if scale is not None and wanted is not None and abs(scale / wanted - 1) > SCALE:
        stamps = stamps.rescaled(wanted, card.name)
    if stamps.side is not None and card.stamp is not None and stamps.side < card.stamp:
        what = f"{card.name} needs stamps of {card.stamp} pixels; these have {stamps.side}"
        raise InputError(what, hint=f"Cut them anew: skycnn cutout ... --size {card.stamp}")
    units = stamps.units()
    if not units:
        return stamps
    from skycnn.images import pixelunit

    bands = card.bands or stamps.bands
    given = (stamps.named_units, card.pixel_unit, card.name, stamps.unit_scale)
    return stamps.converted(pixelunit.plan(units, bands, *given))
