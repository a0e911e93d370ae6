"""WorkingFile: what is not ours at its name is neither believed nor written to."""

import os
import stat

import pytest

import standins
from skycnn.errors import InputError
from skycnn.files import workingfile

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")


def test_what_a_killed_run_left_is_removed(tmp_path):
    folder, path = tmp_path, tmp_path / "cat.fits"
    path.touch()
    mine = [".cat.fits.skycnn-12.tmp", ".cat.fits.skycnn-journal", ".cat.fits.skycnn-probe"]
    theirs = [".cat.fits2.skycnn-12.tmp", ".cat.fits.skycnn.lock", "cat.fits.skycnn-1", ".acat.fits.skycnn-12.tmp"]
    for name in mine + theirs:
        (folder / name).write_bytes(b"x")
    assert sorted(entry.name for entry in workingfile.litter(str(path))) == sorted(mine)
    workingfile.clean(str(path), str(folder / ".cat.fits.skycnn-journal"))
    assert sorted(os.listdir(folder)) == sorted(["cat.fits", ".cat.fits.skycnn-journal", *theirs])
    workingfile.clean(str(path))
    assert sorted(os.listdir(folder)) == sorted(["cat.fits", *theirs])


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("kind", list(standins.KINDS))
def test_nothing_is_read_from_or_written_to_a_strangers_file(tmp_path, kind, fresh):
    path = tmp_path / "journal"
    same = standins.put(kind, path)
    if kind == "folder":
        with pytest.raises(OSError, match="directory"):
            workingfile.opened(str(path), fresh=fresh)
        return
    fd = workingfile.opened(str(path), fresh=fresh)
    assert os.read(fd, 9) == b""
    os.write(fd, b"ours")
    os.close(fd)
    assert same()
    assert path.read_bytes() == b"ours"
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600


def test_ours_is_opened_again_unless_a_fresh_one_is_wanted(tmp_path):
    path = tmp_path / "partial"
    for shared, fresh, found in ((False, False, b""), (False, False, b"1"), (True, False, b"12"), (True, True, b"")):
        fd = workingfile.opened(str(path), mode=0o600, fresh=fresh, shared=shared)
        content = os.read(fd, 9)
        assert content == found
        os.write(fd, b"12"[len(content) : len(content) + 1])
        os.close(fd)
    path.chmod(0o664)
    assert workingfile.existing(str(path)) is None
    fd = workingfile.existing(str(path), shared=True)
    assert os.read(fd, 9) == b"1"
    os.close(fd)


@pytest.mark.parametrize("kind", list(standins.KINDS))
def test_a_working_file_gets_another_name_where_a_strangers_stays(tmp_path, kind):
    path = tmp_path / "journal"
    same = standins.put(kind, path)
    if kind == "folder":
        with pytest.warns(
            UserWarning, match=r"journal \(of .*\) is left alone, and the run begins anew; .* type rm -r /"
        ):
            assert workingfile.usable(str(path), others=True) == f"{path}.{os.geteuid()}"
        assert path.is_dir()
        (tmp_path / f"journal.{os.geteuid()}").mkdir()
        with (
            pytest.warns(UserWarning),
            pytest.raises(InputError, match=r"journal\.\d+ \(of .*, \d+ \w+ old\) is in the way") as told,
        ):
            workingfile.usable(str(path), others=True)
        assert f"rm -r {path}.{os.geteuid()}" in told.value.hint
        return
    with pytest.warns(UserWarning, match=r"journal \(of .* old\) .* was removed unread, and the run begins anew"):
        assert workingfile.usable(str(path), others=True) == str(path)
    assert same()
    assert not os.path.lexists(path)


@needs_root
@pytest.mark.parametrize(
    ("mode", "others", "stays"), [(0o777, True, False), (0o777, False, True), (0o1777, True, True)], ids=str
)
def test_a_colleagues_file_does_not_block(mode, others, stays, recwarn):
    """In a sticky folder it cannot be removed; where its run may go on it must not be."""
    with standins.shared(mode) as folder:
        path, temporary = folder / "journal", folder / ".a.skycnn-1.tmp"
        for place in (path, temporary):
            place.write_bytes(b"theirs")
            place.chmod(0o600)
        with standins.another():
            workingfile.clean(str(folder / "a"), others=others)
            name = workingfile.usable(str(path), others=others)
            assert name == (f"{path}.{standins.USER}" if stays else str(path))
            os.close(workingfile.opened(name))
            (folder / "journal").exists() or pytest.fail("no journal")
        assert (path.read_bytes() == b"theirs") == temporary.exists() == stays
        said = str(recwarn.list[-1].message)
        assert (
            ("left alone" in said) == (f"{'root alone may ' if mode & 0o1000 else ''}type rm {path}" in said) == stays
        )


@needs_root
def test_who_may_remove_what_is_in_the_way_is_named():
    with standins.shared(0o1777) as folder:
        path = folder / "journal"
        path.touch()
        os.utime(path, (1, 1))
        (folder / f"journal.{standins.USER}").touch()
        with (
            standins.another(),
            pytest.warns(UserWarning),
            pytest.raises(InputError, match=r"of root, \d+ days? old|second") as told,
        ):
            workingfile.usable(str(path), others=True)
        assert told.value.hint.startswith(f"root alone may type rm {path}.{standins.USER}")


def test_an_owner_without_a_name_is_a_number(tmp_path, monkeypatch):
    import pwd

    def unknown(_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert f"(of user {os.geteuid()}, 1 second old)" in workingfile.described(str(tmp_path))
    assert workingfile.described("/nowhere/x") == "/nowhere/x"
