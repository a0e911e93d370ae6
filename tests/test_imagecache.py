"""ImageCache: what was fetched is kept whole, what failed is not; nobody fetches twice."""

import bz2
import gzip
import os
import threading
import time

import pytest

import standins
from skycnn.errors import InputError, NoSpaceError, RunError
from skycnn.remote import imagecache
from skycnn.remote.fetcherror import FetchError
from skycnn.remote.imagecache import ImageCache

FITS = b"SIMPLE  =                    T".ljust(80) + b"END".ljust(2800) + b"data".ljust(2880)
URL = "https://host/cut?id=1"


def content(path):
    with open(path, "rb") as file:
        return file.read()


class Answer:
    """What a server would send; counts."""

    def __init__(self, body):
        self.body, self.calls = body, 0

    def __call__(self, file):
        self.calls += 1
        if isinstance(self.body, Exception):
            file.write(b"half")
            raise self.body
        file.write(self.body)


@pytest.fixture
def cache(tmp_path):
    return ImageCache(str(tmp_path / "cache"), 1 << 20)


def get(cache, answer, url=URL, read=content):
    return cache.get(url, answer, read, time.monotonic() + 60)


def kept(cache):
    return sorted(name for _, _, names in os.walk(cache.folder) for name in names)


def test_an_image_is_fetched_once(cache, tmp_path):
    answer = Answer(FITS)
    assert get(cache, answer) == get(cache, answer) == FITS
    assert get(ImageCache(str(tmp_path / "cache"), 1 << 20), answer) == FITS
    assert answer.calls == 1
    assert kept(cache) == ["04ce18737c583fa59b2fb6dc24093520d5de2810d54e668dada000c30ca5c503.fits"]
    assert get(cache, answer, URL + "2") == FITS and answer.calls == 2


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_archives_are_kept_plain(cache, pack):
    assert get(cache, Answer(pack(FITS))) == FITS
    assert len(kept(cache)) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FetchError("HTTP 404, no image"), "HTTP 404"),
        (b"", "an empty answer"),
        (b"  <html>", "HTML, not FITS"),
        (gzip.compress(FITS, mtime=0)[:-30], "a corrupt gz archive"),
        (gzip.compress(b"<html>", mtime=0), "HTML, not FITS"),
        (gzip.compress(FITS + bytes(2 << 20), mtime=0), "an archive of more than 1 MB, the limit"),
    ],
)
def test_a_failure_is_not_kept(cache, body, said):
    with pytest.raises(FetchError) as caught:
        get(cache, Answer(body))
    assert said in caught.value.reason
    assert kept(cache) == []
    assert get(cache, Answer(FITS)) == FITS


def test_what_proves_no_image_is_thrown_away(cache):
    def read(path):
        raise InputError(f"{path}[0] is shorter than its header says", hint="Restore it.")

    with pytest.raises(FetchError) as caught:
        get(cache, Answer(FITS), read=read)
    assert caught.value.reason == "the image is shorter than its header says"
    assert kept(cache) == []


def test_a_damaged_image_is_fetched_again(cache):
    def read(path):
        if content(path) != FITS:
            raise InputError("damaged")
        return content(path)

    answer = Answer(FITS)
    get(cache, answer, read=read)
    with open(cache.path(URL), "wb") as file:
        file.write(b"junk")
    assert get(cache, answer, read=read) == FITS
    assert answer.calls == 2


