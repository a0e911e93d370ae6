"""Peak anonymous memory of this process, sampled by a thread."""

import threading
from pathlib import Path
from typing import Self


def anonymous() -> float:
    """Return MB of anonymous memory now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise OSError("no RssAnon in /proc/self/status")


class Peak:
    """The highest rise of anonymous memory inside a ``with`` block, in ``megabytes``."""

    def __enter__(self) -> Self:
        self._stop, self._base, self.megabytes = threading.Event(), anonymous(), 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            self.megabytes = max(self.megabytes, anonymous() - self._base)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
