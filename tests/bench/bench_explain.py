"""Explanations: beside captum's, beside what predicting costs, and how whole their sums are, of models that ship.

All on one thread, on mocks that `skycnn mock` makes. Integrated gradients are timed beside captum on the same stamps,
with the same points; the joint maps beside the prediction of the same stamps. Sums are judged with default settings.
"""

import argparse
import math
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from report import Line, line, table

from skycnn.cli import process

MODELS = {
    "photoz-csst-image": ("photoz", "csst", ()),
    "photoz-csst-hybrid": ("photoz", "csst", ()),
    "merger-hst2-noisy": ("merger", "deepmerge-noisy", ("F814W", "F160W")),
}
OBJECTS = 200
KINDS = {"flux": "flux", "error": "flux", "image": "image"}


def mocks(task: str, survey: str, bands: Any, rows: int, folder: Path) -> dict[str, Any]:
    """Return a network's inputs of mocks."""
    import numpy as np
    from astropy.io import fits

    from skycnn.verbs import mock

    path = folder / f"{task}.fits"
    mock.mock(mock.Options(task, survey, str(path), rows, seed=4711, bands=bands, overwrite=True))
    with fits.open(path, memmap=False) as opened:
        names, table = opened[0].header["BANDS"].split(), opened[1].data
        found = {"image": opened[0].data.astype("f4")}
        if "FLUX_" + names[0].upper() in table.names:
            for name, stem in (("flux", "FLUX"), ("error", "FLUXERR")):
                found[name] = np.stack([table[f"{stem}_{band.upper()}"] for band in names], 1).astype("f4")
    return found


def interval(good: int, rows: int) -> str:
    """Return the 95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, good / rows
    middle, width = share + z * z / 2 / rows, z * math.sqrt(share * (1 - share) / rows + (z / 2 / rows) ** 2)
    low, high = ((middle + sign * width) / (1 + z * z / rows) for sign in (-1, 1))
    return f"{good} of {rows}, 95 %: {low:.3f} to {high:.3f}"


def timed(work: Any) -> float:
    """Return the CPU seconds of some work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def beside(name: str, explain: Any, answerer: Any, inputs: dict[str, Any], runs: int) -> Line:
    """Return how fast integrated gradients are beside captum's."""
    import torch

    from captumpeer import Peer

    ours = explain("ig", steps=32)
    peer = Peer(answerer.network, answerer.posterior, {key: torch.from_numpy(own) for key, own in inputs.items()})
    peer.module = answerer.network  # not the form that hooks need
    both = [(timed(lambda: peer.integrated(32)), timed(lambda: ours.attribute(0, inputs))) for _ in range(runs)]
    ratio = statistics.median(theirs / own for theirs, own in both)
    each = statistics.median(own for _, own in both) / len(inputs["image"]) * 1e3
    what = f"{name}: ig of 32 steps, captum's time over ours"
    return line(what, ">= 1.0", f"{ratio:.2f}", ratio >= 1, f"{each:.1f} ms a stamp")


def whole(name: str, explain: Any, inputs: dict[str, Any], method: str) -> Line:
    """Return how often attributions add up, with default settings."""
    import numpy as np

    done = explain(method).attribute(0, inputs)
    rows, good = len(done.answer), int((np.abs(done.residual) <= 0.01 * np.abs(done.answer)).sum())
    steps = f"{np.median(done.steps):.0f} steps, {done.steps.max()} at most"
    what = f"{name}: {method}, residual <= 1 % of the answer"
    return line(what, ">= 0.99", f"{good / rows:.3f}", good >= 0.99 * rows, f"{interval(good, rows)}; {steps}")


def cost(name: str, explain: Any, answerer: Any, inputs: dict[str, Any], runs: int) -> Line:
    """Return what joint maps cost beside predicting."""
    import numpy as np

    joint, rows = explain("joint", steps=32), len(inputs["image"])
    seen, known = np.ones((rows, len(answerer.card.bands)), bool), np.zeros(rows, np.int32)
    both = [
        (timed(lambda: answerer.answer(0, inputs, seen, known)), timed(lambda: joint.attribute(0, inputs)))
        for _ in range(runs)
    ]
    ratio = statistics.median(own / plain for plain, own in both)
    what = f"{name}: joint maps of 32 steps over predicting"
    return line(what, "<= 40", f"{ratio:.1f}", ratio <= 40, f"{rows} stamps")


