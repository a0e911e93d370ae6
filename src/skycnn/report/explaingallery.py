"""ExplainGallery: the page and the pictures of explained rows."""

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from skycnn.files import memory
from skycnn.fits.provenance import redacted
from skycnn.inputs.answering import Answering
from skycnn.inputs.explaining import Explaining, explained
from skycnn.inputs.explainoptions import ExplainOptions
from skycnn.inputs.maprun import CHUNK
from skycnn.inputs.rowselection import RowSelection
from skycnn.report import exhibitpicture, gallery, page
from skycnn.report.exhibition import Exhibition
from skycnn.scoring.largesterrors import KnownTruth

WORDS = {"joint": "joint map", "ig": "integrated gradients", "cam": "class activation map"}
COPIES = 5
"""Of the pixels of a stamp and its maps in memory: as arrays, as pictures, as text."""


def check(show: Exhibition | None, options: ExplainOptions, *, earlier: bool) -> None:
    """See that the files can be written; ``earlier`` is whether those of the same run may be there.

    Raises
    ------
    InputError
        When one cannot.
    """
    if options.html is not None:
        page.check(options.html, overwrite=options.overwrite or earlier)
    if options.png is not None and show is not None:
        exhibitpicture.check(options.png, show.numbers.tolist(), overwrite=options.overwrite or earlier)


def is_there(options: ExplainOptions) -> bool:
    """Return whether all files of the gallery are there."""
    return all(path is None or os.path.exists(path) for path in (options.html, options.png))


def write(
    show: Exhibition,
    ready: Answering,
    explaining: Explaining,
    truth: KnownTruth | None,
    order: str,
    options: ExplainOptions,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Explain those rows that were not explained on the way, and write the gallery.

    Parameters
    ----------
    show : Exhibition
    ready : Answering
    explaining : Explaining
    truth : KnownTruth or None
    order : str
        Which rows are shown, in words.
    options : ExplainOptions
    progress : callable, optional
        Receives rows done and rows in all.

    Raises
    ------
    InputError
        When the stamps take too much memory.
    """
    card, catalogue, feed = ready.choice.card, ready.catalogue, ready.feed
    pixels = 2 * 4 * len(card.bands) * (card.stamp or 0) ** 2
    memory.check(COPIES * len(show) * pixels, f"a gallery of {len(show)} objects")
    rest, done = RowSelection(0, catalogue.rows, show.missing), 0
    for work, found in explained(feed, explaining, rest.chunks(catalogue, feed.columns, CHUNK), without=True):
        if work.piece is not None and found is not None:
            show.take(work.chunk.first, work.piece, found)
            done += len(work.piece.rows)
            if progress is not None:
                progress(done, len(rest))
    feed.check_unchanged()
    exhibits = show.exhibits(catalogue, None if truth is None else _truths(truth, ready, show.numbers))
    facts = {
        "model": f"{card.name} {card.sha256[:16]}",
        "catalogue": catalogue.label,
        "rows": order,
        "explained": f"{explaining.meaning}{f', {explaining.unit}' if explaining.unit else ''}",
        "method": WORDS[explaining.explainer.method],
        "baseline": explaining.explainer.baseline,
    }
    if options.html is not None:
        gallery.write(
            options.html,
            exhibits,
            card.bands,
            title=f"{explaining.value} of {catalogue.label}, explained",
            command=redacted(options.command),
            facts=facts,
            overwrite=True,
            quantity=explaining.value,
            method=WORDS[explaining.explainer.method],
        )
    if options.png is not None:
        exhibitpicture.write(
            options.png, exhibits, card.bands, quantity=explaining.value, overwrite=True, progress=progress
        )


def _truths(truth: KnownTruth, ready: Answering, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the truths of rows in any order."""
    place, found = np.argsort(numbers), np.empty(len(numbers))
    found[place] = truth.read(ready.catalogue, numbers[place])
    return found
