"""What the shell sees: notes, progress, tables, and one line and one exit code for each way to end."""

import contextlib
import math
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from skycnn.cli.process import fill_descriptors, tolerate_text
from skycnn.errors import Interrupted, RunError, SkycnnError

PROGRESS_DELAY = 2.0
"""Seconds before a progress bar appears."""

LOWERED = ("--batch", "--threads")
"""Options whose numbers memory goes with."""

NARROW, UNFOLDED = 60, 10_000
"""On a terminal narrower than the first a table is not folded; the second is then its width."""


@dataclass
class Manners:
    """What ``-q`` and ``--traceback`` ask for, and the options that the command has; set before it runs."""

    quiet: bool = False
    traceback: bool = False
    options: tuple[str, ...] = ()
    bar: Any = None


manners = Manners()


def clean(text: str) -> str:
    """Return the text on one line and without control characters, which a hostile file could send to a terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in str(text).strip())


def _write(line: str) -> None:
    """Write a line to standard error, above the progress bar if there is one; a lost stderr is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        if manners.bar is not None:
            manners.bar.write(line, file=sys.stderr)
        elif sys.stderr is not None:
            print(line, file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Tell something on standard error, unless ``-q`` was given."""
    if not manners.quiet:
        _write(f"skycnn: {clean(text)}")


def complain(error: SkycnnError) -> None:
    """Tell an error in one line, and what to type in a second."""
    what = SkycnnError(error.what, value=error.value, expected=error.expected)
    _write(f"skycnn: error: {clean(str(what))}")
    if error.hint is not None:
        _write(f"hint: {clean(error.hint)}")


@contextlib.contextmanager
def progress(label: str, unit: str = "rows") -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback ``(done, total)`` that draws a bar with rate and time left; None where nobody looks.

    The bar is drawn only on a terminal, without ``-q``, and for work that lasts longer than two seconds.
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
    """Print one JSON object on one line of standard output; NaN and infinity become null, for JSON has neither."""
    import json

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
    """Print a table on standard output: fitted to a terminal, whole lines elsewhere, so that grep sees all of a row."""
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
    """Run the whole program and return its exit code; the one place where an error becomes a line and a code.

    Parameters
    ----------
    command : callable
        Parses and does everything; what it returns is the exit code if it is a number, else 0.
    """
    fill_descriptors()
    tolerate_text()
    try:
        with _signals(), _warnings():
            code = command()
            if sys.stdout is not None:
                sys.stdout.flush()  # now, while a full disk can still become a message
        return code if isinstance(code, int) else 0
    except BaseException as error:
        if manners.traceback:
            import traceback

            traceback.print_exception(error)
        _drop_output()
        return _end(error)


def _end(error: BaseException) -> int:
    """Tell how the run ended and return its exit code."""
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case Interrupted():
            _write(f"skycnn: {error}")
            return error.exit_code
        case KeyboardInterrupt():  # where no handler could be installed
            return 128 + signal.SIGINT
        case BrokenPipeError():  # the reader of our output has seen enough
            pass
        case SkycnnError():
            complain(error)
            return error.exit_code
        case MemoryError():
            lower = " and ".join(option for option in LOWERED if option in manners.options)
            complain(RunError("out of memory", hint=f"Close other programs{lower and f', or lower {lower}'}."))
        case OSError():
            where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
            complain(RunError(f"{where}{error.strerror or error}"))
        case _:
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            complain(RunError(told, hint="This is a bug in skycnn: run again with --traceback and report it."))
    return RunError.exit_code


def _drop_output() -> None:
    """Flush what was printed; where that fails point it at /dev/null, lest the interpreter complain at its own end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into Interrupted, so that every ``finally`` on the way out runs."""

    def stop(signum: int, frame: FrameType | None) -> None:
        for later in handled:  # a second one must not interrupt the clean-up
            signal.signal(later, signal.SIG_IGN)
        raise Interrupted(signum)

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handled = [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]  # nohup stays nohup
    before = {}
    with contextlib.suppress(ValueError):  # only the main thread may; a test runner's thread may not
        before = {number: signal.signal(number, stop) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _warnings() -> Iterator[None]:
    """Show a library's warning as one of our notes, silent with ``-q``."""

    def show(message: Warning | str, *_: object, **__: object) -> None:
        say(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
