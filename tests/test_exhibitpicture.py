"""exhibitpicture: a PNG an exhibit, whatever its name and whatever it lacks; checked before the work."""

import os

import numpy as np
import pytest
from tests.exhibiting import BANDS, exhibit, fluxes

from skycnn.errors import InputError
from skycnn.report import exhibitpicture, plotfile

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
pytest.importorskip("matplotlib", reason="matplotlib is not installed")
NAN = float("nan")


def sizes(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        with Image.open(os.path.join(folder, name)) as picture:
            found[name] = picture.size
    return found


def test_pictures_are_named_by_rows_and_as_wide_as_what_they_show(tmp_path):
    folder, steps = str(tmp_path / "png"), []
    given = [
        exhibit(0),
        exhibit(1, name="$x_$ \u661f\x00<b>", maps=None),
        exhibit(2, pixels=None, maps=None, curve=None, answer=(NAN, NAN, NAN, None)),
        fluxes(3),
    ]
    exhibitpicture.write(folder, given, BANDS, progress=lambda *step: steps.append(step))
    assert steps == [(k, 4) for k in range(1, 5)]
    made = sizes(folder)
    assert list(made) == [f"row00010{k}.png" for k in range(4)]
    whole, stamp, answer, bars = made.values()
    assert whole[0] > stamp[0] > answer[0]
    assert whole[1] > stamp[1] == answer[1] == bars[1]
    assert bars[0] > answer[0]


def test_no_line_of_text_is_cut_off(tmp_path):
    words = (
        "the posterior has more than one peak",
        "photometry, errors, stamp or inputs are unlike the training sample",
    )
    exhibitpicture.write(str(tmp_path), [exhibit(0, name="4" * 80, pixels=None, maps=None, flags=words)], BANDS)
    with Image.open(tmp_path / "row000100.png") as picture:
        grey = np.asarray(picture.convert("L"))
    assert (grey < 128).any() and (grey[:, -10:] > 250).all()  # nothing reaches the edge


def test_the_same_exhibit_is_the_same_file_and_another_answer_another(tmp_path):
    def made(name, one):
        exhibitpicture.write(str(tmp_path / name), [one], BANDS)
        return (tmp_path / name / "row000100.png").read_bytes()

    first = made("a", exhibit(0))
    assert made("b", exhibit(0)) == first
    assert made("c", exhibit(0, answer=(1.4, 1.3, 1.5, 1.5))) != first


def test_what_is_there_is_spared_and_places_are_checked_first(tmp_path, monkeypatch):
    folder = tmp_path / "png"
    folder.mkdir()
    (folder / "row000007.png").write_bytes(b"old")
    exhibitpicture.check(str(folder), [1, 2])
    with pytest.raises(InputError, match=r"row000007\.png exists"):
        exhibitpicture.check(str(folder), [1, 7])
    exhibitpicture.check(str(folder), [1, 7], overwrite=True)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--png .*file is a file"):
        exhibitpicture.check(str(tmp_path / "file"), [1])
    with pytest.raises(InputError, match=r"no file can be made"):
        exhibitpicture.check(str(tmp_path / "no" / "where"), [1])
    (tmp_path / "new.png").mkdir()
    exhibitpicture.check(str(tmp_path / "new") + "/", [1])
    monkeypatch.chdir(tmp_path)
    exhibitpicture.check("new", [1])
    assert sorted(os.listdir(tmp_path)) == ["file", "new.png", "png"]
    monkeypatch.setattr(plotfile, "find_spec", lambda name: None)
    for place in (str(folder), str(tmp_path / "new")):
        with pytest.raises(InputError, match=r"matplotlib is not installed; --png needs it"):
            exhibitpicture.check(place, [1])
