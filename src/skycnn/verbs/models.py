"""List the installed models, or show one (the collection; one model and its card are ``network.model``)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from skycnn.errors import InputError
from skycnn.network.model import Card, installed, locate, read, read_card

MAIN = ("sigma_nmad", "outliers", "half_width", "auc", "brier", "bias", "mae", "crps")
"""Scores that a list of models shows first."""


def silent(text: str) -> None:
    """Say nothing."""


def models(name: str | None = None, say: Callable[[str], None] = silent) -> tuple[Card, ...]:
    """Return the cards of all installed models, or the one card of the model named.

    Parameters
    ----------
    name : str, optional
        A model's name or file; the file is read whole and its hash checked.
    say : callable
        Takes a note about a file that is no model and was passed over.

    Raises
    ------
    InputError
        When there is no such model, or its file was altered.
    """
    if name is not None:
        return (read(locate(name)).card,)
    cards: dict[str, Card] = {}  # a name in two folders is the first one's, as for --model
    for path in installed():
        try:
            cards.setdefault(path.stem, read_card(path))
        except InputError as error:
            say(f"passed over: {error}")
    return tuple(cards[stem] for stem in sorted(cards))


def flat(content: Mapping[str, Any], stem: str = "") -> dict[str, Any]:
    """Return nested mappings as one: ``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        found |= flat(value, f"{stem}{key}.") if isinstance(value, Mapping) and value else {f"{stem}{key}": value}
    return found


def headline(card: Card, count: int = 3) -> dict[str, float]:
    """Return a card's main scores, those of ``MAIN`` first; of several samples those of the card's first."""
    numbers = _numbers(card.scores) or _numbers(flat(card.scores))

    def rank(key: str) -> int:
        score = re.split(r"[. ]", key)[-1]  # of one column of several
        return MAIN.index(score) if score in MAIN else len(MAIN)

    return {key: numbers[key] for key in sorted(numbers, key=rank)[:count]}


def _numbers(scores: Mapping[str, Any]) -> dict[str, float]:
    return {key: value for key, value in scores.items() if isinstance(value, int | float)}


def fields(card: Card) -> dict[str, Any]:
    """Return a card for reading: nested entries by dotted names, long lists by their size."""
    content = flat(asdict(card) | {"tensors": f"{len(card.tensors)} tensors"})
    return {key: _short(value) for key, value in content.items()}


def _short(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(str(value)) < 100:
            return " ".join(map(str, value)) or "-"
        sizes = {len(entry) if isinstance(entry, list | tuple) else 1 for entry in value}
        return f"{len(value)} x {max(sizes)} values" if max(sizes) > 1 else f"{len(value)} values"
    return "-" if value in ("", None, {}) else value
