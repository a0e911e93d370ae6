"""Provenance: the record of a run as a block of HISTORY lines, written and read back."""

import json
import re
import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from os import environ

from skycnn.typed import misfit

LINE = 72
LONGEST = 12
"""Digits of a time in seconds: the year 30,000."""
_KEY = 8
_OPEN = re.compile(r"skycnn {2}(\S+) (\S+) (\S+) (\S+)")
_CREDENTIALS = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/?#]*@", re.I)
_QUERY = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^?#]*)[?#].*", re.I | re.S)
_ESCAPED = re.compile(r"(?:[^\\]|\\\\|\\[nrt]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*")
"""Text escaped by Python's ``unicode_escape``."""


@dataclass(frozen=True)
class Record:
    """One run over one table.

    Parameters
    ----------
    version, verb, task, time : str
        Of skycnn; the command; the task, or ``stamps`` for ``cutout``; UTC as ``2026-01-31T12:00:00Z``.
    command : str
        The command line, credentials and queries of URLs removed.
    model, model_sha256 : str
        Name and hash of the weights.
    columns : tuple of str
        Columns written.
    used : tuple of str
        Columns read.
    input_sha256 : str
        SHA-256 of the bytes of the columns used, row by row; of all columns where all are copied (``cutout``). Empty
        where answers were kept without a look at their photometry: such a record vouches for nothing.
    options : mapping
        All else that the answer depends on, plain JSON.
    notes : tuple of str
        Assumptions, as printed on stderr.
    answers_sha256 : str
        Of ``predict``: SHA-256 of the bytes of the columns written, row by row; empty where it is not known.
    counts : mapping of str to int
        Of ``predict``: ``rows`` of the table, those ``answered`` by this run, the earlier answers ``compared`` with new
        ones, and those among all that are of ``other_photometry``.
    """

    version: str
    verb: str
    task: str
    time: str
    command: str
    model: str
    model_sha256: str
    columns: tuple[str, ...]
    used: tuple[str, ...]
    input_sha256: str
    options: Mapping[str, object]
    notes: tuple[str, ...] = ()
    answers_sha256: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "command", redacted(self.command))

    def lines(self) -> list[str]:
        """Return HISTORY lines of 72 ASCII characters at most; ``parse`` reads them back."""
        head = f"skycnn  {self.version} {self.verb} {self.task} {self.time}"
        body = [
            ("command", self.command),
            ("model", self.model),
            ("model =", self.model_sha256),
            ("columns", " ".join(self.columns)),
            ("used", json.dumps(self.used)),
            ("input =", self.input_sha256),
            ("options", json.dumps(self.options, sort_keys=True)),
            *([("wrote =", self.answers_sha256)] if self.answers_sha256 else []),
            *([("counts", json.dumps(self.counts, sort_keys=True))] if self.counts else []),
            *(("note", note) for note in self.notes),
            ("end", "skycnn"),
        ]
        return [head, *(line for key, text in body for line in _wrapped(key, text))]

    def to_json(self) -> dict[str, object]:
        """Return the whole record as plain JSON."""
        return asdict(self)


def _wrapped(key: str, text: str) -> list[str]:
    """Break text into lines; all but the last end in ``&``, which keeps blanks before it."""
    plain = text.encode("unicode_escape").decode("ascii")
    if plain.endswith(" "):
        plain = plain[:-1] + r"\x20"  # headers lose blanks at the end of a card
    room = LINE - _KEY
    parts = []
    while len(plain) > room:
        parts.append(plain[: room - 1] + "&")
        plain = plain[room - 1 :]
    parts.append(plain)
    return [(key if i == 0 else "").ljust(_KEY) + part for i, part in enumerate(parts)]


def parse(lines: Iterable[str]) -> list[Record]:
    """Return the records among HISTORY lines, oldest first; damaged ones are skipped."""
    records: list[Record] = []
    block: list[tuple[str, str]] = []
    head: re.Match[str] | None = None
    for line in lines:
        opening = _OPEN.match(line)
        if opening:
            head, block = opening, []
            continue
        if head is None:
            continue
        key, text = line[:_KEY].strip(), line[_KEY:].rstrip()
        if key:
            block.append((key, text))
        elif block and block[-1][1].endswith("&"):
            block[-1] = (block[-1][0], block[-1][1][:-1] + text)
        if key == "end":
            record = _record(head, block)
            records.extend([record] if record else [])
            head = None
    return records


def _record(head: "re.Match[str]", block: Sequence[tuple[str, str]]) -> Record | None:
    if not all(text.isascii() and _ESCAPED.fullmatch(text) for _, text in block):
        return None
    try:
        plain = [(key, text.encode("ascii").decode("unicode_escape")) for key, text in block]
        fields = dict(plain)
        used, options = json.loads(fields["used"]), json.loads(fields["options"])
        if misfit(used, list[str], "used") or not isinstance(options, dict):
            return None
        return Record(
            version=head[1],
            verb=head[2],
            task=head[3],
            time=head[4],
            command=fields["command"],
            model=fields["model"],
            model_sha256=fields["model ="],
            columns=tuple(fields["columns"].split()),
            used=tuple(used),
            input_sha256=fields["input ="],
            options=options,
            notes=tuple(text for key, text in plain if key == "note"),
            answers_sha256=fields.get("wrote =", ""),
            counts={str(name): int(count) for name, count in json.loads(fields.get("counts", "{}")).items()},
        )
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def redacted(command: str) -> str:
    """Return a command line without the credentials and queries of its URLs."""
    if "://" not in command:
        return command
    try:
        words = shlex.split(command)
    except ValueError:  # no command line: cut at every blank
        words = command.split()
    return shlex.join(_QUERY.sub(r"\1", _CREDENTIALS.sub(r"\1", word)) for word in words)


def now() -> str:
    """Return the UTC time, or that of SOURCE_DATE_EPOCH, so that the same run gives the same bytes."""
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(epoch) if epoch.isdecimal() and len(epoch) <= LONGEST else None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def changes(old: Record, new: Record) -> list[str]:
    """Return in words the settings in which two runs differ, but for their rows."""
    differences = []
    if old.model_sha256 != new.model_sha256:
        differences.append(f"model {old.model} {old.model_sha256[:16]} then, {new.model} {new.model_sha256[:16]} now")
    other_columns = _bare(old.used) != _bare(new.used)  # FITS tells names apart by more than their case
    if other_columns:
        differences.append(f"columns {' '.join(old.used)} then, {' '.join(new.used)} now")
    for name in sorted(old.options.keys() | new.options.keys()):
        before, after = (json.dumps(record.options.get(name), sort_keys=True) for record in (old, new))
        if name == "bands" and (other_columns or _bare(old.options.get(name)) == _bare(new.options.get(name))):
            continue
        if before != after and name != "rows":
            differences.append(f"{name} {before} then, {after} now".replace("null", "not given"))
    return differences


def _bare(names: object) -> object:
    """Return names of columns without their case: one, several, or those in the list of bands."""
    match names:
        case str():
            return names.casefold()
        case Mapping():
            return {key: _bare(name) if key in ("column", "error") else name for key, name in names.items()}
        case list() | tuple():
            return [_bare(name) for name in names]
        case _:
            return names
