"""Runner: a server of forks (`server`) on a source tree, and folders in which their command lines run."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MEMORY = 1 << 30
"""Bytes that a run may take beyond what the server has; the small files of fuzzing need 200 MB."""

CPU, WALL, IDLE = 20, 120, 6
"""Seconds that a run may work, take, and sleep without any work; sound input takes one."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what it left.

    Parameters
    ----------
    code : int
        Of ``sys.exit``, or minus the signal.
    late : bool
        Whether it was killed for its wall time.
    grown : int
        Bytes of memory beyond the server's.
    before, after : mapping of str to bytes
        The folder's files; None for what is no regular file.
    """

    code: int
    late: bool
    cpu: float
    wall: float
    grown: int
    out: bytes
    err: str
    before: dict
    after: dict


class Runner:
    """A server on a source tree.

    Parameters
    ----------
    source : path
        The folder that holds the package, ``src``.
    """

    def __init__(self, source):
        self.source = Path(source).resolve()
        self._folder = tempfile.TemporaryDirectory(prefix="skycnn-fuzz-", dir=_memory())
        self._server = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self._folder.cleanup()

    def stop(self):
        if self._server is not None:
            self._server.stdin.close()
            self._server.wait()
            self._server.stdout.close()
            self._server = None

    def _start(self):
        home = Path(self._folder.name) / "home"
        home.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SKYCNN", "PYTEST"))}
        own = {"PYTHONPATH": str(self.source), "OMP_NUM_THREADS": "1", "HOME": str(home), "MPLBACKEND": "Agg"}
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=kept | own | {"SOURCE_DATE_EPOCH": "1700000000", "XDG_CACHE_HOME": str(home)},
        )
        if not self._server.stdout.readline():
            raise RuntimeError(f"no server on {self.source}")

    def run(self, files, words, *, specials=(), **limits):
        """Run a command line in a folder with these files; see `server` for the limits."""
        with self._placed(files, specials) as folder:
            return self._ran(folder, words, limits)

    def prepared(self, files, jobs):
        """Return a folder's files after command lines, each of which must end as its ``code`` says."""
        with self._placed(files) as folder:
            for job in jobs:
                limits = {name: value for name, value in job.items() if name not in ("words", "code")}
                outcome = self._ran(folder, job["words"], limits)
                if outcome.code != job.get("code", 0):
                    raise RuntimeError(f"{job['words']} ended with {outcome.code}: {outcome.err}")
            return _content(folder)

    @contextlib.contextmanager
    def _placed(self, files, specials=()):
        folder = Path(self._folder.name) / "work"
        folder.mkdir()
        try:
            for name, octets in files.items():
                (folder / name).write_bytes(octets)
            for name, what in dict(specials).items():
                _special(folder / name, what)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _ran(self, folder, words, limits):
        if self._server is None:
            self._start()
        before = _content(folder)
        out, err = (Path(self._folder.name) / name for name in ("out", "err"))
        job = {"folder": str(folder), "words": list(words), "out": str(out), "err": str(err)}
        job |= {"memory": 2 * MEMORY, "cpu": CPU, "wall": WALL, "idle": IDLE} | limits
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        line = self._server.stdout.readline()
        if not line:
            raise RuntimeError("the server died")
        with open(out, "rb") as file:
            printed = file.read(1 << 26)
        told = err.read_bytes()[: 1 << 20].decode(errors="replace")
        return Outcome(**json.loads(line), out=printed, err=told, before=before, after=_content(folder))


def _memory():
    """Return a folder in memory, where there is one with room."""
    shared = Path("/dev/shm")
    return (
        shared if shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 1 << 28 else None
    )


def _content(folder):
    """Return all files of a folder by name; None for what is no regular one."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in (*files, *(name for name in folders if os.path.islink(os.path.join(root, name)))):
            path = Path(root) / name
            plain = path.is_file() and not path.is_symlink()
            found[str(path.relative_to(folder))] = path.read_bytes() if plain else None
    return found


def _special(path, what):
    """Make what is no regular file."""
    match what:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "dangling":
            path.symlink_to("nothing-is-here")
        case "loop":
            path.symlink_to(path.name)
        case "socket":
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(path))
        case "unreadable":
            path.write_bytes(b"x")
            path.chmod(0)
        case "empty":
            path.touch()
        case _:
            path.symlink_to(what)
