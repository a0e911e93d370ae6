"""The verb train: a catalogue in, a model file out that predict can use; leaks are refused by name."""

import json
import os
import re
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from galaxies import stamps, table, write, write_stamps
from skycnn import tasks
from skycnn.errors import ChangedError, InputError, LockedError, NoSpaceError
from skycnn.files import pixelstore
from skycnn.files.lock import held
from skycnn.files.workingfile import companion
from skycnn.network import checkpoint, model, temperaturefit
from skycnn.network.answer import Answerer
from skycnn.network.likeness import Likeness
from skycnn.network.trainingset import SEEN
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.schema import Flag
from skycnn.stamps.stampfile.cube import Cube
from skycnn.verbs import train as verb
from warm import run

QUICK = {"task": "photoz", "epochs": 2, "members": 1, "bands": ("g", "r", "i")}


@pytest.fixture
def cat(tmp_path):
    return write(tmp_path / "cat.fits", table(400))


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Train in this process; return the result and what was said."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("SKYCNN_MODELS", str(tmp_path))

    def call(text, out="my.safetensors", progress=None, said=None, **changes):
        said = [] if said is None else said
        options = verb.Options(out=str(tmp_path / out), **{**QUICK, **changes})
        return verb.train(text, options, said.append, progress), said

    return call


def split_of(rows, test, word="test"):
    found = np.full(rows, "train", "U5")
    found[:30] = "valid"
    found[test] = word
    return found


def test_temperatures_by_width_are_kept_in_the_model(train, cat, monkeypatch):
    monkeypatch.setattr(temperaturefit, "FEWEST", 5)
    whole = model.read(train(cat)[0].output)
    assert whole.tensors["_tempering.curves"].shape == (1, len(whole.card.bands) + 2, 3)
    Answerer(tasks.load("photoz"), whole)


def test_a_model_is_made_with_its_card_complete(train, tmp_path):
    content = table(420, TRUTH=np.linspace(0.1, 0.8, 420))
    content["TRUTH"][:5] = [np.nan, -9, 99, np.inf, 15.5]
    content["FLUX_G"][5:7] = content["FLUX_R"][5:7] = np.nan
    content["BAD"] = (np.arange(420) == 9).astype("i2")
    cat = write(tmp_path / "cat.fits", content)
    result, said = train(
        cat, truth=("TRUTH",), survey="sdss", note="imagined", licence="BSD-3-Clause", dereddened="yes", seed=7,
        photometry=PhotometryOptions(bad=("BAD != 0",)),
    )  # fmt: skip
    assert result.left_out == {"bad": 1, "fewer than two bands": 2, "no truth": 5}
    assert sum(result.rows.values()) == 412
    assert any("left out: 1 bad, 2 fewer than two bands, 5 no truth" in line for line in said)
    whole = model.read(result.output)
    card = whole.card
    assert (card.name, card.task, card.network, card.survey) == ("my", "photoz", "flux", "sdss")
    assert (card.bands, card.seed, card.dereddened, card.licence) == (("g", "r", "i"), 7, "yes", "BSD-3-Clause")
    assert card.photometry == "unknown"
    assert set(card.ranges) == {"g", "r", "i", "g-r", "r-i"}
    assert card.created == "2023-11-14T22:13:20Z"
    assert card.citation.startswith("Zhou et al. 2022")
    assert card.sample["source"] == "cat.fits[1]"
    assert card.sample["rows"] == dict(result.rows)
    assert card.sample["note"] == "imagined"
    assert len(card.learning_curve) == 1
    assert len(card.learning_curve[0]) == 2
    assert card.scores == result.scores["test"]
    assert card.scores["rows"] == result.rows["test"]
    ends = card.scores["intervals"]
    assert {"sigma_nmad", "outliers", "bias", "crps", "coverage_68"} <= set(card.scores) >= set(ends)
    assert all(low <= card.scores[key] <= high for key, (low, high) in ends.items() if key != "sigma_nmad")
    assert ends["sigma_nmad"][0] < ends["sigma_nmad"][1]
    assert card.temperature == result.temperature
    assert len(whole.tensors[SEEN]) == sum(result.rows[side] for side in ("train", "valid", "calib"))
    assert card.sha256 == result.sha256


def test_only_the_rows_asked_for_are_used(train, cat):
    assert sum(train(cat, rows=(100, None))[0].rows.values()) == 300


