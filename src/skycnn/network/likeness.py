"""Likeness: all that tells whether a row is like a model's training sample, looked up as the network answers.

Of fluxes: magnitudes, colours and errors. Of stamps: light and noise in each band; the shape of what all bands show;
and what the network made of them, its last hidden layer, where it shows that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from skycnn.errors import InputError
from skycnn.network import fluxdensity, stampquantities
from skycnn.network.density import Density
from skycnn.network.wholedensity import WholeDensity

Array = NDArray[Any]

FLUX, STAMP, SHAPE, HIDDEN = "_density.", "_stampdensity.", "_shapedensity.", "_hiddendensity."
"""Prefixes of a model's tensors."""
CENTRE, AXES = "_hidden.centre", "_hidden.axes"


@dataclass(frozen=True)
class Likeness:
    """Densities of a training sample; a row is unlike it where one of them says so.

    Parameters
    ----------
    flux : Density, optional
        Of fluxes and their errors.
    stamp : Density, optional
        Of what each band's stamp shows.
    shape : WholeDensity, optional
        Of what all bands' stamps show together.
    hidden : WholeDensity, optional
        Of the last hidden layer along ``axes``.
    centre : array (width,), optional
        Mean of the last hidden layer.
    axes : array (width, d), optional
        Its directions of the largest scatter.
    """

    flux: Density | None = None
    stamp: Density | None = None
    shape: WholeDensity | None = None
    hidden: WholeDensity | None = None
    centre: Array | None = None
    axes: Array | None = None

    @classmethod
    def of(cls, tensors: Mapping[str, Array], bands: int, label: str) -> "Likeness":
        """Return what a model's tensors hold, of so many bands; nothing where it was sealed without.

        Raises
        ------
        InputError
            When they do not fit each other, or so many bands.
        """
        centre, axes = tensors.get(CENTRE), tensors.get(AXES)
        if (centre is None) != (axes is None) or (
            centre is not None and axes is not None and (axes.ndim != 2 or centre.shape != axes.shape[:1])
        ):
            raise InputError(f"{label}: its density of the training sample does not fit its hidden layer")
        hidden = None if axes is None else WholeDensity.of(tensors, HIDDEN, bands, axes.shape[1], label)
        return cls(
            flux=Density.of(tensors, FLUX, bands, fluxdensity.A_BAND, label),
            stamp=Density.of(tensors, STAMP, bands, stampquantities.A_BAND, label),
            shape=WholeDensity.of(tensors, SHAPE, bands, stampquantities.TOGETHER, label),
            hidden=hidden,
            centre=centre,
            axes=axes,
        )

    def tensors(self) -> dict[str, Array]:
        """Return what a model's file keeps."""
        parts = {FLUX: self.flux, STAMP: self.stamp, SHAPE: self.shape, HIDDEN: self.hidden}
        found = {name: array for prefix, part in parts.items() if part for name, array in part.tensors(prefix).items()}
        if self.centre is not None and self.axes is not None:
            found |= {CENTRE: self.centre, AXES: self.axes}
        return found

    def unlike(self, inputs: Mapping[str, Tensor], hidden: Tensor | None = None) -> Tensor | None:
        """Return which rows are unlike the training sample, bool (n,); None where nothing tells.

        Parameters
        ----------
        inputs : mapping of str to tensor (n, ...)
            Of the network.
        hidden : tensor (n, width), optional
            Its last hidden layer.
        """
        found = []
        if self.flux is not None and "flux" in inputs:
            softening = torch.from_numpy(self.flux.softening).to(inputs["flux"].device)
            found.append(self.flux.below(*fluxdensity.quantities(inputs["flux"], inputs["error"], softening)))
        if self.stamp is not None and "image" in inputs:
            noise = torch.from_numpy(self.stamp.softening).to(inputs["image"].device)
            there, each, together = stampquantities.of(inputs["image"], noise)
            found.append(self.stamp.below(each, there))
            if self.shape is not None:
                found.append(self.shape.below(together, there))
            if self.hidden is not None and hidden is not None:
                found.append(self.hidden.below(self.along(hidden), there))
        return torch.stack(found).any(0) if found else None

    def along(self, hidden: Tensor) -> Tensor:
        """Return the last hidden layer (n, width) along its axes (n, d)."""
        centre, axes = (torch.from_numpy(part).to(hidden.device) for part in (self.centre, self.axes))
        return (hidden.float() - centre) @ axes
