"""Fetch: images over HTTP, with retries within a row's deadline."""

import time
from dataclasses import dataclass
from threading import Event
from typing import IO

from skycnn.remote.fetcherror import FetchError


@dataclass(frozen=True)
class RemoteOptions:
    """How images are fetched.

    Parameters
    ----------
    concurrency : int
        Parallel fetches.
    connect, read, row : float
        Seconds to connect, between two packets, and for all bands and tries of a row.
    retries : int
        Retries after a transient failure.
    cache : str, optional
        Folder of fetched images; default ``$XDG_CACHE_HOME/skycnn``, else ``~/.cache/skycnn``.
    pause : float
        Seconds before the first retry, doubled for each further one.
    limit : int
        Most bytes of an answer, as sent, uncompressed, and as float32 pixels. 256 MiB are 8192 x 8192 pixels: more
        than cutout services send, and eight at once fit a small disk.
    """

    concurrency: int = 8
    connect: float = 10.0
    read: float = 60.0
    row: float = 180.0
    retries: int = 3
    cache: str | None = None
    pause: float = 1.0
    limit: int = 256 << 20


class Fetcher:
    """Fetches images; thread-safe.

    Parameters
    ----------
    options : RemoteOptions
        Times, retries and sizes.
    """

    def __init__(self, options: RemoteOptions) -> None:
        self.options = options
        self.stopped = Event()

    def fetch(self, url: str, into: IO[bytes], deadline: float) -> None:
        """Write the answer of a URL into a file; retries after 1, 2, 4 ... seconds, or as the server asks.

        Parameters
        ----------
        url : str
            http or https.
        into : file
            Seekable; truncated before every try.
        deadline : float
            Of the row, in ``time.monotonic``.

        Raises
        ------
        FetchError
            With the last reason.
        """
        from skycnn.remote.httpget import get  # http.client and ssl are slow to import

        options, pause = self.options, self.options.pause
        times = {"connect": options.connect, "read": options.read, "deadline": deadline}
        for tries in range(1, options.retries + 2):
            into.seek(0)
            into.truncate()
            try:
                return get(url, into, limit=options.limit, **times)
            except FetchError as error:
                wait = max(pause, error.wait)
                late = time.monotonic() + wait >= deadline
                if late or not error.passing or tries > options.retries:
                    counted = f", {tries} tries" if tries > 1 else ""
                    why = f"; no time for another try after {wait:g} s" if late and error.passing else ""
                    raise FetchError(error.reason + counted + why, unreachable=error.unreachable) from None
            if self.stopped.wait(wait):
                break
            pause *= 2
        raise FetchError("stopped")

    def stop(self) -> None:
        """End all waits for a retry."""
        self.stopped.set()
