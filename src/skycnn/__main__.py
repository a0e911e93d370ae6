"""The program ``skycnn``, and ``python -m skycnn``."""

from skycnn import interrupt


def main() -> None:
    """Run the command line; signals are heeded before the long imports begin."""
    interrupt.begin()
    from skycnn.cli import app

    app.main()


if __name__ == "__main__":
    main()
