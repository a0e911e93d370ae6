"""skycnn: catalogue in, neural-network columns out, in place."""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Look the version up when it is asked for: ``importlib.metadata`` alone would double the start-up."""
    if name == "__version__":
        from importlib.metadata import version

        return version("skycnn")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
