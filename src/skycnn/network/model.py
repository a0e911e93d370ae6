"""Model: trained weights and the card that says what they are. One ``.safetensors`` file, never code."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from skycnn.errors import InputError
from skycnn.files.regular import name_of, opened
from skycnn.network.card import Card, card_of
from skycnn.typed import shown

__all__ = ["Card", "Model", "digest", "encode", "installed", "known", "locate", "pinned", "read", "read_card", "seal"]

SUFFIX = ".safetensors"
SHIPPED = Path(__file__).parents[1] / "weights"
DTYPES = ("float32", "float64", "int64", "int32", "uint8", "bool")
LARGEST, LONGEST = 1 << 30, 1 << 24
"""Bytes of a file and letters of a card; no model here comes near, so more are not read."""
AGAIN = "Fetch the model again."


@dataclass(frozen=True)
class Model:
    """A card and its tensors, name to array; the file that it was read from, if it was."""

    card: Card
    tensors: Mapping[str, np.ndarray]
    path: str | None = None

    @property
    def label(self) -> str:
        """How messages call it: the file, else its name."""
        return self.path or self.card.name


def digest(card: Card, tensors: Mapping[str, np.ndarray]) -> str:
    """Return the sha256 that a card must carry."""
    total = hashlib.sha256(card.canonical())
    for name in sorted(tensors):
        total.update(np.ascontiguousarray(tensors[name]).tobytes())
    return total.hexdigest()


def seal(card: Card, tensors: Mapping[str, np.ndarray]) -> Model:
    """Return a model whose card lists its tensors and carries its hash."""
    content = asdict(card) | {
        "tensors": {name: [str(array.dtype), list(array.shape)] for name, array in sorted(tensors.items())}
    }
    listed = card_of(json.loads(json.dumps(content)), card.name)
    whole = asdict(listed) | {"sha256": digest(listed, tensors)}
    return Model(Card(**whole), dict(tensors))


def encode(model: Model) -> bytes:
    """Return a model as the bytes of a ``.safetensors`` file."""
    text = json.dumps(asdict(model.card), sort_keys=True)
    return bytes(save({name: np.ascontiguousarray(a) for name, a in model.tensors.items()}, metadata={"card": text}))


def read_card(path: str | os.PathLike[str]) -> Card:
    """Return the card of a model file, unchecked against its tensors.

    Raises
    ------
    InputError
        When the file is missing, no ``.safetensors``, or without a card.
    """
    with _opened(path) as file:
        return _parse(file.metadata(), path)


def read(path: str | os.PathLike[str]) -> Model:
    """Return a model whose hash, tensor names, types and shapes are those its card states.

    Raises
    ------
    InputError
        When anything differs: the file was truncated, altered or made to harm.
    """
    with _opened(path) as file:
        card = _parse(file.metadata(), path)
        try:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        except (SafetensorError, TypeError, KeyError, ValueError, OverflowError, AttributeError) as error:
            raise InputError(f"{path} holds a tensor that cannot be read: {error}") from None
    _check_listed(tensors, card, str(path))
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            what = f"{path} holds weights that are not finite, in {name}: no network answers with them"
            raise InputError(what, hint=AGAIN)
    if digest(card, tensors) != card.sha256:
        raise InputError(f"{path}: its sha256 is not the one its card states; it was altered", hint=AGAIN)
    _check_pinned(Path(path), card)
    return Model(card, tensors, str(path))


def _check_listed(tensors: Mapping[str, np.ndarray], card: Card, label: str) -> None:
    there = {name: [str(array.dtype), list(array.shape)] for name, array in tensors.items()}
    for name in sorted(there.keys() | card.tensors.keys()):
        held, listed = there.get(name, "absent"), card.tensors.get(name, "absent")
        if held != listed:
            what = f"{label}: its tensors are not those that its card lists: {name[:60]} is {shown(held)}"
            raise InputError(what, expected=shown(listed), hint=AGAIN)
        if held[0] not in DTYPES:
            what = f"{label}: its tensors are of a type that no network here has: {name[:60]} is {held[0]}"
            raise InputError(what, expected=", ".join(DTYPES), hint=AGAIN)


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[Any]:
    try:
        with opened(path, "a .safetensors file", label=f"the model {path}") as held:
            size = os.fstat(held.fileno()).st_size
            if size > LARGEST:
                raise InputError(f"{path} is no model of skycnn: it has {size} bytes", expected=f"at most {LARGEST}")
            with safe_open(name_of(held, path), framework="np") as file:  # that file, whatever has its name by now
                yield file
    except OSError as error:
        raise InputError(f"the model {path} cannot be read: {error.strerror or error}", hint=known()) from None
    except SafetensorError as error:
        raise InputError(f"{path} is no intact .safetensors file: {error}", hint=AGAIN) from None


def _parse(metadata: Mapping[str, str] | None, path: str | os.PathLike[str]) -> Card:
    try:
        text = (metadata or {})["card"]
        if len(text) > LONGEST:
            raise InputError(f"{path} has a card of {len(text)} letters", expected=f"at most {LONGEST}", hint=AGAIN)
        content = json.loads(text)
    except (KeyError, ValueError, RecursionError):
        raise InputError(f"{path} has no card: it is no model of skycnn") from None
    return card_of(content, str(path))


def folders() -> list[Path]:
    """Return where models are looked for: those of SKYCNN_MODELS (``:`` between), then those that ship."""
    folders = os.environ.get("SKYCNN_MODELS", "")
    return [*(Path(entry) for entry in folders.split(":") if entry), SHIPPED]


def installed() -> list[Path]:
    """Return the model files at hand."""
    return [path for folder in folders() if folder.is_dir() for path in sorted(folder.glob(f"*{SUFFIX}"))]


def known() -> str:
    """Return a hint that names the models at hand."""
    return f"Installed: {', '.join(path.stem for path in installed()) or 'none'}."


def locate(name: str) -> Path:
    """Return the file of a model given by name or by path.

    Raises
    ------
    InputError
        When there is none.
    """
    for path in installed():
        if path.stem == name:
            return path
    if os.path.exists(name):
        return Path(name)
    raise InputError(f"no model {name!r}", hint=known())


@cache
def pinned() -> Mapping[str, str]:
    """Return file name to sha256 of the model files that ship."""
    listing = SHIPPED / "SHA256SUMS"
    lines = listing.read_text().splitlines() if listing.exists() else []
    return {line.split()[1]: line.split()[0] for line in lines if line and not line.startswith("#")}


def _check_pinned(path: Path, card: Card) -> None:
    if path.resolve().parent != SHIPPED.resolve():
        return
    wanted = pinned().get(path.name)
    if wanted != hashlib.sha256(path.read_bytes()).hexdigest():
        raise InputError(f"{card.name} is not the file that ships with skycnn", hint="Install skycnn again.")
