"""Card: what a model is, in plain text. It stands in the metadata of the model's file."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, get_origin

from skycnn.errors import InputError
from skycnn.typed import Misfit, misfits, shown

STATES = ("yes", "no", "unknown")
"""Whether Galactic extinction is taken off the fluxes."""

LARGEST = 16384
"""Pixels along an edge of a stamp, as `stamps.stampsource` cuts them."""

BAND = r"[^\s=,*]{1,60}"
"""A band's name that can be typed in ``--band BAND=COLUMN,BAND=COLUMN``."""

DEEPEST = 20
"""Lists and tables of a card within one another; those that ship have four."""


@dataclass(frozen=True)
class Card:
    """What a model is: everything needed to use it, judge it and make it again.

    Parameters
    ----------
    name, task, network : str
        ``photoz-sdss-flux``, ``photoz``, ``flux``.
    survey : str
        Whose filters it was trained on; empty for unknown.
    inputs : tuple of str
        Kinds of input, see `task.Network`.
    bands : tuple of str
        In the order of the network's input.
    photometry : str
        Photometric family of the training sample; ``unknown`` where its source does not say.
    dereddened : str
        ``yes``, ``no`` or ``unknown``: Galactic extinction of the training sample.
    settings, posterior : mapping
        Arguments of the network's module and of the task's posterior.
    ranges : mapping
        Magnitudes and colours trained on: name to [low, high].
    sample : mapping
        The training sample: source, rows, split.
    seed : int
    temperature : float
        Found on the validation split and folded into the weights.
    scores : mapping
        Of rows that the network never saw: ``rows``, figures by key, ``intervals`` of 95 %. With ``how`` where the rows
        are others than the split's test rows, whose scores are then in ``test``; of further samples by their names.
    learning_curve : list
        Validation loss an epoch, a list for each network trained; with the discrepancy of one adapted in training.
    citation, licence, created, version : str
        ``version`` is skycnn's at training.
    pixel_scale, stamp : float, int or None
        Arcsec and pixels; None where no images are used.
    adaptation : mapping
        The second sample that the network was adapted to, without truths: its source, survey and rows, by what it was
        adapted, and how differently the two samples are seen before and after; empty where there is none.
    tensors : mapping
        Name to [dtype, shape] of every tensor.
    sha256 : str
        Over the canonical card without this field, then the tensors' bytes in the order of their names.
    """

    name: str
    task: str
    network: str
    survey: str
    inputs: tuple[str, ...]
    bands: tuple[str, ...]
    photometry: str = "unknown"
    dereddened: str = "unknown"
    settings: Mapping[str, Any] = field(default_factory=dict)
    posterior: Mapping[str, Any] = field(default_factory=dict)
    ranges: Mapping[str, Sequence[float]] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    temperature: float = 1.0
    scores: Mapping[str, Any] = field(default_factory=dict)
    learning_curve: tuple[Any, ...] = ()
    citation: str = ""
    licence: str = ""
    created: str = ""
    version: str = ""
    pixel_scale: float | None = None
    stamp: int | None = None
    adaptation: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    sha256: str = ""

    @property
    def takes_fluxes(self) -> bool:
        """Whether the network looks at fluxes."""
        return "flux" in self.inputs

    @property
    def takes_images(self) -> bool:
        """Whether the network looks at stamps."""
        return "image" in self.inputs

    @property
    def pixel_unit(self) -> str | None:
        """What the pixels were in that the network was trained with: microjansky where the card does not say it.

        None before training: as the images are.
        """
        unit = self.sample.get("pixel_unit", "uJy")
        return None if unit is None else str(unit)

    @property
    def options(self) -> Mapping[str, Any]:
        """What was set of the mocks that it was trained on, by name; empty where there were none."""
        found = self.sample.get("options", {})
        return found if isinstance(found, Mapping) else {}

    @property
    def surveys(self) -> tuple[str, ...]:
        """The survey that it was trained on, and the one that it was adapted to."""
        second = self.adaptation.get("survey")
        return (self.survey, second) if second else (self.survey,)

    def survey_for(self, survey: str | None) -> str:
        """Return which of its surveys a catalogue is of: the one named where it knows that."""
        return survey if survey in self.surveys and survey else self.survey

    def canonical(self) -> bytes:
        """Return the card as bytes without its hash: JSON, keys sorted, no blanks; no adaptation where there is none.

        Older models were hashed without that field.
        """
        content = {key: value for key, value in asdict(self).items() if key != "sha256"}
        if not self.adaptation:
            del content["adaptation"]
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


