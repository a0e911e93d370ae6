"""Census: where a catalogue's rows lie in a mosaic's images, counted before any pixel is read."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.fits.catalogue import Catalogue
from skycnn.images.positions.positions import Positions
from skycnn.stamps.mosaic.footprints import Footprints
from skycnn.stamps.mosaic.gridcheck import GridCheck
from skycnn.stamps.mosaic.placement import Placement
from skycnn.stamps.stamps import Census

Array = NDArray[Any]


def count(
    catalogue: Catalogue,
    rows: tuple[int, int],
    positions: Positions,
    place: Callable[[tuple[Array, Array]], Mapping[str, Placement]],
    footprints: Mapping[str, Footprints],
    check: GridCheck | None,
) -> Census:
    """Count a catalogue's rows by image.

    Parameters
    ----------
    catalogue : Catalogue
    rows : tuple of int
        First and end.
    positions : Positions
        Where the rows are.
    place : callable
        Where positions lie in the images of each band.
    footprints : mapping of str to Footprints
        Those images.
    check : GridCheck, optional
        Refuses bands that show an object on other pixel grids than the first one.

    Raises
    ------
    InputError
        When ``check`` does.
    """
    seen: Counter[str] = Counter()
    total = nowhere = unplaced = visits = 0
    for _, values in catalogue.chunks(positions.columns, rows):
        there = positions.of(values)
        known = np.isfinite(there[0]) & np.isfinite(there[1])
        places = place(there)
        if check is not None:
            check.check(places)
        on = np.zeros(len(known), bool)
        for band, placed in places.items():
            on |= placed.on
            images, counts = np.unique(placed.image[placed.image >= 0], return_counts=True)
            visits += len(images)
            for image, n in zip(images.tolist(), counts.tolist(), strict=True):
                seen[footprints[band].images[image].label] += n
        total += len(known)
        unplaced += int(np.count_nonzero(~known))
        nowhere += int(np.count_nonzero(known & ~on))
    return Census(total, nowhere, unplaced, dict(seen), visits)
