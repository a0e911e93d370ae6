"""Output: in place, elsewhere or to standard output, whole or not at all."""

import bz2
import gzip
import io
import os
import stat
import sys

import pytest

import standins
from skycnn.errors import ChangedError, InputError, LockedError, NoSpaceError
from skycnn.files import workingfile
from skycnn.fits.output import Output, compression_of
from skycnn.fits.source import Spec


@pytest.fixture
def cat(tmp_path):
    path = tmp_path / "cat.fits"
    path.write_bytes(b"old")
    return path


def put(output, start=None, compression="", content=b"new" * 1000):
    with output.locked():
        output.prepare()
        with output.create(start, compression) as fd:
            os.write(fd, content)


def to(path):
    return Spec(str(path), None)


def test_in_place(cat):
    output = Output(to(cat), None)
    assert (output.in_place, output.standard, output.path, output.label) == (True, False, str(cat), str(cat))
    assert output.folder == str(cat.parent)
    put(output, cat.stat())
    assert cat.read_bytes() == b"new" * 1000
    assert os.listdir(cat.parent) == ["cat.fits"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(cat, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "first").symlink_to("../second")
    (tmp_path / "second").symlink_to(cat)
    put(Output(to(folder / "first"), None), cat.stat())
    assert cat.read_bytes() == b"new" * 1000
    assert (folder / "first").is_symlink()
    assert (tmp_path / "second").is_symlink()
    assert os.listdir(folder) == ["first"]


@pytest.mark.parametrize(("kind", "unpack"), [("gz", gzip.decompress), ("bz2", bz2.decompress)])
def test_archives_have_the_same_bytes_every_time(cat, kind, unpack, monkeypatch):
    put(Output(to(cat), None), cat.stat(), kind)
    first = cat.read_bytes()
    assert unpack(first) == b"new" * 1000
    monkeypatch.setattr("time.time", lambda: 0.0)
    put(Output(to(cat), None), cat.stat(), kind)
    assert cat.read_bytes() == first
    assert os.listdir(cat.parent) == ["cat.fits"]
    other = cat.with_name("other.fits")
    put(Output(to(cat), str(other)), None, kind)
    assert other.read_bytes() == first  # nor does the name stand in it


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.fits.gz", "gz"),
        ("A.FITS.GZ", "gz"),
        ("a.fits.Gz", "gz"),
        ("a.bz2", "bz2"),
        ("a.BZ2", "bz2"),
        ("a.fits", ""),
        ("a.FITS", ""),
        ("a.fits.fz", ""),
        ("gz", ""),
        ("-", ""),
    ],
)
def test_compression_is_that_of_the_name(name, kind):
    assert compression_of(name) == kind


def test_elsewhere(cat, tmp_path):
    new = tmp_path / "new.fits"
    output = Output(to(cat), str(new))
    assert not output.in_place
    assert output.journal_path == str(tmp_path / ".new.fits.skycnn-journal")
    put(output)
    assert (cat.read_bytes(), new.read_bytes()) == (b"old", b"new" * 1000)
    assert sorted(os.listdir(tmp_path)) == ["cat.fits", "new.fits"]


def test_an_output_that_exists_is_kept_unless_it_may_go(cat, tmp_path):
    new = tmp_path / "new.fits"
    new.write_bytes(b"precious")
    new.chmod(0o640)
    with pytest.raises(InputError, match=r"new\.fits exists") as told:
        Output(to(cat), str(new))
    assert "--overwrite" in told.value.hint
    assert new.read_bytes() == b"precious"
    put(Output(to(cat), str(new), overwrite=True))
    assert new.read_bytes() == b"new" * 1000
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


@pytest.mark.parametrize("overwrite", [False, True])
def test_places_where_nothing_can_be_written(cat, tmp_path, overwrite):
    (tmp_path / "link").symlink_to(cat)
    os.mkfifo(tmp_path / "pipe")
    for name, message in [
        (str(cat), "is the input itself"),
        (str(tmp_path / "link"), "is the input itself"),
        (str(tmp_path), "is a folder"),
        (str(tmp_path / "none" / "new.fits"), "the folder of .* does not exist"),
        (str(cat / "new.fits"), f"cannot be made: {cat} is no folder"),
        ("", "a file name is empty"),
        (str(tmp_path / "pipe"), "is a pipe"),
        ("/dev/null", "is a device"),
    ]:
        with pytest.raises(InputError, match=message):
            Output(to(cat), name, overwrite=overwrite)
    assert os.path.exists("/dev/null")
    assert not os.path.isfile("/dev/null")
    assert sorted(os.listdir(tmp_path)) == ["cat.fits", "link", "pipe"]


