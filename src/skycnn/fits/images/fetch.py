"""Fetch: one image over HTTP, within its time and size, retried where that can help."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteOptions:
    """How images are fetched.

    Parameters
    ----------
    concurrency : int
        Fetches at the same time.
    connect, read, row : float
        Seconds: until a server answers the call, between two packets, and for all bands and retries of a row.
    retries : int
        Further tries after a failure that may pass.
    cache : str, optional
        Folder that keeps what was fetched; default ``$XDG_CACHE_HOME/skycnn``, else ``~/.cache/skycnn``.
    """

    concurrency: int = 8
    connect: float = 10.0
    read: float = 60.0
    row: float = 180.0
    retries: int = 3
    cache: str | None = None
