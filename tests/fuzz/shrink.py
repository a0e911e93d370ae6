"""Shrink: leaves out of a failing case what it fails without."""

import re
from dataclasses import replace


def mark(wrong, outcome):
    """Return what two cases of one fault have in common: its words without numbers and names."""
    words = re.sub(r"'[^']*'|\"[^\"]*\"|[\d.]+|\S*\.fits\S*", "#", wrong[0])
    return words, outcome.code


def smallest(failing, wrong, examine, most=40):
    """Return the case with as few changes and options as fail in the same way.

    Parameters
    ----------
    wrong : sequence of str
        How it fails.
    examine : callable
        What is wrong with a case.
    most : int
        Trials.
    """
    kind = wrong[0].split(":")[0]
    trials = 0
    shorter = True
    while shorter and trials < most:
        shorter = False
        for smaller in candidates(failing):
            trials += 1
            found = examine(smaller)
            if found and found[0].split(":")[0] == kind:
                failing, shorter = smaller, True
                break
            if trials >= most:
                break
    return failing


def candidates(failing):
    """Yield cases with one change or one option less."""
    for number in range(len(failing.changes)):
        yield failing.without(number)
    for number in range(2, len(failing.words)):
        word = failing.words[number]
        if word.startswith("--") and word not in ("--task", "--out"):
            last = number + 1 == len(failing.words) or failing.words[number + 1].startswith("--")
            yield replace(failing, words=failing.words[:number] + failing.words[number + (1 if last else 2) :])
