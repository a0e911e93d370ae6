"""explain: what a model's answers rest on - maps of the stamps, shares of the bands, and a gallery to look at."""

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from skycnn.errors import InputError
from skycnn.fits.source import Spec, parse
from skycnn.inputs import answering, columnrun, outputplace
from skycnn.inputs.answering import Answering
from skycnn.inputs.columnrun import Progress, Say
from skycnn.inputs.explaining import Explaining
from skycnn.inputs.explainoptions import ExplainOptions, ExplainResult
from skycnn.inputs.maprun import CHUNK, MapRun
from skycnn.inputs.outputplace import OutputPlace
from skycnn.inputs.rowselection import RowSelection
from skycnn.inputs.work import pieces
from skycnn.network import model
from skycnn.network.explainer import Explainer
from skycnn.network.featuremaps import shows_maps
from skycnn.report import explaingallery
from skycnn.report.exhibition import Exhibition
from skycnn.scoring import explainedrows
from skycnn.scoring.largesterrors import KnownTruth

STEP = 4096
"""Rows of a catalogue of fluxes between two entries of the journal: seconds of work."""
MOST_CHECKED = 32
"""Rows that --check looks at."""


@dataclass(frozen=True)
class Job:
    """All that is settled before the first row is explained.

    Parameters
    ----------
    ready : Answering
    explaining : Explaining
    selection : RowSelection
    exhibition : Exhibition or None
        None where no gallery is asked for.
    truth : KnownTruth or None
    settings : mapping
        What maps and columns depend on, plain JSON.
    facts : mapping
        Fields of the result.
    """

    ready: Answering
    explaining: Explaining
    selection: RowSelection
    exhibition: Exhibition | None
    truth: KnownTruth | None
    settings: Mapping[str, Any]
    facts: Mapping[str, Any]

    @property
    def images(self) -> bool:
        """Whether the model takes images, and so gets maps."""
        return self.ready.choice.card.takes_images


def explain(
    text: str, options: ExplainOptions, say: Say = lambda _: None, progress: Progress | None = None
) -> ExplainResult:
    """Explain the answers to rows of a catalogue: write what they rest on, and show it.

    Parameters
    ----------
    text : str
        ``cat.fits``, ``cat.fits[EXT]``, ``cat.fits.gz``, ``-``; a stamp file.
    options : Options
        What to do.
    say, progress : callable
        Receive notes, one line each; rows done and rows in all.

    Returns
    -------
    ExplainResult

    Raises
    ------
    InputError
        Before the first write: bad input, or a file that would be replaced.
    RunError
        The run failed; the catalogue and OUT are as they were.
    """
    started = time.monotonic()
    spec = parse(text, options.hdu)
    _check(spec, options)
    with ExitStack() as stack:
        place = outputplace.find(stack, spec, options, "explain", resume=True) if options.writes else None
        job = _settled(stack, spec, place, options, say)
        earlier = place is not None and place.earlier
        explaingallery.check(job.exhibition, options, earlier=earlier)
        if place is None:
            done = _told(job, options, say)
        elif job.images:
            done = _write_maps(stack, job, place, options, say, progress)
        else:
            job.ready.catalogue.check_extensible()
            run = columnrun.settled(
                job.ready,
                job.explaining,
                place.output,
                options,
                ExplainResult,
                verb="explain",
                settings=job.settings,
                chosen=job.selection.numbers,
                step=STEP,
                **job.facts,
            )
            done = columnrun.write(run, place, options, say, progress, words="explains")
        if options.dry_run:
            return done
        show = job.exhibition
        if show is not None and not (earlier and explaingallery.is_there(options)):
            after = (job.facts["order"], options, progress if place is None else None)
            explaingallery.write(show, job.ready, job.explaining, job.truth, *after)
            if place is None:
                done = replace(done, answered=show.answered, flagged=show.flagged)
        check = _checked(job) if options.check else {}
        seconds = time.monotonic() - started
        return replace(
            done,
            seconds=seconds,
            shown=0 if show is None else len(show),
            check=check,
            completeness=job.explaining.completeness,
        )


