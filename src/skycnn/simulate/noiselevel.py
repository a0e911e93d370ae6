"""NoiseLevel: how noisy mocks are - as a survey's depths tell, or its photons as counted, times a factor; or not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from skycnn.errors import InputError
from skycnn.simulate import draws
from skycnn.simulate.noise import Noise
from skycnn.survey import Survey, where

KINDS = ("depth", "counted", "none")
"""``depth``: stars at the survey's depth have signal to noise 5. ``counted``: of its sky, dark current and reading.
``none``: pixels have no noise; apertures and quoted errors are those of ``depth``."""

MATCHED = "matched"
"""The noise that the survey file's factor ``matched`` makes of what is counted."""

LEAST, MOST = 0.01, 100.0
EXPECTED = "depth, counted or matched, perhaps times a factor, counted:0.5, or a range, counted:0.5-2; or none"


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

    kind: str = KINDS[0]
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
        if kind not in (*KINDS, MATCHED) or not LEAST <= low <= high <= MOST or (kind == "none" and colon):
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

    def noise(self, survey: Survey, bands: Sequence[str]) -> Noise:
        """Return the noise of every object; where they differ, that of one whose factor is 1.

        Raises
        ------
        InputError
            When the survey does not tell what it follows from.
        """
        noise = Noise.counted(survey, bands) if self.kind == "counted" else Noise.of(survey, bands)
        noise = replace(noise, drawn=self.kind != "none")
        return noise if self.varied else noise.times(self.low)

    def each(self, noise: Noise, seed: int, row: ArrayLike) -> Noise:
        """Return what `noise` returned as the noise of certain objects, by seed and absolute rows (n,)."""
        if not self.varied:
            return noise
        part = draws.uniform(seed, np.asarray(row, np.int64), "noise/level")[:, 0]
        return noise.times(self.low * (self.high / self.low) ** part)
