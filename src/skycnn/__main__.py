"""The program ``skycnn``, and ``python -m skycnn``."""

import sys

from skycnn import interrupt
from skycnn.errors import RunError

NO_MEMORY = "skycnn: error: out of memory"


def main() -> None:
    """Run the command line; signals are heeded before the long imports begin."""
    interrupt.begin()
    try:
        from skycnn.cli import app
    except MemoryError:
        print(NO_MEMORY, file=sys.stderr)
        sys.exit(RunError.exit_code)
    app.main()


if __name__ == "__main__":
    main()
