"""What the shell sees of a run: lines, codes, signals, streams."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import warnings
from collections import namedtuple

import numpy as np
import pytest

from shell import bare, buffered, python, run
from skycnn import errors
from skycnn.cli import app, console, process


@pytest.fixture(autouse=True)
def loud(monkeypatch):
    monkeypatch.setattr(console, "manners", console.Manners())


def raising(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (errors.InputError("cat.fits[1] has no column 'Q'", hint="Type --band"), 2, ["cat.fits[1] has no column 'Q'"]),
        (errors.InputError("no", value=3, expected="1 to 2"), 2, ["no: 3 (expected 1 to 2)"]),
        (errors.LockedError("locked"), 1, ["locked"]),
        (errors.ChangedError("changed"), 1, ["changed"]),
        (errors.NoSpaceError("full"), 1, ["full"]),
        (errors.FlaggedError("3 rows were flagged"), 3, ["3 rows were flagged"]),
        (MemoryError(), 1, ["out of memory"]),
        (FileNotFoundError(2, "No such file", "x.fits"), 1, ["x.fits: No such file"]),
        (OSError(5, "Input/output error"), 1, ["Input/output error"]),
        (KeyError("x"), 1, ["KeyError: 'x'"]),
        (ZeroDivisionError(), 1, ["ZeroDivisionError"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_is_one_line_and_one_code(error, code, lines, capfd):
    assert console.run(raising(error)) == code
    out, err = capfd.readouterr()
    told = [line for line in err.splitlines() if not line.startswith("hint: ")]
    assert told == [f"skycnn: error: {line}" for line in lines]
    assert len(err.splitlines()) <= 2
    assert out == ""


def test_hint_stands_on_its_own_line(capfd):
    console.run(raising(errors.InputError("what", hint="Type this.")))
    assert capfd.readouterr().err == "skycnn: error: what\nhint: Type this.\n"


def test_an_error_without_end_is_told_by_both_of_its_ends(capfd):
    console.complain(errors.InputError("begin " + "x" * 100_000 + " end", hint="first " + "y" * 100_000 + " last"))
    line, hint = capfd.readouterr().err.splitlines()
    assert line.startswith("skycnn: error: begin xx")
    assert line.endswith("xx end")
    assert hint.startswith("hint: first yy")
    assert hint.endswith("yy last")
    console.say("begin " + "z" * 100_000 + " end")
    note = capfd.readouterr().err.strip()
    assert note.startswith("skycnn: begin zz") and note.endswith("zz end")
    assert max(len(line), len(hint), len(note)) < 1.1 * console.LONGEST


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("predict cat.fits --task photoz", "Close other programs, or lower --batch and --threads."),
        ("mock --task photoz --survey csst -n 9 --out m.fits", "Close other programs, or lower --threads."),
        ("models", "Close other programs."),
    ],
)
def test_memory_is_saved_by_options_that_the_command_has(words, hint, capfd, monkeypatch):
    verb = words.split()[0]
    monkeypatch.setattr(process, "prepare", lambda threads: 1)
    monkeypatch.setattr(f"skycnn.verbs.{verb}.{verb}", lambda *_, **__: raising(MemoryError())())
    assert console.run(lambda: app.call(words.split())) == 1
    assert capfd.readouterr().err.splitlines()[1] == f"hint: {hint}"


def test_traceback_only_on_demand(capfd):
    console.run(raising(KeyError("x")))
    assert "--traceback" in capfd.readouterr().err
    console.manners.traceback = True
    assert console.run(raising(KeyError("x"))) == 1
    assert "in command" in capfd.readouterr().err


def test_exit_codes_of_ordinary_ends(capfd):
    assert console.run(lambda: None) == 0
    assert console.run(lambda: 2) == 2
    assert console.run(raising(SystemExit(3))) == 3
    assert console.run(raising(SystemExit())) == 0
    assert console.run(raising(SystemExit("text"))) == 1


def test_control_characters_do_not_reach_the_terminal():
    assert console.clean(" a\x1b[31m\n\tb\udcff ") == "a\\x1b[31m  b\\udcff"


def test_quiet_silences_notes_but_not_errors(capfd):
    console.say("a note")
    console.manners.quiet = True
    console.say("another")
    console.run(raising(errors.InputError("no")))
    assert capfd.readouterr().err == "skycnn: a note\nskycnn: error: no\n"


def test_warnings_are_notes(capfd):
    def command():
        warnings.simplefilter("always")
        warnings.warn("odd\nunit", stacklevel=1)

    console.run(command)
    assert capfd.readouterr().err == "skycnn: warning: odd unit\n"


def test_emit_is_strict_json_on_one_line(capsys):
    point = namedtuple("point", "x y")
    console.emit({"a": float("nan"), "b": np.float32(0.5), "c": np.arange(2), "d": point(1, True), "e": None, 3: "é"})
    line = capsys.readouterr().out
    assert json.loads(line) == {"a": None, "b": 0.5, "c": [0, 1], "d": [1, True], "e": None, "3": "é"}
    assert line.count("\n") == 1
    assert line.isascii()


def test_table_keeps_rows_whole_where_no_terminal_is(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    console.table(("NAME", "NOTE"), [("m" * 60, "[bold]x[/] " * 30)])
    assert ("m" * 60 + "   " + ("[bold]x[/] " * 30).strip()) in capsys.readouterr().out.splitlines()


STOPPED = """
import sys, time
from skycnn.cli import console
def command():
    try:
        print("started", flush=True)
        try:
            time.sleep(60)
        except Exception:
            print("swallowed", flush=True)
    finally:
        print("cleaning", flush=True)
        sys.stdin.readline()
        print("cleaned", flush=True)
