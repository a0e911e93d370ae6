"""ScoreResult: what was scored of which catalogues, the numbers behind the tables and ``--json``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from skycnn import __version__
from skycnn.bootstrap import LEVEL
from skycnn.scoring.bestbaseline import Best
from skycnn.scoring.scoretable import Bin, Entry, Score


@dataclass(frozen=True)
class Answered:
    """A model and the files that it answered; its name and hash are empty for files that do not tell it."""

    model: str
    model_sha256: str
    files: Sequence[str]

    def __str__(self) -> str:
        return f"{self.model} ({self.model_sha256[:16]})" if self.model else "an unknown model"


@dataclass(frozen=True)
class Scored:
    """A column of answers that was scored, and its table.

    Parameters
    ----------
    value, truth : str
        Columns of the answers and of the truth.
    kind, unit : str
        See `Target`.
    rows : int
    left_out, flagged : mapping of str to int
        Rows by the reason; rows by the flag.
    bootstrap : str
        What was resampled, in words.
    entries : sequence of Entry
        The table, the column itself first.
    bins : sequence of Bin
        Of ``--by``.
    pit : sequence of int
        Rows in 20 bins of the PIT; empty where there is none.
    scores : sequence of Score
        The lines of the table.
    by : str
        What the bins are of.
    best : sequence of Best
        The best baseline, by each score that decides.
    """

    value: str
    truth: str
    kind: str
    unit: str
    rows: int
    left_out: Mapping[str, int]
    flagged: Mapping[str, int]
    bootstrap: str
    entries: Sequence[Entry]
    bins: Sequence[Bin]
    pit: Sequence[int]
    scores: Sequence[Score]
    by: str = ""
    best: Sequence[Best] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values; the share of outliers and the like as fractions."""
        return {name: value for name, value in asdict(replace(self, scores=())).items() if name != "scores"}


@dataclass(frozen=True)
class Result:
    """What was scored, and by what.

    ``model`` and ``model_sha256`` are empty where the model is unknown or files were answered by several ``models``.
    """

    answers: Sequence[Scored]
    task: str
    files: Sequence[str]
    models: Sequence[Answered]
    bands: Sequence[str]
    trained_on: str
    by: str
    threshold: float
    prevalence: float | None
    plot: str | None
    seconds: float
    html: str | None = None
    level: float = LEVEL
    versions: Mapping[str, str] = field(default_factory=lambda: {"skycnn": __version__, "numpy": np.__version__})

    @property
    def model(self) -> str:
        """The model that answered, where it was one."""
        return self.models[0].model if len(self.models) == 1 else ""

    @property
    def model_sha256(self) -> str:
        """Its hash."""
        return self.models[0].model_sha256 if len(self.models) == 1 else ""

    def to_json(self) -> dict[str, Any]:
        """Return plain values: of the first answer beside those of the run, of the others in ``further``."""
        first, *further = (answer.to_json() for answer in self.answers)
        plain = {name: value for name, value in asdict(replace(self, answers=())).items() if name != "answers"}
        rate = first["rows"] / self.seconds if self.seconds else None
        models = {"model": self.model, "model_sha256": self.model_sha256}
        return plain | models | first | {"rate": rate, "further": further}
