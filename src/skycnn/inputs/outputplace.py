"""OutputPlace: where a run writes, locked, with what an earlier run left there."""

import time
from contextlib import ExitStack
from dataclasses import dataclass

from skycnn.fits import earlieroutput
from skycnn.fits.output import Output
from skycnn.fits.provenancefile import ProvenanceFile
from skycnn.fits.source import Spec
from skycnn.inputs.columnresult import ColumnOptions


@dataclass(frozen=True)
class OutputPlace:
    """Where a run writes.

    Parameters
    ----------
    output : Output
        Locked, unless this is a dry run.
    earlier : bool
        Whether the file of ``--out`` is there and was written by this command.
    story : ProvenanceFile or None
        For the record and the result.
    started : float
        When the run began, by the monotonic clock.
    """

    output: Output
    earlier: bool
    story: ProvenanceFile | None
    started: float


def find(stack: ExitStack, spec: Spec, options: ColumnOptions, verb: str, *, resume: bool = False) -> OutputPlace:
    """Lock the output and see that it can be written.

    Parameters
    ----------
    stack : ExitStack
        Unlocks it.
    spec : Spec
        The catalogue.
    options : ColumnOptions
    verb : str
        The command.
    resume : bool
        Whether an unfinished stamp file is kept.

    Raises
    ------
    InputError
        When it cannot.
    """
    started = time.monotonic()
    earlier = options.out is not None and not options.overwrite and earlieroutput.is_of(options.out, verb)
    output = Output(spec, options.out, overwrite=options.overwrite or earlier, detach=options.detach)
    story = (
        ProvenanceFile(options.provenance, (spec.path, output.path), options.overwrite) if options.provenance else None
    )
    if not options.dry_run:
        stack.enter_context(output.locked(options.wait))
        output.prepare(resume=resume)
    return OutputPlace(output, earlier, story, started)
