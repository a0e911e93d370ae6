"""predict: rows of a catalogue through a network, the answers spliced into the catalogue."""

from contextlib import ExitStack
from dataclasses import dataclass

from skycnn.fits.source import parse
from skycnn.inputs import answering, columnrun, outputplace
from skycnn.inputs.columnresult import ColumnOptions, ColumnResult
from skycnn.inputs.columnrun import Progress, Say


@dataclass(frozen=True, kw_only=True)
class Options(ColumnOptions):
    """What ``predict`` may be told; the command line's options bear the same names."""

    pdf: bool = False
    command: str = "skycnn predict"


def predict(text: str, options: Options, say: Say = lambda _: None, progress: Progress | None = None) -> ColumnResult:
    """Answer every row of a catalogue and write the columns into it.

    Parameters
    ----------
    text : str
        ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits.gz``, ``-``.
    options : Options
        What to do.
    say : callable
        Receives notes, one line each.
    progress : callable, optional
        Receives rows done and rows in all.

    Returns
    -------
    ColumnResult

    Raises
    ------
    InputError
        Before the first write: bad input, or an answer that would replace something.
    RunError
        The run failed; the catalogue is as it was.
    """
    spec = parse(text, options.hdu)
    with ExitStack() as stack:
        place = outputplace.find(stack, spec, options, "predict")
        output = place.output
        scratch = output.folder if output.in_place and not options.dry_run else None
        ready = answering.opened(stack, spec, options, pdf=options.pdf, scratch=scratch, decompress=options.decompress)
        settings = {
            "bands": ready.feed.table(),
            **options.photometry.settings(),
            **ready.feed.facts(),
            "pdf": options.pdf,
            "rows": options.rows,
        }
        run = columnrun.settled(ready, ready.answerer, output, options, ColumnResult, verb="predict", settings=settings)
        return columnrun.write(run, place, options, say, progress)
