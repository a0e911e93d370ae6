"""SceneFiles: a scene drawn, detected and written - an image a band, and a catalogue."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.errors import counted
from skycnn.fits import scenefile
from skycnn.fits.cards import Value
from skycnn.fits.provenance import Record
from skycnn.fits.scenefile import CatalogueFile, ImageFile
from skycnn.fits.scenefolder import SceneFolder, together
from skycnn.mockfiles.blockvalues import values
from skycnn.mockfiles.patchjournal import PatchJournal
from skycnn.schema import Column
from skycnn.simulate.detection import Detections, detect
from skycnn.simulate.mocks import Block, Mocks
from skycnn.simulate.recipe import Recipe
from skycnn.simulate.scene import Scene

Array = NDArray[Any]


class SceneFiles:
    """The files of a scene; nothing is drawn or written before `write`.

    Parameters
    ----------
    recipe : Recipe
        That selects nothing.
    density : float
        Objects a square arcminute.
    shape : (int, int)
        Width and height, pixels.
    columns : sequence of Column
        Of mocks without stamps.
    facts : mapping of str to value
        Cards of all headers, beside the recipe's.
    record : callable
        ``record(columns)`` returns the provenance of files with these columns.

    Attributes
    ----------
    columns : tuple of Column
        Of the catalogue.
    drawn : int
        Objects on the scene and about it.
    sizes : list of int
        Bytes of the files, at most.
    """

    def __init__(
        self,
        recipe: Recipe,
        density: float,
        shape: tuple[int, int],
        columns: Sequence[Column],
        facts: Mapping[str, Value],
        record: Callable[[Sequence[Column]], Record],
    ) -> None:
        self._recipe, self._shape, self.columns = recipe, shape, scenefile.columns_of(columns)
        self._scene, self._record = Scene(Mocks(recipe), density, shape), record(self.columns)
        self.drawn = self._scene.count
        self._facts = {**recipe.facts(), **facts, "NDRAWN": self.drawn}
        grid = scenefile.projection(shape, self._scene.scale) | self._facts | {"BUNIT": "uJy"}
        self._images = []
        noise = self._scene.mocks.noise
        for band, sigma in zip(recipe.bands, noise.sigma * noise.drawn, strict=True):
            own: dict[str, Value] = {"FILTER": band, "PSFFWHM": recipe.width(band), "SKYSIGMA": float(f"{sigma:.6g}")}
            self._images.append(ImageFile(shape, {**grid, **own}, self._record))
        self._facts |= {"BANDS": " ".join(recipe.bands)}
        self.sizes = [*(image.size for image in self._images), self._catalogue(self.drawn).size]

    def write(
        self,
        folder: SceneFolder,
        threads: int,
        wait: float,
        identity: Mapping[str, Any],
        say: Callable[[str], None] = lambda _: None,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Draw the scene and write all its files, or none; return how many objects are detected.

        A run that was killed, of the same ``identity``, is taken over.

        Raises
        ------
        InputError, LockedError, NoSpaceError, ChangedError, RunError
            See `SceneFolder.held` and `scenefolder.together`.
        """
        with (
            folder.held(self.sizes, wait) as outputs,
            PatchJournal(outputs[-1], identity, sum(self.sizes)) as journal,
        ):
            if journal.discarded:
                say("the journal of another run was found and thrown away")
            pixels = self._scene.images(threads, progress, journal)
            if journal.resumed:
                say(f"taken over from an earlier run: {counted(journal.resumed, 'object')}")
            found = detect(self._scene, pixels)
            with together(outputs) as fds:
                for fd, image, field in zip(fds, self._images, pixels, strict=False):
                    image.write(fd, field)
                self._catalogue(len(found.row)).write(fds[-1], self._values(found))
        return len(found.row)

    def _catalogue(self, rows: int) -> CatalogueFile:
        return CatalogueFile(rows, self.columns, self._facts, self._record)

    def _values(self, found: Detections) -> dict[str, Array]:
        """Return the detections' values by column."""
        n, scale = len(found.row), self._scene.scale
        block = Block(found.row, found.group, found.truth, found.total, found.measured, np.zeros((n, 2)), None, 0)
        east, north = scenefile.sky(found.place, self._shape, scale).T
        places = {"RA": east, "DEC": north}
        for i, axis in enumerate("XY"):
            places |= {f"{axis}_IMAGE": found.place[:, i] + 1, f"{axis}_TRUE": found.true[:, i] + 1}
        near = {"NEAREST": found.nearest * scale, "ISOLATED": found.isolated.astype(np.int32)}
        return values(block, 0, self._recipe.bands) | places | near