def test_the_same_command_gives_the_same_file(train, cat, tmp_path):
    train(cat, "one.safetensors", name="x", members=2)
    train(cat, "two.safetensors", name="x", members=2)
    train(cat, "other.safetensors", name="x", members=2, seed=2)
    files = [(tmp_path / f"{name}.safetensors").read_bytes() for name in ("one", "two", "other")]
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_a_stopped_training_is_resumed_to_the_same_file(train, cat, tmp_path):
    train(cat, "whole.safetensors", name="x", members=2)

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    arguments = {"name": "x", "members": 2, "checkpoint_every": 0.0}
    with pytest.raises(KeyboardInterrupt):
        train(cat, "cut.safetensors", stop, said := [], **arguments)
    left = tmp_path / "cut.safetensors.checkpoint"
    assert said[-1] == f"{left} holds what is done so far; the same command with --resume goes on from there"
    with pytest.raises(InputError, match="is left of an unfinished training") as caught:
        train(cat, "cut.safetensors", **arguments)
    assert caught.value.hint == "--resume goes on with it, --overwrite starts anew."
    (tmp_path / ".cut.safetensors.checkpoint.skycnn-1.tmp").write_text("half a checkpoint")
    result, _ = train(cat, "cut.safetensors", resume=True, **arguments)
    assert result.resumed == 3
    assert (tmp_path / "cut.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat.fits", "cut.safetensors", "whole.safetensors"]


def test_resume_begins_where_there_is_nothing_to_resume(train, cat):
    assert train(cat, resume=True)[0].resumed == 0


def test_overwrite_starts_anew_and_forgets_the_checkpoint(train, cat, tmp_path):
    left = tmp_path / "my.safetensors.checkpoint"
    left.write_bytes(b"broken")
    train(cat, overwrite=True, dry_run=True)
    assert left.exists()
    assert train(cat, overwrite=True)[0].resumed == 0
    assert not left.exists()


