"""Explaining: rows answered, and what in their input the answer rests on."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.extension import Chunk
from skycnn.inputs.feed import Feed
from skycnn.inputs.work import Work, pieces
from skycnn.network.answer import Answerer
from skycnn.network.attribution import Attributions
from skycnn.network.choice import fewest
from skycnn.network.explainer import Explainer
from skycnn.schema import Column, flag_column
from skycnn.workahead import fetch_ahead

Array = NDArray[Any]

TIMED = {True: 8, False: 256}
"""Rows on which the time is measured, of images and of fluxes."""


@dataclass(frozen=True)
class Explained:
    """Some rows answered and explained.

    Parameters
    ----------
    values : mapping of str to array (n, ...)
        The answers by the task's columns, without the flag.
    flags : array (n,)
    attributions : Attributions
        NaN where a row has no answer.
    without : array (n, band) or None
        The answer without each band; NaN where a row lacks the band or would have no answer.
    """

    values: Mapping[str, Array]
    flags: Array
    attributions: Attributions
    without: Array | None


class Explaining:
    """A model that answers, and that tells what an answer rests on.

    Parameters
    ----------
    answerer : Answerer
    explainer : Explainer
        Of the same model.
    of_fluxes : Explainer, optional
        Of the same model, by integrated gradients: it tells the bands' shares where the maps of the other do not.

    Attributes
    ----------
    target : str
        What is explained, see `Posterior.targets`.
    value : str
        The column of answers that it is of.
    unit : str
        Of the attributions, and of what is explained.
    planes : tuple of str
        Of a map: the bands, or the method where a map is of all bands.
    columns : tuple of Column
        What `answer` returns.
    """

    def __init__(self, answerer: Answerer, explainer: Explainer, of_fluxes: Explainer | None = None) -> None:
        self.answerer, self.explainer, self.target = answerer, explainer, explainer.target
        self._of_fluxes = of_fluxes
        posterior, card = answerer.posterior, answerer.card
        self.value = max((name for name in posterior.values if self.target.startswith(name)), key=len)
        known = posterior.targets[self.target]
        self.unit, self.meaning = known.unit, known.meaning
        self.planes = card.bands if explainer.method == "ig" else (explainer.method,)
        self._lock, self._explained, self._beyond = threading.Lock(), 0, 0
        self._values = tuple(column.name for column in answerer.columns[:-1])
        units = known.unit, self.value_unit
        self.columns = columns(self.target, *units, card.bands if card.takes_fluxes else (), explainer.method)

    @property
    def value_unit(self) -> str:
        """The unit of the answer."""
        columns: tuple[Column, ...] = self.answerer.columns
        return next(column.unit for column in columns if column.name == self.value)

    def explain(
        self, first: int, inputs: Mapping[str, Array], present: Array, known: Array, *, without: bool | None = None
    ) -> Explained:
        """Return rows answered and explained.

        Parameters
        ----------
        first, inputs, present, known
            As of `Answerer.answer`.
        without : bool, optional
            Whether they are answered without each band too; left out, where fluxes are taken.
        """
        *answers, flags = self.answerer.answer(first, inputs, present, known)
        values = dict(zip(self._values, answers, strict=True))
        found = self.explainer.attribute(first, inputs)
        if self._of_fluxes is not None:
            shares = self._of_fluxes.attribute(first, inputs).maps["flux"]
            found = replace(found, maps={**found.maps, "flux": shares})
        silent = np.isnan(values[self.value])
        if silent.any():
            found = blanked(found, silent)
        self._count(found)
        wanted = self.answerer.card.takes_fluxes if without is None else without
        return Explained(values, flags, found, self._without(first, inputs, present, known) if wanted else None)

    def _count(self, found: Attributions) -> None:
        """Count rows explained, and those whose residual is above the bound, which that of ``cam`` need not keep."""
        known = np.isfinite(found.answer)
        beyond = np.abs(found.residual) > self.explainer.bound * np.abs(found.answer)
        beyond &= self.explainer.method != "cam"
        with self._lock:
            self._explained += int(known.sum())
            self._beyond += int((known & beyond).sum())

    @property
    def completeness(self) -> dict[str, int]:
        """How many rows were explained, and how many of these have a residual above the bound."""
        return {"explained": self._explained, "above_bound": self._beyond}

    def _without(self, first: int, inputs: Mapping[str, Array], present: Array, known: Array) -> Array:
        """Return the answers without each band, (n, band); without one of two there is none."""
        place, count = self._values.index(self.value), present.shape[1]
        found = np.full(present.shape, np.nan, np.float32)
        if count <= fewest(self.answerer.card):
            return found
        banded = {name: np.array(inputs[name]) for name in ("flux", "error", "image") if name in inputs}
        for band in range(count):
            held = {name: content[:, band].copy() for name, content in banded.items()}
            for content in banded.values():
                content[:, band] = np.nan
            left = present.copy()
            left[:, band] = False
            answer = self.answerer.answer(first, {**inputs, **banded}, left, known)[place]
            found[:, band] = np.where(present[:, band], answer, np.nan)
            for name, content in banded.items():
                content[:, band] = held[name]
        return found

    def answer(self, first: int, inputs: Mapping[str, Array], present: Array, known: Array) -> list[Array]:
        """Return the values of `columns` for some rows; see `Answerer.answer`."""
        explained = self.explain(first, inputs, present, known)
        return [*self.numbers(explained).values(), explained.flags]

    def numbers(self, explained: Explained) -> dict[str, Array]:
        """Return the values (n,) of `columns` but for the flag, by name."""
        found, flux = explained.attributions, explained.attributions.maps.get("flux")
        parts = [found.answer, found.reference, found.residual]
        if flux is not None:
            parts += [*flux.T, *(explained.without if explained.without is not None else np.full_like(flux, np.nan)).T]
        return dict(zip((column.name for column in self.columns[:-1]), [*parts, found.steps], strict=True))

    def seconds_a_row(self, imagined: Callable[[int], Mapping[str, Array]]) -> float:
        """Return how long a row takes on this machine, measured on ``imagined(rows)``, see `Feed.imagined`."""
        rows = TIMED[self.answerer.card.takes_images]
        inputs, present = imagined(rows), np.ones((rows, len(self.answerer.card.bands)), bool)
        started = time.perf_counter()
        self.explain(0, inputs, present, np.zeros(rows, np.int32))
        return (time.perf_counter() - started) / rows


def columns(target: str, unit: str, value_unit: str, bands: tuple[str, ...], method: str = "ig") -> tuple[Column, ...]:
    """Return the columns of what is explained, of what each band adds to it, and the flag.

    Parameters
    ----------
    target, unit : str
        What is explained.
    value_unit : str
        Of the answer.
    bands : tuple of str
        Those of fluxes; none without them.
    method : str
        Of the maps; the shares of fluxes are always by integrated gradients.
    """
    from skycnn.stamps.stampfile.stampcolumns import words

    def number(stem: str, unit: str, ucd: str, meaning: str) -> Column:
        return Column(f"{target}_{stem}", "f4", unit, ucd, meaning, "G12.5")

    spelled = [(word, band.replace("'", "")) for word, band in zip(words(bands), bands, strict=True)]
    away, share = "(explained - reference)", "stat.value;arith.diff"
    of = f"in {away}" if method == "ig" else "by integrated gradients"
    return (
        number("EXPLAINED", unit, "stat.value", "the number explained"),
        number("REFERENCE", unit, "stat.value", "the number explained, of the baseline"),
        number("RESIDUAL", unit, "stat.fit.residual", f"sum of shares, less {away}"),
        *(number(f"WHY_{word}", unit, share, f"share of {band} {of}") for word, band in spelled),
        *(number(f"WITHOUT_{word}", value_unit, "stat.value", f"the answer without {band}") for word, band in spelled),
        Column(f"{target}_STEPS", "i4", "", "meta.number", "steps of the integral", "I6"),
        flag_column(f"{target}_EXPLAINED"),
    )


def blanked(found: Attributions, rows: Array) -> Attributions:
    """Return attributions that are NaN, of no steps, in some rows, bool (n,)."""

    def blank(content: Array) -> Array:
        content = np.array(content)
        content[rows] = np.nan if content.dtype.kind == "f" else 0
        return content

    return replace(
        found,
        maps={name: blank(content) for name, content in found.maps.items()},
        answer=blank(found.answer),
        reference=blank(found.reference),
        residual=blank(found.residual),
        steps=blank(found.steps),
    )


def explained(
    feed: Feed, explaining: Explaining, chunks: Iterable[Chunk], *, without: bool | None = None
) -> Generator[tuple[Work, Explained | None]]:
    """Yield the pieces of all chunks, explained, and behind each chunk's last its end; pieces are read ahead."""
    with closing(fetch_ahead(pieces(feed, chunks), hurry=feed.hurry)) as ready:
        for work in ready:
            piece = work.piece
            if piece is None:
                yield work, None
                continue
            first = work.chunk.first if work.whole else 0
            given = (first, piece.inputs, piece.present, piece.flags)
            yield work, explaining.explain(*given, without=without)
