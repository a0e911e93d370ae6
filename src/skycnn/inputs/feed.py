"""Feed: rows of a catalogue as a network's input - fluxes, stamps, and what is known of them before the answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.catalogue import Catalogue
from skycnn.inputs import bandmask
from skycnn.inputs.bandmask import BandMask
from skycnn.inputs.needs import Wants
from skycnn.photometry import conditions
from skycnn.photometry.fields import Field, Fields
from skycnn.photometry.fluxes import Photometry, PhotometryOptions
from skycnn.schema import Flag
from skycnn.stamps.stamps import Stamps, shown

Array = NDArray[Any]

KINDS = {"flux": "photometry", "image": "images"}
"""Kinds of input there are, in words."""


@dataclass(frozen=True)
class Piece:
    """Input of some rows of a chunk.

    Parameters
    ----------
    rows : array (b,)
        Their numbers within the chunk.
    inputs : dict of str to array (b, ...)
        ``flux`` and ``error`` (b, band), microjansky; ``image`` (b, band, y, x); NaN where absent.
    present : array (b, band)
        Which bands are there in one kind of input at least, bool.
    flags : array (b,)
        int32, bits of `Flag` that are known before the answer.
    """

    rows: Array
    inputs: dict[str, Array]
    present: Array
    flags: Array


class BadRows:
    """Conditions of ``--bad``, for a model that takes no fluxes."""

    def __init__(self, texts: Sequence[str], catalogue: Catalogue) -> None:
        self.conditions = tuple(conditions.parse(text) for text in texts)
        fields = Fields(catalogue.columns, catalogue.label, "--bad needs it")
        names = [term.column for condition in self.conditions for term in condition.terms]
        self.tested: dict[str, Field] = {
            name: fields.require(name, "--bad 'COLUMN != 0'", flag=True) for name in dict.fromkeys(names)
        }

    def of(self, values: Mapping[str, Array], n: int) -> Array:
        """Return which of n rows are bad, bool."""
        bad = np.zeros(n, bool)
        for condition in self.conditions:
            bad |= condition.holds(values, self.tested)
        return bad


class Feed:
    """Rows of a catalogue as a model's input.

    Attributes
    ----------
    held : dict of str to tuple of str
        The model's bands that each kind of input has.
    columns : tuple of str
        Columns of the catalogue that are read.
    notes : tuple of str
        Assumptions, one line each.
    """

    def __init__(
        self,
        wants: Wants,
        photometry: Photometry | None,
        stamps: Stamps | None,
        bad: BadRows | None = None,
        mask: BandMask | None = None,
    ) -> None:
        self.wants, self.photometry, self.stamps, self._bad, self._mask = wants, photometry, stamps, bad, mask
        self.held: dict[str, tuple[str, ...]] = {}
        columns: list[str] = []
        notes: list[str] = []
        if photometry is not None:
            self.held["flux"] = photometry.bands
            columns += photometry.columns
            notes += photometry.notes
        if stamps is not None:
            self.held["image"] = tuple(band for band in wants.bands if band in stamps.bands)
            columns += stamps.columns
            notes += stamps.notes
        if bad is not None:
            columns += [field.column.name for field in bad.tested.values()]
            notes += [f"dropped rows: {condition.text}" for condition in bad.conditions]
        if mask is not None:
            columns += mask.columns
            notes += mask.notes
        self.columns, self.notes = tuple(dict.fromkeys(columns)), tuple(dict.fromkeys(notes))

    @classmethod
    def of(
        cls,
        wants: Wants,
        catalogue: Catalogue,
        photometry: Photometry | None,
        stamps: Stamps | None,
        options: PhotometryOptions,
    ) -> Self:
        """Return a feed that leaves out what ``--bad`` and ``--mask-band`` name, also where no fluxes are read."""
        bad = BadRows(options.bad, catalogue) if photometry is None else None
        masked = stamps is not None and options.mask_band
        mask = BandMask(options.mask_band, catalogue, wants.bands, wants.name) if masked else None
        return cls(wants, photometry, stamps, bad, mask)

    @property
    def side(self) -> int:
        """Pixels along a stamp's edge; 0 without stamps."""
        return int(self.wants.stamp or 0) if self.stamps is not None else 0

    def table(self) -> tuple[dict[str, str], ...]:
        """Return ``band``, ``column``, ``error`` and ``unit`` of each band whose fluxes are read."""
        return self.photometry.table() if self.photometry is not None else ()

    @property
    def kinds(self) -> str:
        """What is read, in words."""
        return " and ".join(KINDS[kind] for kind in self.held)

    def check(self, catalogue: Catalogue, rows: tuple[int, int | None] | None) -> list[str]:
        """See before the work that the images of all bands show rows ``rows`` alike; return what looks wrong.

        Raises
        ------
        InputError
            When their pixel grids differ.
        """
        if self.stamps is None:
            return []
        first, end = rows or (0, None)
        last = catalogue.rows if end is None else min(end, catalogue.rows)
        census = self.stamps.census(catalogue, (first, last), self.side)
        if not census.rows or census.nowhere + census.unplaced < census.rows:
            return []
        from skycnn.stamps import stampfacts  # which knows all sources of stamps

        return [stampfacts.astray(catalogue, self.stamps, census, first)]

    def warnings(self) -> list[str]:
        """Return what went wrong with images so far."""
        return self.stamps.warnings() if self.stamps is not None else []

    def hurry(self) -> None:
        """Let nobody wait any longer for images: the run ends."""
        if self.stamps is not None:
            self.stamps.hurry()

    def check_unchanged(self) -> None:
        """See that no image was changed during the run; raises `ChangedError`."""
        if self.stamps is not None:
            self.stamps.check_unchanged()

    def facts(self) -> dict[str, Any]:
        """Return what the input depends on besides the catalogue, plain JSON."""
        if self.stamps is None:
            return {}
        changed = dict(self.stamps.conversion.changed) if self.stamps.conversion is not None else {}
        return {**self.stamps.facts(), **({"pixel_unit": changed} if changed else {})}

    @property
    def state(self) -> list[int] | None:
        """What tells a resumed run that the stamps are as they were; see ``Stamps.state``."""
        return self.stamps.state if self.stamps is not None else None

    def pieces(self, first: int, values: Mapping[str, Array], wanted: Array) -> Iterator[Piece]:
        """Yield the rows of a chunk with their input, in the order that suits the images.

        Parameters
        ----------
        first : int
            Absolute number of the chunk's first row.
        values : mapping of str to array
            The values of `columns`, each (n, ...).
        wanted : array (n,)
            Which rows are to be answered, bool; without images all rows come in one piece.
        """
        n = len(wanted)
        inputs: dict[str, Array] = {}
        if self.photometry is not None:
            fluxes = self.photometry.fluxes(values)
            inputs, bad = {"flux": fluxes.flux, "error": fluxes.error}, fluxes.bad
        else:
            bad = self._bad.of(values, n) if self._bad is not None else np.zeros(n, bool)
        known = np.where(bad, Flag.BAD_ROW, 0).astype(np.int32)
        seen = np.isfinite(inputs["flux"]) if inputs else np.zeros((n, len(self.wants.bands)), bool)
        if self.stamps is None:
            yield Piece(np.arange(n), inputs, seen, known)
            return
        gone = self._mask.of(values, n) if self._mask is not None else None
        for batch in self.stamps.batches(first, values, wanted, bands=self.wants.bands, side=self.side):
            rows = batch.rows
            flags = bandmask.clean(batch.pixels, batch.flags, None if gone is None else gone[rows])
            part = {name: content[rows] for name, content in inputs.items()} | {"image": batch.pixels}
            yield Piece(rows, part, seen[rows] | shown(batch.pixels), known[rows] | flags)
