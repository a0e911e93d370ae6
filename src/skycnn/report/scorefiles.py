"""ScoreFiles: the figure and the page that ``score`` writes, their names seen to before the work."""

import os
from collections.abc import Sequence

from skycnn.fits.source import parse
from skycnn.report import page, plotfile


def check(
    texts: Sequence[str], files: Sequence[str | None], *, plot: str | None, html: str | None, overwrite: bool
) -> str:
    """Return the format of the figure; empty without one.

    Parameters
    ----------
    texts : sequence of str
        Catalogues that are read: ``cat.fits[EXT]``.
    files : sequence of str or None
        Other files that may be read; names that are no files are passed over.
    plot, html : str, optional
        What is to be written.
    overwrite : bool
        Whether files of these names may be replaced.

    Raises
    ------
    InputError
        When one cannot be written, or would replace what is read, or the other.
    """
    read = [path for text in texts if (path := parse(text).path) != "-"]
    read += [path for path in files if path is not None and os.path.exists(path)]
    spared = {path: f"{path}, which is read" for path in read}
    kind = ""
    if plot is not None:
        kind = plotfile.check(plot, overwrite=overwrite, spared=spared)
        spared[plot] = "what --plot writes"
    if html is not None:
        page.check(html, overwrite=overwrite, spared=spared)
    return kind
