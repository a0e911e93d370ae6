"""Target: a column of answers, the column of its truth, and other columns to be judged by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skycnn.errors import InputError
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.tablechoice import listing
from skycnn.fits.tablecolumn import TableColumn
from skycnn.task import Task, Truth

if TYPE_CHECKING:  # figures import this file, and must not load torch
    from skycnn.posterior import Posterior


@dataclass(frozen=True)
class Target:
    """A column of answers and what it is judged by.

    Parameters
    ----------
    answer : str
        The task's name of the column.
    value : str
        Its name in the catalogue.
    truth : str
        Column of the truth.
    bounds : Truth
        Any other truth is null.
    kind : str
        Of answer, see `Posterior.kinds`.
    unit : str
        Of a ``value``, as the column tells it: TUNIT, else TCOMM; empty for the others.
    rivals : tuple of str
        Other columns that are judged by the same truth.
    learned : str, optional
        Column that the baselines learn from, where it is not that of the truth: labels, which have errors.
    """

    answer: str
    value: str
    truth: str
    bounds: Truth
    kind: str
    unit: str = ""
    rivals: tuple[str, ...] = ()
    learned: str | None = None


@dataclass(frozen=True)
class Names:
    """How the user names columns.

    Parameters
    ----------
    prefix, suffix : str
        Around the task's names.
    truth, rivals, learned : tuple of str
        ``COLUMN``, of the first answer, or ``ANSWER=COLUMN``; ``--truth``, ``--baseline`` and ``--train-truth``.
    """

    prefix: str = ""
    suffix: str = ""
    truth: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()

    def written(self, answer: str) -> str:
        """Return the name of a column that ``predict`` wrote."""
        return f"{self.prefix}{answer}{self.suffix}"

    def given(self, option: str, texts: Sequence[str], answers: Sequence[str]) -> dict[str, list[str]]:
        """Return the columns that an option names, by the answer that they belong to.

        Raises
        ------
        InputError
            When there is no such answer.
        """
        found: dict[str, list[str]] = {}
        for text in texts:
            answer, equals, column = text.partition("=")
            name = match(answer, answers, self.written) if equals else answers[0]
            if name is None or not (column or not equals):
                raise InputError(
                    f"{option} {text} names no answer", expected=f"COLUMN, or {' or '.join(answers)}=COLUMN"
                )
            found.setdefault(name, []).append(column if equals else text)
        return found


def match(text: str, answers: Sequence[str], written: Callable[[str], str]) -> str | None:
    """Return the answer that a text names, as the task or the catalogue writes it, without regard to case."""
    return next((a for a in answers if text.casefold() in (a.casefold(), written(a).casefold())), None)


def find(catalogue: Catalogue, task: Task, posterior: "Posterior", names: Names) -> tuple[Target, ...]:
    """Return what can be judged in a catalogue: each of the task's answers that is there and has a truth there.

    A column of answers is no truth, though a truth may have its name.

    Raises
    ------
    InputError
        When no answer is there, an answer that an option names is not or is its own truth, or none has a truth.
    """
    there = {a: column for a in posterior.values if (column := catalogue.has(names.written(a))) is not None}
    given = names.given("--truth", names.truth, list(there) or posterior.values)
    rivals = names.given("--baseline", names.rivals, list(there) or posterior.values)
    learned = names.given("--train-truth", names.learned, list(there) or posterior.values)
    missing = next((a for a in (*given, *rivals, *learned) if a not in there), None)
    if not there or missing:
        raise _unanswered(catalogue, task, names, missing or posterior.value)
    targets, answers = [], catalogue.answered() | {column.name.lower() for column in there.values()}
    for answer, column in there.items():
        bounds, kind = task.truths.get(answer, Truth()), posterior.kinds[answer]
        known = (name for name in bounds.names if name.lower() not in answers and catalogue.has(name))
        truth = given[answer][-1] if answer in given else next(known, None)
        if truth is not None and truth.lower() == column.name.lower():
            raise InputError(f"--truth {truth}: the answers in {truth} would be judged by themselves")
        if truth is not None:
            unit = _unit(column) if kind == "value" else ""
            others, labels = tuple(rivals.get(answer, ())), learned.get(answer, [None])[-1]
            targets.append(Target(answer, names.written(answer), truth, bounds, kind, unit, others, labels))
        elif answer in rivals:
            raise _untrue(catalogue, task, [answer])
    if not targets:
        raise _untrue(catalogue, task, list(there))
    return tuple(targets)


def _unit(column: TableColumn) -> str:
    return column.unit or column.comment or ""


def _unanswered(catalogue: Catalogue, task: Task, names: Names, answer: str) -> InputError:
    added = "".join(f" --{name} {text}" for name in ("prefix", "suffix") if (text := getattr(names, name)))
    file = catalogue.source.label
    return InputError(
        f"{catalogue.label} has no column {names.written(answer)!r}",
        hint=f"Run `skycnn predict {file} --task {task.name}{added}` first. It has: {listing(catalogue.names)}",
    )


def _untrue(catalogue: Catalogue, task: Task, answers: Sequence[str]) -> InputError:
    known = [name for answer in answers if answer in task.truths for name in task.truths[answer].names]
    typed = "--truth COL" if len(answers) == 1 else f"--truth {answers[0]}=COL"
    return InputError(
        f"{catalogue.label} has no column of the truth ({', '.join(known) or 'none is known by name'})",
        hint=f"Name it: {typed}. It has: {listing(catalogue.names)}",
    )
