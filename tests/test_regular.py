"""Regular: what is no file is refused without waiting for it, on every way in."""

import os
import socket
import threading

import pytest

from skycnn.errors import InputError
from skycnn.files.regular import check_output, name_of, opened, read_text


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with one of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "empty").touch()
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    os.mkdir("folder")
    os.symlink("nowhere", "dangling")
    os.symlink("loop", "loop")
    os.symlink("file", "link")
    for name, place in {"null": "/dev/null", "zero": "/dev/zero", "status": "/proc/self/status"}.items():
        os.symlink(place, name)
    return tmp_path


NONE = {
    "pipe": "is a pipe",
    "socket": "is a socket",
    "folder": "is a folder",
    ".": "is a folder",
    "null": "is a device",
    "zero": "is a device",
    "/dev/null": "is a device",
    "dangling": "is a link to nowhere, which does not exist",
    "a\0b": "a file name holds a zero byte",
    "": "a file name is empty",
}
"""Names that are no files, for reading and for writing alike."""


@pytest.mark.parametrize(
    ("name", "said"), [*NONE.items(), ("empty", "is empty"), ("status", "is empty"), ("/proc/kmsg", "is empty")]
)
def test_only_files_are_read(folder, name, said):
    with pytest.raises(InputError, match=said):
        opened(name, "a FITS image")


@pytest.mark.parametrize(("name", "error"), [("gone", 2), ("file/x", 20), ("loop", 40), ("x" * 300, 36)])
def test_what_cannot_be_opened_is_left_to_the_caller(folder, name, error):
    with pytest.raises(OSError) as caught:
        opened(name, "a FITS image")
    assert caught.value.errno == error


@pytest.mark.parametrize("name", ["file", "link"])
def test_files_are_read_as_ever(folder, name):
    with opened(name, "text") as file:
        assert (file.name, file.read()) == (name, b"content")
        assert os.get_blocking(file.fileno())
    with opened(name, "text", buffering=0) as raw:
        os.rename("file", "away")
        os.mkfifo("file")  # who opens it by name would wait
        with open(name_of(raw, name), "rb") as again:
            assert again.read() == b"content"


def test_a_file_that_becomes_a_pipe_meanwhile_is_refused(folder, monkeypatch):
    before = os.open

    def late(path, *args, **kwargs):
        os.unlink("file")
        os.mkfifo("file")
        return before(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", late)
    with pytest.raises(InputError, match=r"file is a pipe \(expected a FITS image"):
        opened("file", "a FITS image")


def test_a_pipe_is_read_where_it_will_do(folder):
    writer = threading.Thread(target=(folder / "pipe").write_bytes, args=(b"x" * 200_000,))
    writer.start()
    with opened("pipe", "text", pipe=True) as file:
        assert len(file.read()) == 200_000
    writer.join()


def test_what_a_pipe_held_is_kept(folder):
    (folder / "held").mkdir()
    ends = os.pipe()
    try:
        os.write(ends[1], "\ufeffa\nb\n".encode())
        os.close(ends[1])
        place = f"/dev/fd/{ends[0]}"
        texts = [read_text(place, "names", label="the list") for _ in range(2)]
    finally:
        os.close(ends[0])
    assert texts == ["a\nb\n"] * 2


def test_a_pipe_without_a_writer_is_not_waited_for(folder):
    with pytest.raises(InputError, match="the list is a pipe that no program writes into"):
        read_text("pipe", "names", label="the list")


def test_a_text_is_not_read_without_end(folder):
    with pytest.raises(InputError, match="the list is too long"):
        read_text("file", "names", label="the list", most=6)
    assert read_text("file", "names", label="the list", most=7) == "content"
    with open("sparse", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="the list is too long"):
        read_text("sparse", "names", label="the list", most=1000)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *NONE.items(),
        ("loop", "no place for a file: Too many levels"),
        ("x" * 300, "no place for a file: File name too"),
    ],
)
def test_outputs_take_the_place_of_files_alone(folder, name, said):
    with pytest.raises(InputError, match=said):
        check_output(name, f"--out {name}", hint="Give another --out FILE.")


def test_outputs_that_can_be(folder):
    assert check_output("new", "--out new") is None
    assert check_output("nowhere/new", "--out new") is None  # the caller tells of folders
    assert check_output("file", "--out file").st_size == 7
    assert check_output("link", "--out link").st_ino == (folder / "file").stat().st_ino