def test_two_threads_fetch_once(cache):
    started, go = threading.Event(), threading.Event()
    answer = Answer(FITS)

    def slow(file):
        started.set()
        go.wait(60)
        answer(file)

    found = []
    threads = [threading.Thread(target=lambda: found.append(get(cache, slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert started.wait(60)
    go.set()
    for thread in threads:
        thread.join()
    assert found == [FITS] * 4 and answer.calls == 1


def test_nobody_waits_beyond_its_time_for_another(cache):
    started, go = threading.Event(), threading.Event()

    def stuck(file):
        started.set()
        go.wait(60)
        file.write(FITS)

    thread = threading.Thread(target=lambda: get(cache, stuck))
    thread.start()
    assert started.wait(60)
    with pytest.raises(FetchError, match="time is over"):
        cache.get(URL, Answer(FITS), content, time.monotonic() + 0.05)
    go.set()
    thread.join()
    assert get(cache, Answer(FITS), URL + "2") == FITS


def test_where_images_are_kept(tmp_path, monkeypatch):
    home, xdg = str(tmp_path / "home"), str(tmp_path / "xdg")
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert ImageCache(None, 1).folder == f"{xdg}/skycnn"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert ImageCache(None, 1).folder == f"{home}/.cache/skycnn"
    assert os.stat(f"{xdg}/skycnn").st_mode & 0o777 == 0o700


@pytest.mark.parametrize("home", [None, "/dev/null", ""])
def test_no_home_no_trace(home, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    cache = ImageCache(None, 1 << 20)
    assert cache.temporary and get(cache, Answer(FITS)) == FITS
    cache.close()
    assert not os.path.exists(cache.folder)


def test_a_folder_that_cannot_be():
    with pytest.raises(InputError, match="--cache DIR"):
        ImageCache("/dev/null/x", 1)


def test_in_a_folder_that_others_write_to_images_are_kept_in_one_of_ours(tmp_path):
    forged = ImageCache(str(tmp_path), 1 << 20)
    assert forged.folder == str(tmp_path)
    assert get(forged, Answer(FITS)) == FITS
    tmp_path.chmod(0o777)
    cache = ImageCache(str(tmp_path), 1 << 20)
    assert cache.folder == str(tmp_path / f"skycnn-{os.geteuid()}")
    assert os.stat(cache.folder).st_mode & 0o777 == 0o700
    answer = Answer(FITS + b"another")
    assert get(cache, answer) == FITS + b"another"
    assert get(ImageCache(str(tmp_path), 1 << 20), answer) == FITS + b"another"
    assert answer.calls == 1


@pytest.mark.parametrize("kind", ["link", "pipe", "writable", "folder"])
def test_a_strangers_folder_is_not_believed(tmp_path, kind):
    tmp_path.chmod(0o777)
    own = tmp_path / f"skycnn-{os.geteuid()}"
    standins.put(kind, own)
    if kind == "folder":
        own.chmod(0o777)
    with pytest.raises(InputError, match=r"skycnn-\d+ \(of .* old\) is no folder of ours alone") as caught:
        ImageCache(str(tmp_path), 1)
    assert f"{'rm -r' if kind == 'folder' else 'rm'} {own}" in caught.value.hint


def test_what_a_killed_run_left_is_removed(tmp_path):
    for name, age in ((".skycnn-old", 1e6), (".skycnn-new", 0), ("other", 1e6)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    ImageCache(str(tmp_path), 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".skycnn-new", "other"]


def test_the_end_leaves_no_half_fetched_file(cache):
    started, go = threading.Event(), threading.Event()

    def stuck(file):
        started.set()
        go.wait(60)
        file.write(FITS)

    failed = []

    def job():
        try:
            get(cache, stuck)
        except RunError as error:
            failed.append(error)

    thread = threading.Thread(target=job)
    thread.start()
    assert started.wait(60)
    assert len(kept(cache)) == 1
    cache.close()
    assert kept(cache) == []
    go.set()
    thread.join()
    assert kept(cache) == [] and len(failed) == 1


def test_the_end_finds_the_file_that_another_thread_is_making(cache, monkeypatch):
    make, closing = imagecache.tempfile.NamedTemporaryFile, threading.Thread(target=cache.close)

    def slow(**words):
        file = make(**words)
        closing.start()
        closing.join(0.2)
        return file

    def answer(file):
        closing.join()
        assert kept(cache) == []
        raise FetchError("seen")

    monkeypatch.setattr(imagecache.tempfile, "NamedTemporaryFile", slow)
    with pytest.raises(FetchError, match="seen"):
        get(cache, answer)
    with pytest.raises(FetchError, match="the images were closed"):
        get(cache, answer)


def test_a_full_disk_is_no_fault_of_the_server(cache, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(imagecache.os, "replace", full)
    with pytest.raises(NoSpaceError):
        get(cache, Answer(FITS))
    assert kept(cache) == []
