"""BlockValues: what a file of mocks says of a block's objects, by column."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skycnn.schema import Column
from skycnn.simulate.mocks import Block
from skycnn.stamps.stampfile.mockfile import TRUE
from skycnn.stamps.stampfile.stampcolumns import words

Array = NDArray[Any]


def values(block: Block, done: int, bands: Sequence[str], columns: Sequence[Column] = ()) -> dict[str, Array]:
    """Return a block's values by column; ``done`` rows stand before it.

    Truth that ``columns`` has by its own name is a catalogue's.
    """
    n, stems, named = len(block.row), words(bands), {column.name for column in columns}
    found: dict[str, Array] = {
        "ID": np.arange(done + 1, done + 1 + n),
        "GROUP": block.group,
        **{name if name in named else f"{name}{TRUE}": truth for name, truth in block.truth.items()},
        "DX": block.offset[:, 0],
        "DY": block.offset[:, 1],
        "FLAG": np.zeros(n, np.int32),
        **{f"FLUX_{stem}{TRUE}": block.total[:, i] for i, stem in enumerate(stems)},
    }
    if block.measured is not None:
        found["APERTURE"] = block.measured.radius
        found |= {f"FLUX_{stem}": block.measured.flux[:, i] for i, stem in enumerate(stems)}
        found |= {f"FLUXERR_{stem}": block.measured.error[:, i] for i, stem in enumerate(stems)}
    return found
