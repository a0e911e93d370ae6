"""Two runs of `make storm`, and whether it sees what is wrong."""

import signal
import sys
from pathlib import Path

import pytest

import signalstorm
from signalstorm import KINDS, Ended, Storm, Tally


@pytest.fixture(scope="module")
def storm(tmp_path_factory):
    made = Storm(tmp_path_factory.mktemp("storm"), Path(signalstorm.__file__).parent.parent / "src", rows=2000)
    made.fresh()
    return made


@pytest.mark.parametrize(("name", "after"), [("predict", 0.3), ("cutout", 1.0)])
def test_a_struck_run_ends_as_it_should(storm, name, after):
    kind = KINDS[name]
    ended, sent = storm.struck(kind, after)
    assert ended.code != 1
    old = storm.made(kind, b"") if ended.code else [""]
    assert storm.judge(kind, ended, sent, old, storm.made(kind, b"")) == []


@pytest.mark.parametrize(
    ("code", "err", "files", "fault"),
    [
        (143, "", {}, None),
        (-15, "", {".cat.fits.skycnn-journal": b""}, None),
        (1, "", {}, "code 1"),
        (129, "", {}, "code 129"),
        (143, "Traceback: skycnn", {}, "traceback or bug (skycnn)"),
        (143, "", {"cat.fits": b"torn"}, "a torn file"),
        (0, "", {}, "code 0, and not done"),
        (143, "", {".cat.fits.skycnn-9.tmp": b""}, "left .skycnn"),
    ],
)
def test_what_is_wrong_is_seen(storm, code, err, files, fault):
    storm.fresh()
    kind = KINDS["predict"]
    old = storm.made(kind, b"")
    for name, content in files.items():
        (storm.place / name).write_bytes(content)
    found = storm.judge(kind, Ended(code, b"", err, 0.1), [signal.SIGTERM], old, ["new"])
    assert found == ([fault] if fault else [])


def test_the_next_run_is_judged(storm, monkeypatch):
    storm.fresh()
    kind, tally = KINDS["predict"], Tally()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    storm.resume(kind, ["new"], tally)
    assert dict(tally.faults) == {"next run: code 1": 1, "next run: other bytes": 1}