sys.exit(console.run(command))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_signals_end_the_run_after_its_cleaning_up(number, code, again):
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as ran:
        assert ran.stdout.readline() == "started\n"
        ran.send_signal(number)
        assert ran.stdout.readline() == "cleaning\n"
        if again:
            ran.send_signal(number)
        out, err = ran.communicate("go on\n", timeout=60)
    assert (ran.returncode, out) == (code, "cleaned\n")
    assert err == f"skycnn: stopped by signal {number:d}; every file is whole\n"


def test_an_ignored_signal_stays_ignored():
    ran = python(
        "import os, signal, sys; from skycnn.cli import console\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "sys.exit(console.run(lambda: os.kill(os.getpid(), signal.SIGHUP) or 7))"
    )
    assert ran.returncode == 7


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_closed_streams_are_survived(closed):
    redirect = " ".join(f"{number}>&-" for number in closed)
    code = "import sys; from skycnn.cli.app import main; main()"
    ran = subprocess.run(["sh", "-c", f'exec "$0" -c "{code}" --help {redirect}', sys.executable], capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
    ran = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "{code}" nonsense {redirect}', sys.executable], capture_output=True
    )
    assert ran.returncode == 2


def test_a_file_opened_after_closed_stderr_is_not_written_to(tmp_path):
    code = (
        "import sys; from skycnn.cli import console; from skycnn.errors import RunError\n"
        "def command():\n"
        "    held = open(sys.argv[1], 'w')\n"
        "    import os; os.write(2, b'stray')\n"
        "    raise RunError('told')\n"
        "sys.exit(console.run(command))"
    )
    path = tmp_path / "cat.fits"
    ran = subprocess.run(["sh", "-c", 'exec "$0" -c "$1" "$2" 2>&-', sys.executable, code, path], check=False)
    assert ran.returncode == 1
    assert path.read_bytes() == b""


@pytest.mark.parametrize("size", [1, 10**6])
def test_a_reader_that_leaves_early_is_no_drama(size):
    code = f"import sys; from skycnn.cli import console\nsys.exit(console.run(lambda: print('x' * {size})))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered()
    ) as ran:
        ran.stdout.close()
        err = ran.stderr.read()
    assert (ran.returncode, err) == (1, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_an_error():
    with open("/dev/full", "w") as full:
        ran = run("--version", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (ran.returncode, ran.stderr) == (
        1,
        "skycnn: error: standard output cannot be written: No space left on device\n",
    )


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "latin-1"])
def test_text_that_cannot_be_encoded_is_escaped(encoding):
    code = "import sys; from skycnn.cli import console\nsys.exit(console.run(lambda: print('Δz') or console.say('σ')))"
    ran = python(code, text=False, env=bare(LC_ALL="C", PYTHONIOENCODING=encoding))
    assert ran.returncode == 0
    assert ran.stdout.decode(encoding).strip() in ("Δz", "\\u0394z")


PROGRESS = """
import time
from skycnn.cli import console
console.PROGRESS_DELAY = {delay}
with console.progress("rows") as step:
    for done in range(1, 4):
        time.sleep(0.15)
        step and step(done, 3)
        console.say("a note")
"""


def on_terminal(code):
    """Return what a program writes on a terminal as its standard error."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 80))
    with subprocess.Popen([sys.executable, "-c", code], stderr=child) as ran:
        os.close(child)
        seen = b""
        try:
            while piece := os.read(parent, 4096):
                seen += piece
        except OSError:  # the far end is closed
            pass
    os.close(parent)
    assert ran.returncode == 0
    return seen.decode()


def test_progress_shows_rate_and_time_left_on_a_terminal():
    seen = on_terminal(PROGRESS.format(delay=0))
    assert "rows" in seen
    assert "rows/s" in seen or "s/ rows" in seen
    assert seen.count("skycnn: a note") == 3


def test_progress_is_silent_for_short_work_and_elsewhere():
    assert on_terminal(PROGRESS.format(delay=60)).split("\r\n") == ["skycnn: a note"] * 3 + [""]
    assert python(PROGRESS.format(delay=0)).stderr == "skycnn: a note\n" * 3


SMALL = """
import resource, sys
from skycnn.cli import console, process
sys.argv[0] = "skycnn"
def command():
    process.prepare(2)
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() + int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    import torch
sys.exit(console.run(command))
"""


@pytest.mark.parametrize("megabytes", [1, 300])
def test_an_import_without_memory_is_no_bug(megabytes):
    ran = python(SMALL, str(megabytes << 20))
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[0] == "skycnn: error: out of memory"
    assert ran.stderr.splitlines()[1].startswith("hint: Raise ulimit -v, ")
    assert ran.stderr.count("\n") == 2