NEEDED = tuple(entry.name for entry in fields(Card) if entry.default is MISSING and entry.default_factory is MISSING)
"""Fields that every card has; a card of an earlier release may lack the others."""


def card_of(content: Any, label: str) -> Card:
    """Return the card that JSON holds, every value of the type that it should have.

    Parameters
    ----------
    content : object
        As ``json.loads`` returned it.
    label : str
        Names the model in messages.

    Raises
    ------
    InputError
        When a field is missing, unknown, of another type, or holds what no model has.
    """
    if not isinstance(content, dict):
        raise InputError(f"{label}: its card is no table of fields, as one of skycnn is")
    known = [entry.name for entry in fields(Card)]
    for key in content:
        if key not in known:
            what = f"{label}: its card is not one that this version reads: it has a field {key!r}"
            raise InputError(what, hint="Update skycnn.")
    for key in NEEDED:
        if key not in content:
            raise InputError(f"{label}: its card is incomplete: it has no {key!r}", expected=", ".join(NEEDED))
    found = next(misfits(content, Card), None) or _deep(content, "")
    if found is None:
        tuples = {entry.name for entry in fields(Card) if get_origin(entry.type) is tuple}
        card = Card(**(content | {key: tuple(content[key]) for key in tuples & content.keys()}))
        found = next(_odd(card), None)
    if found is not None:
        what = f"{label}: its card's {found.place} is {shown(found.value)}"
        raise InputError(what, expected=found.expected, hint="Fetch the model again, or train it again.")
    return card


def _odd(card: Card) -> Iterator[Misfit]:
    """Yield values of the right type that no model has."""
    for name in ("inputs", "bands"):
        names = getattr(card, name)
        if len(set(names)) < len(names) or not all(names):
            yield Misfit(name, list(names), "names, each once")
    if not card.inputs:
        yield Misfit("inputs", [], "flux, image or columns")
    if not card.bands and (card.takes_fluxes or card.takes_images):
        yield Misfit("bands", [], "the bands of its fluxes or images")
    if not card.name.strip():
        yield Misfit("name", card.name, "a name")
    for band in card.bands:
        if not (re.fullmatch(BAND, band) and band.isprintable()):
            yield Misfit("bands", band, "a name that can be typed")
    if card.dereddened not in STATES:
        yield Misfit("dereddened", card.dereddened, " or ".join(STATES))
    for key, ends in card.ranges.items():
        if len(ends) != 2 or not ends[0] <= ends[1]:
            yield Misfit(f"ranges.{key}", list(ends), "two numbers, the lower one first")
    for name in ("temperature", "pixel_scale"):
        value = getattr(card, name)
        if value is not None and not value > 0:
            yield Misfit(name, value, "more than 0")
    if card.stamp is not None and not 1 <= card.stamp <= LARGEST:
        yield Misfit("stamp", card.stamp, f"1 to {LARGEST}")
    second = card.adaptation.get("survey", "")
    if not isinstance(second, str):
        yield Misfit("adaptation.survey", second, "text")
    unit = card.sample.get("pixel_unit")
    if not isinstance(unit, str | None):
        yield Misfit("sample.pixel_unit", unit, "text or null")
    if card.sha256 and not re.fullmatch("[0-9a-f]{64}", card.sha256):
        yield Misfit("sha256", card.sha256, "64 hexadecimal digits")


def _deep(value: object, place: str, left: int = DEEPEST) -> Misfit | None:
    """Return what is nested deeper than any card is, on which what walks through it would fail."""
    if not isinstance(value, dict | list):
        return None
    if not left:
        return Misfit(place, "...", f"at most {DEEPEST} lists or tables within one another")
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return next((bad for key, part in parts if (bad := _deep(part, place or str(key), left - 1))), None)
