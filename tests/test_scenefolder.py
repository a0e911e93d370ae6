"""SceneFolder: all files of a scene take their names, or none does, and what was there is as it was."""

import errno
import os

import pytest

from skycnn.errors import ChangedError, InputError, LockedError, NoSpaceError, RunError
from skycnn.files import safefile
from skycnn.files.lock import locked
from skycnn.fits.scenefolder import SceneFolder, together

BANDS = ("g", "r")
NAMES = ["scene_cat.fits", "scene_g.fits", "scene_r.fits"]


def write(path, content, sizes=(10, 10, 10), spoil=lambda outputs: None, **given):
    folder = SceneFolder(str(path), BANDS, **{"overwrite": True, **given})
    with folder.held(sizes) as outputs, together(outputs) as fds:
        for fd in fds:
            os.write(fd, content)
        spoil(outputs)


def held(path):
    return {name: (path / name).read_bytes() for name in os.listdir(path)}


@pytest.fixture
def there(tmp_path):
    """Return a folder with an older scene."""
    write(tmp_path / "sky", b"old")
    return tmp_path / "sky"


def test_files_take_their_names(tmp_path):
    write(tmp_path / "a" / "sky", b"one", overwrite=False)
    assert held(tmp_path / "a" / "sky") == dict.fromkeys(NAMES, b"one")
    write(tmp_path / "a" / "sky", b"two")
    assert held(tmp_path / "a" / "sky") == dict.fromkeys(NAMES, b"two")


def test_bands_that_differ_by_case_alone_have_numbers(tmp_path):
    folder = SceneFolder(str(tmp_path), ("w", "W"), overwrite=False)
    assert [os.path.basename(path) for path in folder.paths] == ["scene_1_w.fits", "scene_2_W.fits", "scene_cat.fits"]


def stop(outputs):
    raise OSError(errno.ENOSPC, "No space left on device")


def replaced(outputs):
    path = str(outputs[1].path)
    with open(f"{path}.theirs", "wb") as file:
        file.write(b"theirs")
    os.replace(f"{path}.theirs", path)


def test_an_error_changes_nothing(there):
    with pytest.raises(NoSpaceError):
        write(there, b"new", spoil=stop)
    assert held(there) == dict.fromkeys(NAMES, b"old")


def test_a_file_that_another_program_replaced_is_found_before_the_first_rename(there):
    with pytest.raises(ChangedError, match=r"scene_r\.fits was made, changed or replaced"):
        write(there, b"new", spoil=replaced)
    assert held(there) == {**dict.fromkeys(NAMES, b"old"), "scene_r.fits": b"theirs"}


def test_a_file_that_came_is_found_before_the_first_rename(tmp_path):
    with pytest.raises(ChangedError, match=r"scene_r\.fits was made, changed or replaced"):
        write(tmp_path / "sky", b"new", spoil=replaced)
    assert held(tmp_path / "sky") == {"scene_r.fits": b"theirs"}


def test_a_disk_that_is_full_in_the_end_changes_nothing(there, monkeypatch):
    synced = []

    def full(fd):
        synced.append(fd)
        if len(synced) == 3:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="Input/output error"):
        write(there, b"new")
    assert held(there) == dict.fromkeys(NAMES, b"old")


def test_folders_that_were_made_go_again(tmp_path):
    with pytest.raises(NoSpaceError):
        write(tmp_path / "a" / "b" / "sky", b"new", spoil=stop)
    assert os.listdir(tmp_path) == []
    (tmp_path / "a").mkdir()
    with pytest.raises(NoSpaceError):
        write(tmp_path / "a" / "b" / "sky", b"new", spoil=stop)
    assert os.listdir(tmp_path / "a") == []


def test_the_space_of_all_files_is_asked_for_at_once(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(safefile, "check_space", lambda folder, needed, label: asked.append((folder, needed, label)))
    write(tmp_path / "sky", b"new", (10, 200, 3000))
    assert asked == [(str(tmp_path / "sky"), 3210, str(tmp_path / "sky"))]

    def full(folder, needed, label):
        raise NoSpaceError("no space")

    monkeypatch.setattr(safefile, "check_space", full)
    with pytest.raises(NoSpaceError), SceneFolder(str(tmp_path / "other"), BANDS, overwrite=False).held((1, 1, 1)):
        raise AssertionError("there is no space")
    assert os.listdir(tmp_path) == ["sky"]


def test_what_is_there_is_kept(there):
    with pytest.raises(InputError, match=r"scene_g\.fits exists"):
        SceneFolder(str(there), BANDS, overwrite=False)
    with pytest.raises(InputError, match="cannot be made a folder"):
        SceneFolder(str(there / "scene_g.fits"), BANDS, overwrite=True)
    with pytest.raises(InputError, match="none goes to standard output"):
        SceneFolder("-", BANDS, overwrite=True)


def test_one_run_at_a_time(there):
    path = str(there / "scene_r.fits")
    with locked(path, path), pytest.raises(LockedError, match="scene_r"):
        write(there, b"new")
    assert held(there) == dict.fromkeys(NAMES, b"old")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made a folder: Not a directory"):
        write(tmp_path / "file" / "a" / "sky", b"new")
