"""Posterior: what a network's raw output means - its training loss and the columns written, in one object."""

from skycnn.posterior.axis import Axis
from skycnn.posterior.bernoulli import Bernoulli
from skycnn.posterior.grid import Grid
from skycnn.posterior.joint import Joint
from skycnn.posterior.posterior import Part, Posterior, Summary, Target

__all__ = ["Axis", "Bernoulli", "Grid", "Joint", "Part", "Posterior", "Summary", "Target"]
