"""Mocks: bits by seed and row alone, the selection by what is measured, order kept."""

import threading
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

import mocking
from skycnn.errors import RunError
from skycnn.simulate import mocks
from skycnn.simulate.aperture import Measured
from skycnn.simulate.backgrounds import Backgrounds
from skycnn.simulate.blocks import Need
from skycnn.simulate.mocks import LAST, Block, Mocks, first


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Blocks that are done in no time."""
    monkeypatch.setattr(mocks, "BLOCK", 32)
    monkeypatch.setattr(mocks, "DRAWN", 96)
    monkeypatch.setattr(mocks, "FLUX_BLOCK", 512)


def take(made, rows, threads, work="stamps"):
    """Return so many galaxies as arrays by name."""
    with made.blocks(rows, threads, stamps=work == "stamps") as blocks:
        parts = list(blocks)
    found = {name: np.concatenate([p.truth[name] for p in parts]) for name in parts[0].truth}
    found |= {name: np.concatenate([getattr(p.measured, name) for p in parts]) for name in ("flux", "error", "radius")}
    found |= {name: np.concatenate([getattr(p, name) for p in parts]) for name in ("row", "offset", "total")}
    if work == "stamps":
        found["pixels"] = np.concatenate([p.pixels for p in parts])
    return found | {"end": parts[-1].end}


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


def test_threads_do_not_matter():
    before = torch.get_num_threads()
    one, three = (take(Mocks(mocking.recipe()), 150, threads) for threads in (1, 3))
    assert same(one, three)
    assert torch.get_num_threads() == before
    assert one["pixels"].dtype == np.float32


def test_how_many_are_wanted_does_not_matter():
    many = take(Mocks(mocking.recipe()), 100, 1)
    few = take(Mocks(mocking.recipe()), 20, 2)
    assert same(few | {"end": 0}, {name: many[name][:20] for name in many if name != "end"} | {"end": 0})
    assert few["end"] == few["row"][-1] + 1


@pytest.mark.parametrize("stamps", [True, False])
def test_a_run_goes_on_behind_the_blocks_that_are_there(stamps):
    with Mocks(mocking.recipe()).blocks(100, 2, stamps=stamps) as blocks:
        whole = list(blocks)
    for n in (0, 1, len(whole) - 1, len(whole)):
        before = [len(block.row) for block in whole[:n]]
        with Mocks(mocking.recipe()).blocks(100, 2, stamps=stamps, before=before) as blocks:
            rest = list(blocks)
        assert [block.row.tolist() for block in rest] == [block.row.tolist() for block in whole[n:]]
        assert [block.end for block in rest] == [block.end for block in whole[n:]]


def test_rows_keep_their_order_and_none_comes_twice():
    found = take(Mocks(mocking.recipe()), 150, 2)
    assert (np.diff(found["row"]) > 0).all()
    assert np.abs(found["offset"]).max() <= 0.5
    other = take(Mocks(mocking.recipe(seed=6)), 150, 2)
    assert np.intersect1d(found["Z"], other["Z"]).size == 0
    assert (found["pixels"] == other["pixels"]).mean() < 1e-4


def test_a_galaxy_is_kept_by_its_measured_signal():
    made = Mocks(mocking.recipe())
    block = made.stamps(4)
    ratio = (block.measured.flux / block.measured.error)[:, [0, 2]].max(axis=1)
    assert ratio.min() > 10
    everything = Mocks(mocking.recipe(judged=())).stamps(4)
    assert np.array_equal(everything.row, np.arange(128, 160))
    seen = ((everything.measured.flux / everything.measured.error)[:, [0, 2]] > 10).any(axis=1)
    assert 5 < seen.sum() < 30
    assert np.array_equal(everything.row[seen], block.row)
    assert np.array_equal(everything.measured.flux[seen], block.measured.flux)
    again = made.photometry.measure(block.pixels, block.offset)
    assert np.array_equal(again.flux, block.measured.flux)


def test_fluxes_without_stamps_are_like_those_on_stamps():
    made = Mocks(mocking.recipe(judged=()))
    told, seen = made.fluxes(0).taken(slice(64, 96)), made.stamps(2)
    assert np.array_equal(told.row, seen.row)
    assert np.array_equal(told.truth["Z"], seen.truth["Z"])
    assert told.pixels is None
    assert np.median(told.measured.error / seen.measured.error) == pytest.approx(1, abs=0.04)
    apart = (told.measured.flux - seen.measured.flux) / np.hypot(told.measured.error, seen.measured.error)
    assert abs(np.median(apart)) < 0.3
    assert same(take(made, 700, 1, "fluxes"), take(made, 700, 2, "fluxes"))


def test_a_survey_may_observe_by_itself():
    def observe(where, bands, galaxies, seed):
        flux = galaxies.light.flux.sum(axis=1)
        return flux, np.where(galaxies.truth["Z"][:, None] > 1, np.nan, 0.2 * flux)

    block = Mocks(mocking.recipe(observe=observe, judged=(0,), above=4.0)).fluxes(0)
    assert block.truth["Z"].max() < 1  # of NaN nothing is seen
    assert np.allclose(block.measured.flux / block.measured.error, 5)
    assert np.isnan(block.measured.radius).all()
    usual = Mocks(mocking.recipe(observe=lambda *_: None, judged=())).fluxes(0)
    assert np.array_equal(usual.measured.flux, Mocks(mocking.recipe(judged=())).fluxes(0).measured.flux)


def test_a_selection_that_keeps_none_ends(monkeypatch):
    monkeypatch.setattr(mocks, "FRUITLESS", 1000)
    made = Mocks(mocking.recipe(above=1e9))
    with pytest.raises(RunError, match="not one of 1024 candidates"), made.blocks(3, 1, stamps=False) as blocks:
        list(blocks)


def test_no_more_blocks_are_worked_than_it_takes(monkeypatch):
    made, worked, drawn = Mocks(mocking.recipe()), [], []
    kept = made.stamps
    monkeypatch.setattr(made, "stamps", lambda number: worked.append(number) or kept(number))
    two = take(made, 2, 64)
    assert len(two["row"]) == 2
    assert worked == [0]
    everything = Mocks(mocking.recipe(judged=()))
    kept_all = everything.stamps
    monkeypatch.setattr(everything, "stamps", lambda number: drawn.append(number) or kept_all(number))
    assert take(everything, 65, 8)["end"] == 65
    assert sorted(drawn) == [0, 1, 2]


def test_candidates_are_drawn_once_whatever_the_threads(monkeypatch):
    starts, asked, several = [], [], threading.Event()

    def draw(*words):
        starts.append(int(words[3][0]))
        several.wait(60)  # until another thread wants the same
        time.sleep(0.1)
        return mocking.draw(*words)

    made = Mocks(mocking.recipe(judged=(), draw=draw))
    stamps = made.stamps

    def counted(number):
        asked.append(number)
        if len(asked) > 1:
            several.set()
        return stamps(number)

    monkeypatch.setattr(made, "stamps", counted)
    take(made, 150, 8)
    assert sorted(starts) == [0, 96]


def test_a_candidate_beyond_what_files_can_number_is_an_error():
    row = np.array([LAST - 1, LAST, LAST + 1])
    nothing = np.zeros((3, 1))
    block = Block(row, row, {}, nothing, Measured(row, row, row), nothing, None, LAST + 2)
    assert [part.end for part in first(iter([block]), Need(2, 3))] == [LAST + 1]
    with pytest.raises(RunError, match="keeps 0 of 2147483648 candidates, and files number no more"):
        list(first(iter([block]), Need(3, 3)))


def test_true_fluxes_are_those_of_all_light():
    made = Mocks(mocking.recipe())
    block = made.stamps(1)
    light = mocking.draw(mocking.CSST, mocking.BANDS, 5, block.row, "paper").light
    assert block.total == pytest.approx(light.flux.sum(axis=1), rel=1e-6)
    bright = block.total[:, 1] > np.median(block.total[:, 1])
    share = block.measured.flux[bright, 1] / block.total[bright, 1]
    assert 0.4 < np.median(share) < 1


@dataclass(frozen=True)
class Settled:
    """Galaxies as bright as the background behind each, whose truth tells what that is."""

    light: object
    truth: dict
    group: np.ndarray
    row: np.ndarray
    seen: list

    def upon(self, background):
        self.seen.append((self.row, background.shape, background.dtype))
        scatter = background.std(axis=(1, 2, 3))
        light = replace(self.light, flux=self.light.flux * scatter[:, None, None])
        return replace(self, light=light, truth={"Z": self.truth["Z"], "SCATTER": scatter}, group=self.row + 1000)


def settled(**changes):
    """Return mocks of such galaxies on frames of noise that grows to the right, and what they were asked."""
    seen, noise = [], np.random.default_rng(1).normal(0, 1, (3, 60, 90))
    frames = [band.astype("f4") for band in noise * (1 + np.arange(90))]

    def draw(where, bands, seed, row, selection):
        made = mocking.draw(where, bands, seed, row, selection)
        return Settled(made.light, {"Z": made.truth["Z"], "SCATTER": np.zeros(len(row))}, row, row, seen)

    recipe = mocking.recipe(**{"draw": draw, "judged": (), "backgrounds": Backgrounds(frames, 16), **changes})
    return Mocks(recipe), seen


def test_light_and_truth_are_those_of_the_background_behind():
    made, seen = settled(row_bytes=1 << 16)
    found = take(made, 150, 1)
    behind = made.recipe.backgrounds.cut(5, found["row"])
    assert found["SCATTER"] == pytest.approx(behind.std(axis=(1, 2, 3)))
    assert np.ptp(found["SCATTER"]) > 20
    clean = mocking.draw(mocking.CSST, mocking.BANDS, 5, found["row"], "paper")
    assert found["total"] == pytest.approx(clean.light.total() * found["SCATTER"][:, None], rel=1e-5)
    assert all((len(rows), *shape[1:]) == (shape[0], 3, 16, 16) and kind == np.float32 for rows, shape, kind in seen)
    assert sorted(np.concatenate([rows for rows, _, _ in seen])) == list(range(sum(len(rows) for rows, _, _ in seen)))
    with made.blocks(70, 1, stamps=True) as blocks:
        assert np.array_equal(np.concatenate([block.group for block in blocks]), 1000 + np.arange(70))


def test_on_backgrounds_neither_threads_nor_numbers_matter():
    one, three = (take(settled()[0], 150, threads) for threads in (1, 3))
    assert same(one, three)
    few, many = (take(settled(judged=(0, 2))[0], rows, 2) for rows in (20, 60))
    assert same(
        {name: few[name] for name in few if name != "end"}, {name: many[name][:20] for name in many if name != "end"}
    )
    assert len(many["row"]) < many["end"]


def test_without_backgrounds_nothing_is_settled():
    made, seen = settled(backgrounds=None)
    assert not take(made, 40, 1)["SCATTER"].any()
    assert seen == []


def test_large_backgrounds_make_small_blocks():
    frames = [np.random.default_rng(1).normal(0, 1, (400, 400)).astype("f4")] * 3
    assert settled(side=256, backgrounds=Backgrounds(frames, 256))[0]._together == 8
    assert settled(side=256, backgrounds=None)[0]._together == 96
