"""Small models of every network that looks at stamps, or at fluxes, and inputs for them."""

import functools

import torch

from galaxies import stamps
from skycnn.network import model
from skycnn.tasks import merger, photoz

SMALL = {"width": 24, "depth": 2, "channels": 8}
NARROW = {"channels": (6, 8), "blocks": (1, 1), "width": 16}
CASES = {
    "flux": (photoz, "flux", {"width": 24, "depth": 2}),
    "image": (photoz, "image", {**SMALL, "levels": True}),
    "image-fast": (photoz, "image-fast", {**SMALL, "stride": 4}),
    "hybrid": (photoz, "hybrid", {"flux": {"width": 24, "depth": 2}, "image": SMALL, "width": 16}),
    "paper": (merger, "paper", {}),
    "residual": (merger, "residual", NARROW),
    "all poses": (merger, "residual", {**NARROW, "all_poses": True}),
}
IMAGES = [name for name in CASES if name != "flux"]


def inputs_of(kinds, rows, seed, side=24):
    """Return a network's inputs of imagined galaxies."""
    _, flux, error, images = stamps(rows, seed, side)
    whole = {"flux": flux, "error": error, "image": images}
    return {name: whole[name] for name in whole if ("flux" if name == "error" else name) in kinds}


def sealed(task, network, module, posterior, bands, settings, side):
    """Return a module as a model."""
    kinds = task.networks[network].inputs
    card = model.Card("small", task.name, network, "", kinds, bands, settings=settings,
                      posterior=posterior.settings(), stamp=side if "image" in kinds else None)  # fmt: skip
    return model.seal(card, {key: value.numpy() for key, value in module.state_dict().items()})


@functools.cache
def case(name, side=24):
    """Return a task, a model of one of its networks, fresh but not without residual weights, and its module."""
    of, network, settings = CASES[name]
    posterior = of.posterior()
    torch.manual_seed(3)
    module = of.TASK.networks[network].module(bands=3, outputs=posterior.outputs, **settings)
    given = {key: torch.from_numpy(own) for key, own in inputs_of(("flux", "image"), 60, 9, side).items()}
    for part in [module.flux, module.image] if name == "hybrid" else [module]:
        part.normalise(given)
    with torch.no_grad():
        for key, weight in module.named_parameters():
            if key.endswith("share") or not weight.any():
                weight.normal_(0, 0.5)
    module.eval()
    return of.TASK, sealed(of.TASK, network, module, posterior, ("g", "r", "i"), settings, side), module
