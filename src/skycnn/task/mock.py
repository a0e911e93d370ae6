"""Mock: what a task simulates, and what its user may set."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skycnn.errors import InputError

if TYPE_CHECKING:  # naming a task must not import torch or numpy
    from skycnn.schema import Column
    from skycnn.survey import Survey


@dataclass(frozen=True)
class SignalCut:
    """A selection of mocks by what is measured of them.

    Parameters
    ----------
    bands : tuple of str
        In one of these at least must an object be seen; another case is the same band where that is one alone.
    above : float
        The signal to noise that it must exceed there.
    """

    bands: tuple[str, ...]
    above: float


@dataclass(frozen=True)
class Option:
    """What the user may say of one task's mocks: ``--set NAME=VALUE``.

    Parameters
    ----------
    name : str
        Lower case.
    default : float, int or str
        Its type is that of all values.
    meaning : str
        In words, with its unit; for ``--help`` of the task.
    low, high : float
        Smallest and largest value, of a number.
    choices : tuple of str
        All values, of a text; none: any.
    """

    name: str
    default: float | int | str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> float | int | str:
        """Return the value that a text tells.

        Raises
        ------
        InputError
            When it is none.
        """
        if isinstance(self.default, str):
            if self.choices and text not in self.choices:
                raise InputError(f"--set {self.name} is none of its values", value=text, expected=self.expected)
            return text
        try:
            value = type(self.default)(text)
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high or not math.isfinite(value):
            raise InputError(f"--set {self.name} is no value of it", value=text, expected=self.expected)
        return value

    @property
    def expected(self) -> str:
        """What may be said, in words."""
        if isinstance(self.default, str):
            return " or ".join(self.choices) or "a text"
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        ends = [f"{word} {end:g}" for word, end in (("from", self.low), ("to", self.high)) if math.isfinite(end)]
        return " ".join([kind, *ends])


@dataclass(frozen=True)
class Mock:
    """What a task's mocks are: drawn by the task, rendered and measured by the verb.

    Parameters
    ----------
    draw : callable
        ``draw(survey, bands, seed, row, selection, **options)`` returns what has ``light``, a `simulate.light.Light` in
        microjansky, ``truth``, a mapping of name to values (n,), and perhaps ``group`` (n,), the number of what several
        rows show, e.g. one encounter at several times; left out, each row is a group. Rows are absolute numbers (n,),
        drawn one by one: a row's answer depends on no other. Where light or truth depend on the frames of
        ``--background``, what is returned has a method ``upon(background)``: of what lies behind each row (n, band,
        side, side), microjansky, float32, it returns the same rows in the same order as they are there.
    columns : tuple of Column
        The truth's names, types, units and meanings; files have them with ``_TRUE`` behind the name.
    catalogue : tuple of Column
        What a catalogue would have beside the truth, e.g. a redshift with its error; ``truth`` holds these values too,
        and files have them by their own names.
    side : int
        Pixels along an edge of a stamp, unless told otherwise.
    selections : tuple of str
        That ``draw`` knows, beside ``all``; the first is the default.
    usual : mapping of str to str
        The default of a survey, by its name, where it is another one.
    cuts : mapping of str to SignalCut
        By selection: what is asked of the measured fluxes.
    noises : mapping of str to str
        By selection: its noise, as ``--noise`` names it, where it is not the survey's.
    observe : callable, optional
        ``observe(survey, bands, drawn, seed)`` returns fluxes and errors (n, band) of what was drawn as a survey's
        catalogue has them, NaN where a band is missing, or None where they follow from the depth.
    observed : callable, optional
        ``observed(survey)`` tells whether ``observe`` knows the survey's catalogue; a task has both or none.
    density : callable, optional
        ``density()`` returns how many objects of ``all`` lie on a square arcminute; without it there are no scenes.
    shown : tuple of str
        Truths that ``--preview`` shows; colours are drawn against the first, and stamps are sorted by it.
    options : tuple of Option
        That ``draw`` takes by name; they stand in the header of the mocks and in the card of a model trained on them.
    measured : bool
        Whether aperture fluxes are measured on the stamps and written.
    row_bytes : int
        Memory that a drawn row takes before it is rendered; decides how many are drawn at once.
    backgrounds : bool
        Whether ``--background BAND=FILE`` may put stamps on frames of the user's, cut at random places, in place of
        drawn noise; see ``upon`` above.
    binning : int
        Pixels of the survey along an edge of a stamp's pixel, which holds their sum.
    """

    draw: Callable[..., Any]
    columns: "tuple[Column, ...]"
    side: int = 32
    selections: tuple[str, ...] = ("all",)
    usual: Mapping[str, str] = field(default_factory=dict)
    cuts: Mapping[str, SignalCut] = field(default_factory=dict)
    noises: Mapping[str, str] = field(default_factory=dict)
    observe: Callable[..., Any] | None = None
    observed: "Callable[[Survey], bool] | None" = None
    density: Callable[[], float] | None = None
    shown: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    measured: bool = True
    row_bytes: int = 4096
    backgrounds: bool = False
    catalogue: "tuple[Column, ...]" = ()
    binning: int = 1
