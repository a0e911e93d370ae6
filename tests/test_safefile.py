"""SafeFile: whatever goes wrong, the file is the old one or the whole new one, and nothing is left lying about."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from skycnn.errors import ChangedError, InputError, NoSpaceError, RunError
from skycnn.files import safefile, workingfile


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "cat.fits"
    place.write_bytes(b"old")
    return place


def replace(path, content=b"new", *, detach=False, new=False, before=lambda: None):
    start = None if new else os.stat(path)
    with safefile.replacing(str(path), "cat.fits", start=start, detach=detach) as fd:
        os.write(fd, content)
        before()


def intact(path):
    return path.read_bytes() == b"old" and os.listdir(path.parent) == ["cat.fits"]


def test_the_new_file_takes_the_name(path):
    replace(path)
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["cat.fits"]


def test_until_then_the_old_file_is_there(path):
    replace(path, before=lambda: path.read_bytes() == b"old" or pytest.fail("the old file is gone"))


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(3), ChangedError("x")])
def test_an_error_leaves_the_old_file(path, error):
    def fail():
        raise error

    with pytest.raises(type(error)):
        replace(path, before=fail)
    assert intact(path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "fchmod", "fchown", "replace", "open"])
def test_a_failing_call_leaves_the_old_file(path, monkeypatch, call, number):
    whole = getattr(os, call)

    def fail(*args, **settings):
        if call != "open" or ".tmp" in str(args[0]):
            raise OSError(number, os.strerror(number))
        return whole(*args, **settings)

    monkeypatch.setattr(os, call, fail)
    kind = NoSpaceError if number in safefile.NO_SPACE else RunError
    kind = InputError if call in ("fchmod", "fchown") else kind
    with pytest.raises(kind, match=r"cat\.fits"):
        replace(path)
    monkeypatch.undo()
    assert intact(path)


def test_a_limit_on_file_sizes_is_no_space(tmp_path):
    code = """
