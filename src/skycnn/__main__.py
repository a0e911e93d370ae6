"""The program ``skycnn``, and ``python -m skycnn``."""

import sys
from _signal import SIG_DFL, SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]

NO_MEMORY = "skycnn: error: out of memory"


def main() -> None:
    """Run the command line; signals are heeded before the long imports begin, and print nothing in the short ones."""
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGINT, SIG_DFL)
    from skycnn import interrupt
    from skycnn.errors import RunError

    interrupt.begin()
    try:
        from skycnn.cli import app
    except MemoryError:
        print(NO_MEMORY, file=sys.stderr)
        sys.exit(RunError.exit_code)
    app.main()


if __name__ == "__main__":
    main()
