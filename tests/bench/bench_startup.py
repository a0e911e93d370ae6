"""Start-up: `skycnn --help` and every `VERB --help` against `python -c "import typer"`."""

import statistics
import subprocess
import sys
import time

from report import line, table

from skycnn.cli.app import names

PROGRAM = "import sys; from skycnn.cli.app import main; main()"
RUNS = 15


def seconds(code: str, *args: str) -> float:
    """Return the time of one process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *args], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the ratio of each help to the bare import, each pair measured side by side."""
    rows = []
    for args, bound in [(["--help"], 3), *(([verb, "--help"], 4) for verb in names())]:
        pairs = [(seconds(PROGRAM, *args), seconds("import typer")) for _ in range(RUNS + 1)][1:]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        detail = f"{1e3 * statistics.median(ours for ours, _ in pairs):.0f} ms"
        rows.append(
            line(f"skycnn {' '.join(args)} / import typer", f"<= {bound}", f"{ratio:.2f}", ratio <= bound, detail)
        )
    table(rows)


if __name__ == "__main__":
    main()
