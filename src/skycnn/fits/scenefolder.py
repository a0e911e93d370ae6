"""SceneFolder: the files of a scene in their folder, which take their names together."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from skycnn import interrupt
from skycnn.errors import ChangedError, InputError
from skycnn.files import safefile
from skycnn.fits.output import Output
from skycnn.fits.source import parse


class SceneFolder:
    """The files that a run writes to one folder; nothing is made or changed before `held`.

    Parameters
    ----------
    path : str
        The folder, there or not.
    bands : sequence of str
        Each has an image.
    overwrite : bool
        Whether files that exist may be replaced.

    Attributes
    ----------
    paths : list of str
        Of the images, and of the catalogue.

    Raises
    ------
    InputError
        When the path is no folder's, or a file exists.
    """

    def __init__(self, path: str, bands: Sequence[str], *, overwrite: bool) -> None:
        names = [*(f"scene_{band}.fits" for band in bands), "scene_cat.fits"]
        if len({name.casefold() for name in names}) < len(names):
            names = [*(f"scene_{i}_{band}.fits" for i, band in enumerate(bands, 1)), names[-1]]
        self.path, self.paths, self._overwrite = path, [os.path.join(path, name) for name in names], overwrite
        if path == "-":
            raise InputError("a scene is a folder of files, and none goes to standard output", hint="--out DIR")
        if os.path.lexists(path):
            self._outputs()

    def _outputs(self) -> list[Output]:
        if not os.path.isdir(self.path):
            what = f"--out {self.path} cannot be made a folder: a file of that name exists"
            raise InputError(what, hint="Name another one.")
        return [Output(parse("-"), path, overwrite=self._overwrite) for path in self.paths]  # there is no input

    @contextmanager
    def held(self, sizes: Sequence[int], wait: float = 0.0) -> Iterator[list[Output]]:
        """Yield the outputs, locked and with room for so many bytes each; after an error no folder made for them stays.

        Parameters
        ----------
        sizes : sequence of int
            Bytes of the files, at most.
        wait : float
            Seconds to wait for another skycnn that writes one of them.

        Raises
        ------
        InputError
            When the folder cannot be made, or a file cannot be replaced.
        NoSpaceError
            When the disk cannot hold all of them beside those they replace.
        LockedError
            When another skycnn works on one of them.
        """
        with ExitStack() as stack:
            stack.enter_context(_made(self.path))
            outputs = self._outputs()
            for output in sorted(outputs, key=lambda output: str(output.path)):  # two runs do not wait for each other
                stack.enter_context(output.locked(wait))
                output.prepare()
            needed: Counter[int] = Counter()
            folders: dict[int, str] = {}
            for output, size in zip(outputs, sizes, strict=True):  # a link may lead to another disk
                disk = os.stat(str(output.folder)).st_dev
                needed[disk] += size
                folders[disk] = str(output.folder)
            for disk, size in needed.items():
                safefile.check_space(folders[disk], size, self.path)
            yield outputs


@contextmanager
def together(outputs: Sequence[Output]) -> Iterator[list[int]]:
    """Yield descriptors of temporary files that take their names one after another on a clean end, locks being held.

    Before the first does, all are whole and on the disk, and none of those they replace has been touched by others: an
    error until then leaves everything as it was. Only a signal, or a disk that fails, in the moment between the first
    and the last of these renames leaves some files new and the others as they were, each of them whole.

    Raises
    ------
    ChangedError, NoSpaceError, RunError
        When they cannot take their places.
    """
    with ExitStack() as stack:
        fds = [stack.enter_context(output.create(None, "")) for output in outputs]
        yield fds
        for output, fd in zip(outputs, fds, strict=True):
            with safefile.writing(output.label):
                os.fsync(fd)
        for output in outputs:
            _check_still(output)


def _check_still(output: Output) -> None:
    """See that an output is what it was when its lock was taken."""
    now = os.stat(str(output.path)) if os.path.lexists(str(output.path)) else None
    before = output.existing
    same = now is before if now is None or before is None else safefile.untouched(now, before)
    if not same:
        what = f"{output.label} was made, changed or replaced by another program during the run"
        raise ChangedError(what, hint="It is left as that program made it; run again.")


@contextmanager
def _made(path: str) -> Iterator[None]:
    """Make a folder and those above it that are not there; after an error those that were made go again."""
    interrupt.guard()
    missing, place = [], os.path.abspath(path)
    while not os.path.lexists(place):
        missing.append(place)
        place = os.path.dirname(place)
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        _remove(missing)
        raise InputError(f"--out {path} cannot be made a folder: {error.strerror}", hint="Name another one.") from error
    try:
        yield
    except BaseException:
        _remove(missing)
        raise


def _remove(folders: Sequence[str]) -> None:
    """Remove folders, the innermost first; one that others have put a file into stays."""
    for folder in folders:
        with suppress(OSError):
            os.rmdir(folder)