def test_a_read_only_folder_is_refused(cat, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        with pytest.raises(InputError, match=r"the folder of .*new\.fits is read-only"):
            Output(to(cat), str(folder / "new.fits"))
    finally:
        folder.chmod(0o755)


def test_a_read_only_output_is_refused_before_the_first_write(cat, tmp_path):
    new = tmp_path / "new.fits"
    new.write_bytes(b"precious")
    new.chmod(0o444)
    output = Output(to(cat), str(new), overwrite=True)
    with output.locked(), pytest.raises(InputError, match=r"new\.fits is read-only"):
        output.prepare()
    assert sorted(os.listdir(tmp_path)) == ["cat.fits", "new.fits"]


def test_two_runs_to_one_place_are_one_too_many(cat, tmp_path):
    for out in (None, str(tmp_path / "new.fits")):
        with Output(to(cat), out).locked(), pytest.raises(LockedError), Output(to(cat), out).locked():
            pass
    assert os.listdir(tmp_path) == ["cat.fits"]
    with Output(to(cat), str(tmp_path / "one.fits")).locked(), Output(to(cat), str(tmp_path / "two.fits")).locked():
        pass


def test_a_second_run_does_not_clear_away_the_first_ones_temporary(cat, tmp_path):
    new = str(tmp_path / "new.fits")
    first = Output(to(cat), new)
    with first.locked():
        first.prepare()
        with first.create(None, "") as fd:
            os.write(fd, b"first")
            with pytest.raises(LockedError):
                put(Output(to(cat), new))
    assert (tmp_path / "new.fits").read_bytes() == b"first"


def test_an_output_that_came_while_we_waited_is_kept(cat, tmp_path):
    new = tmp_path / "new.fits"
    output = Output(to(cat), str(new))
    new.write_bytes(b"theirs")
    with pytest.raises(InputError, match=r"new\.fits exists: it came while we waited"):
        put(output)
    assert new.read_bytes() == b"theirs"
    assert sorted(os.listdir(tmp_path)) == ["cat.fits", "new.fits"]


def test_an_output_that_came_while_we_ran_is_kept(cat, tmp_path):
    new = tmp_path / "new.fits"
    output = Output(to(cat), str(new))
    with output.locked(), pytest.raises(ChangedError, match=r"new\.fits exists"), output.create(None, "") as fd:
        os.write(fd, b"ours")
        new.write_bytes(b"theirs")
    assert new.read_bytes() == b"theirs"
    assert sorted(os.listdir(tmp_path)) == ["cat.fits", "new.fits"]


def test_an_output_that_another_run_replaced_before_us_is_no_surprise(cat, tmp_path):
    new = tmp_path / "new.fits"
    new.write_bytes(b"first")
    output = Output(to(cat), str(new), overwrite=True)
    new.unlink()
    new.write_bytes(b"second")
    put(output)
    assert new.read_bytes() == b"new" * 1000


def test_what_a_killed_run_left_is_cleared_and_the_journal_kept(cat):
    left = [".cat.fits.skycnn-1.tmp", ".cat.fits.skycnn-probe", ".cat.fits.skycnn-journal"]
    for name in left:
        cat.with_name(name).write_bytes(b"x")
    output = Output(to(cat), None)
    with output.locked():
        output.prepare()
        assert sorted(os.listdir(cat.parent)) == [".cat.fits.skycnn-journal", "cat.fits"]
        output.clean()
    assert os.listdir(cat.parent) == ["cat.fits"]


@pytest.mark.parametrize("new", [False, True], ids=["in place", "elsewhere"])
@pytest.mark.parametrize("kind", standins.KINDS)
@pytest.mark.filterwarnings("ignore::skycnn.errors.Notice")
def test_a_strangers_working_files_do_not_block(cat, kind, new):
    """They may be forged, of a backup by hard links, or a colleague's whom the folder is shared with."""
    names = [
        cat.with_name(f".{'new' if new else 'cat'}.fits.skycnn-{role}") for role in ("journal", "partial", "1.tmp")
    ]
    same = [standins.put(kind, name) for name in names]
    output = Output(to(cat), str(cat.with_name("new.fits")) if new else None)
    with output.locked():
        output.prepare(resume=True)
        stays = kind == "folder" or (kind == "foreign" and new and output.partial_path != str(names[1]))
        for path in (output.journal_path, output.partial_path):
            os.close(workingfile.opened(path))
        with output.create(os.stat(cat), "") as fd:
            os.write(fd, b"new")
        output.clean()
    assert all(unharmed() for unharmed in same)
    assert all(name.exists() for name in names[1:]) == stays
    assert (cat.with_name("new.fits") if new else cat).read_bytes() == b"new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")
