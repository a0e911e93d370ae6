"""skycnn: catalogue in, neural-network columns out, in place."""

from importlib.metadata import version

__version__ = version("skycnn")
__all__ = ["__version__"]
