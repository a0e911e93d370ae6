"""Mocks of photoz for CSST, 7 bands of 32x32 pixels: end to end, what each stage takes, and fluxes alone."""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

from memory import Peak
from report import line, table

from skycnn.simulate.aperture import AperturePhotometry
from skycnn.simulate.components import Components
from skycnn.simulate.noise import Noise
from skycnn.simulate.population import Population
from skycnn.stamps.stampfile.mockfile import MockFile
from skycnn.verbs.mock import Options, mock

STAGES = (
    (Population, "draw", "draw"),
    (Components, "stamps", "render"),
    (Noise, "add", "noise"),
    (AperturePhotometry, "expected", "photometry"),
    (AperturePhotometry, "measure", "photometry"),
    (MockFile, "write", "write"),
)


def stages(folder: Path, rows: int) -> Counter[str]:
    """Return the seconds of CPU that each stage of a run takes."""
    spent: Counter[str] = Counter()

    def timed(call, stage):
        def run(*args, **named):
            started = time.thread_time()
            answer = call(*args, **named)
            spent[stage] += time.thread_time() - started
            return answer

        return run

    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in STAGES]
    for owner, name, stage in STAGES:
        setattr(owner, name, timed(getattr(owner, name), stage))
    started = time.process_time()
    try:
        mock(Options("photoz", "csst", str(folder / "stages.fits"), rows))
    finally:
        for owner, name, call in kept:
            setattr(owner, name, call)
    spent["rest"] = time.process_time() - started - spent.total()
    return spent


def rates(folder: Path, runs: int, rows: int, **options: object) -> float:
    """Return galaxies a second, the median of runs; the process has been started."""
    found = []
    for seed in range(runs):
        asked = Options("photoz", number=rows, out=str(folder / "m.fits"), seed=seed, overwrite=True, **options)
        found.append(mock(asked).rate)
    return statistics.median(found)


def main() -> None:
    """Print galaxies a second, the stages' shares, and memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rates(folder, 1, 100, survey="csst")  # tables are made once
        whole = rates(folder, asked.runs, asked.rows, survey="csst", threads=asked.threads)
        one = rates(folder, asked.runs, asked.rows // 2, survey="csst", threads=1)
        spent = stages(folder, asked.rows // 2)
        rows = [
            line(f"stamps, {asked.threads} threads", ">= 300/s", f"{whole:,.0f}/s", whole >= 300, f"1: {one:,.0f}/s"),
            *(
                line(
                    f"  {stage}", "", f"{share / spent.total():.0%}", True, f"{1e3 * share / (asked.rows // 2):.2f} ms"
                )
                for stage, share in spent.items()
            ),
        ]
        for survey, selection in (("csst", "all"), ("csst", "paper"), ("cosmos", "cosmos")):
            options = {"survey": survey, "selection": selection, "fluxes_only": True, "threads": asked.threads}
            rate = rates(folder, asked.runs, 200_000, **options)
            rows.append(line(f"fluxes only, {survey} {selection}", ">= 50,000/s", f"{rate:,.0f}/s", rate >= 50_000))
        used = []
        for n in (100_000, 1_000_000):
            with Peak() as seen:
                rates(folder, 1, n, survey="cosmos", fluxes_only=True, threads=asked.threads)
            used.append(seen.megabytes)
        told = f"{used[0]:.0f} MB, {used[1]:.0f} MB"
        rows.append(line("memory of 1e5 and 1e6 fluxes", "<= 150 MB", told, max(used) <= 150))
    table(rows)


if __name__ == "__main__":
    main()