@pytest.mark.parametrize("mode", [0o777, 0o1777], ids=oct)
@pytest.mark.parametrize("new", [False, True], ids=["in place", "elsewhere"])
@pytest.mark.filterwarnings("ignore::skycnn.errors.Notice")
def test_a_colleagues_working_files_do_not_block(mode, new):
    with standins.shared(mode) as folder:
        cat, place = folder / "cat.fits", folder / ("new.fits" if new else "cat.fits")
        for path in (cat, *(folder / f".{place.name}.skycnn-{role}" for role in ("journal", "partial", "7.tmp"))):
            path.write_bytes(b"theirs")
            path.chmod(0o600)
        os.chown(cat, standins.USER, standins.USER)
        before = set(os.listdir(folder))
        with standins.another():
            output = Output(to(cat), str(place) if new else None)
            with output.locked():
                output.prepare(resume=True)
                os.close(workingfile.opened(output.journal_path))
                with output.create(os.stat(cat), "") as fd:
                    os.write(fd, b"new")
                output.clean()
        assert place.read_bytes() == b"new"
        after = set(os.listdir(folder)) - {place.name}
        gone = not new and mode == 0o777  # the lock on the catalogue says that nobody works with them
        assert after == ({"cat.fits"} - {place.name} if gone else before - {place.name})
        assert all((folder / name).read_bytes() == b"theirs" for name in after)


def test_what_is_not_there_is_left_to_whoever_opens_it(tmp_path):
    output = Output(to(tmp_path / "none.fits"), None)
    with output.locked():
        output.prepare()
    assert os.listdir(tmp_path) == []
    there = tmp_path / "out.fits"
    there.touch()
    Output(Spec(str(tmp_path / "no.fits"), None), str(there), overwrite=True)


class Stdout:
    """A standard output."""

    def __init__(self, terminal=False, closed=False):
        self.buffer, self.terminal, self.closed = io.BytesIO(), terminal, closed

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(
    ("spec", "out"), [(Spec("-", None), None), (Spec("cat.fits", None), "-"), (Spec("-", None), "-")]
)
def test_standard_output_gets_the_whole_file(monkeypatch, spec, out):
    stdout = Stdout()
    monkeypatch.setattr(sys, "stdout", stdout)
    output = Output(spec, out)
    assert (output.standard, output.in_place, output.path, output.journal_path) == (True, False, None, None)
    output.check_space(10)
    put(output)
    assert stdout.buffer.getvalue() == b"new" * 1000
    output.clean()


def test_standard_output_gets_nothing_of_a_run_that_failed(monkeypatch):
    stdout = Stdout()
    monkeypatch.setattr(sys, "stdout", stdout)
    output = Output(Spec("-", None), None)
    with pytest.raises(ZeroDivisionError), output.create(None, "") as fd:
        os.write(fd, b"half")
        raise ZeroDivisionError
    assert stdout.buffer.getvalue() == b""


@pytest.mark.parametrize(
    ("stdout", "message"),
    [
        (None, "standard output is closed"),
        (Stdout(closed=True), "standard output is closed"),
        (Stdout(terminal=True), "binary FITS to a terminal is refused"),
    ],
)
def test_standard_output_that_takes_no_fits(monkeypatch, stdout, message):
    monkeypatch.setattr(sys, "stdout", stdout)
    with pytest.raises(InputError, match=message) as told:
        put(Output(Spec("cat.fits", None), "-"))
    assert "--out FILE" in told.value.hint


def test_space_is_asked_for_where_the_output_goes(cat, monkeypatch):
    seen = []
    whole = os.statvfs
    monkeypatch.setattr(os, "statvfs", lambda place: seen.append(place) or whole(place))
    Output(to(cat), None).check_space(1)
    assert seen == [str(cat.parent)]
    with pytest.raises(NoSpaceError):
        Output(to(cat), None).check_space(10**19)
