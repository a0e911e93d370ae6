"""Captum (Kokhlikyan et al. 2020, arXiv:2009.07896) on the same networks: what attributions are compared with."""

import torch
from captum.attr import IntegratedGradients, LayerGradCam, LayerIntegratedGradients

from skycnn.network.poses import poses, unposed
from skycnn.network.reference import REFERENCES
from skycnn.tasks.merger import Stretched


class AtOnce(Stretched):
    """Looks at all poses of a stamp in one call, row by row: captum's hooks see one call alone."""

    def with_maps(self, image):
        stamps = torch.stack(list(poses(image)), 1)
        maps = self._maps(stamps.flatten(0, 1))
        return {"maps": maps.unflatten(0, (len(image), 8)), "there": image.new_ones(image.shape[:2], dtype=torch.bool)}


def at_once(module):
    """Return a network that captum can look into."""
    if not getattr(module, "all_poses", False):
        return module
    other = AtOnce.__new__(AtOnce)
    other.__dict__ = module.__dict__
    return other


class Peer:
    """What captum makes of a network's answers.

    Parameters
    ----------
    module, posterior
        The network, and the posterior, of which the first target is explained.
    inputs : mapping of str to tensor
        All of them there.
    baseline : str
        One of `REFERENCES`.
    """

    def __init__(self, module, posterior, inputs, baseline="blurred"):
        self.module, self.posterior = at_once(module), posterior
        self.names = list(inputs)
        self.target = next(iter(posterior.targets))
        reference = REFERENCES[baseline](inputs)
        self.inputs = tuple(inputs.values())
        self.baselines = tuple(reference.get(name, inputs[name]) for name in self.names)
        self.look = (module.image if hasattr(module, "image") else module).look

    def answer(self, *inputs):
        """Return the explained number (n,)."""
        raw = self.module(**dict(zip(self.names, inputs, strict=True)))
        return self.posterior.explained(raw, self.target)

    def integrated(self, steps, **options):
        """Return the integrated gradients of each input, by Gauss and Legendre's rule."""
        found = IntegratedGradients(self.answer).attribute(self.inputs, self.baselines, n_steps=steps, **options)
        return dict(zip(self.names, found, strict=True))

    def joint(self, steps):
        """Return the joint maps (n, y, x), at the resolution of the feature maps."""
        layer = LayerIntegratedGradients(self.answer, self.look)
        shares = layer.attribute(self.inputs, self.baselines, n_steps=steps)
        maps = []
        hook = self.look.register_forward_hook(lambda module, given, out: maps.append(out))
        with torch.no_grad():
            self.answer(*self.inputs)
        hook.remove()
        return self._turned((shares.sum((2, 3), keepdim=True) * maps[0]).sum(1))

    def cam(self):
        """Return Grad-CAM's maps (n, y, x), at the resolution of the feature maps, negative ones too."""
        return self._turned(LayerGradCam(self.answer, self.look).attribute(self.inputs)[:, 0].detach())

    def _turned(self, maps):
        n = len(self.inputs[0])
        return maps if len(maps) == n else unposed(maps.unflatten(0, (n, 8))).sum(1)