def _check(spec: Spec, options: ExplainOptions) -> None:
    """See that the options go together, before anything is opened."""
    named = {"the catalogue": spec.path, "--out": options.out, "--html": options.html, "--png": options.png}
    places: dict[str, str] = {}
    for what, path in named.items():
        if path is not None and path != "-":
            other = places.setdefault(os.path.realpath(path), what)
            if what != other and what != "--out":  # which tells of the catalogue itself
                raise InputError(f"{other} and {what} name one file", value=path, hint=f"Give another {what}.")
    if options.worst is not None and options.worst < 1:
        raise InputError("--worst is a number of rows", value=options.worst, expected="1 or more")
    if options.steps is not None and options.steps < 1:
        raise InputError("--steps is a number of steps", value=options.steps, expected="1 or more")
    if options.provenance is not None and not options.writes:
        raise InputError("--provenance tells of columns or maps, and none are written", hint="--out FILE writes them.")


def _settled(stack: ExitStack, spec: Spec, place: OutputPlace | None, options: ExplainOptions, say: Say) -> Job:
    """Open the catalogue, choose the model and the rows, and see that what is asked for can be done."""
    in_place = place is not None and place.output.in_place
    scratch = place.output.folder if place is not None and in_place and not options.dry_run else None
    ready = answering.opened(
        stack,
        spec,
        options,
        pdf=options.pictures,
        extensible=False,
        scratch=scratch,
        decompress=options.decompress,
    )
    card, catalogue = ready.choice.card, ready.catalogue
    if in_place and card.takes_images:
        what = f"{card.name} looks at images, and its maps are no columns of {catalogue.label}"
        raise InputError(what, hint="--out maps.fits writes them, --html gallery.html shows them.")
    for name in ("only_new", "table_only"):
        if getattr(options, name) and (card.takes_images or place is None):
            option = f"--{name.replace('_', '-')}"
            raise InputError(f"{option} goes with columns of the catalogue, and none are written", hint="Leave it out.")
    explaining = _explaining(ready, options)
    truth = explainedrows.truth_of(ready, explaining.value, options)
    rows = explainedrows.find(ready, explaining.value, truth, options, say)
    exhibition = Exhibition(rows.shown, explaining, ready.task.flags) if options.pictures else None
    explainer = explaining.explainer
    how = {
        "method": explainer.method,
        "target": explaining.target,
        "baseline": explainer.baseline,
        "bound": explainer.bound,
        "steps": options.steps,
    }
    settings = {
        "bands": ready.feed.table(),
        **options.photometry.settings(),
        **ready.feed.facts(),
        **how,
        "rows": options.rows,
        "where": options.where,
        "worst": options.worst,
        "truth": truth.field.name if truth is not None and options.worst is not None else None,
    }
    del how["steps"]
    pictures = {"html": options.html, "png": options.png}
    facts = {
        "files": {name: path for name, path in pictures.items() if path is not None},
        "task": ready.task.name,
        "unit": explaining.unit,
        "meaning": explaining.meaning,
        "selected": len(rows.selection),
        "order": rows.order,
        **how,
    }
    return Job(ready, explaining, rows.selection, exhibition, truth, settings, facts)


def _explaining(ready: Answering, options: ExplainOptions) -> Explaining:
    """Return what explains the answers; by default jointly where there are feature maps, else by gradients."""
    card, weights = ready.choice.card, model.read(ready.choice.path)
    given: dict[str, Any] = {"target": options.target, "steps": options.steps}
    given |= {} if options.baseline is None else {"baseline": options.baseline}

    def made(method: str) -> Explainer:
        return Explainer(ready.task, weights, options.device, options.batch, method=method, **given)

    usual = "joint" if card.takes_images and shows_maps(ready.answerer.network) else "ig"
    explainer = made(options.method or usual)
    both = card.takes_fluxes and card.takes_images and explainer.method != "ig"
    return Explaining(ready.answerer, explainer, made("ig") if both else None)


