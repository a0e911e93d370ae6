"""FetchError: an image could not be fetched, and why."""


class FetchError(Exception):
    """An image could not be fetched.

    Parameters
    ----------
    reason : str
        One phrase, without the URL; control characters are removed.
    passing : bool
        Whether a retry may help.
    wait : float
        Seconds that the server asks to wait.
    unreachable : bool
        Whether no server answered at all.
    """

    def __init__(self, reason: str, *, passing: bool = False, wait: float = 0.0, unreachable: bool = False) -> None:
        self.reason = printable(reason)
        super().__init__(self.reason)
        self.passing, self.wait, self.unreachable = passing, wait, unreachable


def printable(text: str) -> str:
    """Return a text of a server, safe for a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
