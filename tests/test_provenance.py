"""Provenance: what is written into HISTORY is read back, and holds no secrets."""

import json
import shlex
import string

import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from skycnn.fits.provenance import LINE, Record, changes, now, parse, redacted

PLAIN = {
    "version": "1.2.3",
    "verb": "predict",
    "task": "photoz",
    "time": "2026-01-31T12:00:00Z",
    "command": "skycnn predict cat.fits",
    "model": "photoz-sdss-flux",
    "model_sha256": "ab" * 32,
    "columns": ("Z_PHOT", "Z_PHOT_FLAG"),
    "used": ("u", "err_u"),
    "input_sha256": "cd" * 32,
    "options": {"pdf": True},
}
TEXT = st.text(max_size=200)
WORD = st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=20)
OPTIONS = st.dictionaries(
    TEXT, st.one_of(st.booleans(), st.integers(), TEXT, st.lists(TEXT, max_size=2), st.none()), max_size=3
)
RECORDS = st.builds(
    Record,
    version=WORD,
    verb=WORD,
    task=WORD,
    time=WORD,
    command=TEXT,
    model=TEXT,
    model_sha256=WORD,
    columns=st.lists(WORD, max_size=9).map(tuple),
    used=st.lists(TEXT, max_size=5).map(tuple),
    input_sha256=WORD,
    options=OPTIONS,
    notes=st.lists(TEXT, max_size=4).map(tuple),
)
NOISE = st.lists(
    st.sampled_from(
        ["", "made by hand", "skycnn is fine", "        &", "end     skycnn", "note    x", "skycnn  a b c d"]
    )
)


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(RECORDS, NOISE, NOISE)
def test_records_are_read_back_among_any_history(record, before, after):
    lines = record.lines()
    assert all(len(line) <= LINE and line.isascii() and line.isprintable() for line in lines)
    stored = [line.rstrip() for line in [*before, *lines, *after]]  # as header cards keep them
    assert record in parse(stored)
    twice = parse([*stored, *lines])
    assert twice[-1] == record


def test_records_stand_in_order():
    records = [Record(**PLAIN | {"version": str(i)}) for i in range(3)]
    assert parse(line for record in records for line in record.lines()) == records


def test_astropy_keeps_the_lines():
    record = Record(**PLAIN, notes=("a note with  blanks  " + "x " * 60, "caf\xe9 \u2609", "ends in &", "", "  "))
    header = fits.Header()
    for line in record.lines():
        header["HISTORY"] = line
    assert parse(header["HISTORY"]) == [record]


def replaced(lines, key, text):
    """Return lines with another text of a key, which may have been on several."""
    start = next(number for number, line in enumerate(lines) if line.startswith(key))
    end = next(number for number in range(start + 1, len(lines)) if lines[number][:8].strip())
    return [*lines[:start], key.ljust(8) + text, *lines[end:]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: lines[:-1],
        lambda lines: [line for line in lines if not line.startswith("model =")],
        lambda lines: [line.replace('["u"', '["u') for line in lines],
        lambda lines: [line.replace("command skycnn", r"command \q") for line in lines],
        lambda lines: [line.replace("command skycnn", "command \\") for line in lines],
        lambda lines: [line.replace("command skycnn", r"command \xZZ") for line in lines],
        lambda lines: [line.replace("command skycnn", "command caf\xe9") for line in lines],
        lambda lines: [line.replace("{", "[") for line in lines],
        lambda lines: replaced(lines, "options", "[1]"),
        lambda lines: replaced(lines, "options", "7"),
        lambda lines: replaced(lines, "options", "[" * 60 + "&"),
        lambda lines: replaced(lines, "used", "[1]"),
        lambda lines: replaced(lines, "used", '{"u": 1}'),
        lambda lines: replaced(lines, "used", "null"),
    ],
)
def test_a_damaged_record_is_passed_over(damage):
    record = Record(**PLAIN)
    assert damage(record.lines()) != record.lines()
    assert parse([*damage(record.lines()), *record.lines()]) == [record]


