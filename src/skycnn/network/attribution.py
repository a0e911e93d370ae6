"""Attributions: which share of an answer each pixel or band has, against a reference input."""

from dataclasses import dataclass

import numpy as np

METHODS = ("joint", "ig", "cam")
"""Maps of an answer: the joint map of Lin et al. 2022 (arXiv:2203.06288), integrated gradients, class activation."""


@dataclass(frozen=True)
class Attributions:
    """What an answer is made of, row by row.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    maps : mapping of str to ndarray
        Float32, in the answer's unit. Of ``ig`` by input: ``image`` (n, band, y, x), ``flux`` (n, band), to which the
        errors' share is added; all of a row's add up to answer minus reference. Of ``cam`` and ``joint`` ``image``
        (n, y, x), positive where the image speaks for a larger answer. 0 where a pixel or a band is absent.
    answer, reference : ndarray (n,)
        The explained number, and what it would be at the reference input.
    residual : ndarray (n,)
        Sum of all attributions minus (answer - reference): 0 where they are complete.
    steps : ndarray (n,)
        Points of the path from the reference to the input that gradients were taken at, int32.
    """

    method: str
    maps: dict[str, np.ndarray]
    answer: np.ndarray
    reference: np.ndarray
    residual: np.ndarray
    steps: np.ndarray
