"""``python -m skycnn``."""

from skycnn.cli.app import main

if __name__ == "__main__":
    main()
