"""ProvenanceFile: the record and result of a run as a JSON file, for ``--provenance``."""

import json
import os
from dataclasses import asdict
from typing import Any

from skycnn.errors import InputError
from skycnn.files import safefile
from skycnn.files.regular import check_output, read_text
from skycnn.fits.provenance import Record

LONGEST = 1 << 24
"""Bytes of a record: one with notes on thousands of images has fewer."""


class ProvenanceFile:
    """The file, checked before the run and written after it.

    Parameters
    ----------
    path : str
        As typed.
    taken : tuple of str or None
        Other files of the run.
    overwrite : bool
        Whether a file that is there may be replaced; an earlier provenance file always may.

    Raises
    ------
    InputError
        When the file cannot be written, or is another program's.
    """

    def __init__(self, path: str, taken: tuple[str | None, ...], overwrite: bool) -> None:
        self.label = f"--provenance {path}"
        there = check_output(path, self.label)
        self.path = os.path.realpath(path)
        folder = os.path.dirname(self.path)
        if self.path in {os.path.realpath(other) for other in taken if other is not None}:
            raise InputError(f"{self.label} is the catalogue itself", expected="a file of its own, e.g. run.json")
        if not os.path.isdir(folder):
            raise InputError(f"the folder of {self.label} does not exist", hint=f"mkdir -p {folder}")
        if there is not None:
            if not (overwrite or _is_provenance(self.path)):
                raise InputError(f"{self.label} exists, and was not written by skycnn", hint="--overwrite replaces it.")
            safefile.check_writable(self.path, self.label, detach=True)
        elif not os.access(folder, os.W_OK) or not os.stat(folder).st_mode & 0o222:
            raise InputError(f"the folder of {self.label} is read-only", hint="Name another place.")

    def write(self, record: Record, result: Any) -> None:
        """Write the record and the result, a dataclass; the file appears whole or not at all."""
        content = record.to_json() | asdict(result)
        start = os.stat(self.path) if os.path.exists(self.path) else None
        with safefile.replacing(self.path, self.label, start=start, detach=True) as fd:
            os.write(fd, (json.dumps(content, indent=2) + "\n").encode())


def _is_provenance(path: str) -> bool:
    try:
        text = read_text(path, "a record of skycnn", label=path, most=LONGEST)
        return json.loads(text).get("verb") in ("predict", "cutout", "explain")
    except (InputError, OSError, ValueError, AttributeError, RecursionError):
        return False
