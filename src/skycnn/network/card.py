"""Card: what a model is, in plain text. It stands in the metadata of the model's file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_origin

from skycnn.errors import InputError


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
        Printed by the recipe.
    learning_curve : list
        Validation loss an epoch, a list for each network trained.
    citation, licence, created, version : str
        ``version`` is skycnn's at training.
    pixel_scale, stamp : float, int or None
        Arcsec and pixels; None where no images are used.
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
    ranges: Mapping[str, Any] = field(default_factory=dict)
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
    tensors: Mapping[str, Any] = field(default_factory=dict)
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

    def canonical(self) -> bytes:
        """Return the card as bytes without its hash: JSON, keys sorted, no blanks."""
        content = {key: value for key, value in asdict(self).items() if key != "sha256"}
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


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
        When a field is missing, unknown, or of another type.
    """
    if not isinstance(content, dict) or set(content) - {entry.name for entry in fields(Card)}:
        raise InputError(f"{label}: its card is not one that this version reads", hint="Update skycnn.")
    tuples = {entry.name for entry in fields(Card) if get_origin(entry.type) is tuple}
    lists = {key: tuple(value) for key, value in content.items() if key in tuples and isinstance(value, list)}
    try:
        card = Card(**(content | lists))
    except TypeError as error:
        raise InputError(f"{label}: its card is incomplete: {error}") from None
    wrong = [entry.name for entry in fields(Card) if not _fits(getattr(card, entry.name), entry.type)]
    wrong += [name for name in ("inputs", "bands") if not all(isinstance(text, str) for text in getattr(card, name))]
    if not wrong and not all(_is_range(value) for value in card.ranges.values()):
        wrong = ["ranges"]
    if wrong:
        raise InputError(f"{label}: its card holds a value of the wrong type", value=", ".join(wrong))
    return card


def _fits(value: object, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, get_origin(kind) if get_origin(kind) in (tuple, Mapping) else kind)


def _is_range(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(end, int | float) for end in value)
