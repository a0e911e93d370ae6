"""FluxKind: fluxes and errors of a catalogue's own columns, in microjansky."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skycnn import survey
from skycnn.errors import InputError
from skycnn.fits.tablecolumn import TableColumn
from skycnn.inputs.available import Available, InputOptions
from skycnn.inputs.kind import Array, Kind, Piece, RowInput
from skycnn.network import ranges
from skycnn.network.card import Card
from skycnn.photometry import conditions, fluxes
from skycnn.photometry.fluxes import Photometry, PhotometryOptions
from skycnn.schema import Flag

OPTIONS = ("band", "error", "unit", "photometry", "extinction")
"""Options that tell of fluxes and, but for the last, of nothing else."""


class FluxInput(RowInput):
    """The fluxes of one catalogue in the bands of one model.

    Parameters
    ----------
    card : Card
    photometry : Photometry
    """

    words = "photometry"

    def __init__(self, card: Card, photometry: Photometry) -> None:
        self.card, self.photometry = card, photometry
        self.bands: tuple[str, ...] = photometry.bands
        self.columns, self.notes = photometry.columns, photometry.notes

    def facts(self) -> dict[str, Any]:
        """Return the bits that conditions test by name, if any."""
        return conditions.facts(self.photometry.conditions)

    def join(self, piece: Piece, values: Mapping[str, Array]) -> Piece:
        """Return all rows of a chunk with ``flux`` and ``error`` (n, band), and whether these were trained on."""
        read = self.photometry.fluxes(values)
        flags = np.where(read.bad, Flag.BAD_ROW, 0).astype(np.int32)
        flags[ranges.outside(self.card.ranges, read.flux, read.error, self.card.bands)] |= Flag.COLOUR_OUTSIDE
        return piece.join(piece.rows, {"flux": read.flux, "error": read.error}, np.isfinite(read.flux), flags)


class FluxKind(Kind):
    """Fluxes and errors, each (n, band)."""

    name = "flux"
    tensors = ("flux", "error")

    def presents(self, columns: Sequence[TableColumn], card: Card, options: InputOptions) -> bool:
        """Return whether a table holds two of the bands or more."""
        return fluxes.presents(columns, card.bands, options.photometry)

    def find(self, card: Card, available: Available) -> FluxInput:
        """Find the columns of a model's bands.

        Raises
        ------
        InputError
            When there are fewer than two bands.
        """
        catalogue = available.catalogue
        survey_card = catalogue.header.get("SURVEY", catalogue.primary.get("SURVEY"))
        photometry = fluxes.find(
            catalogue.columns,
            {**catalogue.header, "SURVEY": survey_card},
            card.bands,
            available.options.photometry,
            catalogue.label,
            card_photometry=card.photometry,
            dereddened=card.dereddened,
            survey=survey.known(card.survey_for(available.survey), available.user_survey),
            catalogue_survey=available.survey,
            bits=available.bits,
            owner=card.name,
            sample=available.sample,
        )
        return FluxInput(card, photometry)

    def imagined(self, card: Card, rows: int, random: np.random.Generator) -> dict[str, Array]:
        """Return fluxes with errors of a tenth of a microjansky."""
        shape = (rows, len(card.bands))
        return {"flux": random.random(shape, np.float32) + 0.1, "error": np.full(shape, 0.1, np.float32)}


def check_options(card: Card, options: PhotometryOptions) -> None:
    """See that nothing is said of fluxes that a network does not take.

    Raises
    ------
    InputError
        When something is.
    """
    idle = () if card.takes_fluxes else OPTIONS[: -1 if card.takes_images else None]  # pixels are corrected too
    said = [f"--{name}" for name in idle if getattr(options, name)]
    if said:
        pixels = " --pixel-unit tells that of pixels." if "--unit" in said else ""
        what = f"{card.name} takes no fluxes, and {' and '.join(said)} {'tell' if said[1:] else 'tells'} of them"
        raise InputError(what, hint=f"Leave {' and '.join(said)} out.{pixels}")
