"""Losses: a stamp read in many pieces is missed once."""

import numpy as np

from skycnn.stamps.mosaic.losses import Losses


def test_a_stamp_counts_once_however_many_pieces_miss_it():
    losses = Losses.none(3)
    pieces = losses.belonging(np.array([0, 0, 2, 2]))
    pieces.miss("a.fits", "is gone", np.array([True, True, False, False]))
    pieces.take(np.array([3])).miss("a.fits", "is late", np.array([True]))
    losses.miss("b.fits", "is gone", np.zeros(3, bool))
    reason, stamps = losses.images["a.fits"]
    assert (reason, stamps.tolist(), list(losses.images)) == ("is gone", [True, False, True], ["a.fits"])


def test_a_mask_hides_a_stamp_that_shows_no_piece_behind_it():
    losses = Losses.none(2)
    for before, after in ((True, False), (True, True), (False, True)):
        losses.belonging(np.array([0, 1])).hide("mask", np.array([True, before]), np.array([False, after]))
    had, has = losses.planes["mask"]
    assert (had.tolist(), has.tolist()) == ([True, True], [False, True])