def test_other_rows_or_settings_are_not_resumed(train, cat, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(cat, progress=stop, checkpoint_every=0.0)
    with pytest.raises(InputError, match="of another training, by --seed"):
        train(cat, resume=True, seed=9)
    with pytest.raises(InputError, match="of another training, by the rows, their values or their split"):
        train(cat, resume=True, rows=(0, 399))
    (tmp_path / "my.safetensors.checkpoint").write_bytes(b"broken")
    with pytest.raises(InputError, match="no intact checkpoint"):
        train(cat, resume=True)


def test_overwrite_goes_on_where_it_can_and_begins_anew_where_not(train, cat, tmp_path):
    """A script may always give --resume --overwrite."""

    def stop(done, total):
        if done == 1:
            raise KeyboardInterrupt

    both, left = {"resume": True, "overwrite": True}, tmp_path / "my.safetensors.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        train(cat, progress=stop, checkpoint_every=0.0)
    content = left.read_bytes()
    assert train(cat, **both)[0].resumed == 1
    for found in (content, content[:1000], b""):
        left.write_bytes(found)
        result, said = train(cat, seed=9, **both)
        assert result.resumed == 0
        assert any(line.startswith(f"begun anew: {left} is ") for line in said), said
        assert not left.exists()


def test_a_group_that_changes_side_on_resume_is_named(train, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    tile = np.arange(400) // 10
    first = table(400, TILE=tile, PART=split_of(400, slice(350, 400)))
    with pytest.raises(KeyboardInterrupt):
        train(write(tmp_path / "a.fits", first), progress=stop, checkpoint_every=0.0, group="TILE", split="PART")
    second = table(400, TILE=tile, PART=split_of(400, slice(340, 400)))
    with pytest.raises(InputError, match=r"group 34 of TILE changed side since .*: train then, test now"):
        train(write(tmp_path / "b.fits", second), resume=True, group="TILE", split="PART")


def test_a_group_that_straddles_the_split_is_named(train, tmp_path):
    content = table(400, TILE=np.arange(400) // 10, PART=split_of(400, slice(345, 400)))
    cat = write(tmp_path / "cat.fits", content)
    with pytest.raises(InputError, match="group 34 of TILE stands on two sides of the split: train and test"):
        train(cat, split="PART", group="TILE")
    assert train(cat, split="PART")[0].rows == {"train": 315, "valid": 11, "test": 55, "calib": 19}


def test_a_repeated_row_that_straddles_the_split_is_named(train, tmp_path):
    content = table(400, PART=split_of(400, slice(350, 400)))
    content[399] = [*list(content[40])[:-1], "test"]
    with pytest.raises(InputError, match=r"row (40|399) with its copies stands on two sides.*train and test"):
        train(write(tmp_path / "cat.fits", content), split="PART")


def test_a_network_that_saw_the_test_rows_is_no_beginning(train, tmp_path):
    first = write(tmp_path / "a.fits", table(400, PART=split_of(400, slice(350, 400))))
    train(first, "parent.safetensors", split="PART")
    result, _ = train(first, "child.safetensors", members=None, split="PART", init=("parent",))
    assert result.members == 1
    child, parent = (model.read(tmp_path / f"{name}.safetensors") for name in ("child", "parent"))
    assert child.card.sample["init"] == f"parent {parent.card.sha256}"
    assert child.card.posterior == parent.card.posterior
    assert np.abs(child.tensors["enter.weight"] - parent.tensors["enter.weight"]).max() < 0.2
    second = write(tmp_path / "b.fits", table(400, PART=split_of(400, slice(349, 400))))
    with pytest.raises(InputError, match="row 349 with its copies is in the test split, but parent was trained or"):
        train(second, "leak.safetensors", members=None, split="PART", init=("parent",))
    third = write(tmp_path / "c.fits", table(400, PART=split_of(400, slice(350, 400))))
    leak = Table.read(third)
    leak["PART"][5], leak["PART"][7] = "test", "train"
    with pytest.raises(InputError, match="row 5 with its copies is in the test split"):
        train(write(tmp_path / "d.fits", leak), "leak.safetensors", members=None, split="PART", init=("parent",))


LOOKS = {"network": "image", "members": None, "bands": ()}


@pytest.fixture
def cube(tmp_path):
    return write_stamps(tmp_path / "stamps.fits", 150, PART=split_of(150, slice(120, 150)))


@pytest.fixture
def parents(train, cube):
    train(cube, "flux.safetensors", split="PART")
    train(cube, "image.safetensors", split="PART", **LOOKS)
    return {"init": ("image", "flux"), "members": None, "bands": (), "split": "PART"}


def test_a_network_of_stamps_knows_its_sample(train, tmp_path):
    rows = write_stamps(tmp_path / "many.fits", 520, PART=split_of(520, slice(420, 520)))
    train(rows, "image.safetensors", split="PART", **LOOKS)
    whole = model.read(tmp_path / "image.safetensors")
    known = Likeness.of(whole.tensors, 3, "image")
    assert (known.flux, known.axes.shape[0]) == (None, whole.tensors["leave.weight"].shape[1])
    assert None not in (known.stamp, known.shape, known.hidden)
    answers = Answerer(tasks.load("photoz"), whole, "cpu")
    image = stamps(40, 7)[3]
    *_, flag = answers.answer(0, {"image": np.concatenate([image, -image])}, np.ones((80, 3), bool), np.zeros(80, "i4"))
    unlike = flag & Flag.UNLIKE_TRAINING != 0
    assert unlike[:40].mean() < 0.3
    assert unlike[40:].all()


def test_two_networks_are_joined_and_both_stand_in_the_card(train, cube, parents, tmp_path):
    result, said = train(cube, "both.safetensors", **parents)
    assert (result.network, result.members, len(result.epochs)) == ("hybrid", 1, 2)
    assert any(line.startswith("its head alone: ") for line in said)
    card = model.read_card(tmp_path / "both.safetensors")
    shas = [model.read_card(tmp_path / f"{name}.safetensors").sha256 for name in ("image", "flux")]
    assert card.sample["init"] == f"image {shas[0]}, flux {shas[1]}"
    assert (card.inputs, card.stamp, card.bands) == (("flux", "image"), 16, ("g", "r", "i"))
    assert set(card.ranges) == {"g", "r", "i", "g-r", "r-i"}
    tuned, _ = train(cube, "tuned.safetensors", **{**parents, "init": ("both",)})
    assert (tuned.network, len(tuned.epochs)) == ("hybrid", 1)


def test_a_hybrid_is_resumed_in_either_stage_to_the_same_file(train, cube, parents, tmp_path):
    train(cube, "whole.safetensors", name="x", **parents)
    for after in (1, 3):

        def stop(done, total, after=after):
            if done == after:
                raise KeyboardInterrupt

        cut = {"name": "x", "checkpoint_every": 0.0, **parents}
        with pytest.raises(KeyboardInterrupt):
            train(cube, "cut.safetensors", stop, overwrite=True, **cut)
        assert train(cube, "cut.safetensors", resume=True, overwrite=True, **cut)[0].resumed == after
        assert (tmp_path / "cut.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


def test_test_rows_that_either_parent_saw_are_refused(train, cube, parents, tmp_path):
    other = write_stamps(tmp_path / "other.fits", 150, PART=split_of(150, slice(119, 150)))
    train(other, "flux2.safetensors", split="PART")
    with pytest.raises(InputError, match=r"row 119 .* is in the test split, but image was trained or"):
        train(other, "leak.safetensors", **{**parents, "init": ("flux2", "image")})
    train(other, "image2.safetensors", split="PART", **LOOKS)
    with pytest.raises(InputError, match=r"row 119 .* is in the test split, but flux was trained or"):
        train(other, "leak.safetensors", **{**parents, "init": ("flux", "image2")})


def test_parents_that_cannot_be_joined_are_refused(train, cube, parents, tmp_path):
    deep = table(150, PART=split_of(150, slice(120, 150)))
    deep["Z_SPEC"] += 1
    train(write(tmp_path / "deep.fits", deep), "deep.safetensors", split="PART")
    with pytest.raises(InputError, match="deep and image answer on different grids: they cannot be joined"):
        train(cube, "x.safetensors", **{**parents, "init": ("deep", "image")})
    train(cube, "two.safetensors", split="PART", bands=("g", "r"))
    with pytest.raises(InputError, match="two has bands g r, image g r i: they cannot be joined"):
        train(cube, "x.safetensors", **{**parents, "init": ("two", "image")})
    with pytest.raises(InputError, match="network hybrid joins trained networks: flux and image") as caught:
        train(cube, "x.safetensors", network="hybrid")
    assert caught.value.hint == "--init FLUX --init IMAGE"
    with pytest.raises(InputError, match="--init gives flux for network hybrid"):
        train(cube, "x.safetensors", **{**parents, "init": ("flux",), "network": "hybrid"})


def test_truths_that_the_parent_cannot_answer_are_refused(train, cat, tmp_path):
    train(cat, "parent.safetensors")
    deep = table(400)
    deep["Z_SPEC"][:2] = 2.0
    said = train(write(tmp_path / "two.fits", deep), "x.safetensors", members=None, init=("parent",))[1]
    assert any("Z_SPEC that parent cannot answer" in line for line in said)
    deep["Z_SPEC"][:100] = 2.0
    with pytest.raises(InputError, match=r"rows of \d+ have a Z_SPEC that parent cannot answer"):
        train(write(tmp_path / "many.fits", deep), "y.safetensors", members=None, init=("parent",))


def test_stamps_that_do_not_fit_into_memory_give_the_same_network(train, cube, tmp_path, monkeypatch):
    train(cube, "one.safetensors", name="x", split="PART", **LOOKS)
    monkeypatch.setattr(pixelstore, "SHARE", 0.0)
    train(cube, "two.safetensors", name="x", split="PART", **LOOKS)
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "two.safetensors").read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"truth": ("Z_SPAC",)}, "has no column 'Z_SPAC'"),
        ({"truth": ("WORD",)}, "column 'WORD' is 3A"),
        ({"bands": ("g", "r", "z")}, "has no photometry for z, which --bands needs"),
        ({"bands": ("u", "z")}, "u z"),
        ({"survey": "sds", "bands": ()}, "no such survey"),
        ({"task": "photos"}, "no task 'photos'"),
        ({"network": "fluxes"}, "task photoz has no network 'fluxes'"),
        ({"init": ("nobody",)}, "no model 'nobody'"),
        ({"split": "NONE"}, "has no column 'NONE'"),
        ({"group": "NONE"}, "has no column 'NONE'"),
        ({"out": "my.fits"}, "is no name of a model"),
        ({"out": "no/such/my.safetensors"}, "the folder of .* does not exist"),
        ({"rows": (0, 40)}, "rows to train with"),
        ({"device": "cuda:9"}, "cuda:9"),
        ({"split": "WORD"}, "the split column WORD says 'abc'"),
    ],
)
def test_bad_input_is_an_error_and_nothing_is_written(train, tmp_path, changes, message):
    cat = write(tmp_path / "cat.fits", table(400, WORD=np.full(400, "abc")))
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        train(cat, **changes)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_an_output_that_exists_is_kept(train, cat, tmp_path):
    (tmp_path / "my.safetensors").write_text("precious")
    with pytest.raises(InputError, match=r"my\.safetensors exists") as caught:
        train(cat)
    assert caught.value.hint == "--overwrite replaces it."
    assert (tmp_path / "my.safetensors").read_text() == "precious"
    assert train(cat, overwrite=True)[0].sha256 == model.read_card(tmp_path / "my.safetensors").sha256


