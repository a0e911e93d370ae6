"""Needs: what a network takes, as its card tells it, and what may be said of that."""

from dataclasses import dataclass
from typing import Protocol

from skycnn.errors import InputError
from skycnn.photometry.fluxes import PhotometryOptions

OF_FLUXES = ("band", "error", "unit", "photometry", "extinction")
"""Options that tell of fluxes and of nothing else."""


class Wants(Protocol):
    """What a model wants: the part of its card that tells of its input."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def inputs(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def bands(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def survey(self) -> str: ...  # noqa: D102
    @property
    def photometry(self) -> str: ...  # noqa: D102
    @property
    def dereddened(self) -> str: ...  # noqa: D102
    @property
    def pixel_scale(self) -> float | None: ...  # noqa: D102
    @property
    def stamp(self) -> int | None: ...  # noqa: D102
    @property
    def pixel_unit(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True)
class Needs:
    """What a network in training wants: the same words as on a model's card."""

    name: str
    inputs: tuple[str, ...]
    bands: tuple[str, ...]
    survey: str = ""
    photometry: str = "unknown"
    dereddened: str = "unknown"
    pixel_scale: float | None = None
    stamp: int | None = None
    pixel_unit: str | None = None


def check_options(wants: Wants, options: PhotometryOptions) -> None:
    """See that nothing is said of fluxes that a network does not take.

    Raises
    ------
    InputError
        When something is.
    """
    said = [] if "flux" in wants.inputs else [f"--{name}" for name in OF_FLUXES if getattr(options, name)]
    if said:
        pixels = " --pixel-unit tells that of pixels." if "--unit" in said else ""
        what = f"{wants.name} takes no fluxes, and {' and '.join(said)} {'tell' if said[1:] else 'tells'} of them"
        raise InputError(what, hint=f"Leave {' and '.join(said)} out.{pixels}")
