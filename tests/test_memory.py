"""Memory: the bound by option, machine, control groups and address space; what exceeds it is refused with the sizes."""

import resource
import threading

import pytest

from skycnn.errors import InputError
from skycnn.files import memory


@pytest.fixture(autouse=True)
def requested(monkeypatch):
    """Requests end with the test."""
    monkeypatch.setattr(memory, "_requested", None)
    memory._share_of_addresses.cache_clear()
    yield
    memory._share_of_addresses.cache_clear()


@pytest.fixture
def machine(monkeypatch):
    """A machine of 10 GB without limits."""
    monkeypatch.setattr(memory, "machine", lambda: 10 * 10**9)
    monkeypatch.setattr(memory, "address_space", lambda: None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8G", 8 * 10**9),
        ("8 GB", 8 * 10**9),
        ("1.5g", 1_500_000_000),
        ("500M", 500_000_000),
        ("2GiB", 2 << 30),
        ("1t", 10**12),
        ("100000k", 10**8),
    ],
)
def test_a_bound_is_requested(text, found, machine):
    memory.request(text)
    assert memory.bound() == found
    assert memory.bound(10**9) == found
    memory.request(None)
    assert memory.bound() == memory.bound(6 * 10**9) == 5 * 10**9
    assert memory.bound(10**9) == 10**9


@pytest.mark.parametrize(
    "text", ["", "8", "G", "-8G", "8 apples", "1e3G", "8GG", "nan", "²G", "9" * 400 + "G", "8G\n9G"]
)
def test_no_size(text):
    with pytest.raises(InputError, match=r"is no size \(expected a number and a unit, e.g. 8G or 500M\)"):
        memory.request(text)


def test_a_bound_below_the_buffers_of_any_run_is_refused():
    with pytest.raises(InputError, match=r"--max-memory 10M is too little \(expected 67 MB or more\)"):
        memory.request("10M")


@pytest.mark.parametrize(
    ("membership", "files", "found"),
    [
        ("0::/a/b\n", {"a/b/memory.max": "8000000000\n", "a/memory.max": "max\n"}, [8 * 10**9]),
        ("0::/a\n", {"a/memory.high": "7000000000\n", "memory.max": "9000000000"}, [7 * 10**9, 9 * 10**9]),
        ("4:memory:/x\n", {"memory/x/memory.limit_in_bytes": "6000000000"}, [6 * 10**9]),
        ("4:memory:/x\n", {"memory/memory.limit_in_bytes": "9223372036854771712"}, [9223372036854771712]),
        ("0::/a\n", {"a/memory.max": "nonsense"}, []),
        ("0::/a\n", {"a/memory.max": ""}, []),
    ],
)
def test_control_groups_of_both_versions(tmp_path, membership, files, found):
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "self").write_text(membership)
    assert sorted(memory.granted(tmp_path / "cgroup", tmp_path / "self")) == sorted(found)


def test_the_machine_is_what_the_groups_grant(monkeypatch):
    memory.machine.cache_clear()
    monkeypatch.setattr(memory, "granted", lambda: [123_000_000, 2**63])
    assert memory.machine() == 123_000_000
    memory.machine.cache_clear()


@pytest.mark.parametrize(("left", "found"), [(None, 5 * 10**9), (2 * 10**9, 10**9), (0, memory.LEAST)])
def test_half_of_the_addresses_left_bounds_too(monkeypatch, machine, left, found):
    monkeypatch.setattr(memory, "address_space", lambda: left)
    assert memory.bound() == found
    monkeypatch.setattr(memory, "address_space", lambda: 10**8)  # the run takes some itself
    assert memory.bound() == found
    memory.request("4G")
    assert memory.bound() == memory.LEAST
    with pytest.raises(InputError, match=r"takes 1\.0 GB of memory \(expected at most 67 MB\)\. ulimit -v is"):
        memory.check(10**9, "a tile")


def test_addresses_left(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert memory.address_space() is None
    monkeypatch.setattr(resource, "getrlimit", lambda which: (2**50, 2**50))
    assert 2**49 < memory.address_space() < 2**50
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1000, 2**50))
    assert memory.address_space() == 0
    with pytest.raises(
        InputError, match=r"a\.fits takes 2\.0 GB of addresses \(expected at most 0 bytes\)\. ulimit -v"
    ):
        memory.check_addresses(2 * 10**9, "a.fits")


def test_what_is_larger_is_refused_with_the_sizes(machine):
    memory.check(5 * 10**9, "a tile")
    with pytest.raises(InputError) as told:
        memory.check(6_420_000_000, "a tile of 20000 x 20000 pixels")
    expected = (
        "a tile of 20000 x 20000 pixels takes 6.4 GB of memory (expected at most 5.0 GB). --max-memory 6.5G allows it."
    )
    assert str(told.value) == expected
    memory.request("6.5G")
    memory.check(6_420_000_000, "a tile")
    with pytest.raises(InputError, match=r"takes 3\.0 TB of memory.*This machine has 10\.0 GB; verify the file"):
        memory.check(3 * 10**12, "a tile")
    with pytest.raises(InputError, match=r"takes \d+\.0 EB of memory"):
        memory.check(10**40, "a tile")


@pytest.mark.parametrize("needed", [68 * 10**6, 999_999_999, 1_000_000_001, 9_949_999_999])
def test_following_the_hint_ends_in_success(machine, monkeypatch, needed):
    memory.request("67.2M")
    with pytest.raises(InputError) as told:
        memory.check(needed, "a tile")
    memory.request(told.value.hint.split()[1])
    memory.check(needed, "a tile")


def test_threads_that_together_take_too_much_take_turns(machine):
    memory.request("100M")
    inside, most, gate = [], [], threading.Lock()

    def work():
        with memory.claimed(70_000_000, "a tile"):
            with gate:
                inside.append(1)
                most.append(len(inside))
            with gate:
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(most), max(most)) == (8, 1)
    with pytest.raises(InputError), memory.claimed(200_000_000, "a tile"):
        pass
    with pytest.raises(ZeroDivisionError), memory.claimed(70_000_000, "a tile"):
        1 / 0  # noqa: B018
    with memory.claimed(100_000_000, "a tile"):
        pass


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (64_400_000, "64 MB"), (1_640_000_000, "1.6 GB")],
)
def test_sizes_in_words(number, text):
    assert memory.size(number) == text