def test_one_training_at_a_time_makes_a_model(train, cat, tmp_path):
    path = tmp_path / "my.safetensors"
    with held(companion(str(path), "training"), str(path)):
        with pytest.raises(LockedError, match=r"my\.safetensors is being written by another skycnn"):
            train(cat)
        assert train(cat, dry_run=True)[0].sha256 == ""
    train(cat)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cat.fits", "my.safetensors"]


def test_a_model_that_came_meanwhile_is_kept_and_so_is_the_work(train, cat, tmp_path):
    path = tmp_path / "my.safetensors"

    def come(done, total):
        path.write_bytes(b"somebody's")

    with pytest.raises(ChangedError, match="it came while we waited or ran"):
        train(cat, progress=come, checkpoint_every=0.0)
    assert path.read_bytes() == b"somebody's"
    assert train(cat, resume=True, overwrite=True)[0].resumed == 2


def test_a_link_is_followed(train, cat, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "my.safetensors").symlink_to("store/real.safetensors")
    with pytest.raises(InputError, match=r"is a link to store/real\.safetensors, which does not exist"):
        train(cat)
    (tmp_path / "store" / "real.safetensors").touch()
    result, _ = train(cat, overwrite=True)
    assert (tmp_path / "my.safetensors").is_symlink()
    assert model.read_card(tmp_path / "store" / "real.safetensors").sha256 == result.sha256