SECRETS = [
    "https://user:secret@host/cat.fits",
    "https://secret@host/cat.fits",
    "https://user:p@ss-secret@host/cat.fits",
    "https://host/cat.fits?token=secret",
    "https://host/cat.fits#secret",
    "https://user:secret@host/cat.fits?token=secret&x=secret#secret",
    "--out=s3://key:secret@bucket/cat.fits?a=secret",
    "HTTPS://user:secret@host/x",
    "https://user:it's secret@host/x?'secret",
    "postgresql+psycopg://me:secret@db",
    "r=https://h/x?secret",
]


@pytest.mark.parametrize("word", SECRETS)
def test_credentials_and_queries_of_urls_are_removed(word):
    record = Record(**PLAIN | {"command": shlex.join(["skycnn", "predict", word, "--pdf"])})
    assert "secret" not in record.command
    assert "secret" not in "".join(line[8:].rstrip("&") for line in record.lines())
    assert "secret" not in json.dumps(record.to_json())
    assert record.command.startswith("skycnn predict ")
    assert record.command.endswith(" --pdf")
    assert "://" in record.command


def test_what_is_no_url_is_kept():
    command = "skycnn predict 'my cat.fits' --bad 'a@b != 0' --band r=x?y#z"
    assert redacted(command) == command
    assert redacted("skycnn https://host/path@2/cat.fits") == "skycnn https://host/path@2/cat.fits"
    assert "secret" not in redacted("no command line: 'https://a:secret@b/?secret")


def test_time_is_that_of_the_clock_or_of_the_environment(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert now() == "2023-11-14T22:13:20Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert now() == "1970-01-01T00:00:00Z"
    monkeypatch.setattr(
        "time.gmtime", lambda seconds: pytest.fail("not the clock") if seconds else (2030, 1, 2, 3, 4, 5, 0, 1, 0)
    )
    for odd in ("", "soon", "9" * 30, "\u00b2"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", odd)
        assert now() == "2030-01-02T03:04:05Z"


def test_changes_are_told_in_words():
    old = Record(**PLAIN)
    assert changes(old, Record(**PLAIN | {"version": "2", "time": "x", "command": "y", "input_sha256": "z"})) == []
    assert changes(old, Record(**PLAIN | {"model": "other", "model_sha256": "ef" * 32})) == [
        f"model photoz-sdss-flux {'ab' * 8} then, other {'ef' * 8} now"
    ]
    assert changes(old, Record(**PLAIN | {"used": ("g",)})) == ["columns u err_u then, g now"]
    assert changes(old, Record(**PLAIN | {"options": {"survey": "sdss"}})) == [
        "pdf true then, not given now",
        'survey not given then, "sdss" now',
    ]


def test_names_of_columns_are_compared_without_case():
    bands = [{"band": "u", "column": "U", "error": "ERR_U", "unit": "mag"}]
    old = Record(**PLAIN | {"used": ("U", "ERR_U"), "options": {"bands": bands}})
    lower = [{"band": "u", "column": "u", "error": "err_u", "unit": "mag"}]
    new = Record(**PLAIN | {"used": ("u", "err_u"), "options": {"bands": lower}})
    assert changes(old, new) == []
    for name, value in (("unit", "uJy"), ("band", "U"), ("column", "v")):
        other = Record(**PLAIN | {"used": new.used, "options": {"bands": [lower[0] | {name: value}]}})
        assert [text.split()[0] for text in changes(old, other)] == ["bands"]


def test_hash_and_counts_of_the_answers_come_back_or_are_left_out():
    told = {"answers_sha256": "ef" * 32, "counts": {"rows": 67, "answered": 7}}
    record = Record(**PLAIN | told)
    assert parse(record.lines()) == [record]
    assert len(record.lines()) == len(Record(**PLAIN).lines()) + 2
    assert parse(Record(**PLAIN).lines())[0].counts == {}


@pytest.mark.parametrize("counts", ["[1]", "7", '{"rows": "many"}', '{"rows": Infinity}', '{"rows": null}', "{"])
def test_a_record_with_counts_that_are_none_is_skipped(counts):
    lines = Record(**PLAIN | {"counts": {"rows": 5}}).lines()
    lines = [line.replace('{"rows": 5}', counts) for line in lines]
    assert parse(lines) == []
