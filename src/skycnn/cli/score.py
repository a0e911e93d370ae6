"""``skycnn score``: answers against the truth, the baselines beside them."""

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from skycnn.cli import console, options, process
from skycnn.cli.optiongroups import Reader, grouped, without
from skycnn.errors import InputError, counted

EXAMPLES = (
    ("skycnn score cat.fits --task photoz --truth Z_SPEC", "Score Z_PHOT, with the baselines on the same rows."),
    ("skycnn score test.fits --task photoz --truth Z_SPEC --train train.fits", "Train the baselines on other rows."),
    ("skycnn score cat.fits --task photoz --where 'Z_SPEC >= 0.004' --plot p.png", "Leave stars out; draw a figure."),
    ("skycnn score cat.fits --task photoz --truth Z_SPEC --html report.html", "Write a report with all figures."),
    (
        "skycnn score cat.fits --task photoz --baseline PHOTOZ_SURVEY --by MAG_I:18:24:6",
        "Against another column, by bin.",
    ),
    ("skycnn score cat.fits --task photoz --by width", "Are narrow and wide intervals right? Fifths of the rows."),
    ("skycnn score first.fits second.fits --task merger --by file", "Two surveys beside each other."),
    ("skycnn score cat.fits --task photoz --baselines none --json | jq '.entries[0].scores'", "Numbers for a script."),
)


MARKED = ("coverage_68", "ece")
"""Scores that are marked where a bin is off."""

TOGETHER = ("mae", "half_width", "sigma_nmad", "outliers", "bias", "coverage_68", "auc", "completeness", "purity")
"""Scores of the table that has all answers."""


@grouped(photometry=without(options.photometry_options, "bad"))
def command(
    *,
    catalogues: options.Catalogues,
    task: options.TaskName,
    truth: options.Truth = None,
    train: Annotated[
        list[str] | None,
        typer.Option(
            "--train", metavar="CAT2", help="Train the baselines on these rows; left out, five-fold within CAT."
        ),
    ] = None,
    train_truth: Annotated[
        list[str] | None,
        typer.Option(
            "--train-truth",
            metavar="[ANSWER=]COLUMN",
            help="Train the baselines on this column in place of the truth, by the rows that have it: labels, which "
            "have errors.",
        ),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline", metavar="[ANSWER=]COLUMN", help="Score this column too, e.g. a survey's own; repeatable."
        ),
    ] = None,
    baselines: Annotated[
        str | None,
        typer.Option(
            "--baselines",
            metavar="LIST|all|none",
            help="Of median,ridge,knn,locallinear,forest,extratrees,boosting; left out, all but ridge and the forest. "
            "Of several sets of features each has them ('forest NAME' for one), left out, the forest. A task may have "
            "others of its own, as gridfit of starcluster: left out, these too.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="COLUMN|width|z|mag|file[:LO:HI][:N]",
            help="A second table, in bins of a column, of the interval's width, the answer or the magnitude: five of "
            "as many rows, or N from LO to HI; of text, of a few whole numbers and of each file a bin.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN|sky:DEG",
            help="Bootstrap and cross-fit whole groups or cells of the sky, not rows.",
        ),
    ] = None,
    where: options.Where = None,
    rows: options.Rows = None,
    hdu: options.Hdu = None,
    prefix: options.Prefix = "",
    suffix: options.Suffix = "",
    model: options.ModelName = None,
    survey: options.Survey = None,
    photometry: Reader,
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="P", help="Probability from which a row is called positive.")
    ] = 0.5,
    prevalence: Annotated[
        float | None,
        typer.Option("--prevalence", metavar="P", help="Tell the purity where this share is positive, e.g. 0.01."),
    ] = None,
    plot: Annotated[
        str | None, typer.Option("--plot", metavar="FILE", help="Draw the answers: .png, .pdf or .svg (extra 'plots').")
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(
            "--html",
            metavar="FILE.html",
            help="Write a report in one file: scores, figures, the model's card, the worst rows.",
        ),
    ] = None,
    answer: Annotated[
        str | None,
        typer.Option("--answer", metavar="COLUMN", help="Which answers --plot draws; left out, the first."),
    ] = None,
    overwrite: options.Overwrite = False,
    threads: options.Threads = None,
    json: options.Json = False,
    max_memory: options.MaxMemory = None,
    quiet: options.Quiet = False,
    traceback: options.Traceback = False,
) -> None:
    """Compare the columns that predict wrote with columns of the truth, and with baselines on the same rows.

    Each score stands with the interval that holds it in 95 % of 1000 bootstrap resamples. The difference to each
    baseline, of errors in a unit their ratio too, is taken resample by resample, so that it decides where the intervals
    overlap. The baselines are trained on
    --train, else on four fifths of CAT to answer the last fifth, five times. A row without an answer is an outlier; a
    row whose truth is null (NaN, TNULL, or no possible value such as -99) is left out. A task with several answers has
    a table for each whose truth is there, and at the end one of all.
    """
    count = process.prepare(threads)
    for name, number in (("--threshold", threshold), ("--prevalence", prevalence)):
        if number is not None and not 0 < number < 1:
            raise InputError(f"{name} is no share", value=number, expected="a number between 0 and 1")
    wanted = None if baselines is None else _names(baselines, task)
    from skycnn.scoring import rowbins
    from skycnn.verbs import score as verb

    chosen = verb.Options(
        task=task,
        truth=tuple(truth or ()),
        hdu=hdu,
        rows=options.row_range(rows),
        where=where,
        prefix=prefix,
        suffix=suffix,
        baseline=tuple(baseline or ()),
        baselines=wanted,
        train=tuple(train or ()),
        train_truth=tuple(train_truth or ()),
        group=group,
        by=None if by is None else rowbins.parse(by),
        model=model,
        survey=survey,
        photometry=photometry(),
        threshold=threshold,
        prevalence=prevalence,
        plot=plot,
        html=html,
        command=shlex.join(["skycnn", *sys.argv[1:]]),
        answer=answer,
        overwrite=overwrite,
        threads=count,
    )
    with console.progress("scoring", "steps") as step:
        result = verb.score(catalogues, chosen, console.say, step)
    if json:
        console.emit(result.to_json())
    else:
        for k, answered in enumerate(result.answers):
            if k:
                print()
            _draw(result, answered)
        if len(result.answers) > 1:
            print()
            _draw_together(result.answers)
    for path in (plot, html):
        if path is not None:
            console.say(f"wrote {path}")


