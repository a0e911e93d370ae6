"""Source: what was typed, opened as plain FITS bytes, or told what it is instead."""

import bz2
import gc
import gzip
import io
import os
import sys
import threading
from contextlib import suppress

import pytest

import hardcase
from skycnn.errors import ChangedError, InputError, NoSpaceError
from skycnn.files import safefile
from skycnn.fits.source import Spec, open_source, parse

FITS = hardcase.make()


def content(source):
    source.file.seek(0)
    found = source.file.read()
    source.file.close()
    return found


@pytest.mark.parametrize(
    ("text", "path", "extension"),
    [
        ("cat.fits", "cat.fits", None),
        ("cat.fits[1]", "cat.fits", "1"),
        ("cat.fits[EXT]", "cat.fits", "EXT"),
        ("cat.fits[EXT,2]", "cat.fits", "EXT,2"),
        ("cat.fits#EXT", "cat.fits", "EXT"),
        ("dir[1]/cat.fits[2]", "dir[1]/cat.fits", "2"),
        ("a#b/cat.fits", "a", "b/cat.fits"),
        ("cat.fits[]", "cat.fits[]", None),
        ("cat.fits#", "cat.fits#", None),
        ("[1]", "[1]", None),
        ("-", "-", None),
        ("-[1]", "-", "1"),
        ("my cat.fits[my table]", "my cat.fits", "my table"),
    ],
)
def test_names_are_taken_apart(text, path, extension, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse(text) == Spec(path, extension)


@pytest.mark.parametrize("name", ["cat.fits[1]", "cat#1.fits", "[1]"])
def test_a_file_of_that_very_name_comes_first(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"")
    assert parse(name) == Spec(name, None)
    assert parse(f"{name}[2]") == Spec(name, "2")


def test_the_option_stands_for_a_name_without_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse("cat.fits", "2") == parse("cat.fits[2]") == parse("cat.fits[2]", "2")
    assert Spec("-", None).standard
    assert not Spec("cat.fits", None).standard
    with pytest.raises(InputError, match=r"cat\.fits\[2\] names table '2' and --hdu '3'"):
        parse("cat.fits[2]", "3")


def test_a_file_is_opened_as_it_is(tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(FITS)
    (tmp_path / "link").symlink_to(path)
    source = open_source(Spec(str(tmp_path / "link"), None))
    assert source.path == str(path)
    assert source.size == len(FITS)
    assert source.stat.st_ino == path.stat().st_ino
    assert (source.compression, source.label) == ("", str(tmp_path / "link"))
    source.check_unchanged()
    assert content(source) == FITS


@pytest.mark.parametrize(("pack", "kind"), [(gzip.compress, "gz"), (bz2.compress, "bz2")])
@pytest.mark.parametrize("name", ["cat.fits.gz", "CAT.FITS.GZ", "cat.fits"])
def test_archives_are_known_by_their_first_bytes(tmp_path, pack, kind, name):
    path = tmp_path / name
    path.write_bytes(pack(FITS[:9000]) + pack(FITS[9000:]))  # of two members
    source = open_source(Spec(str(path), None), str(tmp_path))
    assert source.compression == kind
    assert os.listdir(tmp_path) == [name]
    assert content(source) == FITS


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.98])
def test_truncated_archives_are_refused(tmp_path, pack, share):
    path = tmp_path / "cat.fits.gz"
    octets = pack(FITS)
    path.write_bytes(octets[: int(len(octets) * share)])
    with pytest.raises(InputError, match=r"cat\.fits\.gz is a corrupt (gz|bz2) archive"):
        open_source(Spec(str(path), None), str(tmp_path))
    assert os.listdir(tmp_path) == ["cat.fits.gz"]
    gc.collect()  # a file left open would be a warning, and so an error


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_damaged_archives_are_refused(tmp_path, pack):
    path = tmp_path / "cat.fits.gz"
    octets = bytearray(pack(FITS))
    octets[len(octets) // 2] ^= 0xFF
    path.write_bytes(octets)
    with pytest.raises(InputError, match="corrupt"):
        open_source(Spec(str(path), None))
    path.write_bytes(pack(FITS) + b"garbage, and more of it")
    if pack is gzip.compress:
        with pytest.raises(InputError, match="corrupt"):
            open_source(Spec(str(path), None))
    gc.collect()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_archives_of_something_else_are_told(tmp_path, pack):
    path = tmp_path / "cat.fits.gz"
    path.write_bytes(pack(b"a,b,c\n1,2,3\n"))
    with pytest.raises(InputError, match="is CSV, not FITS"):
        open_source(Spec(str(path), None))
    path.write_bytes(pack(b""))
    with pytest.raises(InputError, match="is empty"):
        open_source(Spec(str(path), None))
    gc.collect()


def test_another_format_is_told(tmp_path):
    path = tmp_path / "cat.dat"
    path.write_bytes(b"PAR1" + FITS)
    with pytest.raises(InputError, match=r"cat\.dat is Parquet, not FITS"):
        open_source(Spec(str(path), None))
    gc.collect()


def test_an_empty_file_a_folder_and_nothing(tmp_path):
    (tmp_path / "empty.fits").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.fits is empty"):
        open_source(Spec(str(tmp_path / "empty.fits"), None))
    with pytest.raises(InputError, match="is a folder"):
        open_source(Spec(str(tmp_path), None))
    with pytest.raises(InputError, match=r"emty\.fits does not exist") as told:
        open_source(Spec(str(tmp_path / "emty.fits"), None))
    assert told.value.hint == f"Did you mean {tmp_path / 'empty.fits'}?"
    with pytest.raises(InputError, match="does not exist") as told:
        open_source(Spec(str(tmp_path / "no" / "cat.fits"), None))
    assert "no folder" in told.value.hint
    gc.collect()


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "cat.fits"
    path.write_bytes(FITS)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match=r"cat\.fits cannot be read: Permission denied"):
        open_source(Spec(str(path), None))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_pipes_are_read_whole(tmp_path, pack):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(pack(FITS),))
    writer.start()
    source = open_source(Spec(str(pipe), None))
    writer.join()
    assert content(source) == FITS
    assert source.stat is None


