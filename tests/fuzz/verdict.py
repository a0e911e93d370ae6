"""Verdict: what is wrong with how a run ended, in short lines; none for a run as it should be."""

import re
import signal
from itertools import pairwise

from . import mutation
from .runner import MEMORY

FITTING = ("training diverged", "is seen by this survey", "the selection keeps", "this shell leave no room to start")
"""What a failure after the start, exit code 1, may be about: the input is strange here, and memory is limited."""

OUTPUTS = ("--out", "-o", "--plot", "--preview", "--provenance", "--answers", "--cache")
LONGEST = 2500
"""Characters that a line for a person may have."""


def faults(words, outcome):
    """Return what is wrong, each fault a short line that names its kind first."""
    found = [*_ended(outcome), *_told(outcome)]
    written = set() if outcome.code not in (0, 3) else _outputs(words)
    found += _kept(words, outcome, written)
    if outcome.code in (0, 3) and not found:
        found += _rows(words, outcome)
    return found


def _ended(outcome):
    code, last = outcome.code, _last(outcome.err)
    if outcome.late:
        yield f"time: killed after {outcome.wall:.0f} s"
    elif code == -signal.SIGXCPU or (code == -signal.SIGKILL and not outcome.late):
        yield f"time: killed after {outcome.cpu:.0f} s of work"
    elif code < 0:
        yield f"signal: {signal.Signals(-code).name}"
    elif code not in (0, 1, 2, 3):
        yield f"code: {code}"
    elif code == 1 and "out of memory" in last:
        yield f"memory: {last}"
    elif code == 1 and not any(text in last for text in FITTING):
        yield f"code: 1, {last}"
    if outcome.grown > MEMORY:
        yield f"memory: {outcome.grown / 1e6:.0f} MB"


def _told(outcome):
    lines = outcome.err.splitlines()
    if "Traceback (most recent call last)" in outcome.err:
        yield f"traceback: {_last(outcome.err)}"
    elif "bug in skycnn" in outcome.err:
        yield f"bug: {next((line for line in lines if 'error:' in line), '')}"
    elif outcome.code in (1, 2, 3) and not any(line.startswith("skycnn: error: ") for line in lines):
        yield "silence: no error is told"
    else:
        stray = [line for line in lines if line and not line.startswith(("skycnn: ", "hint: "))]
        if stray and outcome.code >= 0:
            yield f"stray: {stray[0][:150]}"
    if any(len(line) > LONGEST for line in lines):
        yield f"long: a line of {max(map(len, lines))} characters"


def _last(err):
    lines = [line for line in err.splitlines() if line and not line.startswith("hint: ")]
    return lines[-1][:300] if lines else ""


def _outputs(words):
    """Return the names that a command line may write."""
    named = {after for word, after in pairwise(words) if word in OUTPUTS}
    named |= {word.split("=", 1)[1] for word in words if word.startswith(tuple(f"{option}=" for option in OUTPUTS))}
    if words[:1] == ("predict",) and not {"--out", "-o"} & set(words):
        named |= {re.split(r"[\[#]", word)[0] for word in words[1:] if not word.startswith("-")}
    return named


def _kept(words, outcome, written):
    """Yield what was changed, lost or left that should not have been."""
    for name, octets in outcome.before.items():
        if name not in outcome.after:
            if not name.startswith("."):
                yield f"lost: {name} is gone"
        elif octets != outcome.after[name] and name not in written and not name.startswith("."):
            yield f"changed: {name}, by a run that ended with {outcome.code}"
    for name in sorted(outcome.after.keys() - outcome.before.keys() - written):
        stem = name.rsplit(".", 1)[0]
        folds = words[:1] == ("train",) and outcome.code == 0 and re.sub(r"-fold\d+$", "", stem) in "".join(written)
        journal = name.endswith("-journal") and outcome.code not in (0, 2, 3)
        checkpoint = name.endswith(".checkpoint") and outcome.code not in (0, 2)
        if not (folds or journal or checkpoint or name.startswith(tuple(f"{folder}/" for folder in written))):
            yield f"left: {name}"


def _rows(words, outcome):
    """Yield what is wrong with the rows of a catalogue that was answered, or cut."""
    if words[:1] != ("predict",) or {"--dry-run", "--table-only", "--decompress", "--rows", "--overwrite"} & set(words):
        return
    given = re.split(r"[\[#]", next((word for word in words[1:] if not word.startswith("-")), ""))[0]
    made = next((after for word, after in pairwise(words) if word in ("--out", "-o")), given)
    try:
        before, after = (mutation.units(part) for part in (outcome.before[given], outcome.after[made]))
    except (KeyError, ValueError, TypeError, MemoryError, OverflowError):
        return
    if not before or not made.endswith(".fits") or not given.endswith(".fits"):
        return
    if len(before) != len(after):
        yield f"rows: {len(before)} HDUs went in, {len(after)} came out"
        return
    for number, (one, two) in enumerate(zip(before, after, strict=True)):
        if one.encode() == two.encode():
            continue
        try:
            (wide, rows), (wider, found) = (
                [int(unit.value(name)) for name in ("NAXIS1", "NAXIS2")] for unit in (one, two)
            )
        except ValueError:
            continue
        if rows != found:
            yield f"rows: {rows} rows of HDU {number} went in, {found} came out"
        elif wider > wide and any(
            one.data[row * wide : (row + 1) * wide] != two.data[row * wider : row * wider + wide] for row in range(rows)
        ):
            yield f"rows: HDU {number} has other bytes in its old columns"
