"""ColumnOptions and ColumnResult: what a run that writes columns may be told, and what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from skycnn.inputs.answering import Request
from skycnn.schema import Column

VERSIONS = ("skycnn", "torch", "numpy")


@dataclass(frozen=True, kw_only=True)
class ColumnOptions(Request):
    """What a run that writes columns into a catalogue may be told; the command line's options bear the same names."""

    hdu: str | None = None
    out: str | None = None
    overwrite: bool = False
    only_new: bool = False
    prefix: str = ""
    suffix: str = ""
    dry_run: bool = False
    table_only: bool = False
    decompress: bool = False
    detach: bool = False
    wait: float = 0.0
    provenance: str | None = None
    command: str = "skycnn"


@dataclass(frozen=True)
class ColumnResult:
    """What a run did, or would do: the numbers behind its last line and its ``--json``; None where nothing was run.

    ``compared`` counts earlier answers that were compared with new ones, ``other_photometry`` those that are kept but
    are not what the rows' photometry gives.
    """

    catalogue: str
    files: Mapping[str, str | None]
    rows: int
    model: str
    model_sha256: str
    reason: str
    columns: Sequence[Column]
    bands: Sequence[Mapping[str, str]]
    notes: Sequence[str]
    disk_bytes: int
    warnings: Sequence[str] = ()
    answered: int | None = None
    flagged: Mapping[str, int] = field(default_factory=dict)
    asked: int = 0
    resumed: int = 0
    compared: int = 0
    other_photometry: int = 0
    seconds: float = 0.0
    rate: float | None = None
    unchanged: bool = False
    estimate_seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=lambda: {name: version(name) for name in VERSIONS})
