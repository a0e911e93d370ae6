"""Processes that start at once: forks of one that has imported torch and its like, which takes two seconds.

A fork has its own arguments, environment, folder, streams and modules of skycnn. What happens while Python itself
starts, and which libraries are loaded, is not seen here: that is for `shell.py`. Run as a script this is the server.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback

import shell

HEAVY = ("torch", "fitsio", "astropy.io.fits", "astropy.table", "astropy.wcs", "scipy.ndimage", "scipy.optimize")
HEAVY += ("safetensors.numpy", "typer", "rich.console", "matplotlib.figure")
LIMIT = 300
"""Seconds after which a fork is ended."""


class Process:
    """Lines of Python that run in a fork: what a Popen with pipes for its text is, as far as tests ask."""

    def __init__(self, code, *args, cwd=None, env=None):
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        out, err = (os.path.join(self._folder.name, name) for name in ("out", "err"))
        os.mkfifo(out)
        self.stderr = open(err, "w+", errors="replace")  # noqa: SIM115 — closed by communicate
        job = {"code": code, "args": args, "out": out, "err": err}
        job |= {"cwd": os.fspath(cwd or os.getcwd()), "env": dict(shell.buffered() if env is None else env)}
        self._server = _server()
        self._server.stdin.write(json.dumps(job).encode() + b"\n")
        self.pid, self.returncode = int(self._server.stdout.readline()), None
        self.stdout = open(out)  # noqa: SIM115

    def __enter__(self):
        return self

    def __exit__(self, *ended):
        self.communicate()

    def poll(self):
        """Return the code of a process that has ended, else None."""
        if self.returncode is None and select.select([self._server.stdout], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self):
        """Return the code, or minus the signal, once it has ended."""
        if self.returncode is None:
            self.returncode = int(self._server.stdout.readline())
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def communicate(self, timeout=LIMIT):
        """Return what it has still to say on both streams, once it has ended; a fork's time is limited in any case."""
        if self.stdout.closed:
            return "", ""
        with self._folder, self.stderr, self.stdout:
            out = self.stdout.read()
            self.wait()
            return out, self.stderr.read()


def python(code, *args, **settings):
    """Run lines of Python in a fork, as `shell.python` does in a process."""
    with Process(code, *map(str, args), **settings) as ran:
        out, err = ran.communicate()
    return subprocess.CompletedProcess(args, ran.returncode, out, err)


def run(*args, **settings):
    """Run one skycnn command line in a fork, as `shell.run` does in a process."""
    return python(shell.MAIN, *args, **settings)


@functools.cache
def _server():
    """Start the server of this process, which lives as long."""
    words, environment = [sys.executable, __file__], os.environ | {"OMP_NUM_THREADS": "1"}
    server = subprocess.Popen(words, bufsize=0, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(server.communicate)  # which ends its input
    return server


def _be(job):
    """Be the process of a job; never return."""
    code = 1
    try:
        signal.alarm(LIMIT)
        for number, name, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, job["out"], os.O_WRONLY),
            (2, job["err"], os.O_WRONLY),
        ):
            held = os.open(name, flags)
            os.dup2(held, number)
            os.close(held)
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["env"])
        sys.path[:1] = [word for word in job["env"].get("PYTHONPATH", "").split(os.pathsep) if word]
        sys.argv = ["-c", *job["args"]]
        exec(compile(job["code"], "<string>", "exec"), {"__name__": "__main__"})
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code & 255)


def main():
    """Fork for each line of JSON on standard input; answer with a fork's number, then with how it ended."""
    jobs, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    for line in jobs:
        pid = os.fork()
        if pid == 0:
            _be(json.loads(line))
        print(pid, file=replies, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=replies, flush=True)


if __name__ == "__main__":
    main()