def _base(job: Job, options: ExplainOptions, disk_bytes: int, output: str | None) -> ExplainResult:
    ready, card = job.ready, job.ready.choice.card
    facts = dict(job.facts)
    files = {"input": ready.spec.path, **({} if output is None else {"output": output}), **facts.pop("files")}
    return ExplainResult(
        catalogue=ready.catalogue.label,
        files=files,
        rows=ready.catalogue.rows,
        model=card.name,
        model_sha256=card.sha256,
        reason=ready.choice.reason,
        columns=(),
        bands=ready.feed.table(),
        notes=ready.notes,
        warnings=ready.warnings,
        disk_bytes=disk_bytes,
        **facts,
    )


def _told(job: Job, options: ExplainOptions, say: Say, disk_bytes: int = 0, output: str | None = None) -> ExplainResult:
    """Say what is done, and return the result so far; of a dry run with the time that the rest would take."""
    result = _base(job, options, disk_bytes, output)
    for note in (f"{result.model} explains {result.catalogue}: {result.reason}", *result.notes):
        say(note)
    for warning in result.warnings:
        say(f"warning: {warning}")
    if not options.dry_run:
        return result
    return replace(result, estimate_seconds=result.selected * job.explaining.seconds_a_row(job.ready.feed.imagined))


def _write_maps(
    stack: ExitStack, job: Job, place: OutputPlace, options: ExplainOptions, say: Say, progress: Progress | None
) -> ExplainResult:
    """Write the maps of the rows selected, and take those that the gallery shows on the way."""
    card, output, explainer = job.ready.choice.card, place.output, job.explaining.explainer
    cards = {
        "BUNIT": job.explaining.unit,
        "EXPLAINS": job.explaining.target,
        "METHOD": explainer.method,
        "BASELINE": explainer.baseline,
        "BOUND": explainer.bound,
        "STEPS": options.steps,
        "TASK": job.ready.task.name,
        "MODEL": card.name,
        "MODELSHA": card.sha256,
    }
    run = MapRun(stack, job.ready, job.explaining, job.selection, output, options, job.settings, cards)
    if place.earlier:
        run.check_earlier(str(output.path))
        if not options.dry_run:
            say(f"{output.label} holds these maps already (same rows, model, options, images); nothing to do")
            return replace(_base(job, options, 0, output.label), columns=run.written, unchanged=True)
    result = replace(_told(job, options, say, run.disk_bytes, output.label), columns=run.written)
    if options.dry_run:
        return replace(result, unchanged=place.earlier)
    show = job.exhibition
    together = show is not None and len(show) == len(job.selection)
    taken = show.take if show is not None and together else None
    done = run.write(options, result.versions, taken, say, progress, without=True if together else None)
    for warning in done.warnings:
        say(f"warning: {warning}")
    seconds = time.monotonic() - place.started
    result = replace(
        result,
        answered=done.answered,
        flagged=dict(done.flagged or {}),
        asked=len(job.selection),
        resumed=done.resumed,
        warnings=(*result.warnings, *done.warnings),
        seconds=seconds,
        rate=(len(job.selection) - done.resumed) / seconds,
    )
    if place.story is not None:
        place.story.write(done.record, result)
    return result


def _checked(job: Job) -> Mapping[str, Any]:
    """Return what the sanity checks find on the first rows that have an answer."""
    ready, feed, answerer = job.ready, job.ready.feed, job.ready.answerer
    some = job.selection.of(job.selection.head(MOST_CHECKED))
    parts: list[Mapping[str, np.ndarray]] = []
    for work in pieces(feed, some.chunks(ready.catalogue, feed.columns, CHUNK)):
        if (piece := work.piece) is None:
            continue
        values = answerer.answer(0, piece.inputs, piece.present, piece.flags)[0]
        known = np.flatnonzero(np.isfinite(values) & work.chunk.run[piece.rows])
        parts.append({name: content[known] for name, content in piece.inputs.items()})
    inputs = {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else ())}
    if not parts or not len(next(iter(inputs.values()))):
        raise InputError("--check needs rows with an answer, and none of those selected has one")
    found = job.explaining.explainer.check(0, inputs)
    return {**asdict(found), "survives": found.survives}