@pytest.mark.parametrize("place", ["my.safetensors", "my.safetensors.checkpoint"])
def test_a_folder_of_that_name_is_no_output(train, cat, tmp_path, place):
    (tmp_path / place).mkdir()
    with pytest.raises(InputError, match=f"{place} is a folder"):
        train(cat, overwrite=True)


def test_what_is_read_only_is_refused_before_the_work(train, cat, tmp_path):
    path = tmp_path / "my.safetensors"
    path.write_bytes(b"kept")
    path.chmod(0o444)
    with pytest.raises(InputError, match="is read-only"):
        train(cat, overwrite=True)
    folder = tmp_path / "store"
    folder.mkdir(mode=0o555)
    with pytest.raises(InputError, match=r"the folder of .* is read-only"):
        train(cat, "store/my.safetensors")
    assert path.read_bytes() == b"kept" and not list(folder.iterdir())


def test_space_is_looked_for_before_the_first_epoch(train, cat, tmp_path, monkeypatch):
    whole, _ = train(cat, "whole.safetensors", members=2)
    assert whole.size < whole.disk_bytes
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_frsize=1, f_bfree=whole.size, f_bavail=whole.size))
    with pytest.raises(NoSpaceError, match=r"no space for .*my\.safetensors"):
        train(cat, members=2, progress=pytest.fail)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cat.fits", "whole.safetensors"]


def test_the_largest_checkpoint_fits_into_what_is_asked_for(train, cat, tmp_path):
    left, sizes = tmp_path / "my.safetensors.checkpoint", []
    result, _ = train(cat, members=2, checkpoint_every=0.0, progress=lambda *_: sizes.append(left.stat().st_size))
    assert result.size + 2 * max(sizes) <= result.disk_bytes < 2 * (result.size + 2 * max(sizes))


def test_what_grandparents_saw_is_refused_too(train, tmp_path):
    first = write(tmp_path / "a.fits", table(400, PART=split_of(400, slice(350, 400))))
    other = write(tmp_path / "b.fits", table(300, seed=5))
    third = write(tmp_path / "c.fits", table(400, PART=split_of(400, slice(30, 80))))
    train(first, "one.safetensors", split="PART")
    train(other, "two.safetensors", init=(str(tmp_path / "one.safetensors"),))
    with pytest.raises(InputError, match=r"is in the test split, but two was trained .* \(50 such groups\)"):
        train(third, init=(str(tmp_path / "two.safetensors"),), split="PART")


def test_bands_other_than_the_parents_are_refused(train, cat, tmp_path):
    train(cat, "one.safetensors")
    parent = {"init": (str(tmp_path / "one.safetensors"),)}
    with pytest.raises(InputError, match="one takes bands g r i, not g r"):
        train(cat, bands=("g", "r"), **parent)
    assert train(cat, bands=("g", "r", "i"), dry_run=True, **parent)[0].bands == ("g", "r", "i")


