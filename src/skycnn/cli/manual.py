"""Manual: the man pages, made from the command tree: ``python -m skycnn.cli.manual man/``."""

import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from skycnn import errors, schema, tasks
from skycnn.cli import roff
from skycnn.cli.app import names, tree
from skycnn.photometry import conditions

ENVIRONMENT = {
    "OMP_NUM_THREADS": "CPU threads, where --threads is not given.",
    "SKYCNN_MODELS": "Folders of models of your own, with : between them.",
    "SOURCE_DATE_EPOCH": "The time that HISTORY states, in seconds since 1970, for files that can be made again.",
    "NO_COLOR": "If set, nothing is coloured.",
}
BINS = "probability in each bin of the model's grid, which stands in TCOMM of the column"
CONDITIONS = "What --bad and --mask-band of all commands and --where of explain and score take:"
DONE = "All is done, also where rows were flagged."


def pages(date: str) -> dict[str, str]:
    """Return every page by file name.

    Parameters
    ----------
    date : str
        The day of the release, ``YYYY-MM-DD``: a page does not change with the clock.
    """
    return {f"{title(verb)}.1": "\n".join(_page(verb, date)) + "\n" for verb in ["", *names()]}


def released(changelog: Path) -> str:
    """Return the date of the newest release, from the first heading ``## VERSION - YYYY-MM-DD``.

    Raises
    ------
    InputError
        When there is no such heading.
    """
    heading = re.search(r"^## \S+ - (\d{4}-\d\d-\d\d)$", changelog.read_text(encoding="utf-8"), re.MULTILINE)
    if heading is None:
        raise errors.InputError(f"{changelog} has no release", expected="a heading '## VERSION - YYYY-MM-DD'")
    return heading[1]


def title(verb: str) -> str:
    """Return the name of a verb's page; an empty verb is the program itself."""
    return f"skycnn-{verb}" if verb else "skycnn"


def _page(verb: str, date: str) -> Iterator[str]:
    from skycnn import __version__

    root = tree()
    command = root.get_command(None, verb) if verb else root
    summary = (command.help or "").partition("\n")[0].partition(":")[0].rstrip(".")
    yield f'.TH "{title(verb).upper()}" "1" "{date}" "skycnn {__version__}" "skycnn manual"'
    yield from roff.section("NAME", [f"{roff.code(title(verb))} \\-", roff.text(summary[:1].lower() + summary[1:])])
    yield from roff.section("SYNOPSIS", [_synopsis(command, verb)])
    yield from roff.section("DESCRIPTION", roff.paragraphs(command.help or ""))
    if not verb:
        yield from roff.section("COMMANDS", roff.definitions(_commands(root)))
    yield from roff.section("OPTIONS", roff.definitions(_options(command)))
    opts = {opt for param in command.params for opt in param.opts}
    module = import_module(f"skycnn.cli.{verb or 'app'}")
    if not verb or "--prefix" in opts:  # it names columns
        described = getattr(module, "columns", None)  # of a command that writes others than the answers
        yield from roff.section("COLUMNS", roff.definitions(_described(described()) if described else _columns()))
    if not verb or opts & {"--prefix", "--strict"}:  # it flags rows
        yield from roff.section("FLAGS", roff.definitions(_flags()))
    if not verb:
        examples = ((", ".join(map(roff.bold, typed.split("; "))), meaning) for typed, meaning in conditions.PAGE)
        yield from roff.section("CONDITIONS", [roff.text(CONDITIONS), *roff.definitions(examples)])
    yield from roff.section("EXIT STATUS", roff.definitions(_codes(not verb or "--strict" in opts)))
    if not verb:
        yield from roff.section("ENVIRONMENT", roff.definitions((roff.bold(k), v) for k, v in ENVIRONMENT.items()))
    shown = getattr(module, "EXAMPLES", ())
    yield from roff.section("EXAMPLES", roff.examples(shown))
    others = [other for other in ["", *names()] if other != verb]
    yield from roff.section("SEE ALSO", _references(others))


