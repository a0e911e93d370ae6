"""OpenImages: each image is opened once, shared by threads, and never closed under anybody's hands."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from skycnn.errors import InputError
from skycnn.stamps.mosaic import openimages
from skycnn.stamps.mosaic.openimages import OpenImages


class Opened:
    """Stands for pixels; counts what is open, and is cross when it is closed twice."""

    def __init__(self, desk, header):
        self.desk, self.header, self.nbytes, self.closed = desk, header, header.nbytes, False

    def close(self):
        assert not self.closed
        self.closed = True
        self.desk.here.remove(self.header.spec.path)


class Desk:
    """An opener that notes what it opens, and how many are open."""

    def __init__(self):
        self.opened, self.here, self.failing = [], [], set()

    def __call__(self, header, scratch):
        if header.spec.path in self.failing:
            raise InputError(f"{header.spec.path} is no image")
        self.opened.append(header.spec.path)
        self.here.append(header.spec.path)
        return Opened(self, header)


def image(name, nbytes=0, compression="", number=0):
    kind = "tiled" if nbytes else "plain"
    spec = SimpleNamespace(path=name)
    return SimpleNamespace(spec=spec, number=number, bits=None, compression=compression, kind=kind, nbytes=nbytes)


def visit(images, *headers):
    for header in headers:
        with images.borrowed(header) as pixels:
            assert pixels.header == header


def test_an_image_is_opened_once_and_two_hdus_are_two_images():
    desk = Desk()
    images = OpenImages(opener=desk)
    visit(images, image("a"), image("a"), image("a", number=1), image("a"))
    assert desk.opened == ["a", "a"]
    images.close()
    assert desk.here == []


def test_what_was_used_least_recently_is_closed():
    desk = Desk()
    images = OpenImages(opener=desk, most=2)
    visit(images, *map(image, "abac"))
    assert sorted(desk.here) == ["a", "c"]
    visit(images, *map(image, "ab"))
    assert desk.opened == ["a", "b", "c", "b"]


def test_bytes_are_bounded_and_images_that_hold_none_stay():
    desk = Desk()
    images = OpenImages(opener=desk, most_bytes=100)
    visit(images, image("mapped"), image("a", 60), image("b", 40))
    assert sorted(desk.here) == ["a", "b", "mapped"]
    visit(images, image("c", 60))
    assert sorted(desk.here) == ["b", "c", "mapped"]


def test_archives_are_few(monkeypatch):
    monkeypatch.setattr(openimages, "MOST_ARCHIVES", 2)
    desk = Desk()
    images = OpenImages(opener=desk)
    visit(images, image("plain"), *(image(name, compression="gz") for name in "abcd"))
    assert sorted(desk.here) == ["c", "d", "plain"]
    visit(images, image("e"), image("f"))
    assert sorted(desk.here) == ["c", "d", "e", "f", "plain"]


def test_nothing_is_closed_while_it_is_in_use():
    desk = Desk()
    images = OpenImages(opener=desk, most=1)
    with images.borrowed(image("a")) as first:
        with images.borrowed(image("a")), images.borrowed(image("b")):
            pass
        assert not first.closed  # one of its two users is left
        assert desk.here == ["a"]
    visit(images, image("b"))
    assert desk.here == ["b"]
    assert first.closed


def test_an_image_that_cannot_be_opened_may_be_asked_for_again():
    desk = Desk()
    desk.failing.add("a")
    images = OpenImages(opener=desk, most=1)
    for _ in range(2):
        with pytest.raises(InputError, match="a is no image"), images.borrowed(image("a")):
            pass
    visit(images, image("b"))
    desk.failing.clear()
    visit(images, image("a"))
    assert desk.here == ["a"]


def test_threads_that_want_one_image_at_once_open_it_once():
    desk, begun, entered = Desk(), threading.Event(), threading.Barrier(4, timeout=60)

    def opener(header, scratch):
        begun.wait(60)
        return desk(header, scratch)

    images = OpenImages(opener=opener)

    def use(_):
        with images.borrowed(image("a")) as pixels:
            entered.wait()  # all four hold it at the same time
            return pixels

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(use, i) for i in range(4)]
        begun.set()
        assert len({id(future.result()) for future in running}) == 1
    assert desk.opened == ["a"]


def test_an_image_that_opens_slowly_holds_up_no_other():
    desk, asked, release = Desk(), threading.Event(), threading.Event()

    def opener(header, scratch):
        if header.spec.path == "slow":
            asked.set()
            assert release.wait(60)
        return desk(header, scratch)

    images = OpenImages(opener=opener)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(visit, images, image("slow"))
        assert asked.wait(60)
        visit(images, image("quick"))
        release.set()
        slow.result()
    assert desk.opened == ["quick", "slow"]


def test_many_threads_never_see_a_closed_image_and_leave_none_open():
    desk, start = Desk(), threading.Barrier(8, timeout=60)
    images = OpenImages(opener=desk, most=3, most_bytes=50)
    most = []

    def use(seed):
        start.wait()
        for name in np.random.default_rng(seed).choice(list("abcdefgh"), 300):
            with images.borrowed(image(name, 20, "gz" if name in "ab" else "")) as pixels:
                most.append(len(desk.here))
                assert not pixels.closed

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    assert max(most) <= 8 + 3  # those in use, and those kept
    assert len(desk.here) <= 2  # 50 bytes
    images.close()
    assert desk.here == []


def test_an_image_of_large_tiles_is_kept_within_the_bound_on_memory(monkeypatch):
    """It takes long to decode: it is not closed after each batch of stamps."""
    monkeypatch.setattr(openimages.memory, "_requested", 10**9)
    desk = Desk()
    images = OpenImages(opener=desk, most_bytes=10**6)
    large = [image(name, 80 * 10**6) for name in "abc"]
    visit(images, *large, *large)
    assert desk.opened == ["a", "b", "c"]
    visit(images, image("d", 80 * 10**6))
    assert sorted(desk.here) == ["b", "c", "d"]
