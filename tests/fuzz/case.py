"""Case: one mutated input and the command line that meets it, as a recipe that stands in a line of JSON."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import numpy as np

from . import kinds, modelfile, mutation, tomltext
from .values import pick


@dataclass(frozen=True)
class Base:
    """Sound files, and the command lines that read them.

    Parameters
    ----------
    files : mapping of str to bytes
        By name.
    commands : sequence of sequences of str
        What is typed after ``skycnn``.
    before : sequence of jobs
        Run first, on the sound files; what they leave belongs to the files. Each is a mapping for `runner.Runner.run`.
    """

    files: Mapping[str, bytes]
    commands: tuple
    before: tuple = ()


@dataclass(frozen=True)
class Case:
    """A recipe: the base of a kind, the changes of its files, a command line.

    Parameters
    ----------
    changes : sequence of lists
        Each the name of a file and a mutation of it.
    """

    kind: str
    seed: int
    base: str
    words: tuple
    changes: tuple = ()
    specials: Mapping[str, str] = field(default_factory=dict)

    def files(self, sound):
        """Return the files by name, changed."""
        made = dict(sound)
        for name in {change[0] for change in self.changes} & made.keys():
            made[name] = changed(name, made[name], [change[1:] for change in self.changes if change[0] == name])
        return made

    def dump(self):
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text):
        held = json.loads(text)
        changes = tuple(list(change) for change in held.pop("changes"))
        return cls(**held | {"words": tuple(held["words"]), "changes": changes})

    def without(self, number):
        """Return the case without one of its changes."""
        return replace(self, changes=self.changes[:number] + self.changes[number + 1 :])


def changed(name, octets, changes):
    """Return a file's bytes after its mutations."""
    own = [change for change in changes if change[0] == "leaf"]
    if own and name.endswith(".safetensors"):
        octets = modelfile.apply(octets, own)
    elif own:
        octets = tomltext.apply(octets, own)
    return mutation.apply(octets, [change for change in changes if change[0] != "leaf"], name.endswith(".gz"))


def names():
    """Return the kinds: the files of the folder ``kinds``."""
    return sorted(module.name for module in iter_modules(kinds.__path__))


def kind(name):
    """Return the module of a kind."""
    return import_module(f"{kinds.__name__}.{name}")


class Cases:
    """The cases of one kind, by their seeds; the sound files are made once."""

    def __init__(self, name, runner):
        self.name, self.module = name, kind(name)
        self.bases = self.module.bases(Path(runner.source))
        self._runner, self._sound = runner, {}

    def sound(self, base):
        """Return the files of a base, after the commands that prepare them."""
        if base not in self._sound:
            held = self.bases[base]
            self._sound[base] = self._runner.prepared(held.files, held.before) if held.before else dict(held.files)
        return self._sound[base]

    def draw(self, seed):
        """Return the case of a seed."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), seed])
        base = pick(rng, sorted(self.bases))
        sound = self.sound(base)
        words, changes, *specials = self.module.draw(rng, base, sound, pick(rng, self.bases[base].commands))
        return Case(self.name, seed, base, tuple(words), tuple(changes), specials[0] if specials else {})