import os, resource, sys
from skycnn.errors import NoSpaceError
from skycnn.files import safefile, workingfile
path = sys.argv[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with safefile.replacing(path, "cat", start=os.stat(path), detach=False) as fd:
        for _ in range(9):
            os.write(fd, bytes(300))
except NoSpaceError as error:
    print(error)
"""
    place = tmp_path / "cat.fits"
    place.write_bytes(b"old")
    ran = subprocess.run([sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("no space while writing cat: File too large")
    assert intact(place)


# ---- what the file was, it stays


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o640, 0o755, 0o4750])
def test_the_mode_is_kept(path, mode):
    path.chmod(mode)
    old = os.umask(0o077)
    try:
        replace(path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_owner_and_group_are_kept(path):
    os.chown(path, 12345, 23456)
    path.chmod(0o2640)
    replace(path)
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 23456, 0o2640)


def attributes(path, pairs):
    try:
        for name, value in pairs.items():
            os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"this file system has no such attributes: {error.strerror}")


def test_attributes_are_kept(path):
    attributes(path, {"user.note": b"caf\xe9\0", "user.empty": b""})
    replace(path)
    assert {name: os.getxattr(path, name) for name in os.listxattr(path)} == {
        "user.note": b"caf\xe9\0",
        "user.empty": b"",
    }


def test_access_control_lists_are_kept(path):
    # version 2; then tag, permissions and id: the owner, user 1000, the group, the mask, others
    entries = [(1, 6, -1), (2, 6, 1000), (4, 4, -1), (16, 6, -1), (32, 0, -1)]
    acl = (2).to_bytes(4, "little")
    for tag, permissions, number in entries:
        acl += tag.to_bytes(2, "little") + permissions.to_bytes(2, "little") + number.to_bytes(4, "little", signed=True)
    attributes(path, {"system.posix_acl_access": acl})
    mode = path.stat().st_mode
    replace(path)
    assert os.getxattr(path, "system.posix_acl_access") == acl
    assert path.stat().st_mode == mode


def test_where_there_are_no_attributes_none_are_missed(path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr(os, "listxattr", refuse)
    replace(path)
    assert path.read_bytes() == b"new"


def test_an_attribute_that_is_there_already_need_not_be_set(path, monkeypatch):
    """Security labels: every new file has them, and only the system may set them."""
    monkeypatch.setattr(os, "listxattr", lambda _: ["security.selinux"])
    monkeypatch.setattr(os, "getxattr", lambda *_: b"label")

    def refuse(*_):
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    replace(path)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("call", ["fchown", "setxattr"])
def test_what_cannot_be_kept_is_told_before_the_first_write(path, monkeypatch, call):
    monkeypatch.setattr(os, "listxattr", lambda file: ["user.a"] if isinstance(file, str) else [])
    monkeypatch.setattr(os, "getxattr", lambda *_: b"x")
    monkeypatch.setattr(os, "setxattr", lambda *_: None)

    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(InputError, match=r"owner or the attributes of cat\.fits cannot be kept") as told:
        safefile.check_writable(str(path), "cat.fits", detach=False)
    assert "--detach" in told.value.hint
    assert intact(path)
    safefile.check_writable(str(path), "cat.fits", detach=True)
    path.chmod(0o640)
    replace(path, detach=True)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)


def test_a_hard_link_is_refused_unless_it_may_go(path):
    path.with_name("other").hardlink_to(path)
    with pytest.raises(InputError, match=r"cat\.fits has 1 more hard link") as told:
        safefile.check_writable(str(path), "cat.fits", detach=False)
    assert "--detach" in told.value.hint
    safefile.check_writable(str(path), "cat.fits", detach=True)
    replace(path, detach=True)
    assert path.with_name("other").read_bytes() == b"old"
    assert sorted(os.listdir(path.parent)) == ["cat.fits", "other"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_obeys_the_umask(tmp_path, umask):
    place = tmp_path / "new.fits"
    old = os.umask(umask)
    try:
        replace(place, new=True)
    finally:
        os.umask(old)
    assert stat.S_IMODE(place.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_is_read_only_is_refused(path, which):
    place = path if which == "file" else path.parent
    mode = place.stat().st_mode
    place.chmod(0o444 if which == "file" else 0o555)
    try:
        with pytest.raises(
            InputError, match=f"{'cat.fits' if which == 'file' else 'the folder of cat.fits'} is read-only"
        ):
            safefile.check_writable(str(path), "cat.fits", detach=False)
    finally:
        place.chmod(mode)
    assert intact(path)


def test_a_folder_where_no_file_can_be_made_is_refused(path, monkeypatch):
    monkeypatch.setattr(safefile, "_mount", lambda place: None)

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match=r"no file can be made beside cat\.fits: Read-only file system"):
        safefile.check_writable(str(path), "cat.fits", detach=False)


# ---- somebody else


def overwritten(path):
    path.write_bytes(b"OLD")
    os.utime(path, ns=(1, 1))


def swapped(path):
    other = path.with_name("theirs")
    other.write_bytes(b"old")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    os.replace(other, path)


def grown(path):
    with open(path, "ab") as file:
        file.write(b"er")


@pytest.mark.parametrize("deed", [overwritten, swapped, grown, os.unlink, lambda path: path.chmod(0o600)])
def test_a_file_that_changed_meanwhile_is_left_as_it_is(path, deed):
    path.chmod(0o644)
    after = None

    def act():
        nonlocal after
        deed(path)
        after = path.read_bytes() if path.exists() else None

    with pytest.raises(ChangedError, match=r"cat\.fits was changed or replaced by another program"):
        replace(path, before=act)
    assert (path.read_bytes() if path.exists() else None) == after
    assert os.listdir(path.parent) == (["cat.fits"] if after is not None else [])


# ---- the folder


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_cannot_be_synced_is_let_be(path, monkeypatch, number):
    sync_fails(monkeypatch, number)
    replace(path)
    assert path.read_bytes() == b"new"


def test_a_folder_whose_sync_fails_is_told(path, monkeypatch):
    sync_fails(monkeypatch, errno.EIO)
    with pytest.raises(RunError, match=r"cat\.fits is written, but its folder could not be synced"):
        replace(path)
    assert path.read_bytes() == b"new"


def sync_fails(monkeypatch, number):
    whole = os.fsync

    def fsync(fd):
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(number, os.strerror(number))
        whole(fd)

    monkeypatch.setattr(os, "fsync", fsync)


def test_the_file_is_synced_before_the_rename_and_the_folder_after(path, monkeypatch):
    seen = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: seen.append(stat.S_ISDIR(os.fstat(fd).st_mode)) or sync(fd))
    monkeypatch.setattr(os, "replace", lambda *names: seen.append("rename") or rename(*names))
    replace(path)
    assert seen == [False, "rename", True]


# ---- litter


def test_a_temporary_of_a_dead_namesake_is_no_hindrance(path):
    """In a container every process has the same number."""
    (path.parent / f".cat.fits.skycnn-{os.getpid()}.tmp").write_bytes(b"of a killed run, and longer than the new")
    replace(path)
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["cat.fits"]


def test_the_longest_of_names_can_be_replaced(tmp_path):
    place = tmp_path / ("x" * 250 + ".fits")
    place.write_bytes(b"old")
    safefile.check_writable(str(place), "long", detach=False)
    replace(place)
    assert place.read_bytes() == b"new"
    workingfile.clean(str(place))
    assert len(os.listdir(tmp_path)) == 1


def test_a_name_that_is_taken_is_not_written_through(path, monkeypatch):
    """Where even the usual name of the temporary cannot be freed, another is taken."""
    monkeypatch.setattr(os, "getpid", lambda: 7)
    place = path.parent / ".cat.fits.skycnn-7.tmp"
    place.mkdir()
    replace(path)
    assert path.read_bytes() == b"new"
    assert sorted(os.listdir(path.parent)) == [place.name, "cat.fits"]


def test_a_temporary_that_another_program_took_away_is_not_adopted(path):
    def swap():
        (name,) = path.parent.glob(".cat.fits.skycnn-*.tmp")
        name.unlink()
        name.write_bytes(b"half of something else")

    with pytest.raises(ChangedError, match=r"the unfinished cat\.fits was taken away by another program"):
        replace(path, before=swap)
    assert path.read_bytes() == b"old"


def test_a_file_that_is_a_mount_of_its_own_is_refused(path, monkeypatch):
    whole = safefile._mount
    assert whole(str(path)) == whole(str(path.parent)) is not None
    assert whole("/proc/self/status") != whole("/")
    monkeypatch.setattr(safefile, "_mount", lambda place: "another" if place == str(path) else whole(place))
    with pytest.raises(InputError, match=r"cat\.fits is a mount of its own, .* cannot be replaced") as told:
        safefile.check_writable(str(path), "cat.fits", detach=True)
    assert "--out FILE" in told.value.hint
    assert intact(path)


def test_space_is_asked_for_before(path):
    safefile.check_space(str(path.parent), 1000, "cat.fits")
    with pytest.raises(NoSpaceError, match=r"no space for cat\.fits: 1000000000000\.0 MB are needed"):
        safefile.check_space(str(path.parent), 10**18, "cat.fits")


def test_scratch_files_leave_no_trace(tmp_path):
    with safefile.scratch(str(tmp_path)) as file:
        file.write(b"x")
        assert os.listdir(tmp_path) == []
    file = safefile.scratch(str(tmp_path))
    with pytest.raises(ValueError, match="x"), safefile.kept(file):
        raise ValueError("x")
    assert file.closed
