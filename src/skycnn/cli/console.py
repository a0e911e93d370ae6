"""Console: notes, progress, tables and JSON; one line and one exit code for each way a run ends."""

import contextlib
import math
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skycnn import interrupt
from skycnn.cli.process import address_space, fill_descriptors, starved, tolerate_text
from skycnn.errors import Interrupted, Notice, RunError, SkycnnError

PROGRESS_DELAY = 2.0
"""Seconds before a progress bar appears."""

LOWERED = ("--batch", "--threads")
"""Options on which memory depends."""

LONGEST = 2000
"""Characters of an error or a hint: a name or a card's value of any length may stand in it."""
YELLOW, PLAIN = "\x1b[33m", "\x1b[0m"

NARROW, UNFOLDED = 60, 10_000
"""Columns: on narrower terminals tables are not folded, but drawn this wide."""


@dataclass
class Manners:
    """What the command line asks, set before the command runs, and the progress bar while there is one.

    ``json`` says whether an object is still owed to standard output.
    """

    quiet: bool = False
    traceback: bool = False
    json: bool = False
    options: tuple[str, ...] = ()
    bar: Any = None


manners = Manners()


def clean(text: str) -> str:
    """Return text on one line without control characters, which a hostile file could send to the terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in str(text).strip())


def shortened(text: str) -> str:
    """Return a text without its middle, if it is longer than a person reads."""
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} ... {text[-half:]}"


def _write(line: str) -> None:
    """Write a line to standard error, above the progress bar; a closed stderr is no error."""
    with contextlib.suppress(OSError, ValueError):
        if manners.bar is not None:
            manners.bar.write(line, file=sys.stderr)
        elif sys.stderr is not None:
            print(line, file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Write a note on standard error, unless ``-q`` was given; a warning in colour where a terminal shows it."""
    if not manners.quiet:
        line = f"skycnn: {shortened(clean(text))}"
        _write(f"{YELLOW}{line}{PLAIN}" if text.startswith("warning: ") and _coloured() else line)


def _coloured() -> bool:
    """Whether standard error is a terminal that shows colours, and the user wants them (no-color.org)."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and sys.stderr is not None and sys.stderr.isatty()


def complain(error: SkycnnError) -> None:
    """Write an error in one line, and its hint in a second."""
    what = SkycnnError(error.what, value=error.value, expected=error.expected)
    _write(f"skycnn: error: {shortened(clean(str(what)))}")
    if error.hint is not None:
        _write(f"hint: {shortened(clean(error.hint))}")
    _owe(error, what=error.what, value=error.value, expected=error.expected, hint=error.hint)


def _owe(error: SkycnnError | Interrupted, **told: object) -> None:
    """Print the error as the object that ``--json`` promised, unless the result was printed before."""
    if manners.json:
        with contextlib.suppress(OSError, ValueError):
            emit({"error": type(error).__name__, **told, "exit_code": error.exit_code})
        _kept_output()


@contextlib.contextmanager
def progress(label: str, unit: str = "rows") -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback ``(done, total)`` that draws a progress bar; None with ``-q`` and where stderr is no terminal.

    The bar appears after two seconds.
    """
    if manners.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    def fresh(total: int) -> Any:
        return tqdm(
            desc=label,
            unit=f" {unit}",
            total=total,
            unit_scale=True,
            delay=PROGRESS_DELAY,
            leave=False,
            dynamic_ncols=True,
        )

    bar = fresh(0)

    def step(done: int, total: int) -> None:
        nonlocal bar
        if total != bar.total or done < bar.n:  # the next file or phase
            bar.close()
            bar, manners.bar = fresh(total), None
        if bar.format_dict["elapsed"] >= PROGRESS_DELAY:
            manners.bar = bar  # from now on notes are written above it
        bar.update(done - bar.n)

    try:
        yield step
    finally:
        manners.bar = None
        bar.close()


def emit(result: Mapping[str, Any]) -> None:
    """Print a JSON object on one line of standard output; NaN and infinity, which JSON has not, become null."""
    import json

    manners.json = False
    print(json.dumps(_plain(result), allow_nan=False))


def _plain(value: Any) -> Any:
    """Return the value in JSON's own types."""
    match value:
        case Mapping():
            return {str(key): _plain(held) for key, held in value.items()}
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case list() | tuple() | set() | frozenset():
            return [_plain(held) for held in value]
        case _ if hasattr(value, "tolist"):  # numpy's scalars and arrays
            return _plain(value.tolist())
        case _:
            return str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on standard output: folded to the terminal's width, elsewhere a line a row, as grep needs it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, heading in enumerate(headings):
        drawn.add_column(heading, overflow="fold", no_wrap=place == 0)  # a name cut short cannot be typed
    for row in rows:
        drawn.add_row(*(clean(str(cell)) for cell in row))
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal or console.width < NARROW:
        console.width = UNFOLDED
    with console.capture() as drawing:
        console.print(drawn)
    print("\n".join(line.rstrip() for line in drawing.get().splitlines()))


def run(command: Callable[[], object]) -> int:
    """Run the program and return its exit code; only here an error becomes a message and a code.

    Parameters
    ----------
    command : callable
        Does all; an integer that it returns is the exit code, else it is 0.
    """
    fill_descriptors()
    tolerate_text()
    try:
        with interrupt.noted(), _warnings():
            code = command()
            if sys.stdout is not None:
                sys.stdout.flush()  # here a full disk still becomes a message
        return code if isinstance(code, int) else 0
    except BaseException as error:
        if manners.traceback:
            import traceback

            traceback.print_exception(error)
        return _end(error, lost=not _kept_output())


def _end(error: BaseException, *, lost: bool) -> int:
    """Write how the run ended, and return its exit code; ``lost`` is whether standard output takes no more."""
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case Interrupted():
            _write(f"skycnn: {error}")
            _owe(error, what=str(error), value=None, expected=None, hint=None)
            return error.exit_code
        case KeyboardInterrupt():  # where no handler could be installed
            return 128 + signal.SIGINT
        case BrokenPipeError():  # the reader of our output has seen enough
            pass
        case SkycnnError():
            complain(error)
            return error.exit_code
        case _ if starved(error):
            lower = " and ".join(option for option in LOWERED if option in manners.options)
            limit = address_space()
            first = "Close other programs" if limit is None else f"Raise ulimit -v, {limit >> 20} MB here"
            complain(RunError("out of memory", hint=f"{first}{lower and f', or lower {lower}'}."))
        case OSError():
            where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
            where = "standard output cannot be written: " if lost and not where else where
            complain(RunError(f"{where}{error.strerror or error}"))
        case _:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            complain(RunError(what, hint="This is a bug in skycnn: run again with --traceback and report it."))
    return RunError.exit_code


def _kept_output() -> bool:
    """Flush standard output and return whether that went well.

    If not it is pointed at /dev/null, else the interpreter would complain at its exit.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


@contextlib.contextmanager
def _warnings() -> Iterator[None]:
    """Show warnings of libraries as notes."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        say(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        warnings.simplefilter("always", Notice)
        yield