def page(name: str, folder: Path) -> Line:
    """Return how large a gallery of 200 mocks is."""
    from skycnn.inputs.explainoptions import ExplainOptions
    from skycnn.verbs import explain as verb

    task, survey, bands = MODELS[name]
    mocks(task, survey, bands, OBJECTS, folder)
    file = folder / f"{name}.html"
    asked = ExplainOptions(task=task, model=name, html=str(file), rows=(0, OBJECTS), overwrite=True)
    shown = verb.explain(str(folder / f"{task}.fits"), asked).shown
    size = file.stat().st_size / 1e6
    return line(f"{name}: page of {shown} objects", "<= 15 MB", f"{size:.1f} MB", size <= 15)


def carried() -> list[Line]:
    """Return what maps make of planted labels, on stamps of seeds that no test looks at."""
    import numpy as np

    from planted import learned, planted
    from skycnn.network.explainer import Explainer
    from skycnn.tasks import merger

    found = []
    for kind in ("patch", "band"):
        model, shares, likeness = learned(kind), [], []
        for seed in (101, 102):
            image, label, inside = planted(40, seed, kind)
            for method in ("ig", "cam", "joint"):
                explainer = Explainer(merger.TASK, model, "cpu", method=method)
                weight = np.abs(explainer.attribute(0, {"image": image}).maps["image"])[label]
                if kind == "band" and method == "ig":
                    shares.append(weight[:, 0].sum() / weight.sum())
                places = weight.sum(1) if method == "ig" else weight
                shares.append((places * inside[label]).sum() / places.sum())
                likeness.append(abs(explainer.check(0, {"image": image[label]}).correlation))
        least, most = min(shares), max(likeness)
        found.append(line(f"planted {kind}: least weight in it, all methods", ">= 0.80", f"{least:.2f}", least >= 0.8))
        what = f"planted {kind}: largest correlation with maps of shuffled weights"
        found.append(line(what, "<= 0.20", f"{most:.2f}", most <= 0.2))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000, help="stamps of joint maps")
    parser.add_argument("--whole", type=int, nargs=2, default=(400, 100), help="stamps of photoz, of merger, summed up")
    parser.add_argument("--beside", type=int, nargs=2, default=(64, 16), help="stamps that captum explains too")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--models", nargs="+", choices=tuple(MODELS), default=tuple(MODELS))
    parser.add_argument("--folder", type=Path, default=Path("out/bench"))
    asked = parser.parse_args()
    process.prepare(1)
    sys.path.insert(0, str(Path(__file__).parents[1]))
    import torch

    from skycnn import tasks
    from skycnn.network import model
    from skycnn.network.answer import Answerer
    from skycnn.network.explainer import Explainer

    torch.set_num_threads(1)
    asked.folder.mkdir(parents=True, exist_ok=True)
    for name in asked.models:
        task, survey, bands = MODELS[name]
        of, read, few = tasks.load(task), model.read(model.locate(name)), task == "merger"
        made = mocks(task, survey, bands, asked.whole[1] if few else max(asked.rows, asked.whole[0]), asked.folder)
        inputs = {key: made[key] for key in ("flux", "error", "image") if KINDS[key] in read.card.inputs}

        def explain(method: str, of: Any = of, read: Any = read, **options: Any) -> Any:
            return Explainer(of, read, "cpu", method=method, **options)

        def first(rows: int, inputs: dict[str, Any] = inputs) -> dict[str, Any]:
            return {key: own[:rows] for key, own in inputs.items()}

        answerer = Answerer(of, read, "cpu")
        found = [beside(name, explain, answerer, first(asked.beside[few]), asked.runs)]
        found += [whole(name, explain, first(asked.whole[few]), method) for method in ("ig", "joint")]
        found.append(cost(name, explain, answerer, first(asked.whole[1] if few else asked.rows), asked.runs))
        found.append(page(name, asked.folder))
        table(found)  # a model at a time: each takes minutes
    table(carried())


if __name__ == "__main__":
    main()