def _references(verbs: list[str]) -> Iterator[str]:
    for number, verb in enumerate(verbs, start=1):
        yield f"{roff.bold(title(verb))}(1)" + ("," if number < len(verbs) else "")


def _synopsis(command: Any, verb: str) -> str:
    if not verb:
        words = [f"[{roff.italic(word)} ...]" for word in ("ARGUMENT", "OPTION")]
        return " ".join([roff.bold("skycnn"), roff.italic("COMMAND"), *words])
    words = [roff.bold(f"skycnn {verb}")]
    for param in command.params:
        if param.param_type_name == "argument":
            name = roff.italic(param.metavar) + (" ..." if param.nargs != 1 else "")
            words.append(name if param.required else f"[{name}]")
        elif param.required:
            words.append(f"{roff.bold(param.opts[0])} {roff.italic(param.metavar)}")
    return " ".join([*words, f"[{roff.italic('OPTION')} ...]"])


def _commands(root: Any) -> Iterator[tuple[str, str]]:
    for verb in names():
        summary = (root.get_command(None, verb).help or "").partition("\n")[0]
        yield f"{roff.bold(title(verb))}(1)", summary


def _options(command: Any) -> Iterator[tuple[str, str]]:
    """Yield arguments, then options, as terms and meanings, with defaults."""
    params = [*command.params, command.get_help_option(command.make_context("skycnn", [], resilient_parsing=True))]
    for param in sorted(params, key=lambda param: param.param_type_name):  # arguments come first
        if param.param_type_name == "argument":
            yield roff.italic(param.metavar), param.help or ""
            continue
        opts = ", ".join(roff.bold(opt) for opt in sorted([*param.opts, *param.secondary_opts], key=len))
        value = "" if param.is_flag or param.count else f" {roff.italic(param.metavar or 'VALUE')}"
        said = f" Default: {param.default}." if param.show_default and param.default and not param.is_flag else ""
        yield opts + value, f"{param.help or ''}{said}"


def _columns() -> Iterator[tuple[str, str]]:
    """Yield every column of every task with its unit and meaning."""
    for name in tasks.names():
        task = tasks.load(name)
        more = [column for one in task.multiples for column in one.columns()]
        for column in (*task.posterior().columns(pdf=True), *more, schema.flag_column(task.flag)):
            unit = f" ({column.unit})" if column.unit else ""
            meaning = column.meaning if column.width == 1 else BINS  # the task's own grid is not every model's
            yield f"{roff.bold(column.name)}{unit}", f"{name}: {meaning}."


def _described(columns: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield columns by name, with their units and meanings."""
    for column in columns:
        unit = f" ({column.unit})" if column.unit else ""
        yield f"{roff.bold(column.name)}{unit}", f"{column.meaning[:1].upper()}{column.meaning[1:]}."


def _flags() -> Iterator[tuple[str, str]]:
    yield "0", "A clean answer."
    for bit, meaning in schema.MEANINGS.items():
        yield f"{bit.value} {roff.bold(bit.name or '')}", f"{meaning[:1].upper()}{meaning[1:]}."
    for name in tasks.names():
        for own in tasks.load(name).flags:
            yield f"{own.bit} {roff.bold(own.name)}", f"{name}: {own.meaning}."
    yield str(schema.NOT_RUN).replace("-", "\\-"), "The row was not run."


def _codes(strict: bool) -> Iterator[tuple[str, str]]:
    """Yield the exit codes of the classes of errors; with ``strict`` that of flagged rows."""
    yield "0", DONE
    for kind in (errors.RunError, errors.InputError, *[errors.FlaggedError] * strict):
        yield str(kind.exit_code), (kind.__doc__ or "").replace("``", "")
    yield "129, 130, 143", (errors.Interrupted.__doc__ or "").partition("\n")[0]


def main() -> None:
    """Write all pages into a folder, and remove those of verbs that no longer exist."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    written = pages(released(folder.resolve().parent / "CHANGELOG.md"))
    for stale in set(folder.glob("skycnn*.1")) - {folder / name for name in written}:
        stale.unlink()
    for name, page in written.items():
        (folder / name).write_text(page, encoding="ascii")


if __name__ == "__main__":
    main()
