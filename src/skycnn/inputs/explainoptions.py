"""ExplainOptions and ExplainResult: what ``explain`` may be told, and what it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skycnn.inputs.columnresult import ColumnOptions, ColumnResult


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(ColumnOptions):
    """What ``explain`` may be told; the command line's options bear the same names."""

    where: str | None = None
    worst: int | None = None
    truth: tuple[str, ...] = ()
    method: str | None = None
    target: str | None = None
    baseline: str | None = None
    steps: int | None = None
    check: bool = False
    html: str | None = None
    png: str | None = None
    command: str = "skycnn explain"

    @property
    def pictures(self) -> bool:
        """Whether a gallery is asked for."""
        return self.html is not None or self.png is not None

    @property
    def writes(self) -> bool:
        """Whether columns or maps are written: to OUT, and in place where nothing else is asked for."""
        return self.out is not None or not (self.pictures or self.check)

    @property
    def selects(self) -> bool:
        """Whether rows are named."""
        return self.rows is not None or self.where is not None or self.worst is not None


@dataclass(frozen=True)
class ExplainResult(ColumnResult):
    """What a run did, or would do.

    ``selected`` rows were looked at, in ``order``; ``shown`` are in the gallery. ``check`` is what ``--check`` found.
    """

    task: str = ""
    method: str = ""
    target: str = ""
    unit: str = ""
    meaning: str = ""
    baseline: str = ""
    bound: float | None = None
    selected: int = 0
    order: str = ""
    shown: int = 0
    completeness: Mapping[str, float | int] = field(default_factory=dict)
    check: Mapping[str, Any] = field(default_factory=dict)
