"""NoiseLevel: how noisy mocks are made - as a survey's depths tell, or as its photons are counted, times a factor."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skycnn.errors import InputError
from skycnn.simulate import draws
from skycnn.survey import Survey, where

Array = NDArray[np.float64]

KINDS = ("depth", "counted")
"""``depth``: stars at the survey's depth have signal to noise 5. ``counted``: from its sky, dark current and reading."""

MATCHED = "matched"
"""The noise that the survey file's factor ``matched`` makes of what is counted."""

LEAST, MOST = 0.01, 100.0
EXPECTED = "depth, counted or matched, perhaps times a factor, counted:0.5, or a range of factors, counted:0.5-2"


@dataclass(frozen=True)
class NoiseLevel:
    """How noisy mocks are.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    low, high : float
        Factor on all noise, of the sky and of the photons. Where they differ each object has one of its own, drawn
        between them uniformly in its logarithm.
    matched : bool
        Whether the factor is the one that the survey file calls ``matched``.
    """

    kind: str
    low: float = 1.0
    high: float = 1.0
    matched: bool = False

    @classmethod
    def of(cls, text: str, survey: Survey) -> "NoiseLevel":
        """Return the level that a text names.

        Raises
        ------
        InputError
            When it names none, or the survey does not know what it asks for.
        """
        kind, colon, rest = text.partition(":")
        low, high = 1.0, 1.0
        if colon:
            number = r"(\d+\.?\d*|\.\d+)"
            found = re.fullmatch(rf"{number}(?:-{number})?", rest)
            low, high = (float(found[1]), float(found[2] or found[1])) if found else (np.nan, np.nan)
        if kind not in (*KINDS, MATCHED) or not LEAST <= low <= high <= MOST:
            raise InputError("no such noise", value=text, expected=EXPECTED)
        if kind != MATCHED:
            return cls(kind, low, high)
        if survey.matched is None:
            what = f"{where(survey, 'matched')} has no factor 'matched' for its noise"
            raise InputError(what, hint="Give one yourself: --noise counted:0.5.")
        return cls("counted", low * survey.matched, high * survey.matched, matched=True)

    @property
    def varied(self) -> bool:
        """Whether objects differ in their noise."""
        return self.high > self.low

    def __str__(self) -> str:
        factor = f"{self.low:.4g}-{self.high:.4g}" if self.varied else f"{self.low:.4g}"
        named = self.kind if factor == "1" else f"{self.kind}:{factor}"
        return f"difficulty-matched, {named}" if self.matched else named

    def factor(self, seed: int, row: ArrayLike) -> Array:
        """Return the factors (n,) of objects, each a function of seed and row."""
        rows = np.asarray(row, np.int64)
        if not self.varied:
            return np.full(len(rows), self.low)
        part = draws.uniform(seed, rows, "noise/level")[:, 0]
        factor: Array = self.low * (self.high / self.low) ** part
        return factor