def test_a_pipe_without_end_is_read_no_further_than_it_tells(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    written = []

    def write():
        with suppress(BrokenPipeError), open(pipe, "wb", buffering=0) as file:
            while True:
                written.append(file.write(b"y\n" * 5000))

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(InputError, match="is text, not FITS"):
        open_source(Spec(str(pipe), None))
    writer.join()
    assert sum(written) < 1 << 20


class Stdin:
    """A standard input of these bytes."""

    def __init__(self, octets, terminal=False):
        self.buffer, self.terminal, self.closed = io.BytesIO(octets), terminal, False

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_standard_input_is_read_whole(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(sys, "stdin", Stdin(pack(FITS)))
    source = open_source(parse("-[OBJECTS]"), str(tmp_path))
    assert source.spec.extension == "OBJECTS"
    assert source.path is None
    assert source.stat is None
    assert os.listdir(tmp_path) == []
    assert content(source) == FITS


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        (None, "standard input is closed"),
        (Stdin(b"", terminal=True), "standard input is a terminal"),
        (Stdin(b""), "standard input is empty"),
        (Stdin(b"a,b\n"), "standard input is CSV"),
        (Stdin(gzip.compress(FITS)[:99]), "standard input is a corrupt gz archive"),
    ],
)
def test_standard_input_that_holds_no_catalogue(monkeypatch, stdin, message):
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(InputError, match=message):
        open_source(parse("-"))
    gc.collect()


@pytest.mark.parametrize("how", ["gz", "pipe"])
def test_no_space_for_the_copy_is_told(tmp_path, monkeypatch, how):
    class Full:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, _):
            raise OSError(28, "No space left on device")

    whole = safefile.scratch
    monkeypatch.setattr(safefile, "scratch", lambda folder=None: Full(whole(folder)))
    path = tmp_path / "cat.fits.gz"
    path.write_bytes(gzip.compress(FITS))
    if how == "pipe":
        monkeypatch.setattr(sys, "stdin", Stdin(FITS))
    with pytest.raises(NoSpaceError, match="no space while writing a temporary copy"):
        open_source(parse("-") if how == "pipe" else Spec(str(path), None))


def test_a_file_written_to_meanwhile_is_told(tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(FITS)
    source = open_source(Spec(str(path), None))
    with open(path, "r+b") as file:
        file.write(b"SIMPLE")
    os.utime(path, ns=(1, 1))
    with pytest.raises(ChangedError, match=r"cat\.fits was changed by another program"):
        source.check_unchanged()
    source.file.close()
