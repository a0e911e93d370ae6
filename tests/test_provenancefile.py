"""ProvenanceFile: the JSON file beside a run."""

import json
import os
from dataclasses import dataclass

import pytest

from extending import COLUMNS, record
from skycnn.errors import InputError
from skycnn.fits.provenancefile import ProvenanceFile


@dataclass(frozen=True)
class Result:
    rows: int = 3
    flagged: object = None


def test_it_holds_the_record_and_the_result(tmp_path):
    path = tmp_path / "run.json"
    mine = record(COLUMNS, command="skycnn predict https://me:secret@host/cat.fits?secret")
    ProvenanceFile(str(path), (None, str(tmp_path / "cat.fits")), overwrite=False).write(mine, Result())
    content = json.loads(path.read_text())
    assert (content["verb"], content["rows"], content["model_sha256"]) == ("predict", 3, mine.model_sha256)
    assert content["columns"] == ["Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_FLAG"]
    assert "secret" not in path.read_text()
    assert os.listdir(tmp_path) == ["run.json"]


def test_an_earlier_story_is_replaced_and_nothing_else_is(tmp_path):
    path = tmp_path / "run.json"
    for rows in (1, 2):
        ProvenanceFile(str(path), (), overwrite=False).write(record(COLUMNS), Result(rows))
    assert json.loads(path.read_text())["rows"] == 2
    for content in (b"precious", b"[1]", b'{"verb": "else"}', b"\xff", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"run\.json exists, and was not written by skycnn") as told:
            ProvenanceFile(str(path), (), overwrite=False)
        assert "--overwrite" in told.value.hint
        assert path.read_bytes() == content
    ProvenanceFile(str(path), (), overwrite=True).write(record(COLUMNS), Result(4))
    assert json.loads(path.read_text())["rows"] == 4


def test_places_where_it_cannot_stand(tmp_path):
    cat = tmp_path / "cat.fits"
    cat.write_bytes(b"x")
    (tmp_path / "link.json").symlink_to(cat)
    for place, message in [
        (cat, "is the catalogue itself"),
        (tmp_path / "link.json", "is the catalogue itself"),
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "run.json", "does not exist"),
    ]:
        with pytest.raises(InputError, match=message):
            ProvenanceFile(str(place), (str(cat), None), overwrite=True)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(InputError, match="is read-only"):
            ProvenanceFile(str(tmp_path / "run.json"), (), overwrite=False)
    finally:
        tmp_path.chmod(0o755)
    assert cat.read_bytes() == b"x"
