"""Checkpoint: the state of an unfinished training - facts as JSON text, arrays as tensors; never code."""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from skycnn.errors import InputError
from skycnn.files import workingfile
from skycnn.files.safefile import replacing
from skycnn.typed import misfit

SUFFIX = ".checkpoint"
Array = np.ndarray
ANEW = "--overwrite starts anew."
WORDS = {
    "stages": "--epochs, --members or --network",
    "plan": "the plan of the network",
    "seed": "--seed",
    "rows": "the rows, their values or their split",
    "adapt": "--adapt",
    "posterior": "the range of the truths",
    "device": "--device",
    "init": "--init",
    "version": "the version of skycnn",
}
"""What messages call the facts of a training."""

FACTS: Mapping[str, Any] = {"job": Mapping[str, Any], "curves": list[list[float]]}
"""What all checkpoints tell: the training's own facts, and the validation scores of each stage."""
ROWS = ("groups", "sides")
"""Tensors that tell which rows were on which side."""


@dataclass(frozen=True)
class Checkpoint:
    """What is needed to go on.

    Parameters
    ----------
    facts : mapping
        Plain JSON.
    tensors : mapping of str to ndarray
    """

    facts: Mapping[str, Any]
    tensors: Mapping[str, np.ndarray]


def beside(path: str | os.PathLike[str]) -> Path:
    """Return the checkpoint's place while the model ``path`` is in training."""
    return Path(f"{os.fspath(path)}{SUFFIX}")


def _digest(facts: str, tensors: Mapping[str, np.ndarray]) -> str:
    total = hashlib.sha256(facts.encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        total.update(f"{name} {array.dtype} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def write(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; the one before it is replaced as a whole."""
    facts = json.dumps(checkpoint.facts, sort_keys=True)
    tensors = {name: np.ascontiguousarray(array) for name, array in checkpoint.tensors.items()}
    content = save(tensors, metadata={"facts": facts, "sha256": _digest(facts, tensors)})
    with replacing(str(path), str(path), start=None, detach=True, mode=0o600) as fd:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]


def read(path: Path) -> Checkpoint:
    """Return a checkpoint.

    Raises
    ------
    InputError
        When the file is not what we wrote: truncated, altered, of another kind or another user.
    """
    try:
        content = _content(path)
        length = int.from_bytes(content[:8], "little")
        tensors = load(content)
        metadata = json.loads(content[8 : 8 + length])["__metadata__"]
        facts = metadata["facts"]
        if metadata["sha256"] != _digest(facts, tensors):
            raise InputError(f"{path} is no intact checkpoint: it was altered", hint=ANEW)
        found = Checkpoint(json.loads(facts), tensors)
    except OSError as error:
        raise InputError(f"the checkpoint {path} cannot be read: {error.strerror or error}", hint=ANEW) from None
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is no intact checkpoint: {error}", hint=ANEW) from None
    _check(found, path)
    return found


def _check(found: Checkpoint, path: Path) -> None:
    """See that what every training reads is there, and of its type."""
    facts = found.facts if isinstance(found.facts, Mapping) else {}
    for name, kind in FACTS.items():
        wrong = misfit(facts.get(name), kind, name)
        if wrong is not None:
            raise InputError(f"{path} is no intact checkpoint: its {wrong}", hint=ANEW)
    rows = [found.tensors[name] for name in ROWS if name in found.tensors]
    alike = len(rows) != 1 and len({array.shape for array in rows}) < 2
    if not alike or any(array.ndim != 1 or array.dtype.kind != "i" for array in rows):
        raise InputError(f"{path} is no intact checkpoint: its groups and sides are not those of rows", hint=ANEW)


@contextmanager
def fitting(path: Path) -> Iterator[None]:
    """Turn what torch says of a state that is another network's into one line."""
    try:
        yield
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise InputError(f"{path} does not fit this training: {line}", hint=ANEW) from None


def _content(path: Path) -> bytes:
    fd = workingfile.existing(str(path))
    if fd is None:
        reason = workingfile.stranger(os.lstat(path)) or "cannot be opened"
        raise InputError(f"{workingfile.described(str(path))} {reason}, and is not gone on with", hint=ANEW)
    with open(fd, "rb") as file:
        return file.read()


def remove(path: Path) -> None:
    """Remove a checkpoint, so that a training begins anew.

    Raises
    ------
    InputError
        When another user's stays.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError:
        raise workingfile.in_the_way(str(path)) from None


class Keeper:
    """Writes a checkpoint now and then, and holds what an earlier run left.

    Parameters
    ----------
    path : Path
    facts : mapping
        What must be the same to go on, plain JSON.
    tensors : mapping of str to ndarray
        Kept beside the state.
    every : float
        Seconds between two checkpoints.
    last : bool
        Whether the end of the training is kept too, as of a fold while others are trained.
    """

    def __init__(
        self,
        path: Path,
        facts: Mapping[str, Any],
        tensors: Mapping[str, Array] | None = None,
        every: float = 5.0,
        *,
        last: bool = False,
    ) -> None:
        self.path, self.facts, self.tensors, self.every = path, dict(facts), dict(tensors or {}), every
        self.last = last
        self.found: Checkpoint | None = None
        self._last = time.monotonic()

    def resume(self, found: Checkpoint) -> None:
        """Go on from a checkpoint.

        Raises
        ------
        InputError
            When it is of another training.
        """
        before = found.facts.get("job", {})
        changed = [
            name for name in sorted(self.facts.keys() | before.keys()) if self.facts.get(name) != before.get(name)
        ]
        if changed:
            words = "; ".join(WORDS.get(name, name) for name in changed)
            raise InputError(f"{self.path} is of another training, by {words}", hint=ANEW)
        self.found = found

    def put(self, curves: list[list[float]], state: Mapping[str, Array], *, end: bool = False) -> None:
        """Write a checkpoint if it is time, or the end of the training that is to be kept."""
        if time.monotonic() - self._last < self.every and not (end and self.last):
            return
        write(self.path, Checkpoint({"job": self.facts, "curves": curves}, {**self.tensors, **state}))
        self._last = time.monotonic()
