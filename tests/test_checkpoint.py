"""The state of an unfinished training in a file: whole or refused, never code."""

import json
import os
import pickle
import stat

import numpy as np
import pytest
from safetensors.numpy import save

import standins
from skycnn.errors import InputError
from skycnn.network import checkpoint
from skycnn.network.checkpoint import Checkpoint, Keeper

STATE = {"now.w": np.arange(6, dtype="f4").reshape(2, 3), "groups": np.array([-(2**62), 5]), "sides": np.array([0, 1])}


@pytest.fixture
def path(tmp_path):
    checkpoint.write(tmp_path / "my.checkpoint", Checkpoint({"job": {"seed": 1}, "curves": [[0.1]]}, STATE))
    return tmp_path / "my.checkpoint"


def test_what_was_written_is_read(path):
    found = checkpoint.read(path)
    assert found.facts == {"job": {"seed": 1}, "curves": [[0.1]]}
    assert {name: array.tolist() for name, array in found.tensors.items()} == {k: v.tolist() for k, v in STATE.items()}
    assert found.tensors["groups"].dtype == np.int64


def test_its_place_is_beside_the_model():
    assert checkpoint.beside("models/my.safetensors").as_posix() == "models/my.safetensors.checkpoint"


def forged(facts, tensors):
    """Return the bytes of a checkpoint that holds anything, its digest included."""
    text = facts if isinstance(facts, str) else json.dumps(facts)
    return save(tensors, metadata={"facts": text, "sha256": checkpoint._digest(text, tensors)})


@pytest.mark.parametrize(
    ("facts", "tensors", "said"),
    [
        ([1], STATE, "job is null"),
        ({"job": {}}, STATE, "curves is null"),
        ({"job": [], "curves": [[1.0]]}, STATE, "job is .. .expected a table"),
        ({"job": {}, "curves": [1.0]}, STATE, "curves.0. is 1.0 .expected a list, each a finite number"),
        ({"job": {}, "curves": [[None]]}, STATE, "curves.0..0. is null"),
        ({"job": {}, "curves": [[float("nan")]]}, STATE, "curves.0..0. is nan"),
        ("[" * 100_000, STATE, "maximum recursion"),
        ({"job": {}, "curves": []}, {"groups": STATE["groups"]}, "groups and sides"),
        ({"job": {}, "curves": []}, STATE | {"sides": np.zeros(3, "i8")}, "groups and sides"),
        ({"job": {}, "curves": []}, STATE | {"sides": np.zeros(2, "f4")}, "groups and sides"),
    ],
    ids=range(10),
)
def test_what_no_training_wrote_is_refused(path, facts, tensors, said):
    path.write_bytes(forged(facts, tensors))
    with pytest.raises(InputError, match=rf"my\.checkpoint is no intact checkpoint: .*{said}"):
        checkpoint.read(path)


def test_the_state_of_another_network_is_told_in_a_line(path):
    with (
        pytest.raises(InputError, match=r"does not fit .*: size mismatch\. --over"),
        checkpoint.fitting(path),
    ):
        raise RuntimeError("size mismatch\nand more")


@pytest.mark.parametrize("end", [7, 100, -1])
def test_a_truncated_file_is_refused(path, end):
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(InputError, match=r"my\.checkpoint is no intact checkpoint") as caught:
        checkpoint.read(path)
    assert caught.value.hint == "--overwrite starts anew."


def test_an_altered_file_is_refused(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="altered"):
        checkpoint.read(path)


def test_altered_facts_are_refused(path):
    content = path.read_bytes()
    assert content.count(b'\\"seed\\": 1') == 1
    path.write_bytes(content.replace(b'\\"seed\\": 1', b'\\"seed\\": 2'))
    with pytest.raises(InputError, match="altered"):
        checkpoint.read(path)


def test_a_pickle_is_not_opened(path):
    path.write_bytes(pickle.dumps(STATE))
    with pytest.raises(InputError, match="no intact checkpoint"):
        checkpoint.read(path)


def test_another_safetensors_file_is_refused(path):
    path.write_bytes(save(STATE, metadata={"card": json.dumps({})}))
    with pytest.raises(InputError, match="no intact checkpoint"):
        checkpoint.read(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        checkpoint.read(tmp_path / "none")


def test_a_checkpoint_of_another_training_is_refused(path):
    keeper = Keeper(path, {"seed": 2, "network": "flux"})
    with pytest.raises(InputError, match="of another training, by network; --seed"):
        keeper.resume(checkpoint.read(path))


def test_checkpoints_are_written_when_it_is_time(tmp_path):
    path = tmp_path / "c"
    Keeper(path, {}, every=1000).put([[1.0]], STATE)
    assert not path.exists()
    keeper = Keeper(path, {"seed": 1}, {"own": np.ones(2)}, every=0)
    keeper.put([[1.0]], STATE)
    keeper.put([[1.0, 0.5]], STATE)
    found = checkpoint.read(path)
    assert found.facts["curves"] == [[1.0, 0.5]]
    assert set(found.tensors) == {*STATE, "own"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["c"]


@pytest.mark.parametrize("kind", [kind for kind in standins.KINDS if kind not in ("folder", "dangling")])
def test_a_strangers_checkpoint_is_not_gone_on_with(path, kind):
    content = path.read_bytes()
    path.unlink()
    same = standins.put(kind, path, content)
    with pytest.raises(InputError, match=r"my\.checkpoint \(of .* old\) .*, and is not gone on with") as caught:
        checkpoint.read(path)
    assert caught.value.hint == "--overwrite starts anew."
    facts = {"job": {}, "curves": []}
    checkpoint.write(path, Checkpoint(facts, STATE))
    assert same()
    assert checkpoint.read(path).facts == facts


def test_others_do_not_write_to_it_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        checkpoint.write(tmp_path / "c", Checkpoint({}, STATE))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")
def test_a_checkpoint_that_cannot_be_removed_is_named():
    with standins.shared(0o1777) as folder:
        path = folder / "my.checkpoint"
        path.touch()
        with (
            standins.another(),
            pytest.raises(InputError, match=r"my\.checkpoint \(of root, .* is in the way") as caught,
        ):
            checkpoint.remove(path)
        assert caught.value.hint.startswith(f"root alone may type rm {path}")
        checkpoint.remove(path)
        checkpoint.remove(path)
        assert not path.exists()