def _names(text: str, task: str) -> tuple[str, ...]:
    if text == "none":
        return ()
    if text == "all":
        from skycnn import tasks
        from skycnn.baselines import KINDS

        return (*KINDS, *tasks.load(task).baselines)
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _draw(result: Any, answered: Any) -> None:
    """Draw the tables of one column of answers."""
    ran = [entry for entry in answered.entries if entry.scores]
    if not ran:
        return
    lines = [("answered %", *(f"{100 * entry.answered:.2f}" for entry in ran))]
    lines += [(score.label, *(_cell(score, entry.scores) for entry in ran)) for score in answered.scores]
    console.table(("SCORE", *(entry.name for entry in ran)), lines)
    rivals = [entry for entry in ran if entry.difference]
    if rivals:
        print()
        heading = (f"{ran[0].name} MINUS", *(entry.name for entry in rivals))
        scores = [score for score in answered.scores if not score.beside]
        lines = [(score.label, *(_cell(score, entry.difference, "+") for entry in rivals)) for score in scores]
        console.table(heading, lines)
        lines = [(score.label, *(_ratio(entry.ratio[score.key]) for entry in rivals)) for score in scores if score.size]
        if lines:
            print()
            console.table((f"{ran[0].name} OVER", *(entry.name for entry in rivals)), lines)
    if answered.bins:
        print()
        _draw_bins(answered)
    print()
    for line in _footnotes(result, answered):
        print(console.clean(line))


def _draw_together(answers: Sequence[Any]) -> None:
    """Draw one line an answer, each in its own unit, beside the best baseline by its main score."""
    known = {score.key: score.label for answered in answers for score in answered.scores}
    shown, lines = [key for key in TOGETHER if key in known], []
    for answered in answers:
        scores = {score.key: score for score in answered.scores}
        found = answered.entries[0].scores
        cells = [scores[key].text(found[key].value) if key in scores and key in found else "-" for key in shown]
        best = [f"{one.name}: {scores[one.score].label} {scores[one.score].text(one.value)}" for one in answered.best]
        lines.append((answered.value, answered.unit or "-", answered.rows, *cells, *(best or ["-"])[:1]))
    console.table(("ANSWER", "UNIT", "ROWS", *(known[key] for key in shown), "BEST BASELINE"), lines)


