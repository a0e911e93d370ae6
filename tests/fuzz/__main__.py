"""``python -m tests.fuzz``: mutated input of every kind through skycnn; prints faults per 10,000 inputs.

A fault's recipe is shrunk and goes to the folder of ``--keep``; ``--again FILE`` runs recipes anew.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from . import case, shrink
from .runner import Runner
from .verdict import faults

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"


def search(name, runner, seeds, keep, show):
    """Run the cases of a kind; return how many there were and what was wrong, by its kind of fault."""
    cases, found, ran = case.Cases(name, runner), Counter(), 0
    seen = set()
    for seed in seeds:
        drawn = cases.draw(seed)
        wrong, outcome = examine(cases, runner, drawn)
        ran += 1
        if not wrong:
            continue
        found[wrong[0].split(":")[0]] += 1
        if show:
            print(f"{name} {seed}: {'; '.join(wrong)}", flush=True)
        mark = shrink.mark(wrong, outcome)
        if keep is not None and mark not in seen:
            seen.add(mark)
            smaller = shrink.smallest(drawn, wrong, lambda tried: examine(cases, runner, tried)[0])
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{name}-{seed}.json").write_text(smaller.dump() + "\n")
            if show:
                print(f"    skycnn {' '.join(smaller.words)[:300]}", *smaller.changes, sep="\n    ", flush=True)
    return ran, found


def examine(cases, runner, tried):
    """Return what is wrong with a case, and how it ended."""
    outcome = runner.run(tried.files(cases.sound(tried.base)), tried.words, specials=tried.specials)
    wrong = faults(tried.words, outcome)
    if not wrong and hasattr(cases.module, "wrong"):  # what only its kind knows
        wrong = cases.module.wrong(tried, outcome, cases)
    return wrong, outcome


def again(paths, runner):
    """Run recipes; return how many still fail."""
    failed = 0
    for path in paths:
        for line in path.read_text().splitlines():
            held = case.Case.load(line)
            wrong, outcome = examine(case.Cases(held.kind, runner), runner, held)
            failed += bool(wrong)
            print(f"{path.name}: {'; '.join(wrong) or 'sound'}\n    skycnn {' '.join(held.words)} -> {outcome.code}")
            print("    " + outcome.err.strip().replace("\n", "\n    "))
    return failed


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="other seeds, other inputs")
    parser.add_argument("--count", type=int, default=300, help="inputs of each kind")
    parser.add_argument("--kind", action="append", choices=case.names(), help="these kinds alone; repeatable")
    parser.add_argument("--src", type=Path, default=SOURCE, help="the source tree, the folder that holds skycnn/")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where recipes of faults go; left out, nowhere")
    parser.add_argument("--again", type=Path, nargs="+", metavar="FILE", help="run these recipes, and nothing else")
    parser.add_argument("--quiet", action="store_true", help="print the table alone")
    asked = parser.parse_args()
    with Runner(asked.src) as runner:
        if asked.again:
            sys.exit(again(asked.again, runner) > 0)
        begun, total = time.monotonic(), Counter()
        lines = [f"{'kind':16} {'inputs':>7} {'faults':>7} {'per 10,000':>10}  of which"]
        first = asked.seed * 1_000_000
        for name in asked.kind or case.names():
            ran, found = search(name, runner, range(first, first + asked.count), asked.keep, not asked.quiet)
            total.update(ran=ran, found=found.total())
            kinds = ", ".join(f"{what} {n}" for what, n in found.most_common())
            lines.append(f"{name:16} {ran:7} {found.total():7} {1e4 * found.total() / max(1, ran):10.0f}  {kinds}")
        print(*lines, sep="\n")
        print(f"{'all':16} {total['ran']:7} {total['found']:7} {1e4 * total['found'] / max(1, total['ran']):10.0f}")
        print(f"seed {asked.seed}, {time.monotonic() - begun:.0f} s, {asked.src}")
    sys.exit(total["found"] > 0)


if __name__ == "__main__":
    main()
