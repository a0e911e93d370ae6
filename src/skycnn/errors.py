"""The errors a user can meet: each class carries its exit code."""


class SkycnnError(Exception):
    """A failure told in one line: what, where, what was expected, what to type.

    Parameters
    ----------
    what : str
        What is wrong and where, e.g. ``cat.fits[1] has no column 'MAG_U'``.
    value : object, optional
        The offending value, shown after the message.
    expected : str, optional
        What would have been accepted.
    hint : str, optional
        What the user can type next.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, value: object = None, expected: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(what)
        self.what, self.value, self.expected, self.hint = what, value, expected, hint

    def __str__(self) -> str:
        text = self.what
        if self.value is not None:
            text += f": {self.value!r}"
        if self.expected is not None:
            text += f" (expected {self.expected})"
        if self.hint is not None:
            text += f". {self.hint}"
        return text


class InputError(SkycnnError):
    """Usage or bad input, found before the first write."""

    exit_code = 2


class BandError(InputError):
    """A band is named that a model does not have; another model may have it."""


class RunError(SkycnnError):
    """The run failed: no space, locked, file changed, out of memory for good."""

    exit_code = 1


class LockedError(RunError):
    """Another skycnn works on this file."""


class ChangedError(RunError):
    """The catalogue was changed, replaced or truncated while it was being read."""


class NoSpaceError(RunError):
    """The disk cannot hold the new catalogue."""


class FlaggedError(SkycnnError):
    """All is done, but rows were flagged and ``--strict`` was given, or rows hold answers of other photometry."""

    exit_code = 3


class Interrupted(BaseException):
    """SIGHUP (129), SIGINT (130) or SIGTERM (143) ended the run; the original is intact.

    Like KeyboardInterrupt it is no ``Exception``, so that no library's ``except Exception`` can swallow it.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by signal {signum}; every file is whole")
        self.exit_code = 128 + signum


class Notice(UserWarning):
    """What a user should know of a run that goes on; the command line says it in one line."""


def counted(number: int, noun: str) -> str:
    """Return a number of things in words: ``1 row``, ``2 rows``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