def test_too_few_bands_or_groups_are_named(train, tmp_path):
    cat = write(tmp_path / "cat.fits", table(400, ALL=np.ones(400, "i4")))
    with pytest.raises(InputError, match="--bands names r alone"):
        train(cat, bands=("r",))
    with pytest.raises(InputError, match="0 rows to ") as caught:
        train(cat, group="ALL")
    assert caught.value.hint == "The 400 rows are of 1 group, each on one side; name more or none."
    with pytest.raises(InputError, match="--bands needs r q") as caught:
        train(cat, bands=("r", "q"))
    assert "--band r=FLUX_R,q=COLUMN" in caught.value.hint


def test_bands_are_found_without_being_named(train, cat):
    assert train(cat, bands=(), dry_run=True)[0].bands == ("g", "r", "i")
    assert train(cat, bands=(), survey="sdss", dry_run=True)[0].bands == ("g", "r", "i")


def test_the_table_with_truth_and_bands_is_found_among_several(train, tmp_path):
    units = [fits.PrimaryHDU(), fits.BinTableHDU(Table({"Z_SPEC": [0.1]}), name="OTHER")]
    fits.HDUList([*units, fits.BinTableHDU(table(400), name="GALAXIES")]).writeto(tmp_path / "cat.fits")
    result, _ = train(str(tmp_path / "cat.fits"))
    assert model.read_card(result.output).sample["source"] == "cat.fits[GALAXIES]"


def test_a_dry_run_writes_nothing(train, cat, tmp_path):
    result, _ = train(cat, dry_run=True)
    assert sum(result.rows.values()) == 400
    assert result.sha256 == "" and result.disk_bytes > 0 and result.estimate_seconds > 0
    assert [path.name for path in tmp_path.iterdir()] == ["cat.fits"]


def test_a_dry_run_leaves_stamps_unread(train, cube, tmp_path, monkeypatch):
    monkeypatch.setattr(Cube, "batches", None)
    result, _ = train(cube, network="image-fast", bands=(), dry_run=True)
    assert result.rows == {"with a truth": 150} and result.stamp_bytes == 4 * 150 * 3 * 16**2
    assert result.estimate_seconds > 0 and result.disk_bytes > 10_000


def test_command_tells_the_cost_of_a_dry_run(cat, tmp_path):
    out = str(tmp_path / "my.safetensors")
    ran = run("train", cat, "--task", "photoz", "--threads", "1", "--dry-run", "--out", out)
    assert ran.returncode == 0 and ran.stdout == ""
    assert re.search(
        r"my\.safetensors: would be trained in about \d+ s at most; \d+\.\d MB with its checkpoints", ran.stderr
    )


def test_command_trains_and_predict_answers(cat, tmp_path):
    out = tmp_path / "my.safetensors"
    words = ("--task", "photoz", "--bands", "g,r,i", "--epochs", "3", "--members", "2", "--threads", "1")
    ran = run("train", cat, *words, "--out", str(out), "--json", "-q")
    assert (ran.returncode, ran.stderr) == (0, "")
    told = json.loads(ran.stdout)
    assert told["sha256"] == model.read(out).card.sha256
    assert told["epochs"] == [3, 3, 4]
    ran = run("predict", cat, "--task", "photoz", "--model", str(out), "--threads", "1", "-q")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    answers = Table.read(cat)
    assert np.isfinite(answers["Z_PHOT"]).all()
    assert np.corrcoef(answers["Z_PHOT"], answers["Z_SPEC"])[0, 1] > 0.5


def test_command_draws_the_scores(cat, tmp_path):
    out = str(tmp_path / "my.safetensors")
    ran = run("train", cat, "--task", "photoz", "--epochs", "1", "--members", "1", "--threads", "1", "--out", out)
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert lines[0] == ["SCORE", "VALID", "TEST"]
    assert {line[0] for line in lines[2:]} >= {"rows", "sigma_nmad", "outliers", "bias", "crps", "coverage_68"}
    assert "my.safetensors: 0." in ran.stderr
    assert not checkpoint.beside(out).exists()


def test_command_says_what_to_type(cat, tmp_path):
    ran = run("train", cat, "--task", "photoz", "--truth", "Z_SPAC", "--out", str(tmp_path / "m.safetensors"))
    assert ran.returncode == 2
    error, hint = ran.stderr.splitlines()
    assert error.endswith("cat.fits[1] has no column 'Z_SPAC'")
    assert hint.startswith("hint: Did you mean Z_SPEC? It has: ID, Z_SPEC, FLUX_G")
