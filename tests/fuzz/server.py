"""Server: imports skycnn and torch once, then runs each command line in a fork of its own, within limits.

It knows nothing of fuzzing, so that it runs on any source tree: PYTHONPATH says which. A line of JSON on standard
input is a job, a line on standard output how it ended. The code is that of ``sys.exit``, or minus the signal.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import sys
import time
import traceback

OPTIONAL = ("torch", "astropy.io.fits", "astropy.wcs", "astropy.table", "fitsio", "scipy.ndimage", "scipy.optimize")
OPTIONAL += (
    "matplotlib.figure",
    "typer._adapters",
    "matplotlib.backends.backend_agg",
    "sklearn.ensemble",
    "sklearn.neighbors",
)
"""Imported beforehand, where they are: what takes long is not to be done for every input."""


def load():
    """Import all that a verb may import."""
    import skycnn

    for module in pkgutil.walk_packages(skycnn.__path__, "skycnn."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in OPTIONAL:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # else the forks would copy every page that the collector looks at


def size():
    """Return the address space and the resident memory of this process, bytes."""
    with open("/proc/self/statm") as file:
        pages = [int(word) for word in file.read().split()[:2]]
    return [count * resource.getpagesize() for count in pages]


def limit(kind, value):
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))


def be(job, space):
    """Run the job in this process, a fork; never return."""
    code = 70
    try:
        os.setpgid(0, 0)
        os.chdir(job["folder"])
        for number, name, how in ((0, job.get("stdin"), os.O_RDONLY), (1, job["out"], None), (2, job["err"], None)):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC if how is None else how
            os.dup2(os.open(name or os.devnull, flags, 0o600), number)
        limit(resource.RLIMIT_CORE, 0)
        limit(resource.RLIMIT_CPU, job["cpu"])
        limit(resource.RLIMIT_AS, space + job["memory"])
        if job.get("largest"):  # a file of more bytes ends the process at once, like kill -9
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            limit(resource.RLIMIT_FSIZE, job["largest"])
        os.environ.update(job.get("environment", {}))
        sys.argv = ["skycnn", *job["words"]]
        from skycnn.cli import app

        app.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code & 255)


def ends(pid, wall, idle):
    """Wait for a process; return whether it ended within its wall time, and was never idle for so many seconds."""
    handle = os.pidfd_open(pid)
    try:
        begun = moved = time.monotonic()
        worked = None
        while not select.select([handle], [], [], 0.5)[0]:
            now = time.monotonic()
            with open(f"/proc/{pid}/stat") as file:
                state, *fields = file.read().rpartition(")")[2].split()
            if state != "S" or fields[10:12] != worked:  # running, or has been since
                worked, moved = fields[10:12], now
            if now - begun > wall or now - moved > idle:
                return False
        return True
    finally:
        os.close(handle)


def run(job):
    """Run a job in a fork; return how it ended."""
    space, resident = size()
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        be(job, space)
    late = not ends(pid, job["wall"], job["idle"])
    if late:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # what it may have started itself
        os.killpg(pid, signal.SIGKILL)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "late": late,
        "cpu": used.ru_utime + used.ru_stime,
        "wall": time.monotonic() - begun,
        "grown": max(0, used.ru_maxrss * 1024 - resident),
    }


def main():
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply
    load()
    print(json.dumps({"ready": True}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