def _draw_bins(answered: Any) -> None:
    """Draw all scores of the first predictor in each bin, then the first score of the others; mark what is off.

    A score that no bin has, such as the AUC of negatives alone, is left out.
    """
    named = (f"{b.name or f'{b.low:.4g}..{b.high:.4g}'} ({b.rows})" for b in answered.bins)
    heading, lines = (f"{answered.value} BY {answered.by}", *named), []
    for score in answered.scores:
        marks = [" *" if b.off and score.key in MARKED else "" for b in answered.bins]
        cells = [_cell(score, b.entries[0].scores) for b in answered.bins]
        lines.append((score.label, *(cell + mark for cell, mark in zip(cells, marks, strict=True))))
    main, several = answered.scores[0], f"{'of' if answered.bins[0].name else 'in'} each {answered.by}"
    for k, entry in enumerate(answered.entries):
        if k and entry.scores:
            lines.append((f"{main.label}, {entry.name}", *(_cell(main, b.entries[k].scores) for b in answered.bins)))
    for k, entry in enumerate(answered.entries if answered.bins[0].against else ()):
        if entry.scores:
            label = f"AUC against the negatives {several}" + (f", {entry.name}" if k else "")
            lines.append((label, *(_cell(main, {main.key: b.against[k]}) for b in answered.bins)))
    console.table(heading, [line for line in lines if set(line[1:]) != {"-"}])


def _cell(score: Any, scores: Any, sign: str = "") -> str:
    value = scores[score.key]
    middle, low, high = (score.text(number, sign) for number in (value.value, value.low, value.high))
    return middle if middle == "-" else f"{middle} [{low}, {high}]"


def _ratio(found: Any) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]" if found.value == found.value else "-"


def _verdict(answered: Any, best: Any) -> str:
    """Return which baseline is the best by a score, and whether the answers beat it."""
    score = next(score for score in answered.scores if score.key == best.score)
    less = _cell(score, {best.score: best.difference}, "+")
    rival = f"{best.name}, {score.text(best.value)}"
    return f"best baseline by {best.label}: {rival}; {answered.value} {best.verdict} it: {less}"


def _footnotes(result: Any, answered: Any) -> Sequence[str]:
    """Return what a reader must know: the rows, the intervals, the unit, where each predictor comes from."""
    left = ", ".join(f"{n} {reason}" for reason, n in answered.left_out.items())
    flagged = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in answered.flagged.items())
    lines = [
        f"{counted(answered.rows, 'row')} of {', '.join(result.files)} against {answered.truth}"
        + (f"; left out: {left}" if left else "")
        + (f"; flagged: {flagged}" if flagged else ""),
        f"[..]: {100 * result.level:g}% of {answered.bootstrap}",
    ]
    if answered.unit:
        lines.append(f"MAE, sigma, half of 16-84%, bias and CRPS in the unit of {answered.value}: {answered.unit}")
    if answered.kind == "class":
        lines.append(f"positive: {answered.value} of {result.threshold:g} or more")
        lines.append("ECE if calibrated: of truths drawn from the probabilities; [..]: 95% of such draws")
    off = sum(bool(b.off) for b in answered.bins)
    if off and answered.kind == "class":
        lines.append(
            f"*: in {off} of {counted(len(answered.bins), 'bin')} ECE is above 95% of what it is if calibrated"
        )
    elif off:
        lines.append(
            f"*: in {off} of {counted(len(answered.bins), 'bin')} 68% coverage is off 0.68 by more than two standard "
            "errors, sqrt(0.68 0.32 / rows): posteriors too narrow below, too wide above"
        )
    lines += [_verdict(answered, best) for best in answered.best]
    by_note: dict[str, list[str]] = {}
    for entry in answered.entries:
        if entry.note:
            by_note.setdefault(entry.note, []).append(entry.name)
    models = " and ".join(str(held) for held in result.models)
    model = [f"{answered.value} by {models}"] if any(held.model for held in result.models) else []
    return [*lines, *model, *(f"{', '.join(names)}: {note}" for note, names in by_note.items())]
