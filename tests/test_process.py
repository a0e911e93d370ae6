"""The process: CPUs granted, threads, allocator."""

import errno
import os
import threading

import pytest

from shell import python
from skycnn.cli import process
from skycnn.errors import InputError, RunError


@pytest.fixture
def groups(tmp_path):
    """Write a fake tree of control groups; return a function that sets files and asks for the quota."""

    def ask(membership, **files):
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "self").write_text(membership)
        return process.quota(tmp_path / "cgroup", tmp_path / "self")

    return ask


@pytest.mark.parametrize(
    ("membership", "files", "granted"),
    [
        ("0::/a/b\n", {"a/b/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2.0),  # a container sees its own group as the root
        (
            "4:cpu,cpuacct:/x\n",
            {"cpu,cpuacct/x/cpu.cfs_quota_us": "300000", "cpu,cpuacct/x/cpu.cfs_period_us": "1e5"},
            3,
        ),
        ("4:cpu:/x\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("0::/a\n", {"a/cpu.max": "nonsense"}, None),
        ("nonsense", {}, None),
    ],
)
def test_quota(groups, membership, files, granted):
    assert groups(membership, **files) == granted


def test_quota_without_control_groups(tmp_path):
    assert process.quota(tmp_path / "none", tmp_path / "nothing") is None


@pytest.mark.parametrize(("granted", "cpus"), [(None, 8), (1.5, 2), (0.2, 1), (64.0, 8)])
def test_cpu_count_is_bounded_by_affinity_and_quota(monkeypatch, granted, cpus):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(process, "quota", lambda: granted)
    assert process.cpu_count() == cpus


@pytest.mark.parametrize(
    ("threads", "variable", "count"),
    [(3, "5", 3), (None, "5", 5), (None, "4,2", 4), (None, "", 8), (None, "x", 8), (None, "0", 8)],
)
def test_threads_asked_for_win_over_the_variable_and_that_over_the_machine(monkeypatch, threads, variable, count):
    monkeypatch.setattr(process, "cpu_count", lambda: 8)
    assert process.thread_count(threads, {"OMP_NUM_THREADS": variable}) == count


@pytest.mark.parametrize("threads", [0, -1, 10**9])
def test_no_number_of_threads(threads):
    with pytest.raises(InputError, match=r"--threads is out of range: .* \(expected 1 to 1024\)"):
        process.thread_count(threads, {})


def test_prepare_sets_what_torch_and_numpy_read():
    ran = python(
        "import os; from skycnn.cli import process\n"
        "print(process.prepare(3), *(os.environ[name] for name in process.THREAD_VARIABLES))"
    )
    assert (ran.stdout, ran.stderr) == ("3 3 3 3\n", "")


@pytest.mark.skipif(not hasattr(os, "confstr") or not (os.confstr("CS_GNU_LIBC_VERSION") or ""), reason="no glibc here")
def test_freed_memory_is_kept_for_the_next_batch():
    ran = python(
        "from skycnn.cli import process\n"
        "print(process._tune_allocator())\n"
        "maps = lambda: sum('heap' not in line for line in open('/proc/self/maps'))\n"
        "before = maps(); held = [bytearray(2**26) for _ in range(3)]; print(maps() - before)"
    )
    assert ran.stdout.split() == ["True", "0"]  # large blocks come from the heap, none is mapped


def test_a_working_directory_that_is_no_more_is_told(tmp_path, monkeypatch):
    process.check_folder()
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    with pytest.raises(InputError, match="the working directory is no more"):
        process.prepare()


def test_address_space_and_threads_that_are_not_granted_are_told(monkeypatch):
    process.check_room(3)
    refused = pytest.raises(RunError, match="leave no room to start with 3 threads")
    with refused as caught, monkeypatch.context() as patch:
        patch.setattr(process, "THREAD_ROOM", 1 << 46)
        process.check_room(3)
    assert "ulimit -v" in caught.value.hint

    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RunError, match=r"leave no room to start with 1 thread\."):
        process.check_room(1)


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "starved"),
    [
        (MemoryError(), True),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), True),
        (ImportError("libgomp.so: cannot allocate memory in static TLS block"), True),
        (RuntimeError("can't start new thread"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), True),
        (caused(ImportError("numpy cannot be imported"), OSError(errno.ENOMEM, "Cannot allocate memory")), True),
        (ImportError("No module named 'torch'"), False),
        (RuntimeError("shape"), False),
        (ValueError("out of memory"), False),
        (OSError(errno.ENOSPC, "No space left on device"), False),
    ],
)
def test_an_error_for_want_of_memory_is_known(error, starved):
    assert process.starved(error) == starved
